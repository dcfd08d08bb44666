"""A picture's bands of rows, drawn on one core or on all."""

import os
import threading
from collections.abc import Callable

CORES = os.cpu_count() or 1


def in_bands(band: Callable[[int], None], side: int, threads: int) -> None:
    """Draw a picture's bands of rows, on one thread or several."""
    tops = list(range(0, side, 16))
    if threads == 1:
        for top in tops:
            band(top)
        return
    turn = threading.Lock()

    def work() -> None:
        while True:
            with turn:
                if not tops:
                    return
                top = tops.pop()
            band(top)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
