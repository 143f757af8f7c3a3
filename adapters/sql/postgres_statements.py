"""Statements that PostgreSQL takes as one: each that is sent costs a plan's start, and most a round trip."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from adapters.sql.connection import Refusing

_SHAPES: Final = 64
"""How many texts are kept: more than there are statements to put together."""

_PARAMETER: Final = re.compile(r"\$(\d+)")
_ROW: Final = re.compile(r" VALUES \(((?:\$\d+::[A-Z ]+(?:, |(?=\))))+)\)")
"""A row of which each value is a parameter of a plain type: no list, and no order of its own."""


@dataclass(frozen=True, slots=True)
class Soon:
    """A statement that was put off."""

    sql: str
    arguments: Sequence[Any]
    refused: Refusing

    def together_with(self, sql: str, arguments: Sequence[Any]) -> "Soon":
        """This statement and the next one, as one."""
        return Soon(_together(self.sql, sql), [*self.arguments, *arguments], self.refused)


@lru_cache(_SHAPES)
def _together(first: str, second: str) -> str:
    """Two statements that change something as one, of which the second one's parameters come last."""
    behind = max(int(number) for number in _PARAMETER.findall(first))
    moved = _PARAMETER.sub(lambda number: f"${int(number[1]) + behind}", second)
    return f"WITH first AS ({first}) {moved}"


@lru_cache(_SHAPES)
def of_many_rows(insert: str) -> str | None:
    """An INSERT of one row as one of many, with a list for each parameter; None if it cannot be."""
    row = _ROW.search(insert)
    if row is None:
        return None
    lists = row[1].replace(",", "[],") + "[]"
    return _ROW.sub(rf" SELECT * FROM unnest({lists})", insert)  # noqa: S608 - parameters and their types
