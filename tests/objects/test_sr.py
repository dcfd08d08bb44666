"""Reports of measurements: what is written is read again, by us and by others; what others write is read too."""

import io
import math
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from viewer.objects.sr import BadReport, MeasuredLength, Report, read, write

CT = "1.2.840.10008.5.1.4.1.1.2"
DX = "1.2.840.10008.5.1.4.1.1.1.1"
SM = "1.2.840.10008.5.1.4.1.1.77.1.6"
STUDY, SERIES, IMAGE, GLASS = (generate_uid() for _ in range(4))
SPACE = generate_uid()
HEADER = {
    "PatientName": "Åström^Jürgen=山田^太郎",
    "PatientID": "12 34<5>",
    "PatientBirthDate": "19500401",
    "PatientSex": "M",
    "StudyInstanceUID": STUDY,
    "StudyID": "1",
    "StudyDate": "20260102",
    "StudyTime": "101112",
    "AccessionNumber": "A1",
    "ReferringPhysicianName": "",
}
ON_A_SLICE = MeasuredLength(
    tracking_uid=generate_uid(), label="Lesion 1 <50 %", value=math.sqrt(50), unit="mm", space="patient",
    points=((1.0, 2.0, -300.5), (4.0, 6.0, -295.5)), frame_of_reference=SPACE, sop_class=CT, sop_instance=IMAGE,
    series=SERIES,
)  # fmt: skip
ON_A_PLANE = replace(ON_A_SLICE, tracking_uid=generate_uid(), label="", sop_class="", sop_instance="", series="")
ON_GLASS = replace(
    ON_A_SLICE, tracking_uid=generate_uid(), label="Core", sop_class=SM, sop_instance=GLASS, frame=7,
    points=((40.0, 20.0, 0.0), (40.0, 20.5, 0.0)), value=0.5,
)  # fmt: skip
IN_AN_IMAGE = MeasuredLength(
    tracking_uid=generate_uid(), label="Bone", value=12.25, unit="mm", space="image",
    points=((10.0, 20.0), (30.0, 20.0)), sop_class=DX, sop_instance=IMAGE, series=SERIES, frame=2, basis="detector",
)  # fmt: skip
BY_HAND = replace(
    IN_AN_IMAGE, tracking_uid=generate_uid(), label="Known", basis="user",
    basis_words="mm calibrated by Rita Reader on 2026-01-02",
)  # fmt: skip
DOPPLER = replace(
    IN_AN_IMAGE, tracking_uid=generate_uid(), label="Jet", value=27.4, unit="cm/s", basis="region",
    parts=(("Δv", -27.4, "cm/s"), ("Δt", 0.27, "s"), ("slope", -101.48, "cm/s2")),
)  # fmt: skip
IN_PIXELS = replace(IN_AN_IMAGE, tracking_uid=generate_uid(), unit="{pixels}", value=20.0, basis="", frame=None)
ALL = [ON_A_SLICE, ON_A_PLANE, ON_GLASS, IN_AN_IMAGE, IN_PIXELS]


def report(*lengths: MeasuredLength) -> bytes:
    evidence = [(SERIES, CT, IMAGE), (SERIES, SM, GLASS)]
    made = Report(HEADER, lengths, "Reader^Rita", generate_uid(), generate_uid(), 900, evidence)
    return write(made, software="test")


def again(data: bytes) -> list[MeasuredLength]:
    return read(pydicom.dcmread(io.BytesIO(data)))


@pytest.mark.parametrize("length", ALL, ids=lambda length: length.label or length.space)
def test_what_is_written_is_read(length: MeasuredLength) -> None:
    (found,) = again(report(length))
    assert found.value == pytest.approx(length.value, rel=1e-9)
    assert found.label == (length.label or "Length")
    for got, wanted in zip(found.points, length.points, strict=True):
        assert got == pytest.approx(wanted, rel=1e-6, abs=1e-4)  # coordinates are 32-bit floats (PS3.3 C.18.9)
    for name in ("tracking_uid", "unit", "space", "frame_of_reference", "sop_class", "sop_instance", "series", "frame"):
        assert getattr(found, name) == getattr(length, name), name
    assert found.observer == "Reader^Rita"


