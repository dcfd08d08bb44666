"""Template tags that every page uses: icons, people's names, dates, theme, the words for scripts."""

import datetime
import re

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join, json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation.trans_real import DjangoTranslation
from django.views.i18n import JSONCatalog

from viewer import names
from viewer.doors.dates import doubt, foreign_offset
from viewer.imaging.when import offset_words
from viewer.models import Preference, Study
from viewer.views import modalities

register = template.Library()

THEMES = ("dark", "light")
KANA = re.compile("[\u3041-\u30ff\uff66-\uff9d]")
HANGUL = re.compile("[\u1100-\u11ff\uac00-\ud7af]")
UNITS = {"Y": "y", "M": "mo", "W": "wk", "D": "d"}


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """Return one symbol of the sprite; without a `label` it is decoration that screen readers skip."""
    address = static("icons.svg")
    if label:
        return format_html(
            '<svg class="icon {}" role="img" aria-label="{}"><title>{}</title><use href="{}#{}"></use></svg>',
            size, label, label, address, name,
        )  # fmt: skip
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>', size, address, name)


@register.simple_tag
def person(name: str, groups: str = "two") -> SafeString:
    """Return a PN's component groups, each kept in its own direction; the phonetic one only with `groups` "all"."""
    shown = names.display(name)
    parts = [shown.alphabetic, shown.ideographic, shown.phonetic]
    if groups != "all" and shown.alphabetic:
        parts = parts[:2]
    parts = list(dict.fromkeys(filter(None, parts)))
    if not parts:
        return format_html('<span class="muted">{}</span>', gettext("No name"))
    language = _language(name)
    first = format_html('<bdi class="person"{}>{}</bdi>', "" if parts[0].isascii() else language, parts[0])
    rest = format_html_join("", ' <bdi class="others"{}>{}</bdi>', ((language, part) for part in parts[1:]))
    return format_html("{}{}", first, rest)


def _language(name: str) -> SafeString:
    """Return a lang attribute where the script tells: Han characters are drawn otherwise in Japan than in China."""
    code = "ja" if KANA.search(name) else "ko" if HANGUL.search(name) else ""
    return format_html(' lang="{}"', code) if code else conditional_escape("")


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """Return `dark` or `light`, as the user prefers; dark where nobody has said."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not user.is_authenticated:
        return THEMES[0]
    chosen = Preference.objects.filter(user=user, key="theme").values_list("value", flat=True).first()
    return chosen if chosen in THEMES else THEMES[0]


@register.simple_tag
def catalogue() -> str | SafeString:
    """Return the translated words of our scripts as JSON; nothing in English, which they hold themselves."""
    language = get_language() or "en"
    if language.startswith("en"):
        return ""
    view = JSONCatalog()
    view.translation = DjangoTranslation(language, domain=view.domain)
    return json_script({"language": language, "words": view.get_catalog()}, "catalogue")


@register.filter
def iso(value: datetime.date | datetime.datetime | datetime.time | None) -> str:
    """Return an ISO date, a time of day, or both (in local time); a dash for nothing."""
    if isinstance(value, datetime.datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M")
    return value.isoformat() if value else "–"


@register.filter
def date_doubt(study: Study) -> str:
    """Return what can't be true of the date of a study, or an empty text."""
    return doubt(study.when, study.PatientBirthDate)


@register.filter
def offset(study: Study) -> str:
    """Return the offset that the study's time was given with (`+05:30`), or an empty text."""
    return offset_words(study.timezone_offset)


@register.filter
def foreign(study: Study) -> str:
    """Return the offset of a study's time where it isn't the site's, or an empty text."""
    return foreign_offset(study.when)


@register.filter
def seconds(value: float | None) -> str:
    """Return a span of time in its largest unit that counts: `8 s`, `3 min`, `2 h`, `5 d`; a dash for nothing."""
    if value is None:
        return "–"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if value >= 2 * size:
            return f"{int(value // size)} {unit}"
    return f"{int(value)} s"


@register.filter
def images_only(values: str) -> str:
    """Return Modalities in Study without those that only come along with images."""
    return modalities.shown(values)


@register.filter
def age_words(age: str) -> str:
    """Return DICOM's age (`045Y`) as people write it (`45 y`)."""
    return f"{int(age[:3])} {UNITS[age[3]]}" if re.fullmatch(r"\d{3}[YMWD]", age) else age
