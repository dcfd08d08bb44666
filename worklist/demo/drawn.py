"""What no package ships and we make ourselves, saying so: a drawn photograph of skin, and a report as PDF."""

import textwrap

import numpy as np
from pydicom.dataset import Dataset
from scipy import ndimage

from worklist.demo.dataset import Exam, begin, in_series, uid

ROWS, COLUMNS = 768, 1024
SKIN, MOLE = np.array([216.0, 172.0, 148.0]), np.array([74.0, 44.0, 36.0])


def skin_photograph(exam: Exam, *, series: int, description: str) -> Dataset:
    """Return a VL photographic image of a drawn mole on drawn skin; the same one each time."""
    dataset = begin(exam, "XC", uid(exam.study_uid, "photograph"))
    series_uid = uid(exam.study_uid, "series", series)
    in_series(dataset, number=series, series_uid=series_uid, description=description, instance_number=1)
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.ContentDate, dataset.ContentTime = exam.date, exam.time
    dataset.AcquisitionContextSequence = []
    region = Dataset()
    region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = "16982005", "SCT", "Shoulder"
    dataset.AnatomicRegionSequence = [region]
    dataset.Laterality, dataset.PatientOrientation = "L", ""
    dataset.BurnedInAnnotation, dataset.LossyImageCompression = "NO", "00"
    dataset.ImageComments = "Drawn by Samsyn, not a photograph of a person"
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation = "RGB"
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.add_new("PixelData", "OB", _skin().tobytes())
    return dataset


def _skin() -> np.ndarray:
    """Return RGB uint8 (ROWS, COLUMNS, 3): mottled skin, one irregular mole, a scale with a mark each 40 pixels."""
    random = np.random.default_rng(20)

    def mottle(size: float, strength: float) -> np.ndarray:
        noise = ndimage.gaussian_filter(random.normal(size=(ROWS, COLUMNS)), size)
        field: np.ndarray = noise / noise.std() * strength
        return field

    y, x = np.mgrid[:ROWS, :COLUMNS]
    angle = np.arctan2(y - 380, x - 520)
    edge = 120 + 16 * np.sin(2 * angle + 0.6) + 11 * np.sin(3 * angle) + 7 * np.sin(7 * angle + 1.2) + mottle(9, 3)
    depth = 1 / (1 + np.exp((np.hypot((x - 520) * 0.86, y - 380) - edge) / 5))
    tone = mottle(60, 5) + mottle(12, 3) + mottle(1.2, 3)
    light = 1.06 - 0.16 * np.hypot(x - 470, y - 350) / 640
    pigment = np.clip(depth * (0.86 + mottle(14, 0.09)), 0, 1)[..., None]
    picture = (SKIN + tone[..., None]) * light[..., None] * (1 - pigment) + (MOLE + tone[..., None]) * pigment
    scale = (y > ROWS - 46) & (y < ROWS - 12) & (x > 80) & (x < COLUMNS - 80)
    picture[scale] = 236
    picture[scale & ((x - 100) % 40 < 3) & (y > ROWS - 34)] = 30
    return np.clip(picture, 0, 255).astype(np.uint8)


def report(exam: Exam, *, series: int, title: str, paragraphs: list[str]) -> Dataset:
    """Return an encapsulated PDF of one page (PS3.3 A.45.1)."""
    dataset = begin(exam, "DOC", uid(exam.study_uid, "document", title))
    series_uid = uid(exam.study_uid, "series", series)
    in_series(dataset, number=series, series_uid=series_uid, description=title, instance_number=1)
    dataset.ContentDate, dataset.ContentTime = exam.date, exam.time
    dataset.AcquisitionDateTime = exam.date + exam.time
    dataset.BurnedInAnnotation, dataset.ConversionType = "YES", "WSD"
    dataset.DocumentTitle = title
    dataset.ConceptNameCodeSequence = []
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document = pdf(title, paragraphs)
    dataset.EncapsulatedDocumentLength = len(document)
    dataset.EncapsulatedDocument = document + b"\0" * (len(document) % 2)
    return dataset


def pdf(title: str, paragraphs: list[str]) -> bytes:
    """Return a PDF 1.4 file of one A4 page in Helvetica; the text must fit in Windows-1252."""
    lines = ["BT /F1 16 Tf 56 780 Td 15 TL", f"({_quoted(title)}) Tj /F1 10.5 Tf T* T*"]
    for paragraph in paragraphs:
        lines += [f"({_quoted(line)}) Tj T*" for line in textwrap.wrap(paragraph, 92)] + ["T*"]
    content = "\n".join([*lines, "ET"]).encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources 6 0 R >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Font << /F1 4 0 R >> >>",
    ]
    file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(file)


def _quoted(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
