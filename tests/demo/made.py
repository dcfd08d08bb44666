"""Small volumes and packages that the demo's tests make for themselves."""

import gzip
import hashlib
import io
import struct
import tarfile

import numpy as np

from worklist.demo.fetch import Package


def nrrd_file(values: np.ndarray, spacing: tuple[float, float, float], origin: tuple[float, float, float]) -> bytes:
    """Return `values` [k, j, i] (int16) as an NRRD file in LPS; a negative spacing turns the axis round."""
    x, y, z = spacing
    head = (
        "NRRD0004\n# made by a test\ntype: short\ndimension: 3\nspace: left-posterior-superior\n"
        f"sizes: {' '.join(map(str, values.shape[::-1]))}\nspace directions: ({x},0,0) (0,{y},0) (0,0,{z})\n"
        f"kinds: domain domain domain\nendian: little\nencoding: gzip\nspace origin: ({','.join(map(str, origin))})\n\n"
    )
    return head.encode() + gzip.compress(values.astype("<i2").tobytes())


def nifti_file(values: np.ndarray, ras: np.ndarray) -> bytes:
    """Return `values` [k, j, i] (uint8) as a gzipped NIfTI-1 file with `ras` (3 × 4) as its sform."""
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, *values.shape[::-1], 1, 1, 1, 1)
    struct.pack_into("<hh", head, 70, 2, 8)
    struct.pack_into("<3f", head, 108, 352.0, 1.0, 0.0)
    struct.pack_into("<h", head, 254, 1)
    struct.pack_into("<12f", head, 280, *ras.ravel())
    head[344:348] = b"n+1\0"
    return gzip.compress(bytes(head) + values.astype("u1").tobytes())


def source_release(files: dict[str, bytes]) -> bytes:
    """Return a .tar.gz with `files`, as a source release is."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def package(filename: str, data: bytes, *, project: str = "pictures", registry: str = "pypi") -> Package:
    """Return what pins `data` as version 1.0 of `project`."""
    return Package(registry, project, "1.0", filename, hashlib.sha256(data).hexdigest(), 1)
