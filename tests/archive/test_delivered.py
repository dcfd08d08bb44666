"""Whole series from servers that cut, lie and mutilate: what comes is the instance that it says, or nothing at all."""

import random
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.archive.examples import CHEST, CT_SERIES, examples, image
from viewer.archive import ArchiveError, Unreachable, Unstreamed, WebArchive
from viewer.archive import delivered as reading
from viewer.archive.delivered import delivered
from viewer.archive.multipart import written
from viewer.archive.port import Delivered

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, of what is wrong on purpose
Files = dict[str, bytes]


def part10(dataset: Dataset) -> bytes:
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


@pytest.fixture(scope="module")
def files() -> Files:
    return {name: part10(dataset) for name, dataset in examples().items() if name != "letter.dcm"}


def told(one: Delivered) -> tuple[object, ...]:
    frames = tuple(bytes(frame) for frame in one.frames)
    return one.study, one.series, one.instance, one.described, one.transfer_syntax, frames


def read(data: bytes) -> tuple[object, ...] | None:
    """Return what a file is taken for; None where it is refused, in words."""
    try:
        return told(delivered(memoryview(data)))
    except ArchiveError as error:
        assert error.words
        return None


def test_a_file_cut_anywhere_gives_its_whole_frames_or_none(files: Files) -> None:
    dice = random.Random(1)
    kept = 0
    for data in files.values():
        whole = read(data)
        for end in (0, 1, 131, 132, len(data) - 1, *(dice.randrange(len(data)) for _ in range(150))):
            found = read(data[:end])
            assert found in (None, whole)
            kept += found is not None
    assert kept <= len(files) * 20, "where the end is only padding or a delimiter"


def mutilated(data: bytes, dice: random.Random) -> bytes:
    """Return a file with something wrong in its header."""
    spoilt = bytearray(data)
    at = dice.randrange(132, min(len(data), 2500))
    match dice.randrange(5):
        case 0:
            spoilt[at] ^= 1 << dice.randrange(8)
        case 1:
            spoilt[at : at + 2] = dice.choice((0, 1, 6, 0x100, 0xFFFF)).to_bytes(2, "little")
        case 2:
            spoilt[at:at] = dice.randbytes(dice.randint(1, 8))
        case 3:
            del spoilt[at : at + dice.randint(1, 8)]
        case 4:
            spoilt[at:at] = spoilt[at : at + dice.randint(4, 40)]
    return bytes(spoilt)


@pytest.mark.parametrize("count", [1500, pytest.param(60_000, marks=pytest.mark.full)])
def test_the_quick_way_through_a_mutilated_file_never_finds_what_the_parser_does_not(count: int, files: Files) -> None:
    dice = random.Random(count)
    quick = 0
    for _ in range(count):
        data = memoryview(mutilated(dice.choice(list(files.values())), dice))
        try:
            found = reading._plain(data, "")
        except (reading._NotPlain, reading.struct.error, IndexError, ValueError):
            read(bytes(data))
            continue
        quick += 1
        try:
            parsed = reading._parsed(data, "")
        except ArchiveError:
            continue  # some other element, of which the pixels don't depend, can't be read
        assert told(found) == told(parsed)
    assert quick > count / 20


def changed(name: str, **attributes: Any) -> bytes:
    dataset = examples()[name]
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return part10(dataset)


RIGHT = [f"chest/ct/{number}.dcm" for number in (1, 2, 3)]


def sent(serve: Any, bodies: list[bytes], kind: str = "application/dicom", end: int | None = None) -> list[Delivered]:
    """Return what comes of an answer made of `bodies`, up to where it is refused, which is raised after it."""
    content_type, body = written(bodies, kind)
    server = serve(lambda path: (200, {"Content-Type": content_type}, body[:end]))
    got = []
    for one in WebArchive("pacs", server.root).stream(CHEST, CT_SERIES):
        # The bytes stand until the next is asked for: what they are has to be seen now.
        number = int(one.instance.rsplit(".", 1)[1])
        assert bytes(one.frames[0]) == image(number).tobytes()
        got.append(one)
    return got


def test_instances_come_in_whatever_order_and_as_often_as_they_are_sent(serve: Any, files: Files) -> None:
    order = [3, 1, 2, 1]
    found = sent(serve, [files[f"chest/ct/{number}.dcm"] for number in order])
    assert [one.instance for one in found] == [f"{CT_SERIES}.{number}" for number in order]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: changed(RIGHT[1], StudyInstanceUID="1.2.3"),
        lambda: changed(RIGHT[1], SeriesInstanceUID="1.2.3"),
        lambda: changed(RIGHT[1], SeriesInstanceUID=""),
        lambda: changed("later/1.dcm"),
        lambda: changed(RIGHT[1], PixelData=b"\0" * 50),
        lambda: changed(RIGHT[1], Rows=9),
        lambda: changed(RIGHT[1], BitsAllocated=0),
        lambda: part10(examples()[RIGHT[1]])[:-60],
        lambda: b"",
        lambda: b"<html>Log in</html>",
    ],
    ids=["study", "series", "no series", "alien", "short", "rows", "bits", "cut", "empty", "page"],
)
def test_an_instance_that_is_not_what_was_asked_for_ends_the_answer(
    serve: Any, files: Files, spoil: Callable[[], bytes]
) -> None:
    with pytest.raises(ArchiveError) as caught:
        sent(serve, [files[RIGHT[0]], spoil(), files[RIGHT[2]]])
    assert caught.value.words


def test_parts_of_another_kind_are_no_series(serve: Any, files: Files) -> None:
    with pytest.raises(Unstreamed):
        sent(serve, [files[RIGHT[0]]], "application/octet-stream")


def test_an_answer_cut_at_any_byte_brings_whole_instances_and_says_that_it_was_cut(serve: Any, files: Files) -> None:
    bodies = [files[name] for name in RIGHT]
    total = len(written(bodies, "application/dicom")[1])
    dice = random.Random(2)
    for end in (0, 10, total - 8, *(dice.randrange(total - 8) for _ in range(30))):
        with pytest.raises(Unreachable):
            sent(serve, bodies, end=end)


def test_a_syntax_that_the_pixels_are_not_in_is_refused(files: Files) -> None:
    native, rle = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"
    for name, is_in, says in ((RIGHT[0], native, rle), ("echo/rle-1", rle, native)):
        assert files[name].count(is_in) == 1
        assert read(files[name].replace(is_in, says)) is None


def test_an_object_without_pixels_is_passed_over(serve: Any, files: Files) -> None:
    found = sent(serve, [files[RIGHT[0]], part10(examples()["letter.dcm"]), files[RIGHT[2]]])
    assert [one.instance for one in found] == [f"{CT_SERIES}.1", f"{CT_SERIES}.3"]


def test_what_a_frame_is_does_not_depend_on_what_lies_behind_it(files: Files) -> None:
    data = files[RIGHT[0]]
    for tail in (b"\0", b"\xfc\xff\xfc\xffOB\0\0\4\0\0\0abcd", np.random.default_rng(1).bytes(500)):
        found = read(data + tail)
        assert found is None or found == read(data)
