"""The logs of spaces, on SQL databases. Rows are added and read, never changed."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from functools import cache
from operator import attrgetter
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Integer, and_, bindparam, delete, insert, literal_column, select

from adapters.sql.connection import Connection, ConstraintViolated, Database, begin_upkeep
from adapters.sql.query import Query, Row
from adapters.sql.tables import FOR_ADMINISTRATORS, IS_REMOVED, audit_events, audit_seals, spaces, unsealed_events
from adapters.sql.types import Id, is_any_id_of
from application.pausing import in_parts
from application.ports.audit import LAST, AuditQuery, SealTaken
from domain.audit import Action, AuditEvent, Outcome, Resource, Source
from domain.ids import EventId, SpaceId
from domain.seals import Seal
from domain.shares import SERVICE, ShareKey

_EVENT: Final = tuple(audit_events.c)
_FIELDS: Final = tuple(column.name for column in _EVENT)
_VALUES: Final = attrgetter(*_FIELDS)
_SEAL: Final = (audit_seals.c.position, audit_seals.c.event_id, audit_seals.c.digest)
_OF_SPACE: Final = audit_events.c.space_id == bindparam("space_id")
_SEALS_OF_SPACE: Final = audit_seals.c.space_id == bindparam("space_id")
_QUEUED_OF_SPACE: Final = unsealed_events.c.space_id == bindparam("space_id", type_=Id)
_SEAL_OF_EVENT: Final = and_(
    audit_seals.c.space_id == audit_events.c.space_id, audit_seals.c.event_id == audit_events.c.id
)
_LIMIT: Final = bindparam("limit", type_=Integer)
_FILTERS: Final[dict[str, ColumnElement[bool]]] = {
    "action": audit_events.c.action == bindparam("action"),
    "resource_type": audit_events.c.resource_type == bindparam("resource_type"),
    "resource_id": audit_events.c.resource_id == bindparam("resource_id"),
    "since": audit_events.c.at >= bindparam("since"),
    "until": audit_events.c.at < bindparam("until"),
    "after": audit_events.c.id < bindparam("after"),
}

_APPEND: Final = Query(insert(audit_events))
# It takes the values of the event that it goes with.
_ENQUEUE: Final = Query(
    insert(unsealed_events).values(space_id=bindparam("space_id", type_=Id), event_id=bindparam("id", type_=Id))
)
_DEQUEUE: Final = Query(
    delete(unsealed_events).where(_QUEUED_OF_SPACE, is_any_id_of(unsealed_events.c.event_id, "ids"))
)
_UNSEALED: Final = Query(
    select(unsealed_events.c.event_id)
    .where(_QUEUED_OF_SPACE, unsealed_events.c.event_id < bindparam("before", type_=Id))
    .order_by(unsealed_events.c.event_id)
    .limit(_LIMIT)
)
_SPACE: Final = Query(select(spaces.c.space_id).where(spaces.c.space_id == bindparam("space_id"), ~IS_REMOVED))
# Not joined with the above: a database may choose to read the whole log of the space for that.
_THESE: Final = Query(select(*_EVENT).where(_OF_SPACE, is_any_id_of(audit_events.c.id, "ids")))
# One at a time: for several, PostgreSQL may read the whole queue and sort it.
_NEXT_UNSEALED: Final = Query(
    select(unsealed_events.c.space_id)
    .where(
        unsealed_events.c.space_id > bindparam("after", type_=Id),
        unsealed_events.c.event_id < bindparam("before", type_=Id),
    )
    .order_by(unsealed_events.c.space_id, unsealed_events.c.event_id)
    .limit(literal_column("1", Integer))  # not a parameter, which PostgreSQL would take for a tenth of the rows
)
_SEALED: Final = Query(
    select(audit_seals.c.event_id).where(_SEALS_OF_SPACE, is_any_id_of(audit_seals.c.event_id, "ids"))
)
_LAST_SEAL: Final = Query(select(*_SEAL).where(_SEALS_OF_SPACE).order_by(audit_seals.c.position.desc()).limit(1))
_ADD_SEAL: Final = Query(insert(audit_seals))
_CHAIN: Final = Query(
    select(*_SEAL, *_EVENT)
    .select_from(audit_seals.outerjoin(audit_events, _SEAL_OF_EVENT))
    .where(_SEALS_OF_SPACE, audit_seals.c.position > bindparam("after", type_=Integer))
    .order_by(audit_seals.c.position)
    .limit(_LIMIT)
)


@cache
def _find(scope: ColumnElement[bool], filters: frozenset[str]) -> Query:
    """The statement for one shape of query."""
    wanted = [scope, *(_FILTERS[name] for name in sorted(filters))]
    return Query(select(*_EVENT).where(*wanted).order_by(audit_events.c.id.desc()).limit(_LIMIT))


async def find_events(
    connection: Connection, scope: ColumnElement[bool], query: AuditQuery, **values: Any
) -> Sequence[AuditEvent]:
    """The events in scope that the query asks for."""
    asked = {name: value for name in _FILTERS if (value := getattr(query, name)) is not None}
    if query.after is not None:
        asked["after"] = query.after.id
    statement = _find(scope, frozenset(asked))
    rows = await connection.fetch_all(statement, limit=query.limit, **asked, **values)
    return [_event_from(row) for row in rows]


def _event_from(row: Row) -> AuditEvent:
    (
        space_id, id_, at, actor_id, action, outcome, kind,
        resource_id, ip_address, user_agent, request_id, changes, source,
    ) = row  # fmt: skip
    return AuditEvent(
        id=id_,
        space_id=space_id,
        at=at,
        actor_id=actor_id,
        action=Action(action),
        outcome=Outcome(outcome),
        resource_type=Resource(kind),
        resource_id=resource_id,
        ip_address=ip_address,
        user_agent=user_agent,
        request_id=request_id,
        changes=orjson.loads(changes),
        source=None if source is None else Source(source),
    )


def _to_row(event: AuditEvent) -> dict[str, Any]:
    return {**dict(zip(_FIELDS, _VALUES(event), strict=True)), "changes": orjson.dumps(event.changes).decode()}


class SqlAuditLog:
    """The log of one space."""

    def __init__(self, connection: Connection, space_id: SpaceId) -> None:
        self._connection = connection
        self._space_id = space_id

    async def append(self, *events: AuditEvent) -> None:
        rows: dict[SpaceId, list[dict[str, Any]]] = {}
        for row in await in_parts(_to_row, events):
            rows.setdefault(row["space_id"], []).append(row)
        for space_id, in_space in rows.items():
            await self._connection.step_into(space_id)
            await self._connection.execute_many(_APPEND, in_space, with_each=[_ENQUEUE])

    async def has_space(self) -> bool:
        await self._step_in()
        return await self._connection.fetch_one(_SPACE, space_id=self._space_id) is not None

    async def find(self, query: AuditQuery) -> Sequence[AuditEvent]:
        await self._step_in()
        return await find_events(self._connection, _OF_SPACE, query, space_id=self._space_id)

    async def unsealed(self, limit: int, *, before: EventId = LAST) -> Sequence[tuple[EventId, AuditEvent | None]]:
        await self._step_in()
        queued = await self._connection.fetch_all(_UNSEALED, space_id=self._space_id, limit=limit, before=before)
        if not queued:
            return []
        ids = [EventId(row[0]) for row in queued]
        rows = await self._connection.fetch_all(_THESE, space_id=self._space_id, ids=ids)
        events = {event.id: event for event in map(_event_from, rows)}
        return [(event_id, events.get(event_id)) for event_id in ids]

    async def sealed(self, event_ids: Collection[EventId]) -> Collection[EventId]:
        await self._step_in()
        rows = await self._connection.fetch_all(_SEALED, space_id=self._space_id, ids=list(event_ids))
        return {EventId(row[0]) for row in rows}

    async def last_seal(self) -> Seal | None:
        await self._step_in()
        row = await self._connection.fetch_one(_LAST_SEAL, space_id=self._space_id)
        return None if row is None else Seal(*row)

    async def add_seals(self, seals: Sequence[Seal]) -> None:
        await self._step_in()
        rows = [
            {"space_id": self._space_id, "position": seal.position, "event_id": seal.event_id, "digest": seal.digest}
            for seal in seals
        ]
        try:
            await self._connection.execute_many(_ADD_SEAL, rows)
        except ConstraintViolated as violated:
            raise SealTaken from violated
        # Afterwards: of two processes that seal at once, one waits at its first seal, and holds nothing else yet.
        await self.dequeue([seal.event_id for seal in seals])

    async def dequeue(self, event_ids: Collection[EventId]) -> None:
        if event_ids:
            await self._step_in()
            await self._connection.execute(_DEQUEUE, space_id=self._space_id, ids=list(event_ids))

    async def chain(self, after: int, limit: int) -> list[tuple[Seal, AuditEvent | None]]:
        await self._step_in()
        rows = await self._connection.fetch_all(_CHAIN, space_id=self._space_id, after=after, limit=limit)
        width = len(_SEAL)
        return [(Seal(*row[:width]), None if row[width] is None else _event_from(row[width:])) for row in rows]

    async def _step_in(self) -> None:
        """Come back: an event may have been appended to another log."""
        await self._connection.step_into(self._space_id)


class SqlOpenLog:
    """The door to the log of one space, for the service itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def __call__(
        self, space_id: SpaceId, *, read_only: bool = False, share: ShareKey = SERVICE
    ) -> AsyncIterator[SqlAuditLog]:
        """Open the log in a transaction of its own."""
        async with begin_upkeep(self._database, read_only=read_only, share=share) as connection:
            await connection.step_into(space_id)
            yield SqlAuditLog(connection, space_id)


class SqlNextUnsealed:
    """The spaces in which events were left without a seal, one after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, *, before: EventId, after: SpaceId) -> SpaceId | None:
        async with begin_upkeep(self._database, read_only=True) as connection:
            await connection.show_unsealed(before)
            row = await connection.fetch_one(_NEXT_UNSEALED, before=before, after=after)
        return None if row is None else SpaceId(row[0])


class SqlAccountsLog:
    """What administrators see of all logs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, query: AuditQuery) -> Sequence[AuditEvent]:
        await self._connection.show_accounts_log()
        return await find_events(self._connection, FOR_ADMINISTRATORS, query)
