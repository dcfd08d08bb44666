"""Sentences of the rooms that know no Django, in the reader's language."""

from django.utils.translation import gettext

from viewer.imaging.words import Words


def translated(said: str | Exception) -> str:
    """Return a sentence, or an exception's, translated: by its template if it remembers one, so that values stay."""
    words = said if isinstance(said, str) else (said.args[0] if said.args else "")
    if isinstance(words, Words):
        return gettext(words.template).format(**words.values)
    return gettext(str(words)) if words else ""
