"""Any DICOMweb server behind the port, with the ways round what real servers get wrong."""

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from io import BytesIO
from itertools import islice
from typing import Any
from urllib.parse import urljoin

import msgspec

from viewer.archive import stream
from viewer.archive.answers import JSON, data_sets, decode, json_body, no_page, not_a_page, stored, unexpected
from viewer.archive.framing import LARGEST_FRAME, first
from viewer.archive.match import matches, only, sendable, tag_of
from viewer.archive.multipart import Part, parts, written
from viewer.archive.origin import FIRST_BYTE_SECONDS, TOTAL_SECONDS, Answer, Origin
from viewer.archive.part10 import parse
from viewer.archive.port import (
    ArchiveError,
    Attributes,
    Delivered,
    Frame,
    Malformed,
    NotThere,
    StoreResult,
    Unreachable,
)
from viewer.archive.repair import Repair
from viewer.archive.whole import Whole, damaged, maybe_damaged
from viewer.imaging.words import gettext_noop

FRAMES = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
BULK = 'multipart/related; type="application/octet-stream"'
INSTANCE = 'multipart/related; type="application/dicom"; transfer-syntax=*'
# Orthanc 1.10 delivers no single frames of big-endian, deflated, 1-bit, float and 12-bit JPEG objects.
UNDELIVERED = (400, 404, 406, 500, 501, 415)
PAGE = 200
TOGETHER = 16
LARGEST_BULK = 2 << 30
BATCH_BYTES = 32 << 20
# What a frame without a transfer-syntax parameter is (PS3.18 table 8.7.3-4 and 5).
DEFAULT_SYNTAX = {
    "application/octet-stream": "1.2.840.10008.1.2.1",
    "image/jpeg": "1.2.840.10008.1.2.4.70",
    "image/dicom-rle": "1.2.840.10008.1.2.5",
    "image/x-dicom-rle": "1.2.840.10008.1.2.5",
    "image/jls": "1.2.840.10008.1.2.4.80",
    "image/x-jls": "1.2.840.10008.1.2.4.80",
    "image/jp2": "1.2.840.10008.1.2.4.90",
    "image/jpx": "1.2.840.10008.1.2.4.92",
    "image/jphc": "1.2.840.10008.1.2.4.201",
    "image/jxl": "1.2.840.10008.1.2.4.112",
}


class _Identity(msgspec.Struct):
    study: dict[str, Any] = msgspec.field(name="0020000D", default_factory=dict)
    series: dict[str, Any] = msgspec.field(name="0020000E", default_factory=dict)
    instance: dict[str, Any] = msgspec.field(name="00080018", default_factory=dict)


_identities = msgspec.json.Decoder(list[_Identity])


