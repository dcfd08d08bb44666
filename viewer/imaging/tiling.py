"""Where the frames of one level of a slide lie in its total pixel matrix (PS3.3 C.7.6.17.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from viewer.imaging.dicomjson import Item
from viewer.imaging.functional_groups import flat
from viewer.imaging.record import Instance
from viewer.imaging.words import Words, gettext_noop

MOST_TILES = 1_000_000
SAME_FOCUS_MICROMETRES = 1e-3


class TilingError(ValueError):
    """The level's tiles can't be placed; `words` say why."""

    def __init__(self, words: Words) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True, slots=True)
class Part:
    """One instance of a level: it holds the level's frames `offset + 1` to `offset + frames` (a concatenation's)."""

    instance: Instance
    offset: int
    frames: int

    @property
    def uid(self) -> str:
        return self.instance.SOPInstanceUID or ""


@dataclass(eq=False)
class Tiling:
    """The tiles of one level, in the one focal plane and optical path that are shown.

    Frames count from 1 through all `parts`. Either tile (0, 0) is frame `first` and the others follow along rows
    (TILED_FULL), or `numbers` holds (down, across) int32 frame numbers, 0 where there is no tile.
    """

    parts: tuple[Part, ...]
    columns: int
    rows: int
    tile_columns: int
    tile_rows: int
    first: int = 1
    numbers: np.ndarray | None = None
    planes: int = 1
    plane: int = 0
    paths: int = 1
    z: float = 0.0  # micrometres
    words: list[Words] = field(default_factory=list)

    @property
    def across(self) -> int:
        """Tiles in a row."""
        return -(-self.columns // self.tile_columns)

    @property
    def down(self) -> int:
        """Rows of tiles."""
        return -(-self.rows // self.tile_rows)

    @property
    def instance(self) -> Instance:
        """The first instance, which speaks for all."""
        return self.parts[0].instance

    def number(self, column: int, row: int) -> int:
        """Return the frame number of the tile in `column` and `row` of tiles (from 0); 0 when there is none."""
        if not (0 <= column < self.across and 0 <= row < self.down):
            return 0
        if self.numbers is not None:
            return int(self.numbers[row, column])
        return self.first + row * self.across + column

    def locate(self, number: int) -> tuple[str, int]:
        """Return (SOP Instance UID, frame number within it) of the level's frame `number`; raises LookupError."""
        for part in self.parts:
            if part.offset < number <= part.offset + part.frames:
                return part.uid, number - part.offset
        raise LookupError(f"the level has no frame {number}")


def tiling(instances: Sequence[Instance]) -> Tiling:
    """Return the tiles of one instance, or of the instances of one concatenation in any order; raises TilingError."""
    ordered = sorted(instances, key=lambda each: each.ConcatenationFrameOffsetNumber or 0)
    parts, at = [], 0
    for each in ordered:
        offset = each.ConcatenationFrameOffsetNumber
        parts.append(Part(each, at if offset is None else max(offset, at), each.frame_count))
        at = parts[-1].offset + each.frame_count
    first = ordered[0]
    columns, rows = first.TotalPixelMatrixColumns or 0, first.TotalPixelMatrixRows or 0
    if not (columns > 0 and rows > 0) and first.frame_count == 1:
        columns, rows = first.Columns or 0, first.Rows or 0
    if not (columns > 0 and rows > 0 and (first.Columns or 0) > 0 and (first.Rows or 0) > 0):
        raise TilingError(gettext_noop("slide image that doesn't say how large it is"))
    made = Tiling(tuple(parts), columns, rows, first.Columns or 0, first.Rows or 0)
    if made.across * made.down > MOST_TILES:
        raise TilingError(gettext_noop("slide image of more than {most} tiles", most=MOST_TILES))
    organization = (first.DimensionOrganizationType or "").upper()
    if organization == "TILED_FULL" or (first.frame_count == 1 == made.across * made.down):
        full(made)
    elif any(each.per_frame_groups for each in ordered):
        sparse(made)
    else:
        raise TilingError(gettext_noop("slide image that doesn't say where its tiles lie"))
    return made


