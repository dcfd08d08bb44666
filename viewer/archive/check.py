"""A trial of one archive, verb by verb: what works, what is worked round, and how fast it is."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Literal

import msgspec
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from viewer.archive.framing import first
from viewer.archive.port import Archive, ArchiveError, Attributes, Malformed
from viewer.archive.web import WebArchive
from viewer.imaging.words import gettext_noop

State = Literal["works", "worked round", "fails", "not tried"]
STUDIES_TRIED = 12
FRAMES_TIMED = 60
BULK_TRIED = 5


@dataclass(frozen=True)
class Finding:
    """What one trial showed. `words` hold no patient data."""

    step: str
    state: State
    words: str
    seconds: float = 0.0


@dataclass
class Check:
    """All trials of one archive, in the order in which a reader's day needs them."""

    archive: Archive
    store: bool = False
    studies: list[Attributes] = field(default_factory=list)
    instances: list[Attributes] = field(default_factory=list)

    def findings(self) -> Iterator[Finding]:
        """Yield each finding as soon as it is known; nothing is raised, nothing is written unless `store`."""
        trials: list[tuple[str, Callable[[], tuple[State, str]]]] = [
            (gettext_noop("studies (QIDO-RS)"), self._studies),
            (gettext_noop("paging"), self._paging),
            (gettext_noop("search by name"), self._names),
            (gettext_noop("search by date and modality"), self._dates),
            (gettext_noop("letters of all scripts"), self._letters),
            (gettext_noop("metadata (WADO-RS)"), self._metadata),
            (gettext_noop("frames (WADO-RS)"), self._frames),
            (gettext_noop("whole instance (WADO-RS)"), self._instance),
            (gettext_noop("bulk data (WADO-RS)"), self._bulkdata),
            (gettext_noop("store (STOW-RS)"), self._store),
        ]
        for step, trial in trials:
            started = time.monotonic()
            try:
                state, words = trial()
            except ArchiveError as error:
                state, words = "fails", error.words
            yield Finding(step, state, words, time.monotonic() - started)

    def _studies(self) -> tuple[State, str]:
        self.studies = self.archive.search_studies(limit=STUDIES_TRIED)
        if not self.studies:
            return "works", gettext_noop("The archive is empty: the rest can't be tried.")
        return "works", gettext_noop("Studies read: {count}.", count=len(self.studies))

    def _paging(self) -> tuple[State, str]:
        if len(self.studies) < 2:
            return "not tried", gettext_noop("It takes two studies.")
        pages = [self.archive.search_studies(limit=1, offset=offset) for offset in (0, 1)]
        if any(len(page) != 1 for page in pages) or pages[0] == pages[1]:
            return "fails", gettext_noop("limit and offset aren't obeyed.")
        return "works", gettext_noop("limit and offset are obeyed.")

    def _names(self) -> tuple[State, str]:
        for study in self.studies:
            name = first(study, "00100010")
            family = str(name.get("Alphabetic", "")).split("^")[0] if isinstance(name, dict) else ""
            if family.isascii() and family.isalnum() and len(family) > 3:
                break
        else:
            return "not tried", gettext_noop("No study has a plain name to search for.")
        uid = str(first(study, "0020000D"))
        found = self.archive.search_studies(PatientName=f"{family}*")
        if uid not in {first(one, "0020000D") for one in found}:
            return "fails", gettext_noop("A search by name doesn't find a study that is there.")
        if isinstance(self.archive, WebArchive) and not self.archive.decodes(family, uid):
            return "worked round", gettext_noop(
                "Percent-encoded values find nothing; they are sent bare and matched again here."
            )
        return "works", gettext_noop("Wildcards find what is there.")

    def _dates(self) -> tuple[State, str]:
        dated = [study for study in self.studies if first(study, "00080020") and first(study, "00080061")]
        if not dated:
            return "not tried", gettext_noop("No study has a date.")
        date, modality = str(first(dated[0], "00080020")), str(first(dated[0], "00080061"))
        found = self.archive.search_studies(StudyDate=f"{date}-{date}", ModalitiesInStudy=modality)
        if first(dated[0], "0020000D") not in {first(one, "0020000D") for one in found}:
            return "fails", gettext_noop("A search by date doesn't find a study that is there.")
        if any(first(one, "00080020") != date for one in found):
            return "fails", gettext_noop("A search by date returns studies of other dates.")
        return "works", gettext_noop("Ranges of dates and modalities are obeyed.")

    def _letters(self) -> tuple[State, str]:
        if not isinstance(self.archive, WebArchive):
            return "works", gettext_noop("Names are read from the files themselves.")
        damages = self.archive.damages_texts
        if damages is None:
            return "not tried", gettext_noop("No name so far has letters that could be lost.")
        if damages:
            return "worked round", gettext_noop(
                "Searches lose letters beyond the server's own character set; texts are taken from metadata instead."
            )
        return "works", gettext_noop("Searches keep all letters.")

    def _metadata(self) -> tuple[State, str]:
        self.instances, size, series_read = [], 0, 0
        started = time.monotonic()
        for study in self.studies:
            for series in self.archive.search_series(str(first(study, "0020000D"))):
                content = self.archive.series_metadata(str(first(study, "0020000D")), str(first(series, "0020000E")))
                size, series_read = size + len(content), series_read + 1
                self.instances += msgspec.json.decode(content)
            if len(self.instances) > 400:
                break
        if not self.instances:
            return "not tried", gettext_noop("There is no series.")
        seconds = time.monotonic() - started
        return "works", gettext_noop(
            "{instances} instances in {series} series, {rate} instances/s, {kilobytes} KiB each.",
            instances=len(self.instances), series=series_read, rate=round(len(self.instances) / max(seconds, 1e-6)),
            kilobytes=round(size / len(self.instances) / 1024, 1),
        )  # fmt: skip

    def _frames(self) -> tuple[State, str]:
        images = [one for one in self.instances if first(one, "00280010") and first(one, "00280011")]
        if not images:
            return "not tried", gettext_noop("There is no image.")
        started, frames, size, failed = time.monotonic(), 0, 0, 0
        reason = ""
        for one in images[:FRAMES_TIMED]:
            try:
                for frame in self.archive.frames(*address(one), [1]):
                    frames, size = frames + 1, size + len(frame.data)
            except ArchiveError as error:
                failed, reason = failed + 1, error.words
        seconds = max(time.monotonic() - started, 1e-6)
        if not frames:
            return "fails", reason
        return "works", gettext_noop(
            "{frames} frames as stored, {rate} frames/s, {megabytes} MB/s; {failed} couldn't be had. {reason}",
            frames=frames, rate=round(frames / seconds), megabytes=round(size / seconds / 1e6, 1), failed=failed,
            reason=reason,
        )  # fmt: skip

    def _instance(self) -> tuple[State, str]:
        if not self.instances:
            return "not tried", gettext_noop("There is no instance.")
        size = len(self.archive.instance(*address(self.instances[0])))
        return "works", gettext_noop("{kilobytes} KiB.", kilobytes=size >> 10)

    def _bulkdata(self) -> tuple[State, str]:
        uris = [uri for one in self.instances for uri in bulk_uris(one)]
        if not uris:
            return "not tried", gettext_noop("No instance has a bulk value.")
        for uri in uris[:BULK_TRIED]:
            try:
                self.archive.bulkdata(uri)
            except Malformed as error:
                return "fails", gettext_noop(
                    "{reason} The server has to be told its public address.", reason=error.words.rstrip()
                )
        return "works", gettext_noop("Values read: {count}.", count=len(uris[:BULK_TRIED]))

    def _store(self) -> tuple[State, str]:
        if not self.store:
            return "not tried", gettext_noop(
                "Only `manage.py archive check --store` does: it leaves one tiny object there."
            )
        content, uids = phantom()
        (result,) = self.archive.store([content])
        if not result.stored:
            return "fails", result.words
        (frame,) = self.archive.frames(*uids, [1])
        if frame.data != bytes(range(16)):
            return "fails", gettext_noop("The stored object comes back with other pixels.")
        return "works", gettext_noop("Stored and read back: the study of patient SAMSYN-CHECK can be deleted now.")


