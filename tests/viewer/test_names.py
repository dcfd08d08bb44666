"""Names are shown as people write them and found however they are typed."""

from datetime import date

import pytest

from viewer import names


def finds(typed: str, name: str) -> bool:
    """Say whether a search for `typed` finds a patient called `name`, as the index does it."""
    words = names.search_words(name)
    return all(any(f" {way}" in words for way in ways) for ways in names.typed_words(typed))


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("asa", "Åsberg^Åsa"),
        ("ÅSA", "Åsberg^Åsa"),
        ("åsa", "Asberg^Asa"),
        ("A\u030asa", "Åsberg^Åsa"),
        ("mueller", "Müller^Jürgen"),
        ("Müller", "MUELLER^JUERGEN"),
        ("muller", "Müller^Jürgen"),
        ("soren", "Sørensen^Søren"),
        ("Sørensen", "Soerensen^Soeren"),
        ("strasse", "Straße^Eva"),
        ("STRAẞE", "Straße^Eva"),
        ("jo sjo", "Sjöberg^Johanna"),
        ("Sjöberg, Johanna", "Sjöberg^Johanna"),
        ("Sjöberg^Johanna", "Sjöberg^Johanna"),
        ("Johanna Sjöberg", "Sjöberg^Johanna"),
        ("παπαδοπουλος", "Παπαδόπουλος^Γιώργος"),
        ("ΠΑΠΑΔΌΠΟΥΛΟΣ", "Παπαδόπουλος^Γιώργος"),
        ("γιωργοσ", "Παπαδόπουλος^Γιώργος"),
        ("احمد", "الْحَسَن^أَحْمَد"),
        ("أحمد", "الحسن^احمد"),
        ("إحمـــد", "الحسن^احمد"),
        ("فاطمه", "علي^فاطمة"),
        ("مصطفي", "علي^مصطفى"),
        ("やまだ", "Yamada^Tarou=山田^太郎=ヤマダ^タロウ"),
        ("ﾔﾏﾀﾞ", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("ヤマダ", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("山田", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("山田太郎", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("tarou 山田", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("ＹＡＭＡＤＡ", "Yamada^Tarou"),
        ("홍", "Hong^Gildong=洪^吉洞=홍^길동"),
        ("obrien", "O'Brien^Pat"),
        ("o’brien", "O'Brien^Pat"),
        ("brien", "O'Brien^Pat"),
        ("smith-jones", "Smith-Jones^Ann"),
        ("jones", "Smith-Jones^Ann"),
        ("чайковский", "Чайковский^Пётр"),
        ("петр", "Чайковский^Пётр"),
        ("berg", "Be\u202erg^Anna"),
    ],
)
def test_a_search_finds_the_name(typed: str, name: str) -> None:
    assert finds(typed, name)


@pytest.mark.parametrize(
    ("typed", "name"),
    [("erg", "Berg^Anna"), ("berg anders", "Berg^Anna"), ("か", "Kato=加藤=ガトウ"), ("annab", "Berg^Anna")],
)
def test_a_search_finds_no_other(typed: str, name: str) -> None:
    assert not finds(typed, name)


SORTED = [
    "Andersson^Åke", "Berg^Zoe", "Bergman^Anna", "Müller^Jürgen", "Yamada^Tarou=山田^太郎", "Zander^Eva",
    "Åberg^Östen", "Äng^Ida", "Öberg^Per", "Παπαδόπουλος^Γιώργος", "Чайковский^Пётр", "=山田^太郎=やまだ^たろう", "",
]  # fmt: skip


def test_names_are_in_order_in_swedish_and_elsewhere() -> None:
    assert sorted(SORTED, key=lambda name: names.order(name, swedish=True)) == SORTED
    elsewhere = sorted(SORTED, key=names.order)
    assert elsewhere[:4] == ["Åberg^Östen", "Andersson^Åke", "Äng^Ida", "Berg^Zoe"] and elsewhere[-1] == ""
    assert elsewhere.index("Öberg^Per") == elsewhere.index("Yamada^Tarou=山田^太郎") - 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Berg^Anna", "Berg, Anna"),
        ("Berg^Anna^Maria^Dr^Jr", "Berg, Anna Maria Jr Dr"),
        ("Berg", "Berg"),
        ("^Anna", "Anna"),
        ("", ""),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou 山田 太郎"),
        ("=山田^太郎=やまだ^たろう", "山田 太郎 やまだ たろう"),
        ("الحسن^أحمد", "الحسن, أحمد"),
        ("Be\u202egr\u202c^An\u200bna", "Begr, Anna"),
        ("A^B^C^D^E^F", "A, B C E D"),
    ],
)
def test_a_name_is_shown_as_people_write_it(name: str, shown: str) -> None:
    assert str(names.display(name)) == shown


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(1970, 3, 2), date(2026, 3, 1), "055Y"),
        (date(1970, 3, 1), date(2026, 3, 1), "056Y"),
        (date(2024, 3, 1), date(2026, 2, 28), "023M"),
        (date(2026, 2, 1), date(2026, 3, 5), "004W"),
        (date(2026, 2, 1), date(2026, 2, 3), "002D"),
        (None, date(2026, 3, 1), ""),
        (date(2026, 3, 2), date(2026, 3, 1), ""),
    ],
)
def test_age_is_told_in_the_unit_that_suits(born: date | None, on: date, age: str) -> None:
    assert names.age(born, on) == age
