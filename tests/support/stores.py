"""The stores that every exam is sat on: memory, SQLite, PostgreSQL."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import URL, bindparam, delete, insert

from adapters.memory.identity import MemoryOpenIdentity
from adapters.memory.spaces import MemoryOpenSpace
from adapters.memory.store import MemoryStore
from adapters.sql.connection import Database
from adapters.sql.identity import SqlOpenIdentity
from adapters.sql.query import Query
from adapters.sql.spaces import SqlOpenSpace
from adapters.sql.tables import memberships
from adapters.sql.url import database_at
from adapters.system.clock import SetClock
from application.ports.identity import OpenIdentity
from application.ports.spaces import OpenSpace
from domain.access import Role
from domain.ids import SpaceId, UserId
from domain.organization import Membership

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


SetRole = Callable[[SpaceId, UserId, Role | None], Awaitable[None]]
"""Give somebody a role in a space, or none: what no use case of this slice can do yet."""


@dataclass
class Store:
    """The doors to one store, and the clock they go by."""

    name: str
    open_space: OpenSpace
    open_identity: OpenIdentity
    clock: SetClock
    set_role: SetRole


def in_memory() -> Store:
    """A new store in this process."""
    clock, store = SetClock(NOON), MemoryStore()

    async def set_role(space_id: SpaceId, user_id: UserId, role: Role | None) -> None:
        async with store.begin(read_only=False) as contents:
            contents.memberships.pop((space_id, user_id), None)
            if role is not None:
                contents.memberships[space_id, user_id] = Membership(
                    space_id=space_id, user_id=user_id, role=role, joined_at=NOON
                )

    return Store("memory", MemoryOpenSpace(store, clock), MemoryOpenIdentity(store, clock), clock, set_role)


@asynccontextmanager
async def in_database(name: str, url: URL) -> AsyncIterator[Store]:
    """The database at the URL, which has been migrated."""
    clock, database = SetClock(NOON), database_at(url)
    await database.open()
    try:
        open_space, open_identity = SqlOpenSpace(database, clock), SqlOpenIdentity(database, clock)
        yield Store(name, open_space, open_identity, clock, _setting_roles(database))
    finally:
        await database.close()


_LEAVE = Query(
    delete(memberships).where(
        memberships.c.space_id == bindparam("space_id"), memberships.c.user_id == bindparam("user_id")
    ),
)
_JOIN = Query(insert(memberships))


def _setting_roles(database: Database) -> SetRole:
    async def set_role(space_id: SpaceId, user_id: UserId, role: Role | None) -> None:
        async with database.begin(read_only=False) as connection:
            await connection.step_into(space_id)
            await connection.execute(_LEAVE, space_id=space_id, user_id=user_id)
            if role is not None:
                await connection.execute(_JOIN, space_id=space_id, user_id=user_id, role=role, joined_at=NOON)

    return set_role
