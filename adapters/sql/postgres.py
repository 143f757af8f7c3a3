"""PostgreSQL, through asyncpg.

A transaction in somebody's name begins with one round trip: ``BEGIN``, the context for row-level security and a
function that raises unless session, account and membership are what they are expected to be. The expectation is
the role seen last time; it is checked against the tables each time, so it may be wrong but never believed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import URL

from adapters.sql import dsn, roles
from adapters.sql import postgres_inspection as inspection
from adapters.sql import postgres_transactions as transactions
from adapters.sql.connection import ConstraintViolated, Entry, PoolerUnsaid, Refusing, RolesSeen, check_entry
from adapters.sql.history import expected_revision
from adapters.sql.pool import Pool
from adapters.sql.postgres_errors import is_unavailable, translating
from adapters.sql.postgres_statements import Expectation, Soon, together
from adapters.sql.postgres_transactions import PostgresTransaction
from adapters.sql.query import Query, Row
from adapters.system.admission import FairAdmission
from application.pausing import in_parts
from application.ports.reading import OpenedForReading
from domain.access import Access, Role, admit
from domain.errors import TooBusy, Unavailable, WrongStoreVersion
from domain.ids import EventId, SpaceId, UserId
from domain.shares import SERVICE, ShareKey, share_of_actor

_POOL_SIZE: Final = 16
_OF_ONE_SHARE: Final = 4
"""How many transactions of one account, or of one address without an account, are under way at most."""

_LONGEST_QUEUE: Final = 1024
_CONNECT_SECONDS: Final = 2
_SETTINGS: Final = {"statement_timeout": "5s", "idle_in_transaction_session_timeout": "60s"}

_BEGIN: Final = {True: "BEGIN READ ONLY", False: "BEGIN"}

_KEEP_PLANS: Final = f"""
SELECT set_config('plan_cache_mode', 'force_generic_plan', false)
WHERE NOT EXISTS ({dsn.HAS_CITUS}) AND pg_backend_pid() = {{greeted_by}}
"""
"""Plan a statement once for a connection. Else PostgreSQL plans some each time, which takes longer than to run them.

