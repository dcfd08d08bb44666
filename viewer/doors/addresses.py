"""What addresses under /dicomweb/ name: a study, a series, an instance or a frame."""

from dataclasses import dataclass

UID = r"[0-9.]{1,64}"
ROOT = rf"/dicomweb/(?P<archive>[A-Za-z0-9_-]{{1,64}})/studies/(?P<study>{UID})"
SERIES = rf"{ROOT}/series/(?P<series>{UID})"
INSTANCE = rf"{SERIES}/instances/(?P<instance>{UID})"
FRAME = rf"{INSTANCE}/frames/(?P<frame>[1-9][0-9]{{0,6}})"
LEVELS = {"study": ROOT, "series": SERIES, "instance": INSTANCE, "frame": FRAME}


@dataclass(frozen=True)
class Resource:
    """What an address names; the parts that it doesn't name are None."""

    archive: str
    study: str
    series: str | None = None
    instance: str | None = None
    frame: int | None = None

    @property
    def path(self) -> str:
        """Return the address, without what is asked of the resource."""
        parts = [f"/dicomweb/{self.archive}/studies/{self.study}"]
        parts += [f"series/{self.series}"] if self.series else []
        parts += [f"instances/{self.instance}"] if self.instance else []
        parts += [f"frames/{self.frame}"] if self.frame else []
        return "/".join(parts)
