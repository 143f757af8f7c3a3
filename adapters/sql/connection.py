"""What the SQL adapters need of a database: transactions, and rows for statements."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import Select, Table, and_, bindparam, select

from adapters.sql.query import Query, Row
from adapters.sql.tables import memberships, sessions, users
from domain.access import Access, Actor, Role, admit
from domain.errors import NotAuthenticated, Unavailable
from domain.ids import EventId, SpaceId, UserId, personal_space
from domain.shares import SERVICE, ShareKey

_REMEMBERED_ROLES: Final = 10_000


class Connection(Protocol):
    """One open transaction."""

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written."""
        ...

    async def fetch_all(self, query: Query, **values: Any) -> list[Row]:
        """Every row that the statement finds. Raises Unavailable, as the others do."""
        ...

    async def fetch_one(self, query: Query, **values: Any) -> Row | None:
        """The first row that the statement finds."""
        ...

    async def execute(self, query: Query, **values: Any) -> int:
        """Run a statement and tell how many rows it changed. Raises ConstraintViolated."""
        ...

    async def execute_soon(self, query: Query, refused: "Refusing", **values: Any) -> None:
        """Run a statement, at the latest with the next one or at the end: nobody waits for what comes of it.

        If it violates a constraint, then what ``refused`` makes of that is raised, at the latest there as well.
        """
        ...

    async def expect(
        self, query: Query, rows: Sequence[Row], otherwise: Callable[[], Exception], **values: Any
    ) -> None:
        """Run a statement that reads, at the latest with the next one or at the end.

        If it finds other rows than these, then what ``otherwise`` makes is raised, at the latest there as well.
        """
        ...

    async def execute_many(
        self, query: Query, rows: Sequence[Mapping[str, Any]], *, with_each: Sequence[Query] = ()
    ) -> None:
        """Run a statement once for each row of values, and others with each. Raises ConstraintViolated."""
        ...

    async def execute_returning(self, query: Query, **values: Any) -> list[Row]:
        """Run a statement and tell of every row it changed what it returns. Raises ConstraintViolated."""
        ...

    async def step_into(self, space_id: SpaceId) -> None:
        """From here on, let row-level security see this space instead."""
        ...

    async def step_as(self, user_id: UserId) -> None:
        """From here on, let row-level security show the memberships of this person instead."""
        ...

    async def hold(self, number: int) -> bool:
        """Hold a number until the transaction ends, without waiting. False if another transaction holds it."""
        ...

    async def show_accounts_log(self) -> None:
        """From here on, let row-level security show what administrators see of all logs."""
        ...

    async def show_spaces(self, behind: UUID) -> None:
        """From here on, let row-level security show which spaces there are whose ids come behind one."""
        ...

    async def show_removals(self, behind: UUID) -> None:
        """From here on, let row-level security show what is left to remove in spaces whose ids come behind one."""
        ...

    async def show_expired_replies(self, by: datetime) -> None:
        """From here on, let row-level security show of all answers those that had expired by this moment."""
        ...

    async def show_unsealed(self, before: EventId) -> None:
        """From here on, let row-level security show in every space which events below this id have no seal."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody at the door of a space."""

    actor: Actor
    space_id: SpaceId
    at: datetime


class Database(Protocol):
    """A database, whichever it is."""

    def begin(self, *, read_only: bool, share: ShareKey = SERVICE) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction in nobody's name. Commits on a clean exit, rolls back on any exception.

        Transactions are scarce: ``share`` says on whose account this one is. ``enter`` takes the actor's. Raises
        Unavailable if the database cannot answer, and TooBusy where too much waits for it.
        """
        ...

    def enter(
        self, entry: Entry, *, read_only: bool, recalls: bool = False
    ) -> AbstractAsyncContextManager[tuple[Connection, Access]]:
        """Open a transaction in somebody's name, as ``begin`` does, if ``entry`` is in order.

        Raises NotAuthenticated if the session has ended or the account is not active, SpaceForbidden if the
        space is not one of the actor's. One that ``recalls`` may only find that out when it closes, and raises
        RecallFailed there if somebody's role is not what it was.
        """
        ...

    async def revision(self) -> str | None:
        """Which revision the schema is at; None where there is none yet. Raises Unavailable."""
        ...

    async def takes_writes(self) -> bool:
        """Whether anything can be written. Finds it out without writing. Raises Unavailable."""
        ...

    async def faults(self) -> list[str]:
        """What makes it unsafe to serve from this database: a sentence for each reason. Raises Unavailable."""
        ...

    async def open(self) -> None:
        """Get ready. The database need not answer yet."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