A cluster is left alone: Citus refuses a plan that is made before the space is known, and that leads to its machine.
So is a server that answers in the place of the one that greeted us, through a pooler: it serves others, too.
"""

NOT_AS_EXPECTED: Final = "TW001"
"""The SQLSTATE that the function ``taskward_expect`` raises."""


class PostgresConnection:
    """One open transaction on PostgreSQL."""

    def __init__(self, raw: Any, *, read_only: bool, space_id: SpaceId | None = None) -> None:
        self.raw = raw
        self.read_only = read_only
        self._space_id = space_id
        self._soon: Soon | None = None

    async def settle(self) -> None:
        """Run what was put off."""
        if self._soon is not None:
            soon, self._soon = self._soon, None
            sql, arguments = soon.as_one()
            try:
                with translating:
                    rows = await self.raw.fetch(sql, *arguments)
            except ConstraintViolated as violated:
                if soon.refused is None:
                    raise
                raise soon.refused(violated) from violated
            if soon.expectation is not None:
                soon.expectation.check(rows)

    async def fetch_all(self, query: Query, **values: Any) -> list[Row]:
        """Every row that the statement finds."""
        await self.settle()
        compiled = query.on_postgres
        with translating:
            rows: list[Row] = await self.raw.fetch(compiled.sql, *compiled.arguments(values))
        return rows

    async def fetch_one(self, query: Query, **values: Any) -> Row | None:
        """The first row that the statement finds."""
        await self.settle()
        compiled = query.on_postgres
        with translating:
            row: Row | None = await self.raw.fetchrow(compiled.sql, *compiled.arguments(values))
        return row

    async def execute(self, query: Query, **values: Any) -> int:
        """Run a statement and tell how many rows it changed."""
        if self.read_only:
            raise OpenedForReading
        await self.settle()
        compiled = query.on_postgres
        with translating:
            status: str = await self.raw.execute(compiled.sql, *compiled.arguments(values))
        return int(status.rpartition(" ")[2])

    async def execute_soon(self, query: Query, refused: Refusing, **values: Any) -> None:
        """Put a statement off until the next one: the two may go in one round trip."""
        if self.read_only:
            raise OpenedForReading
        if self._soon is not None and self._soon.changes:
            await self.settle()
        compiled = query.on_postgres
        self._soon = (self._soon or Soon()).and_then(compiled.sql, compiled.arguments(values), refused)

    async def expect(
        self, query: Query, rows: Sequence[Row], otherwise: Callable[[], Exception], **values: Any
    ) -> None:
        """Put a statement that reads off until the next one: the two may go in one round trip."""
        if self.read_only:
            raise OpenedForReading
        await self.settle()
        compiled = query.on_postgres
        self._soon = Soon(expectation=Expectation(compiled.sql, compiled.arguments(values), rows, otherwise))

    async def execute_many(
        self, query: Query, rows: Sequence[Mapping[str, Any]], *, with_each: Sequence[Query] = ()
    ) -> None:
        """Run statements once for each row of values, without waiting in between; for none, send nothing."""
        if self.read_only:
            raise OpenedForReading
        if not rows:
            return
        statements = [one.on_postgres for one in (query, *with_each)]
        if self._soon is not None and len(rows) == 1:
            for one in statements:
                self._soon = self._soon.and_then(one.sql, one.arguments(rows[0]))
            await self.settle()
            return
        await self.settle()
        sql = together(tuple(one.sql for one in statements))
        arguments = await in_parts(lambda row: [v for one in statements for v in one.arguments(row)], rows)
        with translating:
            await self.raw.executemany(sql, arguments)

    async def execute_returning(self, query: Query, **values: Any) -> list[Row]:
        """Run a statement and tell of every row it changed what it returns."""
        if self.read_only:
            raise OpenedForReading
        await self.settle()
        compiled = query.on_postgres
        with translating:
            rows: list[Row] = await self.raw.fetch(compiled.sql, *compiled.arguments(values))
        return rows

    async def step_into(self, space_id: SpaceId) -> None:
        """Let row-level security see this space."""
        if space_id != self._space_id:
            await self.settle()
            await transactions.send(self.raw, _in_space(space_id))
            self._space_id = space_id

    async def step_as(self, user_id: UserId) -> None:
        """Let row-level security show the memberships of this person."""
        await self.settle()
        await transactions.send(self.raw, _in_name_of(user_id))

    async def hold(self, number: int) -> bool:
        """Take the advisory lock of this number; it goes with the transaction, whatever ends that."""
        await self.settle()
        with translating:
            held: bool = await self.raw.fetchval("SELECT pg_try_advisory_xact_lock($1)", number)
        return held

    async def show_accounts_log(self) -> None:
        """Let row-level security show what administrators see of all logs."""
        await self.settle()
        await transactions.send(self.raw, "SET LOCAL app.accounts_log = 'on'")

    async def show_spaces(self, behind: UUID) -> None:
        """Let row-level security show which spaces there are whose ids come behind one."""
        await self.settle()
        await transactions.send(self.raw, f"SET LOCAL app.spaces_behind = '{behind}'")

    async def show_removals(self, behind: UUID) -> None:
        """Let row-level security show what is left to remove in spaces whose ids come behind one."""
        await self.settle()
        await transactions.send(self.raw, f"SET LOCAL app.removals_behind = '{behind}'")

    async def show_expired_replies(self, by: datetime) -> None:
        """Let row-level security show what has expired of all answers."""
        await self.settle()
        await transactions.send(self.raw, f"SET LOCAL app.expired_by = '{by.isoformat()}'")

    async def show_unsealed(self, before: EventId) -> None:
        """Let row-level security show which events have no seal."""
        await self.settle()
        await transactions.send(self.raw, f"SET LOCAL app.unsealed_before = '{before}'")


class PostgresDatabase:
    """One PostgreSQL database, reached as one role."""

    def __init__(self, url: URL) -> None:
        self._is_pooled = dsn.is_pooled(url)
        self._arguments = dsn.arguments_of_service(url, _SETTINGS)
        self._begin = {read_only: dsn.opening(url, begin, _SETTINGS) for read_only, begin in _BEGIN.items()}
        self._pool = Pool(self._connect, transactions.roll_back, size=_POOL_SIZE)
        self._turns = FairAdmission(_POOL_SIZE, at_once=_OF_ONE_SHARE, room=_LONGEST_QUEUE)
        self._inspection = inspection.PostgresInspection(self._connect_to_look, self._begin[True])
        self._roles = RolesSeen()

    async def open(self) -> None:
        """Begin without any connection: they are made as they are needed, so the server need not answer yet."""
        self._pool = Pool(self._connect, transactions.roll_back, size=_POOL_SIZE)

    async def revision(self) -> str | None:
        """Which revision the schema is at."""
        return await self._inspection.run(self._revision)

    async def takes_writes(self) -> bool:
        """Whether anything can be written: not on a standby, and not where the administrator says so."""
        return await self._inspection.run(inspection.takes_writes)

    async def faults(self) -> list[str]:
        """What the role could do that it must not."""
        self._inspection.renew()  # A role that has changed shows on a new connection.
        return await self._inspection.run(roles.faults)

    async def _revision(self, raw: Any) -> str | None:
        if not self._is_pooled and await dsn.is_relayed(raw):
            raise PoolerUnsaid
        return await inspection.revision(raw)

    async def close(self) -> None:
        """Close every connection, once its transaction is done."""
        self._inspection.renew()
        await self._pool.close()

    def begin(
        self, *, read_only: bool, share: ShareKey = SERVICE
    ) -> PostgresTransaction[PostgresConnection, PostgresConnection]:
        """Open a transaction."""

        async def begun(connection: PostgresConnection) -> PostgresConnection:
            await transactions.begin(connection.raw, self._begin[read_only])
            return connection

        return PostgresTransaction(self, PostgresConnection(None, read_only=read_only), begun, share)

    def enter(
        self,
        entry: Entry,
        *,
        read_only: bool,
        recalls: bool = False,  # noqa: ARG002 - to find it out at once costs no trip of its own
    ) -> PostgresTransaction[PostgresConnection, tuple[PostgresConnection, Access]]:
        """Open a transaction in somebody's name."""

        async def entered(connection: PostgresConnection) -> tuple[PostgresConnection, Access]:
            opening = f"{self._begin[read_only]};{_context(entry)}"
            access = await self._as_expected(connection.raw, opening, entry)
            if access is None:
                await transactions.begin(connection.raw, opening)
                access = await check_entry(connection, entry)
                self._roles.remember(access)
            return connection, access

        begun = PostgresConnection(None, read_only=read_only, space_id=entry.space_id)
        return PostgresTransaction(self, begun, entered, share_of_actor(entry.actor))

    @property
    def leaves_open(self) -> bool:
        """Whether what only read may be left open. Behind a pooler that would keep others from the server."""
        return not self._is_pooled

    async def _connect(self) -> Any:
        connection = await asyncpg.connect(timeout=_CONNECT_SECONDS, **self._arguments)
        if not self._is_pooled:
            await self._prepare(connection)
        return connection

    async def _prepare(self, connection: Any) -> None:
        """Make a new connection ours. Behind a pooler no statement is sent twice as the same one."""
        try:
            statement = _KEEP_PLANS.format(greeted_by=connection.get_server_pid())
            await connection.execute(statement, timeout=_CONNECT_SECONDS)
        except BaseException:
            connection.terminate()
            raise

    async def acquire(self, share: ShareKey) -> Any:
        """A connection to begin a transaction on. Raises TooBusy, Unavailable."""
        if not self._turns.admit(share):
            await self._turns.wait(share)
        idle = self._pool.take()
        if idle is not None:
            return idle
        try:
            return await self._connection()
        except BaseException:
            self._turns.release(share)
            raise

    async def _connection(self) -> Any:
        try:
            with self._connecting():
                return await self._pool.wait()
        except TimeoutError as error:
            raise TooBusy from error

    async def _connect_to_look(self) -> Any:
        with self._connecting():
            return await self._connect()

    @contextmanager
    def _connecting(self) -> Iterator[None]:
        """Raise Unavailable where no connection can be made, or PoolerUnsaid."""
        try:
            yield
        except Exception as error:
            if isinstance(error, TimeoutError) or not is_unavailable(error):
                raise
            # This is how pgbouncer says that it does not know a setting, and that it has no server.
            is_unsaid = isinstance(error, asyncpg.ProtocolViolationError) and not self._is_pooled
            raise (PoolerUnsaid if is_unsaid else Unavailable) from error

    def release(self, raw: Any, share: ShareKey) -> None:
        """Take a connection back on which nothing is open but what only read."""
        self._pool.give_back(raw)
        self._turns.release(share)

    def discard(self, raw: Any, share: ShareKey) -> None:
        """Take a connection back that is not to be used again, and close those that are as old."""
        raw.terminate()
        self._pool.renew(raw)
        self.release(raw, share)
        self._inspection.renew()

    async def require_revision(self) -> None:
        """Raise WrongStoreVersion where the schema is at another revision than this code needs."""
        if await self.revision() != expected_revision():
            raise WrongStoreVersion

    async def _as_expected(self, raw: Any, opening: str, entry: Entry) -> Access | None:
        """Begin and check the expected role in one round trip. None, with nothing begun, where it does not hold."""
        expected = self._roles.recall(entry)
        if expected is None:
            return None
        try:
            await transactions.begin(raw, f"{opening};{_expectation(entry, expected)}")
        except asyncpg.PostgresError as error:
            if error.sqlstate != NOT_AS_EXPECTED:
                raise
            with translating:
                await raw.execute("ROLLBACK")
            return None
        return admit(entry.actor, entry.space_id, expected)


def _context(entry: Entry) -> str:
    """Who is at work, and where, for this transaction only. The values are UUIDs, so they need no quoting."""
    return f"{_in_name_of(entry.actor.user_id)};{_in_space(entry.space_id)}"


def _in_name_of(user_id: UserId) -> str:
    return f"SET LOCAL app.user_id = '{user_id}'"


def _in_space(space_id: SpaceId) -> str:
    return f"SET LOCAL app.space_id = '{space_id}'"


def _expectation(entry: Entry, role: Role) -> str:
    actor = entry.actor
    return (
        f"SELECT taskward_expect('{actor.session_id}','{actor.user_id}','{entry.space_id}',"
        f"'{role}','{entry.at.isoformat()}')"
    )
