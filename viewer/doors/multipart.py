"""Answers of several pictures: multipart/related (PS3.18 10.4.4)."""

from collections.abc import AsyncIterator, Awaitable

from viewer.doors.answers import Answer, problem_body, warning
from viewer.doors.description import header
from viewer.doors.refusal import Refusal
from viewer.rendering import Picture


async def part(making: Awaitable[Picture], location: str, boundary: str) -> bytes:
    """Return one part; a picture that fails leaves a part that says so, and the others go on."""
    headers = {"Content-Location": location.encode()}
    try:
        picture = await making
    except Refusal as refusal:
        headers["Content-Type"] = b"application/problem+json"
        body = problem_body(refusal.status, refusal.words, refusal.parameter)
    else:
        headers |= {"Content-Type": picture.media_type.encode(), "Samsyn-Picture": header(picture.description)}
        body = picture.data
    lines = b"".join(b"%b: %b\r\n" % (name.encode(), value) for name, value in headers.items())
    return b"--%b\r\n%b\r\n%b\r\n" % (boundary.encode(), lines, body)


def end(boundary: str) -> bytes:
    """Return what stands behind the last part."""
    return f"--{boundary}--\r\n".encode()


def related(parts: AsyncIterator[bytes], kind: str, boundary: str, unknown: tuple[str, ...]) -> Answer:
    """Return the answer of parts of one media type; `unknown` names parameters that were ignored."""
    content = f'multipart/related; type="{kind}"; boundary={boundary}'.encode()
    return Answer(200, parts, {"Content-Type": content, **warning(unknown)})
