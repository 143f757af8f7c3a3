"""Statements that are put off, and sent as one: each costs a round trip."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from adapters.sql.connection import Refusing, are_alike
from adapters.sql.query import Row

_TEXTS: Final = 64
"""How many texts are kept: more than there are statements to put together."""

_PARAMETER: Final = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Expectation:
    """A statement that reads, and what it has to find."""

    sql: str
    arguments: Sequence[Any]
    rows: Sequence[Row]
    otherwise: Callable[[], Exception]

    def check(self, found: Sequence[Row]) -> None:
        """Raise unless it has found that."""
        if not are_alike(found, self.rows):
            raise self.otherwise()


@dataclass(frozen=True, slots=True)
class Soon:
    """What was put off: statements that change something, and perhaps one that reads."""

    changes: tuple[str, ...] = ()
    arguments: tuple[Any, ...] = ()
    refused: Refusing | None = None
    expectation: Expectation | None = None

    def and_then(self, sql: str, arguments: Sequence[Any], refused: Refusing | None = None) -> "Soon":
        """The same, and another statement that changes something."""
        return replace(
            self,
            changes=(*self.changes, sql),
            arguments=(*self.arguments, *arguments),
            refused=self.refused or refused,
        )

    def as_one(self) -> tuple[str, Sequence[Any]]:
        """All of it as one statement, with its arguments. It finds what the one that reads does."""
        if self.expectation is None:
            return together(self.changes), self.arguments
        return (
            together((*self.changes, self.expectation.sql)),
            (*self.arguments, *self.expectation.arguments),
        )


@lru_cache(_TEXTS)
def together(statements: tuple[str, ...]) -> str:
    """Statements as one, whose parameters come in their order. All but the last change something."""
    behind, parts = 0, []
    for sql in statements:
        numbers = [int(number) for number in _PARAMETER.findall(sql)]
        parts.append(_PARAMETER.sub(lambda number, by=behind: f"${int(number[1]) + by}", sql))  # type: ignore[misc]
        behind += max(numbers, default=0)
    *before, last = parts
    if not before:
        return last
    return f"WITH {', '.join(f'part_{at} AS ({sql})' for at, sql in enumerate(before, 1))} {last}"
