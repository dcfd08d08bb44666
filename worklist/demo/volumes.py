"""NRRD and NIfTI files as a volume in patient space: the little of both formats that our packages use."""

import gzip
import re
import struct
from dataclasses import dataclass
from typing import Literal

import numpy as np

NRRD_TYPES = {"short": "i2", "int": "i4", "uchar": "u1", "unsigned char": "u1", "float": "f4"}
NIFTI_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2"}
LARGEST = 512 << 20  # bytes of one volume


class VolumeUnreadableError(ValueError):
    """The file isn't a volume of the kind that we read."""


@dataclass(frozen=True)
class Volume:
    """Values [k, j, i], and the affine (4 × 4) that takes (i, j, k) to LPS mm."""

    values: np.ndarray
    affine: np.ndarray

    def facing(self) -> "Volume":
        """Return the same volume with i towards the left, j towards the back, k towards the head.

        Only for axes that lie along the patient's; raises VolumeUnreadableError for oblique ones.
        """
        axes = self.affine[:3, :3]
        order = [int(np.argmax(np.abs(axes[row]))) for row in range(3)]
        if sorted(order) != [0, 1, 2] or np.count_nonzero(np.abs(axes) > 1e-6) != 3:
            raise VolumeUnreadableError("the volume's axes aren't the patient's")
        values = self.values.transpose([2 - order[2 - axis] for axis in range(3)])
        columns = axes[:, order].copy()
        origin = self.affine[:3, 3].copy()
        for axis in range(3):
            if columns[axis, axis] < 0:
                origin += columns[:, axis] * (values.shape[2 - axis] - 1)
                columns[:, axis] *= -1
                values = np.flip(values, 2 - axis)
        affine = np.eye(4)
        affine[:3, :3], affine[:3, 3] = columns, origin
        return Volume(values, affine)


def nrrd(data: bytes) -> Volume:
    """Read an NRRD file with attached gzip data in LPS space (teem, NRRD0004). Raises VolumeUnreadableError."""
    head, blank, body = data.partition(b"\n\n")
    lines = head.decode("ascii", "replace").splitlines()
    if not blank or not lines[0].startswith("NRRD"):
        raise VolumeUnreadableError("not an NRRD file")
    fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line and not line.startswith("#"))
    try:
        kind = np.dtype(NRRD_TYPES[fields["type"]]).newbyteorder(
            "<" if fields.get("endian", "little") == "little" else ">"
        )
        sizes = [int(word) for word in fields["sizes"].split()]
        directions = np.array([_vector(text) for text in re.findall(r"\(.*?\)", fields["space directions"])])
        origin = _vector(fields["space origin"])
        if fields["encoding"] != "gzip" or fields["space"] != "left-posterior-superior" or len(sizes) != 3:
            raise VolumeUnreadableError("another kind of NRRD file than we read")
    except (KeyError, ValueError) as error:
        raise VolumeUnreadableError("the NRRD header is incomplete") from error
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = directions.T, origin
    return Volume(_values(body, kind, sizes), affine)


def nifti(data: bytes) -> Volume:
    """Read a gzipped NIfTI-1 file of three dimensions that has an sform (nifti1.h). Raises VolumeUnreadableError."""
    try:
        plain = gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise VolumeUnreadableError("not a gzipped file") from error
    if len(plain) < 352 or plain[344:347] != b"n+1":
        raise VolumeUnreadableError("not a NIfTI-1 file")
    order: Literal["<", ">"] = "<" if struct.unpack_from("<i", plain)[0] == 348 else ">"
    dimensions = struct.unpack_from(order + "8h", plain, 40)
    code, offset = struct.unpack_from(order + "h", plain, 70)[0], int(struct.unpack_from(order + "f", plain, 108)[0])
    slope, intercept = struct.unpack_from(order + "2f", plain, 112)
    if struct.unpack_from(order + "h", plain, 254)[0] <= 0 or code not in NIFTI_TYPES or dimensions[0] not in (3, 4):
        raise VolumeUnreadableError("another kind of NIfTI file than we read")
    ras = np.vstack([np.array(struct.unpack_from(order + "12f", plain, 280)).reshape(3, 4), [0, 0, 0, 1]])
    sizes = dimensions[1:4]
    kind = np.dtype(NIFTI_TYPES[code]).newbyteorder(order)
    values = np.frombuffer(plain, kind, int(np.prod(sizes)), offset).reshape(sizes[::-1])
    if slope not in (0, 1) or intercept:
        values = values * slope + intercept
    return Volume(values, np.diag([-1.0, -1.0, 1.0, 1.0]) @ ras)


def _vector(text: str) -> np.ndarray:
    return np.array([float(word) for word in text.strip("() ").split(",")])


def _values(packed: bytes, kind: np.dtype, sizes: list[int]) -> np.ndarray:
    count = int(np.prod(sizes))
    if not 0 < count * kind.itemsize <= LARGEST:
        raise VolumeUnreadableError("the volume's size can't be right")
    try:
        plain = gzip.decompress(packed)
    except (OSError, EOFError) as error:
        raise VolumeUnreadableError("the volume's data are broken") from error
    if len(plain) != count * kind.itemsize:
        raise VolumeUnreadableError("the volume's data are shorter or longer than its header says")
    return np.frombuffer(plain, kind).reshape(sizes[::-1]).astype(kind.newbyteorder("="), copy=False)
