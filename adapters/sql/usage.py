"""How much a space holds, on SQL databases."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Integer, Select, Table, bindparam, func, select

from adapters.sql.connection import Connection
from adapters.sql.owned import in_this_space
from adapters.sql.query import Query
from adapters.sql.tables import documents, memberships, settings, tags, tasks
from adapters.sql.types import octets
from domain.ids import SpaceId
from domain.quotas import Quota


def _rows(table: Table) -> Select[Any]:
    # In the order of the key: without one, a plan for all limits takes the whole table for the nearest rows.
    mine = select(table.c.space_id).where(in_this_space(table)).order_by(*table.primary_key.columns)
    some = mine.limit(bindparam("limit", type_=Integer)).subquery()
    return select(func.count()).select_from(some)


_BYTES: Final = Query(
    select(func.coalesce(func.sum(octets(documents.c.content)), 0)).where(in_this_space(documents)), is_slow=True
)
_COUNTS: Final[Mapping[Quota, Query]] = {
    Quota.TASKS: Query(_rows(tasks), is_slow=True),
    Quota.TAGS: Query(_rows(tags), is_slow=True),
    Quota.DOCUMENTS: Query(_rows(documents), is_slow=True),
    Quota.SETTINGS: Query(_rows(settings), is_slow=True),
    Quota.MEMBERS: Query(_rows(memberships), is_slow=True),
}


class SqlUsage:
    """How much one space holds."""

    def __init__(self, connection: Connection, space_id: SpaceId) -> None:
        self._connection = connection
        self._space_id = space_id

    @property
    def space_id(self) -> SpaceId:
        """Which space it is."""
        return self._space_id

    async def of(self, quota: Quota, at_most: int) -> int:
        """Count it."""
        if quota is Quota.DOCUMENT_BYTES:
            ((size,),) = await self._connection.fetch_all(_BYTES, space_id=self._space_id)
            return int(size)
        ((count,),) = await self._connection.fetch_all(_COUNTS[quota], space_id=self._space_id, limit=at_most)
        return int(count)


class SqlUsageNextDoor:
    """How much another space holds, seen from an open one under row-level security."""

    def __init__(self, connection: Connection, space_id: SpaceId, *, home: SpaceId) -> None:
        self._connection = connection
        self._home = home
        self._usage = SqlUsage(connection, space_id)
        self.space_id = space_id

    async def of(self, quota: Quota, at_most: int) -> int:
        """Count it there."""
        await self._connection.step_into(self.space_id)
        found = await self._usage.of(quota, at_most)
        await self._connection.step_into(self._home)
        return found
