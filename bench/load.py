"""Readers who scroll at a steady pace: eight of them, then more and more, until the pictures come late.

    python -m bench.load [--seconds 10] [--slices 400] [--lossless] [--readers 8,10,20,…]

Each reader has a socket of its own and asks for the next slice at a steady beat, whatever is still on its way. What
is overtaken on the way is counted as dropped. The clients are one process on the same cores as the server; its CPU time
is told, and goes off what the server can have.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import uvloop

from bench import light, rendered
from bench.servers import CT, SLICES, Peer, both, cpu_seconds, printed
from bench.wire import Reader

CURVE = (10, 20, 30, 40, 50, 60, 80, 100)


def scrolled(server: Peer, ct: CT, readers: int, beat: float, seconds: float, accept: str) -> dict[str, float | str]:
    """Return what `readers` at `beat` slices a second waited for over `seconds`; their starts are spread evenly."""
    waits: list[float] = []
    late: list[float] = []

    async def read(number: int) -> int:
        loop = asyncio.get_running_loop()
        socket = await Reader.connected(server, ct)
        await asyncio.sleep(number / readers / beat)
        begin = loop.time()
        flying = []
        for turn in range(round(seconds * beat)):
            at = begin + turn / beat
            await asyncio.sleep(at - loop.time())
            late.append(loop.time() - at)
            uid = ct.instances[(number * 61 + turn) % len(ct.instances)]
            window = f"window={40 + number % 61},{400 + number % 53},linear"
            flying.append(asyncio.ensure_future(answered(socket, f"{accept}&{window}", uid, at)))
        await asyncio.wait_for(asyncio.gather(*flying), 60)
        socket.close()
        return socket.dropped

    async def answered(socket: Reader, query: str, uid: str, at: float) -> None:
        if await socket.wish(query, uid):
            waits.append(asyncio.get_running_loop().time() - at)

    async def run() -> int:
        return sum(await asyncio.gather(*(read(number) for number in range(readers))))

    before, own, began = cpu_seconds(server.process), time.process_time(), time.perf_counter()
    dropped = uvloop.run(run())
    taken = time.perf_counter() - began
    return {
        "readers": readers,
        "slices a second each": beat,
        "pictures a second": round(len(waits) / taken, 1),
        "p50 ms": round(light.part(waits, 0.5), 1),
        "p95 ms": round(light.part(waits, 0.95), 1),
        "dropped %": round(100 * dropped / (dropped + len(waits)), 1),
        "server CPU %": round(100 * (cpu_seconds(server.process) - before) / taken),
        "client CPU %": round(100 * (time.process_time() - own) / taken),
        "client late p95 ms": round(light.part(late, 0.95), 1),
    }


def main() -> None:
    """Measure eight readers at twelve slices a second, then the curve at ten."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=10)
    arguments.add_argument("--slices", type=int, default=SLICES)
    arguments.add_argument("--lossless", action="store_true")
    arguments.add_argument("--readers", default=",".join(map(str, CURVE)))
    options = arguments.parse_args()
    accept = "accept=image/png" if options.lossless else "accept=image/jpeg&quality=80"
    with (
        tempfile.TemporaryDirectory(prefix="samsyn-bench-") as scratch,
        both(Path(scratch), options.slices) as (ours, _theirs, ct),
    ):
        rendered.warm(ours, ct.frames())
        printed([scrolled(ours, ct, 8, 12, options.seconds, accept)])
        for readers in map(int, options.readers.split(",")):
            printed([scrolled(ours, ct, readers, 10, options.seconds, accept)])


if __name__ == "__main__":
    main()
