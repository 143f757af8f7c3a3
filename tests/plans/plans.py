"""What a database does for a statement, and what of it reaches beyond the rows that are asked for."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from adapters.sql import roles
from adapters.sql.query import Compiled
from adapters.sql.tables import metadata

Plan = Mapping[str, Any]

TIMES: Final = 7
"""PostgreSQL plans a prepared statement five times for its values, and then perhaps once for all values."""

WHOSE: Final = ("space_id", "user_id")
"""The columns by which an index leads to the rows of one space, or of one person."""

_ORDERED: Final = frozenset({"Limit", "Subquery Scan", "LockRows", "Result"})
"""What asks for rows one after the other, and stops when it has enough."""


async def plans(connection: Any, sql: str, arguments: Sequence[Any]) -> list[Plan]:
    """The plans of a statement that is sent again and again: that for these values, and the one that is kept."""
    given = f"({', '.join(_literal(value) for value in arguments)})" if arguments else ""
    await connection.execute(f"PREPARE it AS {sql}")
    found = [
        json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE it{given}"))[0]["Plan"]
        for _ in range(TIMES)
    ]
    await connection.execute("DEALLOCATE it")
    return [found[0], found[-1]]


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (bool, int)):
        return str(value).lower()
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    if isinstance(value, (list, tuple)):
        return "'{{{}}}'".format(",".join(str(item) for item in value))
    return f"'{value.isoformat() if isinstance(value, datetime) else value}'"


def too_much(plan: Plan, above: tuple[str, ...] = ()) -> Iterator[str]:
    """What a plan of PostgreSQL reads too much of, in sentences."""
    kind, table = plan["Node Type"], plan.get("Relation Name", "")
    if table in metadata.tables:
        yield from _of_node(kind, table, plan, is_ordered="Limit" in _asking(above))
    for part in plan.get("Plans", []):
        yield from too_much(part, (*above, kind))


def _of_node(kind: str, table: str, plan: Plan, *, is_ordered: bool) -> Iterator[str]:
    if kind == "Seq Scan":
        yield f"reads the whole of {table}"
    if kind in {"Index Scan", "Index Only Scan"}:
        yield from _through_index(table, plan.get("Index Cond", ""), is_ordered=is_ordered)
    if kind == "Bitmap Heap Scan":
        yield from _through_index(table, " ".join(_conditions(plan)), is_ordered=False)


def _asking(above: tuple[str, ...]) -> set[str]:
    """The nodes above that take rows as they come, up to the first that takes them all."""
    found = set()
    for kind in reversed(above):
        if kind not in _ORDERED:
            break
        found.add(kind)
    return found


def _conditions(plan: Plan) -> Iterator[str]:
    for part in plan.get("Plans", []):
        if part["Node Type"] == "Bitmap Index Scan":
            yield part.get("Index Cond", "")
        yield from _conditions(part)


def _through_index(table: str, condition: str, *, is_ordered: bool) -> Iterator[str]:
    if not condition and not is_ordered:
        yield f"reads the whole of {table}, through an index"
    elif table in roles.OWNED and not any(f"{column} = " in condition for column in WHOSE):
        yield f"reads rows of {table} in every space"


_TABLE: Final = re.compile(rf"(SCAN|SEARCH) ({'|'.join(metadata.tables)})\b(.*)")


def too_much_on_sqlite(connection: sqlite3.Connection, compiled: Compiled, arguments: Sequence[Any]) -> list[str]:
    """The same of what SQLite does."""
    rows = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", arguments).fetchall()
    return [fault for row in rows if (found := _TABLE.match(row[3])) for fault in _of_step(*found.groups())]


def _of_step(kind: str, table: str, how: str) -> Iterator[str]:
    if kind == "SCAN":
        yield f"reads the whole of {table}" + (", through an index" if " INDEX " in how else "")
    elif table in roles.OWNED and not any(f"{column}=?" in how for column in WHOSE):
        yield f"reads rows of {table} in every space"
