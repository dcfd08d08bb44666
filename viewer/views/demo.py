"""What the pages say in demo mode: the people to choose from, and a warning over real data."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from viewer import archives

ARCHIVE = "demo-archive"  # the folder in SAMSYN_STATE that the demo fills


@dataclass(frozen=True)
class Role:
    """One demo account as its card shows it."""

    username: str
    name: str
    words: str
    icon: str


def roles() -> list[Role]:
    """Return the cards of the login page, the reader's first."""
    return [
        Role("radiologist", _("Radiologist"), _("reads CT, MR, X-ray and ultrasound"), "modality-CT"),
        Role(
            "radiologist2",
            _("Second radiologist"),
            _("a colleague, to see the same list from the next room"),
            "modality-MR",
        ),
        Role("pathologist", _("Pathologist"), _("sees the same patients from the slide side"), "modality-SM"),
        Role("chair", _("Oncologist"), _("treats, and leads the tumour board"), "user"),
        Role(
            "technologist", _("Technologist"), _("checks that images arrived, whole and under the right name"), "check"
        ),
        Role("referrer", _("Referring doctor"), _("sees the own patients only"), "eye"),
        Role("privacy", _("Privacy officer"), _("reads the audit trail, sees no images"), "lock"),
        Role("admin", _("Administrator"), _("runs the system, sees no patients"), "archive"),
    ]


def warning() -> str:
    """Return words when known passwords open something that isn't the demo's own archive, else nothing."""
    own = str(settings.STATE / ARCHIVE)
    if settings.DEMO and any(site.source.location != own for site in archives.sites().values()):
        return _("Demo passwords over your own data: anybody at this computer can see it.")
    return ""
