"""What is in a database before anything is measured: accounts, and what some attackers have much of.

The service makes one of each kind, and the database gets copies of its rows, as in ``benchmarks.filling``.
"""

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import URL

from adapters.sql.audit import SqlOpenLog
from adapters.sql.url import database_at
from benchmarks.bulk import Bulk, Row
from benchmarks.contenders.contender import Contender, Request, new_task
from benchmarks.contenders.pocketbase import PocketBase
from benchmarks.contenders.taskward import Taskward
from benchmarks.fairness.people import (
    COLLECTOR,
    EVERYBODY,
    FORGETFUL,
    FOUNDER,
    LOGGED,
    SEARCHER,
    VICTIMS,
    WRITER,
)
from benchmarks.filling import new_id, space_of
from benchmarks.serving import Running, serving
from domain.audit import Action, AuditEvent, Outcome, Resource
from domain.ids import EventId, SpaceId, UserId
from domain.seals import Seal

EXPIRED_TOKEN: Final = "expired-" * 5
LONG_CONTENT: Final = "long text " * 10_000
_TASKS_OF_A_VICTIM: Final = 20
_PATTERNS: Final = 16
_AT_ONCE: Final = 1000
_FIRST: Final = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Sizes:
    """How much some attackers have."""

    tasks: int = 60_000
    events: int = 60_000
    organizations: int = 2_000
    documents: int = 100


@dataclass(frozen=True)
class Stock:
    """What attacks and victims name in their requests."""

    tasks: dict[str, list[str]] = field(default_factory=dict)
    """The ids of somebody's tasks, as far as requests name them."""
    tag: str = ""
    """The one that all of the collector's tasks have."""


def stock_taskward(contender: Taskward, bulk: Bulk, url: URL, sizes: Sizes) -> Stock:
    """Fill a database of the service's."""
    contender.set_up()
    stock = Stock()
    with serving(contender) as running:
        stock = _open_accounts(contender, running)
        _make_patterns(contender, running)
        tags = _ask(contender, running, Request("GET", "/api/tags", COLLECTOR))["items"]
        stock = Stock(stock.tasks, next(tag["id"] for tag in tags if tag["name"] == "work"))
    for person in (COLLECTOR, SEARCHER):
        bulk.add("tasks", _copies(bulk, bulk.rows("tasks", "space_id", space_of(bulk, person)), sizes.tasks))
    bulk.add("documents", _copies(bulk, bulk.rows("documents", "space_id", space_of(bulk, WRITER)), sizes.documents))
    _found_organizations(bulk, sizes.organizations)
    _let_expire(bulk)
    asyncio.run(_write_log(url, UUID(bytes=bytes(_raw(space_of(bulk, LOGGED)))), sizes.events))
    contender.settle()
    return stock


def _raw(id: Any) -> bytes:
    return id if isinstance(id, bytes) else id.bytes


def _open_accounts(contender: Contender, running: Running) -> Stock:
    """Accounts for everybody, and tasks for the victims."""
    tasks: dict[str, list[str]] = {}
    for person in EVERYBODY:
        contender.open_account(running.client, person)
    for person in (*VICTIMS, FOUNDER):
        token = contender.sign_in(running.client, person)
        made = (contender.ask(running.client, contender.create(person, n), token) for n in range(_TASKS_OF_A_VICTIM))
        tasks[person] = [task["id"] for task in made]
    return Stock(tasks)


def _make_patterns(contender: Taskward, running: Running) -> None:
    tasks = {"items": [new_task(number) for number in range(_PATTERNS)]}
    document = {"title": "Long", "content": LONG_CONTENT}
    for person, path, body in (
        (COLLECTOR, "/api/tasks/bulk", tasks),
        (SEARCHER, "/api/tasks/bulk", tasks),
        (WRITER, "/api/documents", document),
        (FOUNDER, "/api/organizations", {"name": "One of many"}),
    ):
        _ask(contender, running, Request("POST", path, person, json.dumps(body)))