def test_names_and_numbers_survive() -> None:
    dataset = pydicom.dcmread(io.BytesIO(report(*ALL)))
    assert str(dataset.PatientName) == HEADER["PatientName"]
    assert dataset.PatientID == HEADER["PatientID"]
    assert dataset.SpecificCharacterSet == "ISO_IR 192"
    assert dataset.StudyInstanceUID == STUDY
    assert (dataset.CompletionFlag, dataset.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    assert len(read(dataset)) == len(ALL)


def test_another_library_reads_it() -> None:
    dataset = pydicom.dcmread(io.BytesIO(report(ON_A_SLICE, IN_AN_IMAGE)))
    groups = sr.srread(io.BytesIO(report(ON_A_SLICE, IN_AN_IMAGE))).content.get_image_measurement_groups()
    assert [group.get_measurements()[0].value for group in groups] == [ON_A_SLICE.value, IN_AN_IMAGE.value]
    assert dataset.ContentTemplateSequence[0].TemplateIdentifier == "1500"


def test_a_length_by_a_calibration_says_who_made_it() -> None:
    dataset = pydicom.dcmread(io.BytesIO(report(BY_HAND)))
    (number,) = numbers(dataset)
    (method,) = [
        item.ConceptCodeSequence[0] for item in number.ContentSequence
        if item.ConceptNameCodeSequence[0].CodeValue == "370129005"
    ]  # fmt: skip
    assert (method.CodeValue, method.CodingSchemeDesignator) == ("user", "99SAMSYN")
    assert method.CodeMeaning == "mm calibrated by Rita Reader on 2026-01-02"
    (found,) = read(dataset)
    assert (found.value, found.unit) == (BY_HAND.value, "mm")


def test_a_line_on_a_doppler_curve_is_its_parts_each_with_its_unit_and_no_length() -> None:
    dataset = pydicom.dcmread(io.BytesIO(report(DOPPLER)))
    told = {}
    for number in numbers(dataset):
        value = number.MeasuredValueSequence[0]
        unit = value.MeasurementUnitsCodeSequence[0]
        concept = number.ConceptNameCodeSequence[0]
        told[concept.CodeMeaning] = (float(value.NumericValue), unit.CodeValue, unit.CodingSchemeDesignator)
        assert concept.get("CodeValue") != "410668003", "a velocity is no length"
        (line,) = [item for item in number.ContentSequence if item.ValueType == "SCOORD"]
        assert list(line.GraphicData) == [10.5, 20.5, 30.5, 20.5]
    assert sorted(told.values()) == [(-101.48, "cm/s2", "UCUM"), (-27.4, "cm/s", "UCUM"), (0.27, "s", "UCUM")]
    assert len(told) == 3, "each has a name of its own"
    assert read(dataset) == []


def numbers(dataset: Dataset) -> list[Dataset]:
    """Return the NUM items of a report, wherever they stand."""
    below = [each for item in dataset.get("ContentSequence", ()) for each in (item, *numbers(item))]
    return [item for item in below if item.ValueType == "NUM"] if "SOPClassUID" in dataset else below


@pytest.mark.skipif(shutil.which("dsrdump") is None, reason="DCMTK isn't installed")
def test_dcmtk_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "report.dcm"
    path.write_bytes(report(*ALL))
    told = subprocess.run(["dsrdump", "+U8", str(path)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "Lesion 1" in told.stdout


def test_reports_of_others() -> None:
    root = os.environ.get("SAMSYN_TEST_DATA")
    if not root:
        pytest.skip("SAMSYN_TEST_DATA isn't set")
    read_some = 0
    for path in sorted(Path(root, "sr").rglob("*")):
        try:
            dataset = pydicom.dcmread(path)
        except (pydicom.errors.InvalidDicomError, IsADirectoryError):
            continue
        if dataset.get("Modality") == "SR":
            read_some += 1
            for length in read(dataset):
                assert length.value > 0
    assert read_some >= 3


def test_what_is_no_report() -> None:
    with pytest.raises(BadReport):
        read(Dataset())


def test_a_tree_without_end_is_refused() -> None:
    root = Dataset()
    item = root
    for _ in range(40):
        child = Dataset()
        item.ContentSequence = [child]
        item = child
    with pytest.raises(BadReport):
        read(root)
