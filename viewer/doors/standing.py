"""Where each frame of a series stands in its stacks."""

from collections.abc import Sequence

from viewer.imaging.entries import Run, Shown, Stack, parts


class Standing:
    """Stack, index and location of every frame that is shown; what follows each other in a run takes no room."""

    def __init__(self, stacks: Sequence[Stack]) -> None:
        self.single: dict[tuple[str, int], tuple[Stack, int, float | None]] = {}
        self.runs: dict[str, tuple[Run, Stack, int]] = {}  # an image has one at most
        for each in stacks:
            for index, entry in parts(each.entries):
                if isinstance(entry, Run):
                    self.runs[entry.SOPInstanceUID] = entry, each, index
                elif isinstance(entry, Shown):
                    self.single[entry.SOPInstanceUID, entry.frame] = each, index, entry.location

    def of(self, uid: str, number: int) -> tuple[Stack, int, float | None] | tuple[None, None, None]:
        """Return stack, index and location (mm) of a frame; None for one that isn't shown in a stack."""
        found = self.single.get((uid, number))
        if found is not None or uid not in self.runs:
            return found or (None, None, None)
        run, stack, index = self.runs[uid]
        inside = 0 <= number - run.first < run.count
        return (stack, index + number - run.first, None) if inside else (None, None, None)
