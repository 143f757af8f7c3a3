"""A database with many spaces, one of them crowded: small tables are read whole, whatever indexes there are."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Table

from adapters.sql.tables import metadata
from tests.support.people import new_id
from tests.walls.ground import Ground, connected
from tests.walls.rows import Home, Row

SPACES: Final = 6_000
IN_THE_CROWDED_ONE: Final = 200
KINDS_OF_EVENTS: Final = ("task", "session", "account")
BETWEEN_ROWS: Final = timedelta(minutes=1)
MORE_OF: Final = (
    "sessions",
    "tasks",
    "tags",
    "documents",
    "settings",
    "audit_events",
    "audit_seals",
    "unsealed_events",
    "replies",
    "invitations",
)
"""The tables that hold many rows for one space, or for one person."""


async def crowd(ground: Ground) -> None:
    """Fill every table, and let PostgreSQL count what is there."""
    tables = metadata.sorted_tables
    rows = [_rows_of(Home(), tables, number) for number in range(SPACES)]
    async with connected(ground.superuser) as connection:
        for table in tables:
            await _copy(connection, table, [row[table.name] for row in rows])
        for name in MORE_OF:
            table = metadata.tables[name]
            more = [_spread(table, ground.here.row(table), number) for number in range(2, IN_THE_CROWDED_ONE)]
            await _copy(connection, table, more)
        await connection.execute("ANALYZE")


def _rows_of(home: Home, tables: list[Table], number: int) -> dict[str, Row]:
    for table in tables:
        home.rows[table.name] = home.row(table)
    return {table.name: _spread(table, home.rows[table.name], number) for table in tables}


def _spread(table: Table, row: Row, number: int) -> Row:
    """The row as if it had been made some time after the others, and at its own place where places are counted."""
    for column in table.columns:
        value = row[column.name]
        if value is not None and column.type.python_type.__name__ == "datetime":
            row[column.name] = value + number * BETWEEN_ROWS
    if "position" in row:
        row["position"] = number
    if "event_id" in row:
        row["event_id"] = new_id()
    if "resource_type" in row:
        row["resource_type"] = KINDS_OF_EVENTS[number % len(KINDS_OF_EVENTS)]
    return row


async def _copy(connection: Any, table: Table, rows: list[Row]) -> None:
    names = [column.name for column in table.columns]
    await connection.copy_records_to_table(
        table.name, columns=names, records=[tuple(row[name] for name in names) for row in rows]
    )
