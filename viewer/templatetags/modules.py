"""The scripts of a page, named in its head: the browser fetches them at once, not one import after the other."""

import re
from functools import lru_cache
from pathlib import Path, PurePosixPath
from posixpath import normpath

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

IMPORT = re.compile(r"""^(?:import|export)\s(?:[\w\s{},*$]*\sfrom\s)?\s*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)


@lru_cache
def imported(module: str) -> tuple[str, ...]:
    """Return the static files that a module imports, and those that they import, nearest first."""
    found = [module]
    for each in found:
        place = finders.find(each)
        for name in IMPORT.findall(Path(place).read_text("utf-8")) if isinstance(place, str) else ():
            address = normpath(str(PurePosixPath(each).parent / name))
            if address not in found:
                found.append(address)
    return tuple(found[1:])


@register.simple_tag
def modules(module: str) -> SafeString:
    """Return a link for each module that `module` needs."""
    addresses = ((static(each),) for each in imported(module))
    return format_html_join("\n  ", '<link rel="modulepreload" href="{}">', addresses)
