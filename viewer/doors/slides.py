"""Slides of a series as JSON for the page: the pyramid, its millimetres, and whose it is."""

from typing import Any

from viewer.doors import description
from viewer.doors.words import translated
from viewer.imaging.slide import Slide
from viewer.imaging.tiling import Tiling


def slide_json(slide: Slide) -> dict[str, Any]:
    """Return one slide: sizes in pixels, `spacing_mm` of the full size as [between rows, between columns]."""
    instance = slide.instance
    return {
        "key": slide.key,
        "title": slide.title,
        "container": slide.container,
        "stain": slide.stain,
        "frame_of_reference": slide.frame_of_reference,
        "columns": slide.columns,
        "rows": slide.rows,
        "spacing_mm": list(slide.spacing) if slide.spacing else None,
        "basis": slide.basis,
        "basis_words": translated(slide.basis_words),
        "origin": list(slide.origin),
        "orientation": list(slide.orientation),
        "levels": [level_json(slide, level) for level in slide.levels],
        "objective": slide.objective,
        "patient": description.patient(instance),
        "study_date": description.iso_date(instance.StudyDate),
        "study_description": instance.StudyDescription or "",
        "description": instance.SeriesDescription or "",
        "words": "; ".join(translated(each) for each in slide.words),
        "colour": instance.SamplesPerPixel == 3,
        "icc": bool(slide.icc),
        "lossy": any(level.instance.LossyImageCompression == "01" for level in slide.levels),
    }


def level_json(slide: Slide, level: Tiling) -> dict[str, Any]:
    """Return one level. Frame numbers count through its parts: part p holds frames offset + 1 to offset + frames."""
    parts = [{"instance": part.uid, "offset": part.offset, "frames": part.frames} for part in level.parts]
    return {
        "instance": level.parts[0].uid,
        "columns": level.columns,
        "rows": level.rows,
        "tile_columns": level.tile_columns,
        "tile_rows": level.tile_rows,
        "downsample": slide.downsample(level),
        "parts": parts if len(parts) > 1 else None,
        "first": level.first,
        "frames": None if level.numbers is None else level.numbers.ravel().tolist(),
    }
