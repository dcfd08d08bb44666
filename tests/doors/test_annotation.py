"""Text burnt into pictures: in every script, in reading order, above any ground."""

import numpy as np
import pytest

from viewer.doors import annotate

DESCRIPTION = {
    "patient": {"name": "Åberg, Östen", "id": "19121212-1212", "birth_date": "1912-12-12", "sex": "M", "age": "98 y"},
    "study_date": "2024-01-02", "study_time": "12:00:00",
    "timezone_offset": "", "study_description": "CT thorax", "accession_number": "A1",
    "institution": "Sjukhuset", "window": {"width": 400.0, "center": 40.0}, "unit": "HU", "modality": "CT",
    "series_description": "Axial", "laterality": "", "instance_number": 4, "index": 3, "count": 20,
    "slice_thickness": 2.5, "technique": {"KVP": 120.0, "ConvolutionKernel": ["B30f"]},
}  # fmt: skip


def test_both_corners_say_what_the_description_says() -> None:
    assert annotate.patient_lines(DESCRIPTION)[:3] == ["Åberg, Östen", "19121212-1212", "1912-12-12 98 y M"]
    technique = ["CT Axial", "Im 4 4/20", "W 400 L 40 HU", "2.5 mm", "120 kV", "B30f"]
    assert annotate.technique_lines(DESCRIPTION) == technique


@pytest.mark.parametrize("ground", [0, 128, 255])
def test_text_is_seen_on_any_ground_and_the_picture_is_not_changed_in_place(ground: int) -> None:
    picture = np.full((512, 512), ground, np.uint8)
    drawn = annotate.annotated(picture, DESCRIPTION, frozenset({"patient", "technique"}))
    assert (picture == ground).all() and drawn.max() > 200 and drawn.min() < 60


def test_small_and_colour_pictures_can_be_annotated() -> None:
    for shape in ((8, 8), (40, 60, 3), (2000, 1500)):
        picture = np.zeros(shape, np.uint8)
        assert annotate.annotated(picture, DESCRIPTION, frozenset({"patient", "technique"})).shape == shape


@pytest.mark.parametrize(
    "name", ["Παπαδοπούλου Ελένη", "山田 太郎", "김희중", "Иванов", "קובן", "Nguyễn Văn", "Łukasz Żółć"]
)
def test_every_script_has_letters(name: str) -> None:
    def drawn(text: str) -> np.ndarray:
        picture = np.zeros((60, 400), np.uint8)
        described = {**DESCRIPTION, "patient": {"name": text, "id": "", "birth_date": "", "sex": "", "age": ""}}
        return annotate.annotated(picture, described, frozenset({"patient"}))[:18]

    words = name.replace(" ", "")
    # A face without these letters would draw the same sign for each.
    assert not np.array_equal(drawn(words), drawn("?" * len(words)))
    assert len({drawn(letter).tobytes() for letter in words}) >= len(set(words)) - 1


@pytest.mark.parametrize(
    ("logical", "visual"),
    [
        ("plain text 12", "plain text 12"),
        ("אבג", "גבא"),
        ("CT אבג דה 12 x", "CT הד גבא 12 x"),
        ("אב 12 גד", "דג 12 בא"),
        ("אבג (CT)", "גבא (CT)"),
    ],
)
def test_right_to_left_runs_stand_as_they_are_read(logical: str, visual: str) -> None:
    assert annotate.visual(logical) == visual


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("Åberg, Östen 洪 吉洞 שרון Ёлкин", "Åberg, Östen 洪 吉洞 שרון Ёлкин"),
        ("قباني, لنزار", "[in Arabic letters]"),
        ("Qabani, Nizar قباني لنزار 12", "Qabani, Nizar [in Arabic letters] 12"),
        ("สมชาย ใจดี", "[in Thai letters]"),
        ("शर्मा", "[in Devanagari letters]"),
    ],
)
def test_letters_that_would_stand_wrong_are_left_to_the_page_and_named(text: str, drawn: str) -> None:
    assert annotate.drawable(text) == drawn
