"""The web process' side of a glimpse: a series of which only a few headers and one frame are known."""

import numpy as np

from viewer.store import protocol
from viewer.store.client import NO_FRAME, NO_STORE, FrameFailed, SeriesStore, StoreClient, StoreError
from viewer.store.link import LinkLost
from viewer.store.metadata import Kept, Places


class Glimpsed(SeriesStore):
    """Stands where the series' store will stand: it has no frame files, and nothing to be asked for.

    `expected` is how many images the series has, None if unknown; `instance` is the one whose frame is here.
    """

    def __init__(self, key: tuple[str, str, str], expected: int | None, said: protocol.Glimpse) -> None:
        """Raises MetadataError and ValueError for an answer that can't be read."""
        self.archive, self.study, self.series = key
        self.digest, self.expected, self.changed, self.handle = "", expected, False, None
        self.instances = Kept(said.metadata, said.bulkdata, {}).instances()
        self.places = Places(self.instances)
        self.reasons = {}
        self.instance = said.instance
        self.array = np.frombuffer(said.data, said.dtype).reshape(said.shape)

    def states(self) -> bytes:
        """Return one byte per frame: 1 for the one that is here, 0 for the others."""
        return bytes(each.SOPInstanceUID == self.instance for each in self.instances)

    def frame(self, instance_uid: str, number: int) -> np.ndarray:
        """Return the stored values of the frame that is here; raises FrameFailed for any other."""
        if instance_uid != self.instance or number != 1:
            raise FrameFailed(NO_FRAME)
        return self.array


async def glimpse(client: StoreClient, key: tuple[str, str, str], expected: int | None, instance: str) -> Glimpsed:
    """Return the image that the series opens with, or `instance`; raises StoreError, also when the series is here."""
    link = await client.connected()
    number = next(client.numbers)
    try:
        answer = await link.ask(number, protocol.AskGlimpse(number, *key, expected, instance))
    except LinkLost as error:
        raise StoreError(NO_STORE) from error
    if isinstance(answer, protocol.Refused):
        raise StoreError(protocol.words_of(answer.words))
    if not isinstance(answer, protocol.Glimpse):
        raise StoreError(NO_STORE)
    try:
        return Glimpsed(key, expected, answer)
    except ValueError as error:
        raise StoreError(NO_STORE) from error
