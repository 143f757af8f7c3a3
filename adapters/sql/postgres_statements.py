"""Statements that are put off, and sent as one with the next: each costs a round trip."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from adapters.sql.connection import Refusing

_PAIRS: Final = 64
"""How many texts are kept: more than there are statements to put together."""

_PARAMETER: Final = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Soon:
    """A statement that was put off."""

    sql: str
    arguments: Sequence[Any]
    refused: Refusing

    def together_with(self, sql: str, arguments: Sequence[Any]) -> "Soon":
        """This statement and the next one, as one."""
        return Soon(_together(self.sql, sql), [*self.arguments, *arguments], self.refused)


@lru_cache(_PAIRS)
def _together(first: str, second: str) -> str:
    """Two statements that change something as one, of which the second one's parameters come last."""
    behind = max(int(number) for number in _PARAMETER.findall(first))
    moved = _PARAMETER.sub(lambda number: f"${int(number[1]) + behind}", second)
    return f"WITH first AS ({first}) {moved}"
