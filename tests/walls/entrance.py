"""PostgreSQL's function that checks who comes in, with one of its conditions missing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import URL

from tests.walls.ground import connected, now
from tests.walls.mutants import Applied, Mutant, Piece

FUNCTION: Final = "taskward_expect"
_CONDITION: Final = re.compile(r"\b(?:WHERE|AND|ON)\s+(.+?)(?=\s+(?:JOIN|WHERE|AND)\b|;)", re.DOTALL)


def entrances_without_a_check(url: URL) -> Iterator[Mutant]:
    """One for each condition in the function, in the database at the URL, as its superuser."""
    asked = f"SELECT pg_get_functiondef('{FUNCTION}'::regproc)"
    definition: str = now(_ask(url, asked))
    for found in _CONDITION.finditer(definition):
        changed = f"{definition[: found.start(1)]}true{definition[found.end(1) :]}"
        name = f"{FUNCTION} without {' '.join(found[1].split())}"
        yield Mutant(name, Piece.ENTRANCE, None, _defined(url, changed, definition))


def _defined(url: URL, changed: str, definition: str) -> Applied:
    @contextmanager
    def applied() -> Iterator[None]:
        now(_run(url, changed))
        try:
            yield
        finally:
            now(_run(url, definition))

    return applied


async def _ask(url: URL, question: str) -> Any:
    async with connected(url) as connection:
        return await connection.fetchval(question)


async def _run(url: URL, statement: str) -> None:
    async with connected(url) as connection:
        await connection.execute(statement)
