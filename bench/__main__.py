"""`make bench`: every benchmark in turn."""

from bench import (
    again,
    back,
    big,
    cine,
    crosshair,
    decoders,
    fill,
    hand,
    load,
    memory,
    opening,
    planehands,
    planes,
    rendered,
    socket,
)

if __name__ == "__main__":
    rendered.main()
    socket.main()
    load.main()
    again.main()
    fill.main()
    memory.main()
    decoders.main()
    planes.main()
    hand.main()
    crosshair.main()
    planehands.main()
    opening.main()
    back.main()
    cine.main()
    big.main()
