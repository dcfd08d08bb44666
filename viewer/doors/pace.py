"""How fast one socket may talk."""

import time
from dataclasses import dataclass, field


@dataclass
class Pace:
    """A bucket that holds `most` messages and fills by `per_second`; a hand never empties it, a loop does."""

    per_second: float
    most: float
    held: float = field(init=False)
    since: float = field(init=False)

    def __post_init__(self) -> None:
        self.held, self.since = self.most, time.monotonic()

    def take(self) -> bool:
        """Take one message out; False when there is none left."""
        now = time.monotonic()
        self.held = min(self.most, self.held + (now - self.since) * self.per_second)
        self.since = now
        if self.held < 1:
            return False
        self.held -= 1
        return True