def _ask(contender: Contender, running: Running, request: Request) -> Any:
    return contender.ask(running.client, request, contender.sign_in(running.client, request.person))


def _copies(bulk: Bulk, patterns: Sequence[Row], count: int) -> Iterator[Row]:
    """So many rows in the same space, a second apart."""
    for number in range(count):
        at = _FIRST + timedelta(seconds=number)
        moment = bulk.moment(at)
        yield {
            **patterns[number % len(patterns)],
            "id": bulk.id(new_id(at)),
            "created_at": moment,
            "updated_at": moment,
        }


def _found_organizations(bulk: Bulk, count: int) -> None:
    founder = space_of(bulk, FOUNDER)
    (membership,) = (row for row in bulk.rows("memberships", "user_id", founder) if row["space_id"] != founder)
    spaces = [bulk.id(new_id(_FIRST + timedelta(seconds=number))) for number in range(count)]
    for table in ("spaces", "organizations", "memberships"):
        (pattern,) = bulk.rows(table, "space_id", membership["space_id"])
        bulk.add(table, [{**pattern, "space_id": space} for space in spaces])


def _let_expire(bulk: Bulk) -> None:
    now = datetime.now(UTC)
    row = {
        "user_id": space_of(bulk, FORGETFUL),
        "token_hash": hashlib.sha256(EXPIRED_TOKEN.encode()).digest(),
        "created_at": bulk.moment(now - timedelta(hours=1)),
        "expires_at": bulk.moment(now - timedelta(minutes=30)),
    }
    bulk.add("password_resets", [row])


async def _write_log(url: URL, space: UUID, count: int) -> None:
    """A log whose every event is sealed."""
    database = database_at(url)
    await database.open()
    try:
        open_log = SqlOpenLog(database)
        for start in range(0, count, _AT_ONCE):
            async with open_log(SpaceId(space)) as log:
                events, seals = [_event(space, number) for number in range(start, start + _AT_ONCE)], list[Seal]()
                end = await log.last_seal()
                for event in events:
                    end = Seal.of(event, after=end)
                    seals.append(end)
                await log.append(*events)
                await log.add_seals(seals)
    finally:
        await database.close()


def _event(space: UUID, number: int) -> AuditEvent:
    at = _FIRST + timedelta(seconds=number)
    return AuditEvent(
        id=EventId(new_id(at)),
        space_id=SpaceId(space),
        at=at,
        actor_id=UserId(space),
        action=Action.UPDATE,
        outcome=Outcome.SUCCESS,
        resource_type=Resource.TASK,
        resource_id=str(space),
        ip_address="127.0.0.1",
        user_agent="benchmark",
        request_id=None,
        changes={"title": [f"Report {number}", f"Report {number + 1}"]},
    )


def stock_pocketbase(contender: PocketBase, file: Path, sizes: Sizes) -> Stock:
    """Fill PocketBase, whose records lie in this file: the same accounts and tasks, as far as it has the operations."""
    contender.set_up()
    with serving(contender) as running:
        contender.configure(running.client)
        stock = _open_accounts(contender, running)
        token = contender.sign_in(running.client, SEARCHER)
        for number in range(_PATTERNS):
            contender.ask(running.client, contender.create(SEARCHER, number), token)
        owner = contender.people[SEARCHER]
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.row_factory = sqlite3.Row
        patterns = [dict(row) for row in connection.execute("SELECT * FROM tasks WHERE owner = ?", [owner])]
        columns = ", ".join(patterns[0])
        statement = f"INSERT INTO tasks ({columns}) VALUES ({', '.join('?' * len(patterns[0]))})"  # noqa: S608 - ours
        rows = ({**patterns[n % len(patterns)], "id": new_id(_FIRST).hex[-15:]} for n in range(sizes.tasks))
        connection.executemany(statement, (tuple(row.values()) for row in rows))
    return stock
