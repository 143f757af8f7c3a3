"""A PostgreSQL database as it is meant to be run: owned by one plain role, served by another."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import URL, Table, insert, select, text
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import Select

from adapters.sql import migrations, postgres, roles
from adapters.sql.connection import Entry
from adapters.sql.distribution import without_subqueries
from adapters.sql.query import Query
from adapters.sql.tables import memberships, metadata
from domain.access import Actor
from domain.ids import SessionId, SpaceId, UserId
from tests.support.people import new_id
from tests.support.postgres import drop_database, execute, new_database
from tests.support.stores import NOON
from tests.walls.rows import Home, Row

Key = tuple[Any, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Ground:
    """Three spaces with a row in every table. Whoever is ``here`` is a member of ``mine`` too, not of ``elsewhere``."""

    superuser: URL
    owner: URL
    service: URL
    here: Home = field(default_factory=Home)
    elsewhere: Home = field(default_factory=lambda: Home(variant=1))
    mine: Home = field(default_factory=lambda: Home(is_removed=True))
    is_cluster: bool = False
    """Whether its policies are those that Citus takes."""

    @property
    def context(self) -> str:
        """What a transaction of the service begins with."""
        return self.context_of(self.here.space_id)

    def context_of(self, space_id: UUID) -> str:
        """The same, for somebody from here in another space."""
        actor = Actor(UserId(self.here.user_id), SessionId(new_id()))
        return f"BEGIN;{postgres._context(Entry(actor, SpaceId(space_id), NOON))}"

    @asynccontextmanager
    async def as_service(self, opening: str) -> AsyncIterator[Any]:
        """The service's connection, in a transaction that is undone."""
        async with connected(self.service) as connection, undone(connection, opening):
            yield connection

    @property
    def between(self) -> UUID:
        """The id of a space that is not here: some come behind it, and it is not among them itself."""
        lowest, middle, highest = sorted(home.space_id for home in (self.here, self.elsewhere, self.mine))
        return lowest if self.here.space_id == highest else middle

    async def prepare(self) -> None:
        """Put the rows there."""
        async with connected(self.superuser) as connection:
            for home in (self.here, self.elsewhere, self.mine):
                await fill(connection, home, metadata.sorted_tables)
            both = self.mine.rows["memberships"] | {"user_id": self.here.user_id}
            await send(connection, insert(memberships), **both)

    async def somewhere_new(self, table: Table) -> Home:
        """A space that has everything that a row of the table refers to, and no such row yet."""
        home = Home()
        async with connected(self.superuser) as connection:
            await fill(connection, home, [other for other in metadata.sorted_tables if other in _referred(table)])
        return home

    async def all_keys(self, table: Table, where: str = "true") -> set[Key]:
        """The rows that are there, seen by somebody whom nothing is hidden from."""
        async with connected(self.superuser) as connection:
            return await keys(connection, table, where)


@asynccontextmanager
async def ground(server: URL, *, is_cluster: bool = False) -> AsyncIterator[Ground]:
    """A database and its two roles, for as long as they are needed."""
    name = uuid4().hex
    superuser = await new_database(server)
    owner, service = (superuser.set(username=f"{role}_{name}", password=name) for role in ("owner", "service"))
    await execute(server, f"CREATE ROLE {owner.username} LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS PASSWORD '{name}'")
    await execute(superuser, f'ALTER DATABASE "{superuser.database}" OWNER TO {owner.username}')
    await migrations.upgrade(owner)
    await roles.create_role(owner, service)
    if is_cluster:
        for statement in without_subqueries([metadata.tables[table] for table in roles.OWNED]):
            await execute(owner, statement)
    found = Ground(superuser, owner, service, is_cluster=is_cluster)
    await found.prepare()
    try:
        yield found
    finally:
        await drop_database(superuser, server)
        for url in (service, owner):
            await execute(server, f"DROP ROLE {url.username}")


async def fill(connection: Any, home: Home, tables: list[Table]) -> None:
    """Put a row into each of the tables."""
    for table in tables:
        home.rows[table.name] = home.row(table)
        try:
            await send(connection, insert(table), **home.rows[table.name])
        except asyncpg.IntegrityConstraintViolationError as error:
            raise LookupError(f"Teach tests/walls/rows.py to fill the table {table.name}: {error}") from error


def _referred(table: Table) -> set[Table]:
    """The tables that a row refers to, directly or not."""
    direct = {key.referred_table for key in table.foreign_key_constraints} - {table}
    return direct | {further for other in direct for further in _referred(other)}


@asynccontextmanager
async def connected(url: URL) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def undone(connection: Any, opening: str = "BEGIN") -> AsyncIterator[None]:
    """A transaction that leaves nothing behind."""
    await connection.execute(opening)
    try:
        yield
    finally:
        await connection.execute("ROLLBACK")


def now(work: Coroutine[Any, Any, T]) -> T:
    """Do the work on a loop of its own, beside the one of the tests."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def send(connection: Any, statement: UpdateBase, **row: Any) -> int:
    """Send a statement; tell how many rows it touched."""
    compiled = Query(statement).on_postgres
    status: str = await connection.execute(compiled.sql, *compiled.arguments(row))
    return int(status.rpartition(" ")[2])


async def keys(connection: Any, table: Table, where: str = "true") -> set[Key]:
    """The primary keys of the rows that the connection sees."""
    statement: Select[Any] = select(*table.primary_key.columns).where(text(where))
    return {tuple(row) for row in await connection.fetch(Query(statement).on_postgres.sql)}


def key_of(table: Table, row: Row) -> Key:
    return tuple(row[column.name] for column in table.primary_key.columns)
