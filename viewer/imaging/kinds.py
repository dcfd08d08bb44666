"""What an instance is, in words, and whether the viewer shows it."""

from dataclasses import dataclass

from viewer.imaging.pixels import PixelError, PixelFormat
from viewer.imaging.record import Instance
from viewer.imaging.words import Words, gettext_noop

STORAGE = "1.2.840.10008.5.1.4.1.1."
VIEWABLE = {
    "1": gettext_noop("CR image"),
    "1.1": gettext_noop("DX image"),
    "1.1.1": gettext_noop("DX image for processing"),
    "1.2": gettext_noop("mammogram"),
    "1.2.1": gettext_noop("mammogram for processing"),
    "1.3": gettext_noop("intra-oral X-ray"),
    "1.3.1": gettext_noop("intra-oral X-ray for processing"),
    "2": gettext_noop("CT image"),
    "2.1": gettext_noop("enhanced CT image"),
    "2.2": gettext_noop("enhanced CT image"),
    "3": gettext_noop("ultrasound clip"),
    "3.1": gettext_noop("ultrasound clip"),
    "4": gettext_noop("MR image"),
    "4.1": gettext_noop("enhanced MR image"),
    "4.3": gettext_noop("enhanced MR image"),
    "4.4": gettext_noop("enhanced MR image"),
    "6": gettext_noop("ultrasound image"),
    "6.1": gettext_noop("ultrasound image"),
    "7": gettext_noop("secondary capture"),
    "7.1": gettext_noop("secondary capture"),
    "7.2": gettext_noop("secondary capture"),
    "7.3": gettext_noop("secondary capture"),
    "7.4": gettext_noop("secondary capture"),
    "5": gettext_noop("nuclear medicine image"),
    "12.1": gettext_noop("angiogram"),
    "12.1.1": gettext_noop("angiogram"),
    "12.2": gettext_noop("fluoroscopy image"),
    "12.2.1": gettext_noop("fluoroscopy image"),
    "12.3": gettext_noop("angiogram"),
    "20": gettext_noop("nuclear medicine image"),
    "128": gettext_noop("PET image"),
    "128.1": gettext_noop("PET image"),
    "130": gettext_noop("enhanced PET image"),
    "30": gettext_noop("parametric map"),
    "77.1.1": gettext_noop("endoscopic photograph"),
    "77.1.2": gettext_noop("microscope picture"),
    "77.1.3": gettext_noop("microscope picture"),
    "77.1.4": gettext_noop("photograph"),
    "77.1.5.1": gettext_noop("ophthalmic photograph"),
    "77.1.5.2": gettext_noop("ophthalmic photograph"),
    "77.1.5.4": gettext_noop("ophthalmic tomography"),
    "77.1.5.5": gettext_noop("wide field ophthalmic photograph"),
    "77.1.5.6": gettext_noop("wide field ophthalmic photograph"),
    "77.1.5.7": gettext_noop("ophthalmic tomography, en face"),
    "77.1.7": gettext_noop("skin photograph"),
    "13.1.3": gettext_noop("breast tomosynthesis"),
    "13.1.4": gettext_noop("breast projections"),
    "13.1.5": gettext_noop("breast projections for processing"),
}
# Machines and screens write into these: ultrasound, captures, endoscopes. Burned In Annotation only tells of names.
WRITTEN_INTO = frozenset(("3", "3.1", "6", "6.1", "7", "7.1", "7.2", "7.3", "7.4", "77.1.1"))
NOT_YET = {
    "4.2": gettext_noop("MR spectrum"),
    "6.2": gettext_noop("ultrasound volume"),
    "6.3": gettext_noop("photoacoustic image"),
    "13.1.1": gettext_noop("rotational angiography volume"),
    "13.1.2": gettext_noop("craniofacial X-ray volume"),
    "66": gettext_noop("raw data"),
    "66.4": gettext_noop("segmentation"),
    "66.5": gettext_noop("surface segmentation"),
    "66.7": gettext_noop("segmentation"),
    "67": gettext_noop("real world value mapping"),
    "77.1.1.1": gettext_noop("video of an endoscopy"),
    "77.1.2.1": gettext_noop("video of a microscope"),
    "77.1.4.1": gettext_noop("video"),
    "88.59": gettext_noop("key images"),
    "91.1": gettext_noop("slide annotations"),
    "104.1": gettext_noop("PDF document"),
    "104.2": gettext_noop("CDA document"),
    "104.3": gettext_noop("3D model"),
    "104.4": gettext_noop("3D model"),
    "481.1": gettext_noop("radiotherapy image"),
    "481.2": gettext_noop("radiotherapy dose"),
    "481.3": gettext_noop("radiotherapy structures"),
    "481.5": gettext_noop("radiotherapy plan"),
    "481.8": gettext_noop("radiotherapy plan"),
}
# The longest beginning that fits names the rest.
FAMILIES = {
    "9.1": gettext_noop("ECG"),
    "9": gettext_noop("waveform"),
    "11": gettext_noop("presentation state"),
    "13.1": gettext_noop("breast X-ray"),
    "14": gettext_noop("intravascular tomography"),
    "66": gettext_noop("registration"),
    "68": gettext_noop("surface scan"),
    "77.1.5": gettext_noop("ophthalmic image"),
    "77.1": gettext_noop("photograph"),
    "78": gettext_noop("eye measurements"),
    "79": gettext_noop("eye measurements"),
    "80": gettext_noop("eye measurements"),
    "88": gettext_noop("structured report"),
    "200": gettext_noop("protocol"),
    "481": gettext_noop("radiotherapy object"),
}
MODALITIES = {
    "SEG": gettext_noop("segmentation"),
    "SR": gettext_noop("structured report"),
    "PR": gettext_noop("presentation state"),
    "KO": gettext_noop("key images"),
    "ECG": gettext_noop("ECG"),
    "DOC": gettext_noop("document"),
    "RWV": gettext_noop("real world value mapping"),
    "REG": gettext_noop("registration"),
    "RTSTRUCT": gettext_noop("radiotherapy structures"),
    "RTPLAN": gettext_noop("radiotherapy plan"),
    "RTDOSE": gettext_noop("radiotherapy dose"),
    "PLAN": gettext_noop("radiotherapy plan"),
}
SLIDE = "77.1.6"
NOT_OF_THE_TISSUE = {
    "LABEL": gettext_noop("label of a slide, kept out of sight"),
    "OVERVIEW": gettext_noop("overview of a slide with its label, kept out of sight"),
    "THUMBNAIL": gettext_noop("thumbnail of a slide"),
    "LOCALIZER": gettext_noop("localiser of a slide"),
    "REGIONLOCALIZER": gettext_noop("localiser of a slide"),
}
VIDEO = ("1.2.840.10008.1.2.4.10", "1.2.840.10008.1.2.7")  # MPEG, HEVC and SMPTE streams begin so


