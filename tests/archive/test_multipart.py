"""Multipart bodies as real and hostile servers write them: parsed right or refused, never confused."""

import random
from collections.abc import Iterator

import pytest

from viewer.archive.multipart import MediaType, parts, written
from viewer.archive.port import ArchiveError, Malformed, Unreachable

BODIES = [b"first\r\nframe", b"\r\n--not the boundary--\r\n", b"", bytes(range(256)) * 3, b"\n\r\n\r"]


def chunked(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def media(boundary: str = "abc") -> MediaType:
    return MediaType.parse(f"multipart/related; boundary={boundary}")


def body(
    bodies: list[bytes], *, boundary: str = "abc", newline: bytes = b"\r\n", lengths: bool = True, preamble: bytes = b""
) -> bytes:
    mark = b"--" + boundary.encode()
    made = preamble
    for one in bodies:
        made += mark + newline + b"Content-Type: application/octet-stream" + newline
        made += (b"CONTENT-LENGTH: %d" % len(one) + newline if lengths else b"") + newline + one + newline
    return made + mark + b"--" + newline


@pytest.mark.parametrize(
    "declared",
    [
        'multipart/related; type="application/octet-stream"; boundary=abc',
        'Multipart/Related;boundary="abc";type="image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50"',
        "multipart/related; BOUNDARY=abc ",
    ],
)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_quoted_and_unquoted_boundaries_and_any_chunk_size_give_the_same_parts(declared: str, size: int) -> None:
    found = parts(MediaType.parse(declared), chunked(body(BODIES), size))
    assert [part.body for part in found] == BODIES


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("preamble", [b"", b"\r\n", b"This is a preamble --abc in a line\r\n"])
def test_line_ends_lengths_and_preambles_vary(newline: bytes, lengths: bool, preamble: bytes) -> None:
    data = body(BODIES, newline=newline, lengths=lengths, preamble=preamble)
    assert [part.body for part in parts(media(), chunked(data, 5))] == BODIES


def test_a_boundary_inside_pixel_data_is_data_when_the_length_says_so() -> None:
    bodies = [b"pixels\r\n--abc\r\nContent-Type: text/html\r\n\r\nmore pixels", b"second"]
    assert [part.body for part in parts(media(), [body(bodies)])] == bodies


def test_a_length_that_is_wrong_is_not_believed() -> None:
    data = body([b"0123456789"]).replace(b"CONTENT-LENGTH: 10", b"Content-Length: 5")
    assert [part.body for part in parts(media(), [data])] == [b"0123456789"]


def test_each_part_says_its_own_transfer_syntax() -> None:
    data = (
        b"--abc\r\nContent-Type: image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.70\r\n\r\none\r\n"
        b"--abc\r\ncontent-type: image/jls;transfer-syntax=1.2.840.10008.1.2.4.80\r\n\r\ntwo\r\n--abc--"
    )
    found = [part.media_type.transfer_syntax for part in parts(media(), [data])]
    assert found == ["1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"]


def test_no_parts_is_an_empty_answer() -> None:
    assert list(parts(media(), [b"--abc--\r\n"])) == []


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_body_cut_anywhere_never_gives_a_short_part(cut: int) -> None:
    bodies = [b"A" * 100, b"B" * 100]
    found = []
    with pytest.raises(ArchiveError):
        for part in parts(media(), [body(bodies)[: -cut * 5 if cut * 5 > 6 else -6]]):
            found.append(part.body)
    assert found == bodies[: len(found)]


@pytest.mark.parametrize(
    ("declared", "data"),
    [
        ("text/html", b"<html>please log in</html>"),
        ("multipart/related", b"--abc--"),
        ("multipart/related; boundary=abc", b"x" * 100_000),
        ("multipart/related; boundary=abc", b"--abc\r\n" + b"h: v\r\n" * 100 + b"\r\n"),
        ("multipart/related; boundary=abc", b"--abc\r\n" + b"x" * 100_000),
        ("multipart/related; boundary=abc", b"--abc\r\nno colon\r\n\r\nbody\r\n--abc--"),
    ],
)
def test_what_is_not_multipart_is_refused(declared: str, data: bytes) -> None:
    with pytest.raises((Malformed, Unreachable)):
        list(parts(MediaType.parse(declared), chunked(data, 1000)))


def test_two_hundred_random_answers_never_mix_their_parts() -> None:
    dice = random.Random(7)
    for _ in range(200):
        boundary = dice.choice(["b", "--x", "=_=", "a'b(c)", "0" * 70])
        bodies = [
            dice.randbytes(dice.randrange(300))
            + dice.choice([b"", b"\r\n", b"\n--", f"\r\n--{boundary[:-1]}".encode()])
            + dice.randbytes(dice.randrange(9))
            for _ in range(dice.randrange(1, 9))
        ]
        data = body(bodies, boundary=boundary, newline=dice.choice([b"\r\n", b"\n"]), lengths=True)
        found = parts(
            MediaType.parse(f'multipart/related; boundary="{boundary}"'), chunked(data, dice.randrange(1, 99))
        )
        assert [part.body for part in found] == bodies


def test_what_we_write_we_can_read() -> None:
    declared, data = written(BODIES, "application/dicom")
    found = list(parts(MediaType.parse(declared), [data]))
    assert [part.body for part in found] == BODIES
    assert {part.media_type.name for part in found} == {"application/dicom"}
