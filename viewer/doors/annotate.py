"""Text burnt into a picture for clients that draw none of their own (PS3.18 8.3.5.1.1)."""

import unicodedata
from functools import cache
from typing import Any

import cv2
import numpy as np
from django.utils.translation import gettext as _

SMALLEST_TEXT = 11  # pixels
LARGEST_TEXT = 28
RIGHT_TO_LEFT = frozenset({"R", "AL"})
STRONG = RIGHT_TO_LEFT | {"L"}
TECHNIQUE = {
    "KVP": "{:g} kV", "XRayTubeCurrent": "{:g} mA", "Exposure": "{:g} mAs", "ConvolutionKernel": "{}",
    "EchoTime": "TE {:g} ms", "RepetitionTime": "TR {:g} ms", "InversionTime": "TI {:g} ms",
    "FlipAngle": "FA {:g}°", "DiffusionBValue": "b {:g}",
}  # fmt: skip


def annotated(picture: np.ndarray, description: dict[str, Any], wanted: frozenset[str]) -> np.ndarray:
    """Return a copy of a uint8 picture (rows, columns[, 3]) with the texts of `wanted` in its upper corners.

    The patient stands at the left, the technique at the right; each line has a black edge, so it reads on any ground.
    """
    drawn = np.ascontiguousarray(picture).copy()
    size = int(np.clip(min(drawn.shape[:2]) // 28, SMALLEST_TEXT, LARGEST_TEXT))
    face = cv2.FontFace("uni")  # carries Latin, Greek, Cyrillic, Hebrew, Chinese, Japanese and Korean
    if "patient" in wanted:
        _write(drawn, patient_lines(description), face, size, right=False)
    if "technique" in wanted:
        _write(drawn, technique_lines(description), face, size, right=True)
    return drawn


def patient_lines(description: dict[str, Any]) -> list[str]:
    """Return who it is and which examination."""
    patient = description["patient"]
    lines = [
        patient["name"],
        patient["id"],
        " ".join(filter(None, (patient["birth_date"], patient["age"], patient["sex"]))),
        " ".join(filter(None, (description["study_date"], description["study_time"], description["timezone_offset"]))),
        " ".join(filter(None, (description["study_description"], description["accession_number"]))),
        description["institution"],
    ]
    return [line for line in lines if line]


def technique_lines(description: dict[str, Any]) -> list[str]:
    """Return what was done: modality, series, image, window, exposure or sequence."""
    window = description["window"]
    lines = [
        " ".join(filter(None, (description["modality"], description["series_description"], description["laterality"]))),
        _image(description),
        f"W {window['width']:g} L {window['center']:g} {description['unit']}".strip() if window else "",
        f"{description['slice_thickness']:g} mm" if description["slice_thickness"] else "",
    ]
    technique = description["technique"]
    for name, form in TECHNIQUE.items():
        value = technique.get(name)
        if value not in (None, "", []):
            lines.append(form.format(" ".join(value) if isinstance(value, list | tuple) else value))
    return [line for line in lines if line]


def visual(text: str) -> str:
    """Return `text` in the order in which its letters stand from left to right.

    Right-to-left runs are turned round, a name of two such words as a whole; numbers in between keep their order.
    """
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    if not any(kind in RIGHT_TO_LEFT for kind in kinds):
        return text
    # What is neutral belongs to a run only when right-to-left letters stand on both sides.
    backward: list[bool] = []
    for place, kind in enumerate(kinds):
        if kind in STRONG:
            backward.append(kind in RIGHT_TO_LEFT)
            continue
        before = next((each for each in reversed(kinds[:place]) if each in STRONG), "L")
        after = next((each for each in kinds[place + 1 :] if each in STRONG), "L")
        backward.append(before in RIGHT_TO_LEFT and after in RIGHT_TO_LEFT)
    pieces, start = [], 0
    for place in range(1, len(text) + 1):
        if place == len(text) or backward[place] != backward[start]:
            piece = text[start:place]
            pieces.append(_turned(piece) if backward[start] else piece)
            start = place
    return "".join(pieces)


def drawable(text: str) -> str:
    """Return `text` with the name of the script in the place of words that the face can't draw as people write them.

    It has no letters of some scripts, and only the base forms of Arabic, whose letters must join: the page draws those.
    """
    words: list[str] = []
    for word in text.split():
        letter = next((each for each in word if not _is_drawn(each)), "")
        script = unicodedata.name(letter, "unknown").split()[0].split("-")[0].title() if letter else ""
        said = _("[in %(script)s letters]") % {"script": script} if letter else word
        if not letter or words[-1:] != [said]:
            words.append(said)
    return " ".join(words)


@cache
def _is_drawn(letter: str) -> bool:
    if unicodedata.bidirectional(letter) == "AL":
        return False
    return not letter.isalpha() or letter.isascii() or not np.array_equal(_sign(letter), _sign("\uffff"))


def _sign(letter: str) -> np.ndarray:
    """Return a letter as it is drawn; one that the face lacks looks like any other such."""
    drawn = np.zeros((48, 64, 3), np.uint8)
    cv2.putText(drawn, letter, (8, 32), (255, 255, 255), cv2.FontFace("uni"), 24, 500)
    return drawn


def _turned(text: str) -> str:
    clusters: list[str] = []
    for letter in text:
        if clusters and (unicodedata.combining(letter) or (letter.isdigit() and clusters[-1][-1].isdigit())):
            clusters[-1] += letter
        else:
            clusters.append(letter)
    return "".join(reversed(clusters))


def _image(description: dict[str, Any]) -> str:
    number = description["instance_number"]
    place = "" if description["index"] is None else f"{description['index'] + 1}/{description['count']}"
    return " ".join(filter(None, (f"Im {number}" if number is not None else "", place)))


def _write(picture: np.ndarray, lines: list[str], face: "cv2.FontFace", size: int, *, right: bool) -> None:
    margin, ink = size // 2, (255, 255, 255)[: 1 if picture.ndim == 2 else 3]
    baseline = margin + size
    for line in lines:
        text = visual(drawable("".join(letter for letter in line if letter.isprintable())))
        x, _y, width, _height = cv2.getTextSize((picture.shape[1], picture.shape[0]), text, (0, 0), face, size, 500)
        left = picture.shape[1] - margin - width - x if right else margin
        for across, down in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            cv2.putText(picture, text, (left + across, baseline + down), tuple(0 for _ in ink), face, size, 500)
        cv2.putText(picture, text, (left, baseline), ink, face, size, 500)
        baseline += size + size // 3
