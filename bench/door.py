"""What the HTTP door adds to the kernel and the encoder of a picture of a volume.

    python -m bench.door [--pictures 40]

A CT of 512 × 512 × 400 in a folder, our server before it, one connection. Each picture is asked for over HTTP and drawn
here as well, in turns, out of the very frames of the server's store: the same camera, one thread for a plane, all cores
for three dimensions. What the door adds is the median of the differences between the wait and kernel (grey included)
with encoder. Goal: at most 3 ms. Ends with 1 when one takes longer.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from bench import light
from bench.bands import CORES, in_bands
from bench.servers import CT, Peer, ct, samsyn, until

MOST_MS = 3.0
SIZE = "viewport=512,512&pixelspacing=0.7"
PLANES = {
    "oblique": SIZE,
    "slab of 10 mm": f"{SIZE}&mprslab=10&renderingmethod=maximum_ip",
}
SPACE = {
    "composite, 255 × 255": "viewport=255,255&pixelspacing=1.4&preset=ct-bone",
    "maximum, 255 × 255": "viewport=255,255&pixelspacing=1.4&renderingmethod=maximum_ip&window=300,1000,linear",
    "composite, 512 × 512": f"{SIZE}&preset=ct-bone",
}
TYPE = "accept=image/jpeg&quality=75"


def camera(chance: np.random.Generator, middle: np.ndarray) -> str:
    """Return the parameters of a random camera that looks at about the middle."""
    at = middle + chance.uniform(-15, 15, 3)
    position, up = at + 100 * chance.normal(size=3), chance.normal(size=3)
    names = ("viewpointposition", "viewpointlookat", "viewpointup")
    values = (",".join(f"{part:.4f}" for part in each.tolist()) for each in (position, at, up))
    return urlencode(dict(zip(names, values, strict=True)), safe=",")


class Here:
    """The same pictures out of the same store, without a door."""

    def __init__(self, studio: Any, source: Any) -> None:
        self.studio, self.source = studio, source

    async def plane(self, query: str) -> Callable[[], object]:
        """Return what cuts, shades and encodes a plane."""
        from viewer.doors import mpr, mpr_geometry, mpr_parameters  # noqa: PLC0415 (Django's settings come first)
        from viewer.imaging import encode  # noqa: PLC0415

        wanted = mpr_parameters.parse(query)
        shown = mpr_geometry.framed(self.source.volume, wanted)
        voi = await self.studio.voi(self.source.opened, self.source.place, wanted.picture)
        stored, slots = self.source.stored()

        def work() -> None:
            values = mpr._values(self.source, shown, stored, slots, wanted, lambda: False)
            encode.encoded(mpr._grey(values, self.source.place, voi, wanted), "image/jpeg", 75)

        return work

    async def space(self, query: str) -> Callable[[], object]:
        """Return what draws rays on all cores and encodes them."""
        from viewer.doors import space, space_parameters  # noqa: PLC0415
        from viewer.imaging import encode  # noqa: PLC0415

        wanted = space_parameters.parse(query)
        shot = await space.set_up(self.studio, self.source, wanted, space.framed(self.source, wanted))
        draw = space._composited(shot) if shot.transfer else lambda top, depths: space._projected(shot, top, depths)
        rows, columns = shot.plane.rows, shot.plane.columns

        def work() -> None:
            depths = np.full((rows, columns), np.nan, np.float32)
            shades = np.zeros((rows, columns, 3) if shot.transfer else (rows, columns), np.uint8)

            def band(top: int) -> None:
                shades[top : top + 16] = draw(top, depths[top : top + 16])

            in_bands(band, rows, CORES)
            encode.encoded(shades, "image/jpeg", 75)

        return work


async def measured(ours: Peer, made: CT, count: int) -> list[tuple[str, float, float, float]]:
    """Return of each kind of picture the medians in ms: over HTTP, of kernel and encoder, and of the difference."""
    from viewer import rendering  # noqa: PLC0415
    from viewer.doors import volumes  # noqa: PLC0415
    from viewer.doors.volume_parameters import EVERY  # noqa: PLC0415

    studio = await rendering.start()
    opened = await studio.series("main", made.study, made.series)
    source = volumes.choose([opened], None, EVERY)
    await volumes.gather(studio, source)
    here, series = Here(studio, source), f"/studies/{made.study}/series/{made.series}"
    line = await light.connected(ours)
    chance, found = np.random.default_rng(3), []
    for verb, kinds, making in (("renderedmpr", PLANES, here.plane), ("rendered3d", SPACE, here.space)):
        for name, more in kinds.items():
            pairs = []
            for turn in range(count + 4):
                query = f"{TYPE}&{more}&{camera(chance, source.volume.center)}"
                work = await making(query)
                request = light.request(ours, f"{series}/{verb}", query)
                # Whoever comes second finds the voxels near: in turns.
                taken = []
                for is_asked in (True, False) if turn % 2 else (False, True):
                    began = time.perf_counter()
                    if is_asked:
                        await line.ask(request)
                    else:
                        work()
                    taken.append(1000 * (time.perf_counter() - began))
                wait, own = taken if turn % 2 else taken[::-1]
                if turn >= 4:
                    pairs.append((wait, own))
            waits, works = zip(*pairs, strict=True)
            less = statistics.median(wait - own for wait, own in pairs)
            found.append((f"{verb}, {name}", statistics.median(waits), statistics.median(works), less))
    await rendering.stop()
    return found


def main() -> bool:
    """Print what the door adds to each kind of picture; return whether it is too much of one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=40)
    count = parser.parse_args().pictures
    with tempfile.TemporaryDirectory(prefix="samsyn-bench-") as folder:
        images, state = Path(folder) / "images", Path(folder) / "state"
        images.mkdir()
        state.mkdir()

        def send(body: bytes) -> None:
            path = images / f"{len(list(images.iterdir())):04}.dcm"
            path.write_bytes(body)
            os.utime(path, (1e9, 1e9))  # a folder's file counts once it has stood still

        made = ct(send, Path(folder))
        os.environ |= {"SAMSYN_STATE": str(state), "SAMSYN_ARCHIVE": str(images)}
        with samsyn(state, str(images)) as ours:
            address = [f"/studies/{made.study}/series/{made.series}/renderedmpr"]
            until(lambda: light.race(ours, light.windowed(ours, address, 1), 1), 180)
            os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
            import django  # noqa: PLC0415

            django.setup()
            rows = asyncio.run(measured(ours, made, count))
    above = False
    for name, wait, work, less in rows:
        above |= less > MOST_MS
        verdict = "pass" if less <= MOST_MS else "FAIL"
        print(f"{name:34} {wait:7.2f} ms, kernel and encoder {work:7.2f} ms: the door adds {less:5.2f} ms "
              f"(at most {MOST_MS:g}): {verdict}")  # fmt: skip
    return above


if __name__ == "__main__":
    sys.exit(main())
