"""What a database does for a statement, and what of it reaches beyond the rows that are asked for."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column

from adapters.sql import roles
from adapters.sql.query import Compiled
from adapters.sql.tables import metadata

Plan = Mapping[str, Any]

MODES: Final = ("force_custom_plan", "force_generic_plan")
"""PostgreSQL plans a statement for its values, as on a cluster and behind a pooler, or once for all values."""

WHOSE: Final = ("space_id", "user_id")
"""The columns by which an index leads to the rows of one space, or of one person."""

_LED_BY: Final[Mapping[str, Column[Any]]] = {
    **{f"{table.name}_pkey": table.primary_key.columns[0] for table in metadata.sorted_tables},
    **{str(index.name): index.columns[0] for table in metadata.sorted_tables for index in table.indexes},
}
"""The indexes, and the column that each begins with: only who knows its value is led anywhere."""

_ORDERED: Final = frozenset({"Limit", "Subquery Scan", "LockRows", "Result"})
"""What asks for rows one after the other, and stops when it has enough."""


async def plans(connection: Any, sql: str, arguments: Sequence[Any]) -> list[Plan]:
    """The plans of a statement: that for these values, and the one that is kept for all."""
    given = f"({', '.join(_literal(value) for value in arguments)})" if arguments else ""
    await connection.execute(f"PREPARE it AS {sql}")
    found = []
    for mode in MODES:
        await connection.execute(f"SET LOCAL plan_cache_mode = '{mode}'")
        found += json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE it{given}"))
    await connection.execute("DEALLOCATE it")
    return [plan["Plan"] for plan in found]


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
    kind, table = plan["Node Type"], plan.get("Relation Name")
    if kind == "Seq Scan" and table in metadata.tables:
        yield f"reads the whole of {table}"
    if plan.get("Index Name") in _LED_BY:
        led_by = _LED_BY[plan["Index Name"]]
        is_led = re.search(rf"\b{led_by.name}\b", plan.get("Index Cond", "")) is not None
        yield from _through_index(led_by, is_led=is_led, is_ordered="Limit" in _asking(above))
    for part in plan.get("Plans", []):
        yield from too_much(part, (*above, kind))


def _through_index(first: Column[Any], *, is_led: bool, is_ordered: bool) -> Iterator[str]:
    """Of an index that begins with this column. What is in order is read from one end, as far as it is asked for."""
    if not is_led and not is_ordered:
        yield f"reads the whole of {first.table}, through an index"
    elif first.table.name in roles.OWNED and not (is_led and first.name in WHOSE):
        yield f"reads rows of {first.table} in every space"


def _asking(above: tuple[str, ...]) -> set[str]:
    """The nodes above that take rows as they come, up to the first that takes them all."""
    found = set()
    for kind in reversed(above):
        if kind not in _ORDERED:
            break
        found.add(kind)
    return found


_CONDITION: Final = re.compile(r"\((\w+)[=<>]")
_TABLE: Final = re.compile(rf"(SCAN|SEARCH) ({'|'.join(metadata.tables)})\b(.*)")


def too_much_on_sqlite(connection: sqlite3.Connection, compiled: Compiled, arguments: Sequence[Any]) -> list[str]:
    """The same of what SQLite does."""
    rows = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", arguments).fetchall()
    return [fault for row in rows if (found := _TABLE.match(row[3])) for fault in _of_step(*found.groups())]


def _of_step(kind: str, table: str, how: str) -> Iterator[str]:
    first = _CONDITION.search(how)
    if kind == "SCAN" or first is None:
        yield f"reads the whole of {table}" + (", through an index" if " INDEX " in how else "")
    elif table in roles.OWNED and first[1] not in WHOSE:
        yield f"reads rows of {table} in every space"
