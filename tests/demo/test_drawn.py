"""What we draw and write ourselves is readable by others."""

from datetime import datetime
from pathlib import Path

import pytest
from openslide import OpenSlide
from PIL import Image

from tests.demo.test_compose import saved
from worklist.demo import cast, drawn, slide

EXAM = cast.exams(datetime(2026, 3, 1, 12, 0))["slide"]


def test_the_report_s_parts_lie_where_its_table_says() -> None:
    text = "Åsa (draft)", ["Größe 45 mm – unchanged; a\\b", "word " * 60]
    file = drawn.pdf(*text)
    table = file[int(file.split(b"startxref\n")[1].split()[0]) :].splitlines()
    assert table[:3] == [b"xref", b"0 7", b"0000000000 65535 f "]
    for number, entry in enumerate(table[3:9], start=1):
        assert len(entry) == 19 and file[int(entry[:10]) :].startswith(b"%d 0 obj" % number)
    content = file.split(b"stream\n")[1].removesuffix(b"\nend")
    assert b"/Length %d " % len(content) in file
    words = content.decode("cp1252")
    assert r"(Åsa \(draft\)) Tj" in words and r"(Größe 45 mm – unchanged; a\\b) Tj" in words
    assert words.count("word") == 60 and max(map(len, words.splitlines())) < 110


def test_the_report_is_an_encapsulated_pdf() -> None:
    report = saved(drawn.report(EXAM, series=90, title="Report", paragraphs=["Nothing found."]))
    assert report.MIMETypeOfEncapsulatedDocument == "application/pdf"
    document = report.EncapsulatedDocument[: report.EncapsulatedDocumentLength]
    assert document.startswith(b"%PDF-1.4") and document.endswith(b"%%EOF\n")
    assert len(report.EncapsulatedDocument) % 2 == 0


def test_the_photograph_says_that_it_is_drawn_and_is_the_same_each_time() -> None:
    first, second = (saved(drawn.skin_photograph(EXAM, series=1, description="x")) for _ in range(2))
    assert "Drawn by Samsyn" in first.ImageComments
    assert first.PixelData == second.PixelData
    assert first.pixel_array.shape == (768, 1024, 3)


def test_the_slide_is_a_pyramid_that_openslide_reads(tmp_path: Path) -> None:
    picture = Image.radial_gradient("L").resize((1000, 700)).convert("RGB")
    source = tmp_path / "source.tif"
    picture.save(source, tile=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slide, "OpenSlide", lambda path: _Photographed(picture))
        levels = list(slide.whole_slide(source, EXAM, series=1, description="H&E", source="a test"))
    folder = tmp_path / "slide"
    folder.mkdir()
    for number, level in enumerate(levels):
        level.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    with OpenSlide(folder / "0.dcm") as read:
        assert read.dimensions == (1000, 700)
        assert read.level_dimensions == ((1000, 700), (250, 175), (62, 43))
        assert float(read.properties["openslide.mpp-x"]) == pytest.approx(0.5)
        centre = read.read_region((500, 350), 0, (1, 1)).convert("L").getpixel((0, 0))
    assert centre == pytest.approx(picture.convert("L").getpixel((500, 350)), abs=4)


class _Photographed:
    """Stands for a scanner's file, which tests can't make."""

    def __init__(self, picture: Image.Image) -> None:
        self.picture, self.dimensions = picture, picture.size
        self.properties = {"openslide.mpp-x": "0.5"}

    def read_region(self, *arguments: object) -> Image.Image:
        return self.picture

    def __enter__(self) -> "_Photographed":
        return self

    def __exit__(self, *arguments: object) -> None:
        return None