class WebArchive:
    """One DICOMweb root. Thread-safe: up to eight requests at a time, the ninth waits."""

    near = False

    def __init__(self, name: str, location: str, *, auth: str | None = None) -> None:
        """Raises ValueError for an address or credentials of the wrong form; nothing is contacted yet."""
        self.name = name
        self._origin = Origin(location, auth)
        self.root = self._origin.root
        self._series_origin = Origin(location, auth)  # with places of its own for answers that take long
        self._series_origin.breaker = self._origin.breaker
        self._texts = Repair(self._one_header)
        self._whole = Whole(self._whole_instance)
        self._names_frames = True

    def knock(self) -> None:
        """Raise Unreachable when nobody answers at the archive's door; costs it next to nothing."""
        self._origin.knock()

    def search_studies(
        self, *, limit: int | None = None, offset: int = 0, fields: Iterable[str] = (), **match: str
    ) -> list[Attributes]:
        keys = {tag_of(keyword): value for keyword, value in match.items() if value}
        sent, checked = sendable(keys)
        shown = sorted({tag_of(field) for field in fields} | set(checked))
        query = [f"{tag}={value}" for tag, value in sent.items()] + [f"includefield={tag}" for tag in shown]
        found: list[Attributes] = []
        wanted = None if limit is None else limit if not checked else offset + limit
        for answer in self._paged("studies", query, 0 if checked else offset, wanted if not checked else None):
            study = self._texts.repaired(answer, shown)
            if matches(study, {tag: value for tag, value in checked.items() if tag in study}):
                found.append(study)
                if wanted is not None and len(found) >= wanted:
                    break
        return found[offset:] if checked else found

    @property
    def damages_texts(self) -> bool | None:
        """Whether searches lose letters; None as long as no name has shown it."""
        return self._texts.damages

    def decodes(self, family: str, study: str) -> bool:
        """Tell whether the server decodes a percent-encoded `*` behind a family name and finds `study`."""
        found = self._json("studies", [f"00100010={family}%2A", f"0020000D={uid(study)}"])
        return bool(found)

    def search_series(self, study: str) -> list[Attributes]:
        found = self._paged(f"studies/{uid(study)}/series", ["includefield=0008103E"], 0, None)
        return [self._texts.repaired(one, ()) for one in found]

    def search_instances(self, study: str, series: str) -> list[Attributes]:
        return list(self._paged(f"studies/{uid(study)}/series/{uid(series)}/instances", [], 0, None))

    def numbered(self, study: str, series: str, numbers: Iterable[int]) -> dict[int, str]:
        path = f"studies/{uid(study)}/series/{uid(series)}/instances"
        asked = {number: self._json(path, [f"00200013={number}", "limit=2"]) for number in numbers}
        return only(asked)

    def series_metadata(self, study: str, series: str) -> bytes:
        path = f"studies/{uid(study)}/series/{uid(series)}"
        self._whole.forget(path)  # pixels held from before must not follow a new header
        return self._metadata(f"{path}/metadata", study, series, None)

    def instance_metadata(self, study: str, series: str, instance: str) -> bytes:
        return self._metadata(f"{address(study, series, instance)}/metadata", study, series, instance)

    def instance(self, study: str, series: str, instance: str) -> bytes:
        return self._whole_instance(address(study, series, instance))

    def _whole_instance(self, path: str) -> bytes:
        data = self._only(self._get(path, INSTANCE), "application/dicom")
        if parse(BytesIO(data)).text(0x00080018) != path.rsplit("/", 1)[1]:
            raise Malformed(gettext_noop("The archive answered with another instance."))
        return data

    def revisions(self, study: str, series: str) -> dict[str, str]:
        return {}

    def frames(
        self, study: str, series: str, instance: str, numbers: Iterable[int], *, revision: str = ""
    ) -> Iterator[Frame]:
        wanted = list(numbers)
        if any(number < 1 for number in wanted):
            raise NotThere(gettext_noop("Frames count from 1."))
        for start in range(0, len(wanted), TOGETHER):
            # All frames of one answer are in hand before the first is believed.
            yield from self._frames(address(study, series, instance), wanted[start : start + TOGETHER])

    def stream(self, study: str, series: str) -> Iterator[Delivered]:
        return stream.instances(
            self._series_origin, f"studies/{uid(study)}/series/{uid(series)}", INSTANCE, study, series
        )

    def bulkdata(self, uri: str) -> bytes:
        path = self._origin.below(uri)
        if path is None:
            raise Malformed(gettext_noop("The address of a bulk value leads out of the archive; it isn't fetched."))
        return self._only(self._get(path, BULK), "application/octet-stream")

    def store(self, instances: Iterable[bytes]) -> list[StoreResult]:
        results: list[StoreResult] = []
        batch: list[bytes] = []
        for data in instances:
            if batch and sum(map(len, batch)) + len(data) > BATCH_BYTES:
                results += self._store(batch)
                batch = []
            batch.append(data)
        return results + (self._store(batch) if batch else [])

    def _paged(self, path: str, query: list[str], offset: int, limit: int | None) -> Iterator[Attributes]:
        """Yield answers page by page until one is empty (servers cut pages short); raises Unreachable when cut off."""
        seen: set[str] = set()
        while limit is None or len(seen) < limit:
            size = PAGE if limit is None else min(PAGE, limit - len(seen))
            page = self._json(path, [*query, f"limit={size}", f"offset={offset + len(seen)}"])
            new = [(key, one) for one in page if (key := msgspec.json.encode(one).decode()) not in seen]
            if not new and len(page) == size:
                # As long as asked, and nothing new: this server repeats its first page, and has more than it tells.
                raise Unreachable(gettext_noop("The archive repeats the first page of its list; the rest is unknown."))
            if not new:
                return
            for key, one in new[: None if limit is None else limit - len(seen)]:
                seen.add(key)
                yield one

    def _get(self, path: str, accept: str, *, patience: float = FIRST_BYTE_SECONDS) -> Answer:
        answer = self._origin.get(path, accept, patience=patience)
        if answer.status == 204:
            answer.close()
            raise NotThere(gettext_noop("The archive has no such object ({status}).", status=204), 204)
        return answer

    def _json(self, path: str, query: list[str]) -> list[Attributes]:
        answer = self._origin.get(f"{path}?{'&'.join(query)}", JSON)
        if answer.status == 204:
            answer.close()
            return []
        return decode(data_sets, json_body(answer))

    def _metadata(self, path: str, study: str, series: str, instance: str | None) -> bytes:
        # Servers read every header of a series before they send the first byte.
        body = json_body(self._get(path, JSON, patience=TOTAL_SECONDS))
        found = decode(_identities, body)
        if not found:
            raise NotThere(gettext_noop("The archive has no such object."))
        for one in found:
            for element, asked in ((one.study, study), (one.series, series), (one.instance, instance)):
                if asked is not None and element and element.get("Value") != [asked]:
                    raise Malformed(gettext_noop("The archive answered with the metadata of something else."))
        body = self._absolute(body, path)
        return self._mended(body) if maybe_damaged(body) else body

    def _mended(self, body: bytes) -> bytes:
        found: list[Attributes] = decode(data_sets, body)
        mended = []
        for one in found:
            names = [str(first(one, tag)) for tag in ("0020000D", "0020000E", "00080018")]
            mended.append(self._whole.mended(address(*names), one) if damaged(one) else one)
        return msgspec.json.encode(mended)

    def _one_header(self, found: Attributes) -> Attributes:
        study = uid(str(first(found, "0020000D")))
        series = first(found, "0020000E")
        path = f"studies/{study}/series/{uid(str(series))}/instances" if series else f"studies/{study}/instances"
        instances = self._json(path, ["limit=1"])
        if not instances:
            raise NotThere(gettext_noop("The archive has no such object."))
        names = [uid(str(first(instances[0], tag))) for tag in ("0020000D", "0020000E", "00080018")]
        return dict(decode(data_sets, self.instance_metadata(*names))[0])

    def _absolute(self, body: bytes, path: str) -> bytes:
        """Return metadata whose relative BulkDataURIs are resolved against their resource (RFC 3986 5)."""
        base = f"{self.root}/{path}"

        def resolved(found: re.Match[bytes]) -> bytes:
            uri = msgspec.json.decode(found[2])
            return found[1] + msgspec.json.encode(urljoin(base, uri))

        return re.sub(rb'("BulkDataURI"\s*:\s*)("(?!https?:)(?:[^"\\]|\\.)*")', resolved, body)

    def _frames(self, instance: str, numbers: list[int]) -> list[Frame]:
        if len(numbers) > 1 and not self._names_frames:
            return [self._frames(instance, [number])[0] for number in numbers]
        listed = ",".join(map(str, numbers))
        try:
            answer = self._get(f"{instance}/frames/{listed}", FRAMES)
        except ArchiveError as error:
            if error.status in UNDELIVERED:
                return self._whole.frames(instance, numbers)
            raise
        whole = answer.media_type
        with closing(answer):
            if whole.name == "application/dicom":  # the instance instead of its frame: which of them, the file tells
                answer.close()
                return self._whole.frames(instance, numbers)
            if not whole.name.startswith("multipart/"):
                if len(numbers) == 1 and whole.name in DEFAULT_SYNTAX:
                    data = not_a_page(answer.body(LARGEST_FRAME))
                    return [Frame(numbers[0], data, whole.transfer_syntax or DEFAULT_SYNTAX[whole.name])]
                raise unexpected(whole.name)
            arriving = parts(whole, no_page(answer.chunks(largest=LARGEST_BULK)), LARGEST_FRAME)
            found = list(islice(arriving, len(numbers) + 1))  # one too many says enough: there may be no end
        if len(found) != len(numbers):
            raise Malformed(
                gettext_noop(
                    "The archive delivered {count} frames instead of {asked}.", count=len(found), asked=len(numbers)
                )
            )
        named = [_named(part, instance) for part in found]
        if len(numbers) > 1 and None in named:
            # Nothing but the order would tell which frame is which, and not every server keeps it.
            self._names_frames = False
            return self._frames(instance, numbers)
        if len(numbers) == 1 and named == [None]:
            named = [numbers[0]]
        if sorted(number or 0 for number in named) != sorted(numbers):
            other = ", ".join(str(number) for number in named if number not in numbers) or str(named[0])
            raise Malformed(
                gettext_noop("The archive delivered frame {other} instead of {number}.", other=other, number=listed)
            )
        by_number = dict(zip(named, found, strict=True))
        return [self._frame(by_number[number], number, whole.transfer_syntax) for number in numbers]

    def _frame(self, part: Part, number: int, declared: str | None) -> Frame:
        syntax = part.media_type.transfer_syntax or declared or DEFAULT_SYNTAX.get(part.media_type.name)
        if not part.body or syntax is None:
            raise Malformed(
                gettext_noop(
                    "The archive delivered frame {number} empty or without saying how it is compressed.", number=number
                )
            )
        return Frame(number, not_a_page(part.body), syntax)

    def _only(self, answer: Answer, expected: str) -> bytes:
        with closing(answer):
            if answer.media_type.name.startswith("multipart/"):
                found = list(islice(parts(answer.media_type, no_page(answer.chunks()), LARGEST_BULK), 2))
                if len(found) != 1:
                    raise Malformed(
                        gettext_noop("The archive delivered {count} parts instead of one.", count=len(found))
                    )
                return not_a_page(found[0].body)
            if answer.media_type.name != expected and answer.media_type.name != "application/octet-stream":
                raise unexpected(answer.media_type.name)
            return not_a_page(answer.body(LARGEST_BULK))

    def _store(self, batch: list[bytes]) -> list[StoreResult]:
        results: list[StoreResult | None] = []
        readable: list[tuple[str, bytes]] = []
        for data in batch:
            try:
                readable.append((parse(BytesIO(data)).text(0x00080018), data))
                results.append(None)
            except ArchiveError as error:
                results.append(StoreResult("", False, error.words))
        sent = iter(self._sent(readable) if readable else [])
        return [result or next(sent) for result in results]

    def _sent(self, batch: list[tuple[str, bytes]]) -> list[StoreResult]:
        """Send one request; when the server rejects all of it for the sake of one instance, send them singly."""
        content_type, body = written((data for _, data in batch), "application/dicom")
        try:
            verdict = stored(self._origin.post("studies", JSON, content_type, body))
        except Malformed as error:
            if len(batch) == 1:
                return [StoreResult(batch[0][0], False, error.words)]
            return [result for one in batch for result in self._sent([one])]
        return [verdict(name) for name, _ in batch]


def _named(part: Part, instance: str) -> int | None:
    """Return the frame number of a part's own address, None without one; raises Malformed for another instance."""
    location = part.headers.get("content-location", "").strip().rstrip("/")
    found = re.search(r"(?:/instances/([0-9.]+))?/frames/(\d{1,9})$", location)
    if found is None:
        return None
    if found[1] and found[1] != instance.rsplit("/", 1)[1]:
        raise Malformed(gettext_noop("The archive answered with another instance."))
    return int(found[2])


def uid(text: str) -> str:
    """Return a UID that is safe in a path; raises NotThere for anything else."""
    if not re.fullmatch(r"[0-9.]{1,64}", text):
        raise NotThere(gettext_noop("That isn't a UID."))
    return text


def address(study: str, series: str, instance: str) -> str:
    return f"studies/{uid(study)}/series/{uid(series)}/instances/{uid(instance)}"
