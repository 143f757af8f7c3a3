"""Characters that nobody sees, and text as it is searched."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import characters
from domain.characters import DEFAULT_IGNORABLE, SEPARATOR, folded, is_visible
from domain.errors import InvalidValue
from domain.organization import OrganizationName
from domain.task import Description, SearchText, Title
from domain.user import Email, FullName, User, UserRole
from tests.unit.builders import ANN, NOON, a_task, few_examples

IGNORABLE = {chr(code) for first, last in DEFAULT_IGNORABLE for code in range(first, last + 1)}


def test_the_table_is_what_the_property_is_derived_from() -> None:
    """UAX #44: Other_Default_Ignorable_Code_Point, Cf and Variation_Selector, less what shows."""
    selectors = (*range(0x180B, 0x180E), 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
    variation = {chr(code) for code in selectors}
    other = {chr(code) for code in (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0)}
    other |= {chr(code) for code in (*range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000))}
    shown = {chr(code) for code in (*range(0xFFF9, 0xFFFC), *range(0x13430, 0x13440))}
    prepended = {chr(code) for code in (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)}
    form = {chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"}
    assert {*other, *variation, *form} - shown - prepended == IGNORABLE


def test_the_number_of_code_points_is_that_of_the_unicode_character_database() -> None:
    assert len(IGNORABLE) == 4174


UNSEEN = [
    " ",
    "\t",
    "\u00a0",
    "\u200b",
    "\u200d\ufe0f",
    "\u3164",
    "\u115f\u1160",
    "\uffa0",
    "\u2800",
    "\u202e",
    "\U000e0041",
    "\u2800 \ufeff",
]


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
@pytest.mark.parametrize("kind", [Title, OrganizationName, FullName])
def test_a_name_of_characters_that_show_nothing_is_blank(kind: type[str], text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        kind(text)
    assert refused.value.reason == "blank"
    assert kind(f"{text}x{text}") == f"{text}x{text}"
    assert not is_visible(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Milk", "milk"),
        ("CAF\u00c9", "cafe"),
        ("cafe\u0301", "cafe"),
        ("Stra\u00dfe", "strasse"),
        ("\u0130stanbul", "istanbul"),
        ("\u1f82", "\u03b1\u03b9"),
        ("\u0419", "\u0438"),
        ("\u03a3\u03c2", "\u03c3\u03c3"),
        ("\N{HEBREW LETTER BET}\u05bc\u05b0", "\N{HEBREW LETTER BET}"),
        ("\U0001f600", "\U0001f600"),
        ("\U0002f800", "\u4e3d"),
        (SEPARATOR, ""),
        ("", ""),
    ],
)
def test_a_text_is_folded(text: str, expected: str) -> None:
    assert folded(text) == expected


@given(st.text(max_size=12))
@few_examples
def test_equivalent_texts_are_folded_alike(text: str) -> None:
    assert folded(unicodedata.normalize("NFD", text)) == folded(unicodedata.normalize("NFC", text)) == folded(text)
    assert folded(folded(text)) == folded(text)


def test_marks_in_any_order_are_left_out_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    normalize = unicodedata.normalize

    class Watched:
        combining = staticmethod(unicodedata.combining)

        @staticmethod
        def normalize(form: str, text: str) -> str:
            lengths.append(len(text))
            return normalize("NFD", text)

    monkeypatch.setattr(characters, "unicodedata", Watched)
    monkeypatch.setattr(characters, "_FOLDING", characters._Folding())
    assert folded("a" + "\u0315\u0300" * 1000 + "\U0002f800") == "a\u4e3d"
    assert max(lengths) <= 4


def test_few_characters_are_kept_in_mind() -> None:
    folding = characters._Folding()
    for code in (0xE9, 0xE9, 0x2F800, 0x10FFFF):
        assert folding[code] is not None
    assert set(folding) == {0xE9}


def test_a_task_is_searched_by_its_title_and_its_description() -> None:
    assert a_task(title=Title("\u00c9t\u00e9")).search_text == "ete"
    assert a_task(title=Title("A"), description=Description("")).search_text == "a"
    assert a_task(title=Title("A"), description=Description("B")).search_text == f"a{SEPARATOR}b"
    assert SearchText(f"A{SEPARATOR}B").key == "ab"


@pytest.mark.parametrize("text", ["\u0301", "\u0301\u0300", SEPARATOR])
def test_a_search_for_nothing_but_accents_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        SearchText(text)
    assert refused.value.reason == "blank"
    assert SearchText("").key == ""


@pytest.mark.parametrize(("name", "expected"), [(None, "ann@example.org"), ("Änn", f"ann@example.org{SEPARATOR}ann")])
def test_an_account_is_searched_by_address_and_name(name: str | None, expected: str) -> None:
    full_name = None if name is None else FullName(name)
    email = Email("Ann@example.org")
    user = User.register(id=ANN, email=email, full_name=full_name, role=UserRole.USER, at=NOON)
    assert user.search_text == expected
