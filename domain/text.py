"""What text may be, wherever people may write some."""

import re
from typing import Final

from domain.errors import InvalidValue

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def checked_text(text: str, *, what: str, shortest: int, longest: int) -> str:
    """Return ``text`` if it has ``shortest`` to ``longest`` characters (code points) and can be stored.

    Raises InvalidValue: too short, too long, or holding NUL or half of a surrogate pair, which PostgreSQL
    and UTF-8 cannot hold.
    """
    if len(text) < shortest:
        raise InvalidValue("too_short", f"{what} needs at least {_characters(shortest)}.")
    if len(text) > longest:
        raise InvalidValue("too_long", f"{what} may have at most {_characters(longest)}.")
    if _UNSTORABLE.search(text):
        raise InvalidValue("unstorable_character", f"{what} may not hold NUL or lone surrogates.")
    return text


def _characters(count: int) -> str:
    return "1 character" if count == 1 else f"{count:,} characters"
