"""Stored bytes of frames: kept of a distant archive, counted, and never taken for a job of our own."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from pydicom.uid import UID

from tests import slides
from tests.store.conftest import StoreProcess
from viewer.archive import Malformed
from viewer.archive.native import BY_OPENSLIDE, Region
from viewer.archive.port import Frame
from viewer.store.client import FrameFailed, StoreClient
from viewer.store.fill import check_origin
from viewer.store.pack import DATA, TilePack
from viewer.store.picture import BY_PILLOW

Serve = Callable[..., StoreProcess]


def test_a_pack_gives_back_what_it_took(tmp_path: Path) -> None:
    pack = TilePack(tmp_path)
    assert pack.read(3) is None
    grown = pack.write(3, "1.2.3", b"three") + pack.write(0, "1.2.4", b"zero" * 1000)
    assert grown > 4000
    assert TilePack(tmp_path).read(3) == ("1.2.3", b"three")
    assert pack.read(0) == ("1.2.4", b"zero" * 1000)
    assert (pack.read(1), pack.read(9)) == (None, None)


def test_a_damaged_pack_holds_nothing(tmp_path: Path) -> None:
    pack = TilePack(tmp_path)
    pack.write(0, "1.2.3", b"whole")
    data = bytearray((tmp_path / DATA).read_bytes())
    data[-1] ^= 1
    (tmp_path / DATA).write_bytes(data)
    assert pack.read(0) is None
    assert TilePack(tmp_path / "gone").read(0) is None
    with pytest.raises(OSError, match="gone"):
        TilePack(tmp_path / "gone").write(0, "1.2.3", b"")


def test_a_job_from_outside_is_refused() -> None:
    job = msgspec.msgpack.encode(Region(b"/", b"etc/passwd", (0, 0, 0), 0, 0, 0))
    with pytest.raises(Malformed):
        check_origin(Frame(1, job, BY_OPENSLIDE))
    with pytest.raises(Malformed):
        check_origin(Frame(1, job, BY_PILLOW))
    check_origin(Frame(1, job, BY_OPENSLIDE, ours=True))


async def test_a_file_that_pretends_to_be_a_job_opens_nothing(
    tmp_path: Path, serve: Serve, client: StoreClient
) -> None:
    dataset = slides.level(slides.picture(128, 64))
    job = msgspec.msgpack.encode(Region(b"/", b"etc/passwd", (0, 0, 0), 0, 0, 0))
    slides.frames(dataset, [job, job])
    pretended = UID(BY_OPENSLIDE)
    pretended.set_private_encoding(False, True)
    dataset.file_meta.TransferSyntaxUID = pretended
    folder = slides.write(tmp_path / "images", [dataset])
    serving = serve(folder)
    series = await client.series("main", slides.STUDY, slides.SERIES)
    for ask in (client.frame, client.tile):
        with pytest.raises(FrameFailed, match="isn't its own"):
            await ask(series, f"{slides.SERIES}.1", 1)
    status = await client.status()
    assert (status["tiles_passed"], status["tiles_decoded"]) == (0, 0)
    assert serving.process.poll() is None


async def test_tiles_come_together_and_alone(tmp_path: Path, serve: Serve, client: StoreClient) -> None:
    whole = slides.picture(640, 640)
    dataset = slides.level(whole)
    serve(slides.write(tmp_path / "images", [dataset]))
    series = await client.series("main", slides.STUDY, slides.SERIES)
    found = await asyncio.gather(*(client.tile(series, f"{slides.SERIES}.1", number) for number in range(1, 101)))
    assert [data.rstrip(b"\0") for _, data in found] == [slides.rgb_jpeg(tile) for tile in slides.tiles(whole)]
    status = await client.status()
    assert (status["tiles_passed"], status["tiles_decoded"]) == (100, 0)
    assert np.array_equal((await client.frame(series, f"{slides.SERIES}.1", 1)).shape, (64, 64, 3))
    assert (await client.status())["tiles_decoded"] == 1
    with pytest.raises(FrameFailed):
        await client.tile(series, f"{slides.SERIES}.1", 101)
