"""What text may be, whatever it is for."""

import pytest

from domain.errors import InvalidValue
from domain.text import checked_text, normalized_text
from tests.unit.builders import UNSTORABLE


def reason(text: str) -> str | None:
    """Why a word of two to four characters is refused."""
    try:
        checked_text(text, what="A word", shortest=2, longest=4)
    except InvalidValue as refused:
        return refused.reason
    return None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "too_short"),
        ("a", "too_short"),
        ("ab", None),
        ("abcd", None),
        ("abcde", "too_long"),
        ("\N{PILE OF POO}", "too_short"),
        ("\N{PILE OF POO}" * 4, None),
        ("\N{PILE OF POO}" * 5, "too_long"),
        ("e\N{COMBINING ACUTE ACCENT}", None),
        ("  ", None),
        ("\t\n", None),
    ],
)
def test_length_counts_code_points(text: str, expected: str | None) -> None:
    assert reason(text) == expected


@pytest.mark.parametrize("character", UNSTORABLE.values(), ids=UNSTORABLE)
def test_what_cannot_be_stored_is_refused_wherever_it_stands(character: str) -> None:
    texts = [f"{character}ab", f"a{character}b", f"ab{character}"]
    assert [reason(text) for text in texts] == ["unstorable_character"] * 3


@pytest.mark.parametrize("character", ["\x01", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff"])
def test_the_characters_next_to_those_are_fine(character: str) -> None:
    assert reason(f"a{character}") is None


def normalized(text: str) -> str:
    """A word of one to three characters as it is kept, or why it is refused."""
    try:
        return normalized_text(text, what="A word", shortest=1, longest=3)
    except InvalidValue as refused:
        return refused.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc", "abc"),
        ("e\N{COMBINING ACUTE ACCENT}", "\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("\N{GREEK SMALL LETTER ALPHA}\u0313\u0300\u0345" * 3, "\u1f82" * 3),
        ("\N{GREEK SMALL LETTER ALPHA}\u0313\u0300\u0345" * 3 + "a", "too_long"),
        ("", "too_short"),
        ("abcd", "too_long"),
        ("\ufb2c", "\u05e9\u05bc\u05c1"),
        ("\ufb2c\ufb2c", "too_long"),
        ("\x00", "unstorable_character"),
        ("\u00e9\ud800", "unstorable_character"),
    ],
)
def test_text_is_composed_and_then_measured_again(text: str, expected: str) -> None:
    assert normalized(text) == expected


def test_text_comes_back_as_it_is() -> None:
    assert checked_text(" a ", what="A word", shortest=1, longest=3) == " a "


@pytest.mark.parametrize(
    ("shortest", "longest", "text", "message"),
    [
        (1, 5, "", "A word needs at least 1 character."),
        (2, 5, "", "A word needs at least 2 characters."),
        (0, 1, "ab", "A word may have at most 1 character."),
        (0, 1000, "a" * 1001, "A word may have at most 1,000 characters."),
        (0, 5, "\x00", "A word may not hold NUL or lone surrogates."),
    ],
)
def test_a_refusal_says_what_is_allowed(shortest: int, longest: int, text: str, message: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        checked_text(text, what="A word", shortest=shortest, longest=longest)
    assert str(refused.value) == message
