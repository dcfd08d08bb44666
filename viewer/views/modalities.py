"""Modalities as people group them: one word, one sign and one lane on a timeline for each family."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

# In the order in which chips and lanes stand; what is in no family stands for itself.
FAMILIES: dict[str, tuple[str, ...]] = {
    "CT": ("CT",),
    "MR": ("MR",),
    "PT": ("PT", "NM"),
    "US": ("US", "IVUS"),
    "XR": ("CR", "DX", "RG", "IO", "PX"),
    "XA": ("XA", "RF"),
    "MG": ("MG",),
    "SM": ("SM",),
    "ECG": ("ECG", "HD", "EPS", "RESP"),
    "photo": ("XC", "ES", "GM", "OP", "DMS"),
    "DOC": ("DOC", "SR"),
}
WORDS = {"photo": _("Photo"), "DOC": _("Document"), "SM": _("Slide")}
# What only comes along with images and never gives a study its name.
COMPANIONS = frozenset(
    {"SR", "PR", "KO", "SEG", "RTSTRUCT", "RTPLAN", "RTDOSE", "REG", "RWV", "DOC", "AU", "PLAN", "ANN"}
)
PICTURELESS = frozenset({"ECG", "DOC"})
OF = {modality: family for family, members in FAMILIES.items() for modality in members}


def family(modality: str) -> str:
    """Return the family of one Modality value, or the value itself."""
    return OF.get(modality, modality or "OT")


def main_family(modalities: str) -> str:
    """Return the family that names a study with these Modalities in Study (space separated)."""
    values = modalities.split()
    images = [value for value in values if value not in COMPANIONS]
    ranked = sorted(images or values, key=lambda value: order(family(value)))
    return family(ranked[0]) if ranked else "OT"


def shown(modalities: str) -> str:
    """Return the Modalities in Study without those that only come along, unless there is nothing else."""
    values = modalities.split()
    return " ".join([value for value in values if value not in COMPANIONS] or values)


def has_images(modalities: str) -> bool:
    """Say whether a study with these Modalities in Study is more than curves and documents; unknown ones may be."""
    values = modalities.split()
    return not values or any(value not in COMPANIONS and family(value) not in PICTURELESS for value in values)


def order(name: str) -> int:
    """Return where a family stands among the others; unknown ones come last."""
    return list(FAMILIES).index(name) if name in FAMILIES else len(FAMILIES)


def label(name: str) -> str:
    """Return the family as it is written on chips and lanes."""
    return str(WORDS.get(name, name))


def sign(name: str) -> str:
    """Return the symbol of the sprite that stands for the family."""
    return (
        f"modality-{name}"
        if name in {"CT", "MR", "US", "XR", "XA", "PT", "SM", "ECG", "DOC", "photo"}
        else "modality-other"
    )


def members(families: Iterable[str]) -> list[str]:
    """Return every Modality value of the families."""
    return [modality for name in families for modality in FAMILIES.get(name, (name,))]
