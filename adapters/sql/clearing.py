"""Removing spaces and what they hold, on SQL databases: a bounded number of rows at a time, whatever the table."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Integer, Table, bindparam, delete, select, update
from sqlalchemy.sql.dml import ReturningDelete

from adapters.sql.connection import Connection
from adapters.sql.owned import held, in_this_space
from adapters.sql.query import Query
from adapters.sql.tables import DIRECTORY, QUEUES, metadata, spaces
from adapters.sql.types import Moment
from domain.ids import SpaceId

CONTENTS: Final[Sequence[Table]] = tuple(
    table
    for table in reversed(metadata.sorted_tables)
    if table.name not in DIRECTORY
    and table not in QUEUES
    and any(key.referred_table.name in DIRECTORY for key in table.foreign_key_constraints)
)
"""The tables whose rows go before their space, what refers to others first. Logs refer to nothing, and stay.

What is queued is little, and goes with the space.
"""


def _key(table: Table) -> Column[Any]:
    """What tells the rows of a space apart."""
    (key,) = [column for column in table.primary_key.columns if column.name != "space_id"]
    return key


def _some(table: Table) -> ReturningDelete[Any]:
    key = _key(table)
    some = select(key).where(in_this_space(table)).order_by(key).limit(bindparam("limit", type_=Integer))
    return delete(table).where(in_this_space(table), key.in_(held(some))).returning(key)


_MARK: Final = Query(
    update(spaces).where(in_this_space(spaces)).values(removed_at=bindparam("new_removed_at", type_=Moment))
)
_REMOVE: Final = Query(delete(spaces).where(in_this_space(spaces)))
_CLEAR: Final = tuple(Query(_some(table), is_slow=True) for table in CONTENTS)


async def clear(connection: Connection, space_id: SpaceId, limit: int) -> int:
    """Remove up to so many rows of what is in the space, and it with the last of them; tell how many."""
    removed = 0
    for query in _CLEAR:
        if removed < limit:
            rows = await connection.execute_returning(query, space_id=space_id, limit=limit - removed)
            removed += len(rows)
    if removed < limit:
        await connection.execute(_REMOVE, space_id=space_id)
    return removed


async def remove_space(connection: Connection, space_id: SpaceId, *, at: datetime, limit: int) -> None:
    """Remove up to so many rows of what is in the space, and it with the last of them; mark it where there is more."""
    if await clear(connection, space_id, limit) == limit:
        await connection.execute(_MARK, space_id=space_id, new_removed_at=at)
