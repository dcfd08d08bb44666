"""Person names: shown as people write them, and folded so that a search finds them however they are typed."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

# Letters that Unicode doesn't take apart, though those who search do.
LETTERS = str.maketrans(
    {
        "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
        "ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك", "ٱ": "ا", "ء": None, "ـ": None,  # Arabic; the last is tatweel
    }
)  # fmt: skip
# The same letters as some registries write them out.
WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
# The last letters of the Swedish alphabet, written so that they follow z in any order of bytes.
SWEDISH = str.maketrans({"å": "zzza", "ä": "zzzb", "æ": "zzzb", "ö": "zzzc", "ø": "zzzc", "ü": "y"})
NAMELESS = "\uf8ff"  # after all letters
KATAKANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)} | {0x30FD: 0x309D, 0x30FE: 0x309E}
WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f\u0900-\u0dff\u3099\u309a]+[^\W_]*)*")
APOSTROPHES = re.compile(r"(?<=\w)['’ʼ`´](?=\w)")
# Marks that change the direction of text, or that nobody sees: a name could hide behind them.
HIDDEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\x00-\x1f\x7f-\x9f]"
)


@dataclass(frozen=True)
class PersonName:
    """The three component groups of a PN as people write them; each may be empty."""

    alphabetic: str
    ideographic: str
    phonetic: str

    def __str__(self) -> str:
        """Return the groups that say something new, the alphabetic one first."""
        groups = [self.alphabetic, self.ideographic] if self.alphabetic else [self.ideographic, self.phonetic]
        return " ".join(dict.fromkeys(filter(None, groups)))


def visible(text: str) -> str:
    """Return `text` without marks that turn its direction, and without characters that nobody sees."""
    return HIDDEN.sub("", text).strip()


def _group(group: str) -> str:
    family, given, middle, prefix, suffix = ([part.strip() for part in group.split("^")] + [""] * 5)[:5]
    rest = " ".join(filter(None, [given, middle, suffix, prefix]))
    if family and rest and any("\u3040" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7af" for letter in family):
        return f"{family} {rest}"
    return ", ".join(filter(None, [family, rest]))


def display(name: str) -> PersonName:
    """Return a PN (`Family^Given^Middle^Prefix^Suffix=ideographic=phonetic`) as "Family, Given"."""
    groups = ([_group(group) for group in visible(name).split("=")] + [""] * 3)[:3]
    return PersonName(*groups)


def fold(text: str) -> str:
    """Return the words of `text`, one space apart, without what people leave out or type otherwise.

    Case, accents, å ä ö ø ß, Greek tonos and final sigma, Arabic vowel signs, hamza seats and tatweel,
    katakana or hiragana, full or half width: all fold together.
    """
    plain = HIDDEN.sub("", unicodedata.normalize("NFKC", text)).casefold()
    parts = unicodedata.normalize("NFD", plain.translate(LETTERS))
    # Combining classes below 10 are parts of letters (Indic scripts, kana); accents and vowel signs are above.
    bare = "".join(letter for letter in parts if unicodedata.combining(letter) < 10)
    joined = unicodedata.normalize("NFC", bare).translate(LETTERS).translate(KATAKANA)
    return " ".join(WORD.findall(joined))


def alternatives(text: str) -> list[str]:
    """Return the ways in which one typed word may have been written: folded, and with ä, ö, ü, å, ø written out."""
    both = [fold(text), fold(unicodedata.normalize("NFC", text).casefold().translate(WRITTEN_OUT))]
    return [way for way in dict.fromkeys(both) if way]


def search_words(name: str) -> str:
    """Return every word by which a PN is found, between spaces, so that ` word` finds each by its beginning."""
    words: list[str] = []
    for group in visible(name).split("="):
        parts = [part for part in group.split("^") if part.strip()]
        for part in parts:
            for way in (*alternatives(part), fold(APOSTROPHES.sub("", part))):
                words += way.split()
        joined = fold("".join(parts[:2])).replace(" ", "")
        if joined and not joined.isascii():  # scripts that are written without spaces
            words.append(joined)
    return f" {' '.join(dict.fromkeys(words))} " if words else ""


def order(name: str, *, swedish: bool = False) -> str:
    """Return a text by whose code points names are put in order: family name, then the given ones.

    The alphabetic group counts, else the phonetic, else the ideographic one; case and accents don't. In Swedish å, ä
    and ö follow z; elsewhere they stand with a and o. Names of other scripts follow, those without a name come last.
    """
    alphabetic, ideographic, phonetic = ([*visible(name).split("="), "", ""])[:3]
    group = next((each for each in (alphabetic, phonetic, ideographic) if fold(each)), "")
    letters = unicodedata.normalize("NFC", group).casefold()
    return fold((letters.translate(SWEDISH) if swedish else letters).replace("^", " ")) or NAMELESS


def typed_words(text: str) -> list[list[str]]:
    """Return, for each word that somebody typed (in any order, with or without ^ = ,), its alternatives."""
    words = re.split(r"[\s^=,;]+", APOSTROPHES.sub("", visible(text)))
    found: list[list[str]] = []
    for word in filter(None, words):
        ways = alternatives(word)
        if ways:
            # A hyphen or a dot makes several words of one.
            found += [list(dict.fromkeys(column)) for column in zip(*(way.split() for way in ways), strict=False)]
    return found


def age(birth_date: date | None, on: date | None) -> str:
    """Return the age on a day as DICOM writes it: 045Y, from 2 years; 011M, from 3 months; 003W; 002D."""
    if birth_date is None or on is None or on < birth_date:
        return ""
    months = (on.year - birth_date.year) * 12 + on.month - birth_date.month - (on.day < birth_date.day)
    days = (on - birth_date).days
    if months >= 24:
        return f"{months // 12:03d}Y"
    if months >= 3:
        return f"{months:03d}M"
    return f"{days // 7:03d}W" if days >= 28 else f"{days:03d}D"
