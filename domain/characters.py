"""Characters that people do not see, and text in the form in which it is compared.

Python's ``unicodedata`` knows neither white space nor default-ignorable characters by their Unicode property.
"""

import re
import unicodedata
from typing import Final

DEFAULT_IGNORABLE: Final = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""The property Default_Ignorable_Code_Point (Unicode 16.0, DerivedCoreProperties.txt), as first and last code point."""

JOINERS: Final = "\u200c\u200d"
"""They join or separate the characters beside them: Persian words and emoji sequences need them."""

VARIATIONS: Final = "\ufe0e\ufe0f"
"""They choose between the text form and the emoji form of the character before."""

BLANK_PATTERN: Final = "\u2800"
"""The empty pattern of Braille, which is no white space and shows nothing."""


_IGNORABLE: Final = "".join(f"{chr(first)}-{chr(last)}" for first, last in DEFAULT_IGNORABLE)
_CONTROL: Final = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
"""Control characters but those that are white space (PropList.txt): tab, line ends, and U+0085."""

_VISIBLE: Final = re.compile(f"[^\\s{_IGNORABLE}{BLANK_PATTERN}]")
_UNSEEN: Final = re.compile(f"[{_CONTROL}{_IGNORABLE}]")
_SEQUENCE: Final = f"{JOINERS}{VARIATIONS}"
_MISPLACED: Final = re.compile(
    f"(?:^|[\\s{BLANK_PATTERN}{JOINERS}])[{_SEQUENCE}]"
    f"|[{VARIATIONS}][{VARIATIONS}]"
    f"|[{JOINERS}](?:\\Z|[\\s{BLANK_PATTERN}])"
)
_SEQUENCES: Final = re.compile(f"[{_SEQUENCE}]")
_IN_SEQUENCES: Final = str.maketrans("", "", _SEQUENCE)


def is_visible(text: str) -> bool:
    """Tell whether a character of the text is neither white space nor one that shows nothing."""
    return _VISIBLE.search(text) is not None


def has_unseen(text: str) -> bool:
    """Tell whether the text holds a control character, or a character that shows nothing where it stands.

    White space is none of them. A joiner between two visible characters is none, and neither is a variation selector
    after one.
    """
    if text.isascii() and text.isprintable():
        return False
    if _SEQUENCES.search(text) is None:
        return _UNSEEN.search(text) is not None
    return _UNSEEN.search(text.translate(_IN_SEQUENCES)) is not None or _MISPLACED.search(text) is not None


def without_sequences(text: str) -> str:
    """The text without joiners and variation selectors, by which names do not differ."""
    return text if _SEQUENCES.search(text) is None else text.translate(_IN_SEQUENCES)


class _Folding(dict[int, str]):
    """What each character is compared as, for ``str.translate``: decomposed, in one case, without marks.

    Character by character the time is in proportion to the text: marks are not put in order, which takes the square.
    """

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFD", chr(code)).casefold())
        folded = "".join(part for part in decomposed if not unicodedata.combining(part))
        if code < _CACHED:
            self[code] = folded
        return folded


_CACHED: Final = 0x10000
"""Characters below are folded once: the others are rare, and there are sixteen times as many."""

SEPARATOR: Final = "\uffff"
"""A noncharacter (Unicode 16.0, section 23.7), which folds to nothing: it stands between folded texts."""

_FOLDING: Final = _Folding({ord(SEPARATOR): ""})


def folded(text: str) -> str:
    """The text as it is searched: the same for canonically equivalent texts, in any case, with or without accents.

    Every mark with a combining class is left out. So equivalent texts differ in nothing: the order of marks is all that
    canonical equivalence leaves open after decomposition (UAX #15).
    """
    return text.lower() if text.isascii() else text.translate(_FOLDING)