def address(attributes: Attributes) -> tuple[str, str, str]:
    """Return Study, Series and SOP Instance UID of one data set."""
    found = [str(first(attributes, tag)) for tag in ("0020000D", "0020000E", "00080018")]
    return found[0], found[1], found[2]


def bulk_uris(attributes: Attributes) -> Iterator[str]:
    """Yield the BulkDataURIs of a data set, those in sequences included, pixels left out."""
    for tag, element in attributes.items():
        if "BulkDataURI" in element and not tag.startswith("7FE0"):
            yield element["BulkDataURI"]
        for item in element.get("Value", []) if element.get("vr") == "SQ" else []:
            yield from bulk_uris(item)


def phantom() -> tuple[bytes, tuple[str, str, str]]:
    """Return a Part 10 file of 4×4 grey pixels 0 to 15 under fresh UIDs, and these: study, series, instance."""
    uids = (generate_uid(), generate_uid(), generate_uid())
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = SecondaryCaptureImageStorage, uids[2]
    values: dict[str, Any] = {
        "SOPClassUID": SecondaryCaptureImageStorage, "SOPInstanceUID": uids[2], "StudyInstanceUID": uids[0],
        "SeriesInstanceUID": uids[1], "PatientName": "Samsyn^Check", "PatientID": "SAMSYN-CHECK", "Modality": "OT",
        "PatientBirthDate": "", "PatientSex": "", "StudyDate": "", "StudyTime": "", "StudyID": "",
        "AccessionNumber": "", "ReferringPhysicianName": "", "SeriesNumber": 1, "InstanceNumber": 1,
        "ConversionType": "SYN", "QualityControlImage": "YES", "StudyDescription": "Test object, no patient",
        "Rows": 4, "Columns": 4, "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0,
    }  # fmt: skip
    made = FileDataset("", {}, preamble=b"\0" * 128, file_meta=meta)
    for keyword, value in values.items():
        setattr(made, keyword, value)
    made.add_new(0x7FE00010, "OB", bytes(range(16)))
    held = BytesIO()
    made.save_as(held, enforce_file_format=True)
    return held.getvalue(), (str(uids[0]), str(uids[1]), str(uids[2]))
