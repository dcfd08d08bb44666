"""Real world values: what stored values mean in units of their own, beside the modality value (PS3.3 C.7.6.16.2.11)."""

import math
from dataclasses import dataclass

import numpy as np

from viewer.imaging.dicomjson import Item
from viewer.imaging.record import FrameAttributes, Instance

NO_UNIT = frozenset(("1", "{ratio}", "{RATIO}", "{arbitrary}"))


@dataclass(frozen=True, slots=True)
class Mapping:
    """Stored values from `first` to `last` to values of `unit` (UCUM where the file names such): a line, or a table.

    `label` is the quantity in the file's words, `short` as its abbreviation where there is one.
    """

    first: float
    last: float
    slope: float
    intercept: float
    table: np.ndarray | None
    unit: str
    label: str
    short: str = ""

    def value(self, stored: float) -> float | None:
        """Return the real world value of a stored one; None outside of what is mapped, and for what is no number."""
        if not self.first <= stored <= self.last:
            return None
        if self.table is None:
            found = stored * self.slope + self.intercept
        else:
            found = float(self.table[int(stored - self.first)])
        return found if math.isfinite(found) else None

    @property
    def is_identity(self) -> bool:
        """Whether the stored values are the real ones."""
        return self.table is None and (self.slope, self.intercept) == (1.0, 0.0)


def mappings(instance: Instance, number: int) -> tuple[Mapping, ...]:
    """Return the mappings of frame `number` (from 1): its own, else those of all frames, else of the image."""
    per_frame = instance.per_frame_groups[number - 1 : number]
    own = per_frame[0].items("RealWorldValueMappingSequence") if per_frame else ()
    items = own or instance.value_mappings
    return tuple(made for each in items if (made := mapping(each, signed=instance.PixelRepresentation == 1)))


def mapping(item: Item, *, signed: bool) -> Mapping | None:
    """Return one item as a mapping; None where it says neither line nor table, or not for which values."""
    unit, label = words_of(item)
    short = item.text("LUTLabel") or label
    ends = []
    for end in ("First", "Last"):
        exact = item.number(f"DoubleFloatRealWorldValue{end}ValueMapped")
        whole = item.number(f"RealWorldValue{end}ValueMapped")
        if exact is None and whole is not None and signed and whole > 32767:
            whole -= 65536  # listed as unsigned, meant as signed
        ends.append(whole if exact is None else exact)
    first, last = ends
    slope, intercept = item.number("RealWorldValueSlope"), item.number("RealWorldValueIntercept")
    entries = item.numbers("RealWorldValueLUTData")
    if entries and first is not None:
        return Mapping(first, first + len(entries) - 1, 0.0, 0.0, np.asarray(entries), unit, label, short)
    if not slope or intercept is None:
        return None
    low, high = -math.inf if first is None else first, math.inf if last is None else last
    return Mapping(min(low, high), max(low, high), slope, intercept, None, unit, label, short)


def words_of(item: Item) -> tuple[str, str]:
    """Return unit and label; the unit of what has none is ""."""
    unit = label = ""
    for code in item.items("MeasurementUnitsCodeSequence")[:1]:
        unit = code.text("CodeValue") or ""
        if unit in NO_UNIT:
            unit = ""
        elif (code.text("CodingSchemeDesignator") or "UCUM").upper() != "UCUM":
            unit = code.text("CodeMeaning") or unit
    label = item.text("LUTExplanation") or item.text("LUTLabel") or ""
    for quantity in item.items("QuantityDefinitionSequence"):
        for code in quantity.items("ConceptCodeSequence")[:1]:
            label = code.text("CodeMeaning") or label
    return unit, label


def unit(instance: Instance, frame: FrameAttributes) -> str:
    """Return the unit of stored values that are the real ones as they are; "" where a file doesn't say so."""
    found = mappings(instance, frame.number)
    return found[0].unit if found and found[0].is_identity else ""