@dataclass(frozen=True, slots=True)
class Kind:
    """What an instance is; `words` of a viewable one is its kind, of another also why it isn't shown.

    `slide` is true for what belongs in a slide and not in a stack.
    """

    viewable: bool
    words: Words
    slide: bool = False


def kind(instance: Instance) -> Kind:
    """Return what `instance` is and whether its pictures can be shown; never raises."""
    uid = instance.SOPClassUID or ""
    suffix = uid.removeprefix(STORAGE) if uid.startswith(STORAGE) else ""
    slide = suffix == SLIDE
    if slide and (
        unseen := next((NOT_OF_THE_TISSUE[each] for each in instance.ImageType if each in NOT_OF_THE_TISSUE), None)
    ):
        return Kind(False, unseen)
    other_mammogram = not suffix and instance.Modality == "MG" and bool(instance.Rows)
    if suffix not in VIEWABLE and not slide and not other_mammogram:
        return Kind(False, named(suffix, instance))
    words = gettext_noop("slide") if slide else VIEWABLE.get(suffix, gettext_noop("mammogram"))
    if not instance.SOPInstanceUID:
        return Kind(False, gettext_noop("{kind} without a SOP Instance UID", kind=words))
    syntax = instance.TransferSyntaxUID or ""
    if syntax.startswith(VIDEO):
        return Kind(False, gettext_noop("video"))
    if not instance.has_believable_frames:
        return Kind(
            False, gettext_noop("{kind} that declares {count} frames", kind=words, count=instance.NumberOfFrames)
        )
    if not instance.Rows and not instance.Columns:
        return Kind(False, gettext_noop("{kind} without pixels", kind=words))
    try:
        PixelFormat.of(instance)
    except PixelError as error:
        return Kind(False, gettext_noop("{kind}: {reason}", kind=words, reason=error.args[0]))
    return Kind(True, words, slide)


def carries_text(instance: Instance) -> bool:
    """Say whether an image likely has text of its own among its pixels, which other text mustn't cover."""
    return (instance.SOPClassUID or "").removeprefix(STORAGE) in WRITTEN_INTO


def named(suffix: str, instance: Instance) -> Words:
    """Return the kind of something that isn't viewable: by SOP class, by its family, by modality."""
    if suffix in NOT_YET:
        return NOT_YET[suffix]
    parts = suffix.split(".")
    for length in range(len(parts), 0, -1):
        family = FAMILIES.get(".".join(parts[:length]))
        if family is not None:
            return family
    return MODALITIES.get(instance.Modality or "", gettext_noop("object of an unknown kind"))
