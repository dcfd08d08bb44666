"""Template tags that every page uses: icons, people's names, dates, theme, the words for scripts."""

import datetime
from typing import Any

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation.trans_real import DjangoTranslation
from django.views.i18n import JSONCatalog

from viewer import names
from viewer.models import Preference

register = template.Library()

THEMES = ("dark", "light")


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """Return one symbol of the sprite; without a `label` it is decoration that screen readers skip."""
    address = static("icons.svg")
    if label:
        return format_html(
            '<svg class="icon {}" role="img" aria-label="{}"><title>{}</title><use href="{}#{}"></use></svg>',
            size, label, label, address, name,
        )
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>', size, address, name)


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """Return `dark` or `light`, as the user prefers; dark where nobody has said."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return THEMES[0]
    chosen = Preference.objects.filter(user=user, key="theme").values_list("value", flat=True).first()
    return chosen if chosen in THEMES else THEMES[0]


@register.simple_tag
def catalogue() -> str | SafeString:
    """Return the translated words of our scripts as JSON in the page; nothing in English, which they hold themselves."""
    language = get_language() or "en"
    if language.startswith("en"):
        return ""
    view = JSONCatalog()
    view.translation = DjangoTranslation(language, domain=view.domain)
    return json_script({"language": language, "words": view.get_catalog()}, "catalogue")


@register.filter
def iso(value: datetime.date | datetime.datetime | None) -> str:
    """Return an ISO date, with hours and minutes in local time where there are any; a dash for nothing."""
    if value is None:
        return "–"
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M") if timezone.is_aware(value) else value.strftime("%Y-%m-%d %H:%M")
    return value.strftime("%Y-%m-%d")
