"""`make bench`: every benchmark in turn."""

from bench import (
    again,
    back,
    big,
    cine,
    crosshair,
    decoders,
    door,
    fill,
    hand,
    load,
    memory,
    opening,
    planehands,
    planes,
    rendered,
    saving,
    socket,
    space,
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
    space.main()
    door.main()
    saving.main()
    hand.main()
    crosshair.main()
    planehands.main()
    opening.main()
    back.main()
    cine.main()
    big.main()
