"""A frame that ends decoders is tried twice, whoever asks for it and whatever is started anew; then it says so."""

from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLSLossless

from tests.store.conftest import StoreProcess
from tests.store.made import SERIES, STUDY, noise, slice_of, write
from viewer.imaging.pixels import PixelFormat
from viewer.store import frames
from viewer.store.client import FrameFailed, SeriesStore, StoreClient, StoreError
from viewer.store.deaths import NAME, Compressed, Deaths
from viewer.store.glimpsed import glimpse

Serve = Callable[..., StoreProcess]
POISON = Path(__file__).parent / "poison"
KEY = ("main", STUDY, SERIES)
FORM = PixelFormat(64, 64, 1, 16, 16, 15, True, "MONOCHROME2")
WORDS = ("the decoder crashed ({code})", {"code": "signal 11"})
ONE, OTHER = Compressed(b"one frame", JPEGLSLossless, FORM), Compressed(b"one again", JPEGLSLossless, FORM)


def poisoned(values: np.ndarray) -> bytes:
    return bytes(imagecodecs.jpegls_encode(values.astype(np.uint16))) + b"POISON"


def ct(folder: Path, *deadly: int, count: int = 4) -> Path:
    """Write slices, some of which end whoever decodes them."""
    found = [slice_of(noise(number), number, JPEGLSLossless) for number in range(1, count + 1)]
    for number in deadly:
        found[number - 1].PixelData = encapsulate([poisoned(noise(number))])
    return write(folder, found)


async def deaths(client: StoreClient) -> int:
    return sum(each["deaths"] for each in (await client.status())["workers"])


async def given_up(client: StoreClient, series: SeriesStore, uid: str, number: int = 1) -> None:
    """The frame has to be in quarantine, in words."""
    with pytest.raises(FrameFailed, match=r"quarantine.*signal 11"):
        await client.frame(series, uid, number)


@pytest.fixture(autouse=True)
def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(POISON))


def test_deaths_are_counted_by_the_frames_bytes_until_it_is_decoded(tmp_path: Path) -> None:
    known = Deaths(tmp_path)
    assert known.of(ONE) is None
    assert [known.died(ONE, WORDS).count, known.died(ONE, WORDS).count] == [1, 2]
    assert known.of(OTHER) is None
    assert known.of(Compressed(ONE.data, "1.2.840.10008.1.2.4.81", FORM)) is None
    again = Deaths(tmp_path)
    assert (again.of(ONE).count, again.of(ONE).words) == (2, WORDS)  # type: ignore[union-attr]
    again.lived(ONE)
    assert again.of(ONE) is None
    assert Deaths(tmp_path).of(ONE) is None


def test_what_says_nothing_of_a_frame_is_forgotten_with_the_process(tmp_path: Path) -> None:
    known = Deaths(tmp_path)
    assert known.died(ONE, WORDS, lasting=False).count == 1
    assert known.of(ONE) is not None
    assert Deaths(tmp_path).of(ONE) is None


def test_a_line_cut_short_costs_no_other(tmp_path: Path) -> None:
    Deaths(tmp_path).died(ONE, WORDS)
    with (tmp_path / NAME).open("ab") as out:
        out.write(b'[9,"ab')
    assert Deaths(tmp_path).of(ONE) is not None
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0


async def test_a_glimpse_counts_like_any_other_try(serve: Serve, client: StoreClient, tmp_path: Path) -> None:
    store = serve(ct(tmp_path / "ct", 1, 4))  # the one at either end is what the series opens with
    for _ in range(3):
        with pytest.raises(StoreError, match="no image of the series"):
            await glimpse(client, KEY, 4, "")
    assert await deaths(client) == 1, "a glimpse leaves the second try to the series"
    store.stop()
    store.start()
    series = await client.series(*KEY)
    await given_up(client, series, f"{SERIES}.1")
    await given_up(client, series, f"{SERIES}.4")
    assert await deaths(client) == 3, "the one that was glimpsed had one try left"
    for number in (2, 3):
        assert np.array_equal(await client.frame(series, f"{SERIES}.{number}"), noise(number))
    assert (await client.status())["quarantined"] == 2


async def test_a_glimpse_of_a_sound_image_is_shown(serve: Serve, client: StoreClient, tmp_path: Path) -> None:
    serve(ct(tmp_path / "ct"))
    seen = await glimpse(client, KEY, 4, "")
    number = int(seen.instance.rsplit(".", 1)[1])
    assert np.array_equal(seen.frame(seen.instance, 1), noise(number))


async def test_the_same_bytes_in_another_series_are_not_tried_again(
    serve: Serve, client: StoreClient, tmp_path: Path
) -> None:
    copy = slice_of(noise(2), 2, JPEGLSLossless, "2.25.2001")
    copy.PixelData = encapsulate([poisoned(noise(2))])
    write(tmp_path / "ct", [copy])
    serve(ct(tmp_path / "ct", 2))
    await given_up(client, await client.series(*KEY), f"{SERIES}.2")
    await given_up(client, await client.series("main", STUDY, "2.25.2001"), "2.25.2001.2")
    assert await deaths(client) == 2


def film(deadly: range) -> Dataset:
    """Return twelve frames in one file."""
    made = slice_of(noise(1), 1, JPEGLSLossless)
    whole = [bytes(imagecodecs.jpegls_encode(noise(number).astype(np.uint16))) for number in range(1, 13)]
    made.PixelData = encapsulate([poisoned(noise(n)) if n in deadly else whole[n - 1] for n in range(1, 13)])
    made.NumberOfFrames = 12
    return made


async def test_of_a_file_whose_frames_all_end_decoders_no_more_than_the_first_are_tried(
    serve: Serve, client: StoreClient, tmp_path: Path
) -> None:
    serve(write(tmp_path / "film", [film(range(1, 13))]), "--decoders", "1")
    series = await client.series(*KEY)
    for number in range(1, 13):
        await given_up(client, series, f"{SERIES}.1", number)
    assert await deaths(client) == 2
    assert set(series.states()) == {frames.FAILED}


async def test_a_file_with_one_such_frame_keeps_the_others(serve: Serve, client: StoreClient, tmp_path: Path) -> None:
    serve(write(tmp_path / "film", [film(range(5, 6))]))
    series = await client.series(*KEY)
    for number in (1, 2, 3, 4, 6, 12):
        assert np.array_equal(await client.frame(series, f"{SERIES}.1", number), noise(number))
    await given_up(client, series, f"{SERIES}.1", 5)
    assert np.array_equal(await client.frame(series, f"{SERIES}.1", 7), noise(7))
    assert await deaths(client) == 2
