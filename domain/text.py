"""What text may be, wherever people may write some."""

import re
import unicodedata
from typing import Final

from domain.characters import is_visible
from domain.errors import InvalidValue

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_LONGEST_DECOMPOSITION: Final = 4
"""How many code points one composed character has at most in Normalization Form D (UAX #15, table of expansions)."""


def require_length(text: str, *, what: str, shortest: int, longest: int) -> None:
    """Raise InvalidValue unless ``text`` has ``shortest`` to ``longest`` characters (code points).

    This check costs the same for every text. It comes before anything that reads the text: folding, normalisation and
    regular expressions take time in proportion to its length, or to the square of it.
    """
    if len(text) < shortest:
        raise InvalidValue("too_short", f"{what} needs at least {_characters(shortest)}.")
    if len(text) > longest:
        raise InvalidValue("too_long", f"{what} may have at most {_characters(longest)}.")


def checked_text(text: str, *, what: str, shortest: int, longest: int) -> str:
    """Return ``text`` if it has ``shortest`` to ``longest`` characters (code points) and can be stored.

    Raises InvalidValue: too short, too long, or holding NUL or half of a surrogate pair, which PostgreSQL
    and UTF-8 cannot hold.
    """
    require_length(text, what=what, shortest=shortest, longest=longest)
    if _UNSTORABLE.search(text):
        raise InvalidValue("unstorable_character", f"{what} may not hold NUL or lone surrogates.")
    return text


def visible_text(text: str, *, what: str, shortest: int, longest: int) -> str:
    """The same, and at least one character can be seen. Raises InvalidValue, ``blank`` where none can."""
    checked = checked_text(text, what=what, shortest=shortest, longest=longest)
    if not is_visible(checked):
        raise InvalidValue("blank", f"{what} needs at least one character that is not a blank.")
    return checked


def normalized_text(text: str, *, what: str, shortest: int, longest: int) -> str:
    """Return ``text`` in Normalization Form C (UAX #15) if the result is one that ``checked_text`` accepts.

    A decomposed spelling may be up to four times as long as its composed form; longer text is refused unread.
    """
    require_length(text, what=what, shortest=shortest, longest=_LONGEST_DECOMPOSITION * longest)
    composed = in_composed_form(text)
    return checked_text(composed, what=what, shortest=shortest, longest=longest)


def in_composed_form(text: str) -> str:
    """The text in Normalization Form C. The time grows with the square of the length: bound that first."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _characters(count: int) -> str:
    return "1 character" if count == 1 else f"{count:,} characters"
