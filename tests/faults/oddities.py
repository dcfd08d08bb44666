"""Multipart answers as servers write them, right, odd and wrong: made from a seed."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PLAIN = "1.2.840.10008.1.2.1"


@dataclass(frozen=True)
class Asked:
    """What was asked for: frames (numbers from 1) of one instance, and their right bytes."""

    path: str
    numbers: tuple[int, ...]
    bodies: dict[int, bytes]


@dataclass(frozen=True)
class Told:
    """An answer: its media type, its body, and whether it has to be read (True) or refused (False)."""

    content_type: str
    body: bytes
    readable: bool | None


@dataclass
class Style:
    """How a server writes."""

    boundary: str = "b"
    declared: str = "b"
    newline: bytes = b"\r\n"
    lengths: bool = True
    preamble: bytes = b""
    epilogue: bytes = b"\r\n"
    named: bool = True
    syntax: str = "part"
    close: bool = True


def style(dice: random.Random) -> Style:
    """Return a manner of writing that the standard, or common sense, allows."""
    boundary = dice.choice(["b", "--", "=_a.b", "0" * 70, "gc0pMq-3f", "a'(b)+c"])
    quoted = dice.random() < 0.5 or not boundary.replace("-", "").replace(".", "").isalnum()
    return Style(
        boundary=boundary,
        declared=f'"{boundary}"' if quoted else boundary,
        newline=dice.choice([b"\r\n", b"\r\n", b"\n"]),
        lengths=dice.random() < 0.6,
        preamble=dice.choice([b"", b"\r\n", b"A preamble that says --b in a line\r\n"]),
        epilogue=dice.choice([b"", b"\r\n", b"\r\nAn epilogue.\r\n"]),
        named=dice.random() < 0.7,
        syntax=dice.choice(["part", "part", "whole", "none"]),
    )


def written(asked: Asked, how: Style, given: Sequence[tuple[int, bytes]], dice: random.Random) -> Told:
    """Return the answer that delivers `given` (number told, bytes)."""
    mark = b"--" + how.boundary.encode()
    body = how.preamble
    for number, data in given:
        kind = "application/octet-stream" + (f"; transfer-syntax={PLAIN}" if how.syntax == "part" else "")
        headers = [f"{dice.choice(['Content-Type', 'content-type', 'CONTENT-TYPE'])}: {kind}"]
        if how.named:
            headers.append(f"Content-Location: {asked.path}/frames/{number}")
        if how.lengths:
            headers.append(f"Content-Length: {len(data)}")
        dice.shuffle(headers)
        body += mark + how.newline + how.newline.join(each.encode() for each in headers) + how.newline * 2
        body += data + how.newline
    if how.close:
        body += mark + b"--" + how.epilogue
    whole = f"; transfer-syntax={PLAIN}" if how.syntax == "whole" else ""
    return Told(f'multipart/related; type="application/octet-stream"{whole}; boundary={how.declared}', body, True)


def _right(asked: Asked) -> list[tuple[int, bytes]]:
    return [(number, asked.bodies[number]) for number in asked.numbers]


def as_it_should_be(asked: Asked, how: Style, dice: random.Random) -> Told:
    """Every part in its place."""
    return written(asked, how, _right(asked), dice)


def shuffled(asked: Asked, how: Style, dice: random.Random) -> Told:
    """Parts in another order: only their addresses tell."""
    given = _right(asked)
    dice.shuffle(given)
    return written(asked, how, given, dice)


def one_too_few(asked: Asked, how: Style, dice: random.Random) -> Told:
    """A part is missing: the answer may be none at all."""
    given = _right(asked)
    del given[dice.randrange(len(given))]
    told = written(asked, how, given, dice)
    return Told(told.content_type, told.body, False)


def one_too_many(asked: Asked, how: Style, dice: random.Random) -> Told:
    """A part comes twice."""
    given = [*_right(asked), dice.choice(_right(asked))]
    told = written(asked, how, given, dice)
    return Told(told.content_type, told.body, False)


def other_frame(asked: Asked, how: Style, dice: random.Random) -> Told:
    """A frame that nobody asked for, under its own number."""
    how.named = True
    strange = next(number for number in asked.bodies if number not in asked.numbers)
    given = _right(asked)
    given[dice.randrange(len(given))] = (strange, asked.bodies[strange])
    told = written(asked, how, given, dice)
    return Told(told.content_type, told.body, False)


def other_instance(asked: Asked, how: Style, dice: random.Random) -> Told:
    """Frames of a neighbour, as its address says."""
    how.named = True
    other = Asked(asked.path[:-1] + ("1" if asked.path[-1] != "1" else "2"), asked.numbers, asked.bodies)
    strange = [asked.bodies[number % len(asked.bodies) + 1] for number in asked.numbers]
    told = written(other, how, list(zip(asked.numbers, strange, strict=True)), dice)
    return Told(told.content_type, told.body, False)


def boundary_in_pixels(asked: Asked, how: Style, dice: random.Random) -> Told:
    """The boundary stands among the pixels, and only the length says that it is none."""
    how.lengths = True
    given = _right(asked)
    at = dice.randrange(len(given))
    number, data = given[at]
    # In the dark margin of the picture, where the strip isn't.
    lure = how.newline + b"--" + how.boundary.encode() + how.newline + b"Content-Type: text/html" + how.newline * 2
    given[at] = (number, lure + data[len(lure) :])
    return written(asked, how, given, dice)


def without_end(asked: Asked, how: Style, dice: random.Random) -> Told:
    """No closing boundary."""
    how.close = False
    told = written(asked, how, _right(asked), dice)
    return Told(told.content_type, told.body, False)


def empty(asked: Asked, how: Style, dice: random.Random) -> Told:
    """No part, or parts without bytes."""
    given = [] if dice.random() < 0.5 else [(number, b"") for number in asked.numbers]
    told = written(asked, how, given, dice)
    return Told(told.content_type, told.body, False)


def cut(asked: Asked, how: Style, dice: random.Random) -> Told:
    """Ends at any byte before the last part does."""
    how.epilogue = b""
    told = written(asked, how, _right(asked), dice)
    return Told(told.content_type, told.body[: dice.randrange(len(told.body) - len(how.boundary) - 6)], False)


def false_length(asked: Asked, how: Style, dice: random.Random) -> Told:
    """Lengths that aren't true: the boundary is believed, where the end of the answer leaves room for it."""
    how.lengths = True
    told = written(asked, how, _right(asked), dice)
    length = len(asked.bodies[asked.numbers[0]])
    wrong = str(dice.choice([0, 1, length - 1, length + 1, 2 * length, 10**12])).encode()
    return Told(told.content_type, told.body.replace(b": %d" % length, b": " + wrong), None)


def undeclared_boundary(asked: Asked, how: Style, dice: random.Random) -> Told:
    """The boundary isn't the declared one, or isn't declared."""
    told = written(asked, how, _right(asked), dice)
    kind = dice.choice(["multipart/related", "multipart/related; boundary=another-one", "multipart/related; boundary="])
    return Told(kind, told.body, False)


def alone(asked: Asked, how: Style, dice: random.Random) -> Told:
    """Bytes without a multipart around them: one frame, or nobody knows which."""
    data = b"".join(asked.bodies[number] for number in asked.numbers)
    return Told(f"application/octet-stream; transfer-syntax={PLAIN}", data, len(asked.numbers) == 1)


KINDS: tuple[Callable[[Asked, Style, random.Random], Told], ...] = (
    as_it_should_be, shuffled, one_too_few, one_too_many, other_frame, other_instance, boundary_in_pixels, without_end,
    empty, cut, false_length, undeclared_boundary, alone,
)  # fmt: skip
