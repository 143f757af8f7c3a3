"""Removing what a space holds, on SQL databases: a bounded number of rows at a time, whatever the table."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Column, Integer, Table, bindparam, delete, select
from sqlalchemy.sql.dml import ReturningDelete

from adapters.sql.connection import Connection
from adapters.sql.owned import held, in_this_space
from adapters.sql.query import Query
from adapters.sql.tables import DIRECTORY, metadata
from domain.ids import SpaceId

CONTENTS: Final[Sequence[Table]] = tuple(
    table
    for table in reversed(metadata.sorted_tables)
    if table.name not in DIRECTORY
    and any(key.referred_table.name in DIRECTORY for key in table.foreign_key_constraints)
)
"""The tables whose rows go with their space, what refers to others first. Logs refer to nothing, and stay."""


def _key(table: Table) -> Column[Any]:
    """What tells the rows of a space apart."""
    (key,) = [column for column in table.primary_key.columns if column.name != "space_id"]
    return key


def _some(table: Table) -> ReturningDelete[Any]:
    key = _key(table)
    some = select(key).where(in_this_space(table)).order_by(key).limit(bindparam("limit", type_=Integer))
    return delete(table).where(in_this_space(table), key.in_(held(some))).returning(key)


_CLEAR: Final = tuple(Query(_some(table), is_slow=True) for table in CONTENTS)


async def clear(connection: Connection, space_id: SpaceId, limit: int) -> int:
    """Remove up to so many rows of what is in the space; tell how many."""
    removed = 0
    for query in _CLEAR:
        if removed < limit:
            rows = await connection.execute_returning(query, space_id=space_id, limit=limit - removed)
            removed += len(rows)
    return removed