def full(made: Tiling) -> None:
    """Number the tiles along rows, then columns, then focal planes, then optical paths."""
    instance = made.instance
    made.planes = max(instance.TotalPixelMatrixFocalPlanes or 1, 1)
    made.paths = max(instance.NumberOfOpticalPaths or len(instance.optical_paths) or 1, 1)
    made.plane = (made.planes - 1) // 2
    made.first = made.across * made.down * made.plane + 1
    made.z = origin_z(instance) + made.plane * 1000 * (spacing_between_planes(instance) or 0.0)
    numbers = made.first + np.arange(made.across * made.down, dtype=np.int32).reshape(made.down, made.across)
    there = np.zeros(numbers.shape, bool)
    for part in made.parts:
        there |= (numbers > part.offset) & (numbers <= part.offset + part.frames)
    absent(made, np.where(there, numbers, 0))


def sparse(made: Tiling) -> None:
    """Place each tile where its own functional groups say; tiles of other planes and paths are left out."""
    found = [each for part in made.parts for each in placed(part)]
    names = [each.text("OpticalPathIdentifier") for each in made.instance.optical_paths]
    paths = list(dict.fromkeys(name for _, _, _, _, name in found))
    made.paths = max(len(paths), 1)
    path = next((name for name in names if name in paths), paths[0] if paths else None)
    heights = np.unique([z for *_, z, name in found if name == path])
    kept = heights[np.concatenate(([True], np.diff(heights) > SAME_FOCUS_MICROMETRES))] if len(heights) else heights
    made.planes = max(len(kept), 1)
    made.plane = (made.planes - 1) // 2
    made.z = float(kept[made.plane]) if len(kept) else 0.0
    numbers = np.zeros((made.down, made.across), np.int32)
    astray = 0
    for number, column, row, z, name in found:
        if name != path or abs(z - made.z) > SAME_FOCUS_MICROMETRES:
            continue
        across, left = divmod(column - 1, made.tile_columns)
        down, top = divmod(row - 1, made.tile_rows)
        if left or top or not (0 <= across < made.across and 0 <= down < made.down):
            astray += 1
        elif not numbers[down, across]:
            numbers[down, across] = number
    if astray:
        made.words.append(gettext_noop("{count} tiles lie off the grid and aren't shown", count=astray))
    if not numbers.any():
        raise TilingError(gettext_noop("slide image that doesn't say where its tiles lie"))
    absent(made, numbers, told=False)


def placed(part: Part) -> list[tuple[int, int, int, float, str | None]]:
    """Return (frame number, column and row from 1 of the top-left pixel, z in micrometres, path) of each frame."""
    found = []
    shared = part.instance.shared_groups.elements
    for at, groups in enumerate(part.instance.per_frame_groups):
        item = Item({**shared, **flat(groups)}, part.instance.faults)
        column = item.integer("ColumnPositionInTotalImagePixelMatrix")
        row = item.integer("RowPositionInTotalImagePixelMatrix")
        if column is not None and row is not None:
            z = item.number("ZOffsetInSlideCoordinateSystem") or 0.0
            found.append((part.offset + at + 1, column, row, z, item.text("OpticalPathIdentifier")))
    return found


def absent(made: Tiling, numbers: np.ndarray, *, told: bool = True) -> None:
    """Keep the numbers if any tile is missing or out of order, else the first; say how many a full level lacks."""
    missing = int((numbers == 0).sum())
    if missing and told:
        made.words.append(gettext_noop("{count} of {all} tiles missing", count=missing, all=numbers.size))
    if missing == numbers.size:
        raise TilingError(gettext_noop("slide image without the tiles of its plane"))
    first = int(numbers[0, 0])
    regular = first + np.arange(numbers.size, dtype=np.int32).reshape(numbers.shape)
    if not missing and np.array_equal(numbers, regular):
        made.first, made.numbers = first, None
    else:
        made.numbers = numbers


def origin_z(instance: Instance) -> float:
    """Return the height of the first focal plane above the glass in micrometres, 0 where the file doesn't say."""
    return (
        (instance.matrix_origin[0].number("ZOffsetInSlideCoordinateSystem") or 0.0) if instance.matrix_origin else 0.0
    )


def spacing_between_planes(instance: Instance) -> float | None:
    """Return mm between focal planes."""
    return instance.shared_groups.number("SpacingBetweenSlices") or instance.SpacingBetweenSlices