@asynccontextmanager
async def begin_upkeep(
    database: Database, *, read_only: bool = False, share: ShareKey = SERVICE
) -> AsyncIterator[Connection]:
    """Open a transaction for what the service does by itself, again and again: behind the requests that are waiting.

    Nothing else lets them in on SQLite, whose statements nobody waits for.
    """
    await asyncio.sleep(0)
    async with database.begin(read_only=read_only, share=share) as connection:
        yield connection


class ConstraintViolated(Exception):
    """A statement was refused by the constraint of this name. The driver's error is the cause."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


Refusing = Callable[[ConstraintViolated], Exception]
"""What it means to whoever asked that a statement was refused by a constraint."""


def are_alike(found: Sequence[Row], expected: Sequence[Row]) -> bool:
    """Whether a statement found these rows in this order, whatever the driver makes of a row."""
    return [tuple(row) for row in found] == [tuple(row) for row in expected]


class RolesSeen:
    """The roles that people had when they were last seen. They may have others now: whoever recalls one checks it."""

    def __init__(self) -> None:
        self._seen: dict[tuple[UserId, SpaceId], Role] = {}

    def recall(self, entry: Entry) -> Role | None:
        """The role somebody had last time; in their personal space everybody is the owner."""
        user_id = entry.actor.user_id
        if entry.space_id == personal_space(user_id):
            return Role.OWNER
        return self._seen.get((user_id, entry.space_id))

    def remember(self, access: Access) -> None:
        """Take note of a role. When there is no more room, everything else is forgotten."""
        if len(self._seen) >= _REMEMBERED_ROLES:
            self._seen.clear()
        self._seen[access.user_id, access.space_id] = access.role


class RightMissing(Unavailable):
    """The service's role may not do what it has to. The message is the database's."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message


class ReadOnly(Unavailable):
    """The database can be read and not written."""


class PoolerUnsaid(Unavailable):
    """A pooler answers in the place of PostgreSQL, and the URL does not say so."""


class Reading:
    """A statement that reads, and the same that also locks its rows, those of the table ``of``, until the end."""

    def __init__(self, statement: Select[Any], *, of: Table | None = None) -> None:
        self._plain = Query(statement)
        self._holding = Query(statement.with_for_update(of=of))

    async def one(self, connection: Connection, **values: Any) -> Row | None:
        """The first row."""
        return await connection.fetch_one(self._for(connection), **values)

    async def all(self, connection: Connection, **values: Any) -> list[Row]:
        """Every row."""
        return await connection.fetch_all(self._for(connection), **values)

    def _for(self, connection: Connection) -> Query:
        return self._plain if connection.read_only else self._holding


WHO_ENTERS: Final = Query(
    select(memberships.c.role)
    .select_from(sessions)
    .join(users, users.c.id == sessions.c.user_id)
    .outerjoin(
        memberships,
        and_(memberships.c.user_id == users.c.id, memberships.c.space_id == bindparam("space_id")),
    )
    .where(
        sessions.c.id == bindparam("session_id"),
        sessions.c.user_id == bindparam("user_id"),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > bindparam("at"),
        users.c.is_active,
    ),
)
"""One row if the session and the account are alive; its role is NULL for somebody who is no member."""


async def check_entry(connection: Connection, entry: Entry) -> Access:
    """Look whether the entry is in order, and as what. Raises as ``Database.enter`` does."""
    return admitted(entry, await connection.fetch_one(WHO_ENTERS, **asked_of(entry)))


def asked_of(entry: Entry) -> Mapping[str, Any]:
    """What ``WHO_ENTERS`` needs."""
    return {
        "space_id": entry.space_id,
        "session_id": entry.actor.session_id,
        "user_id": entry.actor.user_id,
        "at": entry.at,
    }


def admitted(entry: Entry, found: Row | None) -> Access:
    """As what somebody comes in whom ``WHO_ENTERS`` has found. Raises as ``Database.enter`` does."""
    if found is None:
        raise NotAuthenticated
    role = found[0]
    return admit(entry.actor, entry.space_id, None if role is None else Role(role))
