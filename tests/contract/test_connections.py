"""Connections to PostgreSQL: how many there are, who gets the next one, and what is left open on them."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import asyncpg
import pytest
from sqlalchemy import URL, Integer, bindparam, func, select, true

from adapters.sql.audit import SqlOpenLog
from adapters.sql.connection import Entry
from adapters.sql.pool import Pool
from adapters.sql.postgres import PostgresDatabase
from adapters.sql.query import Query
from adapters.sql.spaces import SqlOpenSpace, SqlSpace
from application.ports.audit import AuditQuery
from application.ports.reading import OpenedForReading
from application.ports.tasks import TaskQuery
from application.ports.transactions import TransactionRolledBack
from domain.access import Actor
from domain.audit import Action, AuditEvent, Outcome, Resource
from domain.errors import SpaceForbidden, Unavailable
from domain.ids import EventId, SpaceId, TagId, personal_space
from domain.tag import Tag, TagName
from domain.task import Task
from tests.support.people import People, a_task, new_id
from tests.support.postgres import execute
from tests.support.stores import NOON, Store

SIZE: Final = 2
NOTHING: Final = (None, None, None)
WHO: Final = Query(
    select(*(func.current_setting(name, true()) for name in ("app.user_id", "app.space_id")), func.txid_current())
)


async def end(connection: Any) -> None:
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


@pytest.fixture
async def pool(service_url: URL) -> AsyncIterator[Pool]:
    async def connect() -> Any:
        return await asyncpg.connect(service_url.render_as_string(hide_password=False))

    pool = Pool(connect, end, size=SIZE)
    yield pool
    await pool.close()


async def test_what_comes_back_is_what_goes_out_next(pool: Pool) -> None:
    assert pool.take() is None
    first, second = await pool.wait(), await pool.wait()
    assert first is not second
    pool.give_back(first)
    pool.give_back(second)
    assert pool.take() is second
    assert pool.take() is first
    for connection in (first, second):
        pool.give_back(connection)


async def test_who_has_waited_longest_is_next(pool: Pool) -> None:
    out = [await pool.wait() for _ in range(SIZE)]
    waiting = [asyncio.create_task(pool.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    pool.give_back(out[0])
    assert await waiting[1] is out[0]
    assert not waiting[2].done()
    pool.give_back(out[1])
    assert await waiting[2] is out[1]
    for connection in out:
        pool.give_back(connection)


async def test_what_was_given_to_somebody_who_left_is_passed_on(pool: Pool) -> None:
    out = [await pool.wait() for _ in range(SIZE)]
    left, next_one = asyncio.create_task(pool.wait()), asyncio.create_task(pool.wait())
    await asyncio.sleep(0)
    pool.give_back(out[0])
    left.cancel()  # It has been given the connection, and does not know yet.
    assert await asyncio.wait_for(next_one, 2) is out[0]
    for connection in out:
        pool.give_back(connection)


async def test_a_closed_connection_makes_room_for_another(pool: Pool) -> None:
    out = [await pool.wait() for _ in range(SIZE)]
    waiting = asyncio.create_task(pool.wait())
    await asyncio.sleep(0)
    out[0].terminate()
    pool.give_back(out[0])
    fresh = await asyncio.wait_for(waiting, 2)
    assert fresh not in out
    pool.give_back(fresh)
    pool.give_back(out[1])
    fresh.terminate()
    fresh_again = [await pool.wait() for _ in range(SIZE)]
    assert fresh not in fresh_again
    for connection in fresh_again:
        pool.give_back(connection)


async def test_who_waits_tries_again_where_a_connection_could_not_be_made(service_url: URL) -> None:
    tried: list[asyncio.Future[None]] = []

    async def connect() -> Any:
        if not tried:
            tried.append(asyncio.get_running_loop().create_future())
            await tried[0]
        return await asyncpg.connect(service_url.render_as_string(hide_password=False))

    pool = Pool(connect, end, size=1)
    first, second = asyncio.create_task(pool.wait()), asyncio.create_task(pool.wait())
    await asyncio.sleep(0)
    tried[0].set_exception(ConnectionRefusedError())
    with pytest.raises(ConnectionRefusedError):
        await first
    pool.give_back(await asyncio.wait_for(second, 2))
    await pool.close()


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits is refused after 50 to 60 milliseconds."""
    monkeypatch.setattr("adapters.sql.pool._TICK", 0.01)
    monkeypatch.setattr("adapters.sql.pool._TICKS_TO_WAIT", 5)


@pytest.mark.usefixtures("ticking")
@pytest.mark.parametrize("is_closed", [False, True])
async def test_who_has_waited_for_too_long_is_refused_even_by_a_closed_pool(pool: Pool, *, is_closed: bool) -> None:
    out = [await pool.wait() for _ in range(SIZE)]
    waiting = [asyncio.create_task(pool.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    if is_closed:
        await pool.close()
    refused = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 2)
    assert [type(error) for error in refused] == [TimeoutError] * 3
    for connection in out:
        pool.give_back(connection)
        assert connection.is_closed() is is_closed
    assert pool.take() is (None if is_closed else out[-1])
    pool.give_back(out[-1])


@pytest.mark.usefixtures("ticking")
async def test_nobody_is_refused_because_the_process_stood_still(pool: Pool) -> None:
    out = [await pool.wait() for _ in range(SIZE)]
    waiting = asyncio.create_task(pool.wait())
    await asyncio.sleep(0.015)
    time.sleep(0.2)  # noqa: ASYNC251 - this is how it stands still
    await asyncio.sleep(0.015)
    assert not waiting.done()
    pool.give_back(out[0])
    assert await waiting is out[0]
    for connection in out:
        pool.give_back(connection)


@pytest.mark.usefixtures("ticking")
async def test_who_leaves_while_being_refused_takes_nothing_along(pool: Pool) -> None:
    out = [await pool.wait() for _ in range(SIZE)]
    leaving = asyncio.create_task(pool.wait())
    await asyncio.sleep(0)
    for _ in range(6):
        pool._tick()
    leaving.cancel()  # It has been refused, and does not know yet.
    with pytest.raises(asyncio.CancelledError):
        await leaving
    for connection in out:
        pool.give_back(connection)


async def test_what_nobody_needs_for_long_is_closed(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.sql.pool._SECONDS_IDLE", 0.05)
    first, second = await pool.wait(), await pool.wait()
    pool.give_back(first)
    await asyncio.sleep(0.03)
    pool.give_back(second)
    async with asyncio.timeout(2):
        while not first.is_closed():  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.001)
    assert not second.is_closed()
    async with asyncio.timeout(2):
        while not second.is_closed():  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.001)
    for connection in [await pool.wait() for _ in range(SIZE)]:
        assert not connection.is_closed()
        pool.give_back(connection)


async def test_a_closed_pool_closes_what_comes_back(pool: Pool) -> None:
    used, idle = await pool.wait(), await pool.wait()
    pool.give_back(idle)
    await pool.close()
    assert idle.is_closed()
    assert not used.is_closed()
    pool.give_back(used)
    assert used.is_closed()


async def test_what_is_as_old_as_a_connection_that_failed_is_not_used_again(pool: Pool) -> None:
    failed, idle = await pool.wait(), await pool.wait()
    pool.give_back(idle)
    pool.renew(failed)
    assert idle.is_closed()
    assert not failed.is_closed(), "somebody may be at work on it"
    fresh = await pool.wait()
    pool.give_back(failed)
    assert failed.is_closed()
    pool.renew(failed)  # Another one who noticed the same.
    pool.give_back(fresh)
    assert pool.take() is fresh, "it was made after the failure"
    pool.give_back(fresh)
    for connection in [await pool.wait() for _ in range(SIZE)]:
        pool.give_back(connection)


@pytest.fixture
async def database(service_url: URL) -> AsyncIterator[PostgresDatabase]:
    database = PostgresDatabase(service_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def store(postgres_as_service: Store) -> Store:
    return postgres_as_service


async def who(database: PostgresDatabase, *, read_only: bool = True) -> Any:
    """In whose name, where and in which transaction somebody reads who has not said who they are."""
    async with database.begin(read_only=read_only) as connection:
        return tuple(await connection.fetch_one(WHO) or ())


@pytest.mark.parametrize("read_only", [True, False])
async def test_nothing_of_who_read_before_is_left_to_whoever_comes_next(
    database: PostgresDatabase, people: People, *, read_only: bool
) -> None:
    somebody = await people.somebody()
    entry = Entry(somebody, personal_space(somebody.user_id), NOON)
    async with database.enter(entry, read_only=True) as (connection, _):
        raw = connection.raw
        mine = await connection.fetch_one(WHO)
        assert mine is not None
    assert raw.is_in_transaction(), "or there is nothing to see here"
    user_id, space_id, transaction = await who(database, read_only=read_only)
    assert (user_id or None, space_id or None) == (None, None)
    assert transaction != mine[2]
    assert mine[0] == str(somebody.user_id)


async def test_what_only_read_is_ended_soon_if_nobody_comes(database: PostgresDatabase) -> None:
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(database.begin(read_only=True)) for _ in range(3)]
    raws = [connection.raw for connection in opened]
    assert all(raw.is_in_transaction() for raw in raws)
    async with asyncio.timeout(2):
        while any(raw.is_in_transaction() for raw in raws):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.001)
    assert not any(raw.is_closed() for raw in raws)
    await who(database)


async def test_a_database_that_was_closed_can_be_opened_again(database: PostgresDatabase) -> None:
    await database.close()
    await database.open()
    raws = []
    for _ in range(2):
        async with database.begin(read_only=True) as connection:
            raws.append(connection.raw)
    assert raws[0] is raws[1]
    assert not raws[0].is_closed()


async def test_what_wrote_is_ended_before_anybody_is_told(database: PostgresDatabase) -> None:
    async with database.begin(read_only=False) as connection:
        raw = connection.raw
    assert not raw.is_in_transaction()


async def test_what_was_interrupted_is_ended_and_its_connection_goes_on(database: PostgresDatabase) -> None:
    transaction = database.begin(read_only=True)
    raw = (await transaction.__aenter__()).raw
    await transaction.__aexit__(KeyError, KeyError(), None)
    assert not raw.is_in_transaction()
    async with database.begin(read_only=True) as connection:
        assert connection.raw is raw


async def end_connections(superuser: URL, service: URL) -> None:
    ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1"
    connection = await asyncpg.connect(superuser.render_as_string(hide_password=False))
    try:
        assert await connection.fetch(ended, service.username)
    finally:
        await connection.close()


async def test_an_opening_on_a_connection_that_has_died_is_done_again_on_another(
    database: PostgresDatabase, people: People, migrated_postgres_url: URL, service_url: URL
) -> None:
    somebody = await people.somebody()
    entry = Entry(somebody, personal_space(somebody.user_id), NOON)
    for read_only in (False, True):
        await who(database)
        await end_connections(migrated_postgres_url, service_url)
        async with database.enter(entry, read_only=read_only) as (connection, access):
            assert access.user_id == somebody.user_id
            assert await connection.fetch_one(WHO) is not None


async def test_a_transaction_whose_connection_dies_was_rolled_back_but_its_commit_is_uncertain(
    database: PostgresDatabase, people: People, migrated_postgres_url: URL, service_url: URL
) -> None:
    somebody = await people.somebody()
    for sends_something, outcome in ((True, TransactionRolledBack), (False, Unavailable)):
        door = opened(database, somebody)
        space = await door.__aenter__()
        await end_connections(migrated_postgres_url, service_url)
        with pytest.raises(Unavailable) as failed:
            await (space.tasks.find(TaskQuery()) if sends_something else door.__aexit__(*NOTHING))
        assert type(failed.value) is outcome
        if sends_something:
            assert not await door.__aexit__(type(failed.value), failed.value, None)
    async with opened(database, somebody, read_only=True) as space:
        assert (await space.tasks.find(TaskQuery())).total == 0


@pytest.mark.parametrize(("patience", "limit"), [(0.2, None), (1, 0.2)])
async def test_an_opening_that_was_interrupted_leaves_nothing_open(
    database: PostgresDatabase, people: People, monkeypatch: pytest.MonkeyPatch, patience: float, limit: float | None
) -> None:
    somebody = await people.somebody()
    entry = Entry(somebody, personal_space(somebody.user_id), NOON)
    database._arguments["command_timeout"] = limit
    async with database.begin(read_only=False) as connection:
        raw = connection.raw
    with monkeypatch.context() as patched:
        patched.setattr("adapters.sql.postgres._expectation", lambda *_: "SELECT pg_sleep(2)")
        with pytest.raises((TimeoutError, Unavailable)):
            async with asyncio.timeout(patience), database.enter(entry, read_only=False):
                pytest.fail("it has opened")
    assert raw.is_closed() or not raw.is_in_transaction()
    user_id, space_id, _ = await who(database, read_only=False)
    assert (user_id or None, space_id or None) == (None, None)


# Plans

A_QUESTION: Final = Query(select(func.abs(bindparam("number", type_=Integer))))
PLANNED: Final = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1"
A_CLUSTER: Final = """
SET allow_system_table_mods = on;
INSERT INTO pg_extension
SELECT 16000, 'citus', extowner, extnamespace, extrelocatable, '12.1' FROM pg_extension WHERE extname = 'plpgsql'
"""


async def plans_of_two_executions(url: URL) -> Any:
    """How many plans were made for all values, and how many for those that were sent."""
    database = PostgresDatabase(url)
    async with database.begin(read_only=True) as connection:
        for number in range(2):
            await connection.fetch_all(A_QUESTION, number=number)
        found = tuple(await connection.raw.fetchrow(PLANNED, A_QUESTION.on_postgres.sql))
    await database.close()
    return found


async def test_a_statement_is_planned_for_all_values(service_url: URL) -> None:
    assert await plans_of_two_executions(service_url) == (2, 0)


async def test_on_a_cluster_a_statement_is_planned_for_its_values(fresh_postgres_url: URL) -> None:
    await execute(fresh_postgres_url, A_CLUSTER)
    assert await plans_of_two_executions(fresh_postgres_url) == (0, 2)


async def test_a_connection_that_cannot_be_made_ours_is_not_kept(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    async def connect(**arguments: Any) -> Any:
        made.append(await asyncpg.connect(**arguments))
        return made[0]

    class Connecting:
        def __getattr__(self, name: str) -> Any:
            return connect if name == "connect" else getattr(asyncpg, name)

    monkeypatch.setattr("adapters.sql.postgres.asyncpg", Connecting())
    monkeypatch.setattr("adapters.sql.postgres._KEEP_PLANS", "SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await who(database)
    assert made[0].is_closed()


# What is put off


def an_event(space_id: SpaceId) -> AuditEvent:
    return AuditEvent(
        id=EventId(new_id()),
        space_id=space_id,
        at=NOON,
        actor_id=None,
        action=Action.CREATE,
        outcome=Outcome.SUCCESS,
        resource_type=Resource.TASK,
        resource_id=None,
        ip_address=None,
        user_agent=None,
        request_id=None,
        changes={},
    )


def sent_on(space: SqlSpace) -> list[str]:
    """The statements that are sent from now on."""
    sent: list[str] = []
    space._connection.raw.add_query_logger(lambda record: sent.append(record.query))  # type: ignore[attr-defined] # PostgreSQL's
    return sent


@asynccontextmanager
async def opened(database: PostgresDatabase, actor: Actor, *, read_only: bool = False) -> AsyncIterator[SqlSpace]:
    async with SqlOpenSpace(database, lambda: NOON)(actor, None, read_only=read_only) as space:
        yield space


async def test_a_new_task_and_what_is_written_down_of_it_are_one_statement(
    database: PostgresDatabase, people: People
) -> None:
    somebody = await people.somebody()
    async with opened(database, somebody) as space:
        sent, task = sent_on(space), a_task(space)
        await space.tasks.add(task)
        assert sent == []
        event = an_event(space.access.space_id)
        await space.audit.append(event)
        await asyncio.sleep(0)  # The driver tells of a statement after it.
        (statement,) = sent
        assert re.findall(r"INSERT INTO \w+", statement) == [
            "INSERT INTO tasks",
            "INSERT INTO audit_events",
            "INSERT INTO unsealed_events",
        ]
    async with opened(database, somebody, read_only=True) as space:
        assert await space.tasks.get(task.id) == task
        assert list(await space.audit.find(AuditQuery())) == [event]


async def test_a_new_task_its_tags_as_they_are_recalled_and_its_event_are_one_statement(
    database: PostgresDatabase, people: People
) -> None:
    somebody, names = await people.somebody(), [TagName("b"), TagName("a")]
    door = SqlOpenSpace(database, lambda: NOON)
    async with door(somebody, None) as space:
        for name in names:
            await space.tags.add(Tag.create({"name": name}, id=TagId(new_id()), by=space.access, at=NOON))
    async with door(somebody, None, recalls=True) as space:
        assert list(await space.tags.spelt(names)) == sorted(names)
    async with door(somebody, None, recalls=True) as space:
        sent, task = sent_on(space), a_task(space, tags=tuple(names))
        assert list(await space.tags.spelt(names)) == sorted(names)
        await space.tasks.add(task)
        await space.audit.append(an_event(space.access.space_id))
        await asyncio.sleep(0)
        (statement,) = sent
        assert re.findall(r"INSERT INTO \w+|FOR KEY SHARE", statement) == [
            "INSERT INTO tasks",
            "INSERT INTO audit_events",
            "INSERT INTO unsealed_events",
            "FOR KEY SHARE",
        ]
        assert await space.tasks.get(task.id) == task


async def test_what_is_recalled_is_held_until_the_end(database: PostgresDatabase, people: People) -> None:
    somebody, names = await people.somebody(), [TagName("a")]
    door = SqlOpenSpace(database, lambda: NOON)
    async with door(somebody, None) as space:
        tag = Tag.create({"name": names[0]}, id=TagId(new_id()), by=space.access, at=NOON)
        await space.tags.add(tag)
        await space.tags.spelt(names)
    async with door(somebody, None, recalls=True) as space:
        await space.tags.spelt(names)
        await space.tasks.find(TaskQuery())
        async with door(somebody, None) as other:
            await other._connection.raw.execute("SET LOCAL lock_timeout = '100ms'")  # type: ignore[attr-defined] # the same
            with pytest.raises(Unavailable):
                await other.tags.remove(tag)
            await other._connection.raw.execute("ROLLBACK; BEGIN")  # type: ignore[attr-defined] # the same


async def test_who_may_only_read_holds_nothing(database: PostgresDatabase, people: People) -> None:
    async with opened(database, await people.somebody(), read_only=True) as space:
        with pytest.raises(OpenedForReading):
            await space._connection.expect(WHO, [], Unavailable)


Next = Callable[[SqlSpace, Task], Awaitable[object]]
NEXT: dict[str, Next] = {
    "one row": lambda space, task: space.tasks.get(task.id),
    "rows": lambda space, _: space.tasks.find(TaskQuery()),
    "another task": lambda space, _: space.tasks.add(a_task(space)),
    "many tasks": lambda space, _: space.tasks.add_all([a_task(space), a_task(space)]),
    "a change": lambda space, task: space.tasks.save(replace(task, version=2), was=task),
    "what returns": lambda space, _: space.tasks.empty_trash(limit=9),
    "another space": lambda space, _: space._connection.step_into(SpaceId(new_id())),
    "a number": lambda space, _: space._connection.hold(7),
    "the accounts' log": lambda space, _: space._connection.show_accounts_log(),
    "all spaces": lambda space, _: space._connection.show_spaces(new_id()),
    "removals": lambda space, _: space._connection.show_removals(new_id()),
    "what has expired": lambda space, _: space._connection.show_expired_replies(NOON),
    "what has no seal": lambda space, _: space._connection.show_unsealed(EventId(new_id())),
}


@pytest.mark.parametrize("what", NEXT)
async def test_what_was_put_off_comes_before_anything_else(
    database: PostgresDatabase, people: People, what: str
) -> None:
    somebody = await people.somebody()
    async with opened(database, somebody) as space:
        sent, task = sent_on(space), a_task(space)
        await space.tasks.add(task)
        await NEXT[what](space, task)
        await asyncio.sleep(0)
        assert sent[0].startswith("INSERT INTO tasks")
    async with opened(database, somebody, read_only=True) as space:
        assert (await space.tasks.get(task.id)).id == task.id


async def test_what_was_put_off_is_done_at_the_end(database: PostgresDatabase, people: People) -> None:
    somebody = await people.somebody()
    async with opened(database, somebody) as space:
        task = a_task(space)
        await space.tasks.add(task)
    async with opened(database, somebody, read_only=True) as space:
        assert await space.tasks.get(task.id) == task


@pytest.mark.parametrize("is_put_off", [True, False])
async def test_nothing_is_sent_for_no_rows(database: PostgresDatabase, people: People, *, is_put_off: bool) -> None:
    async with opened(database, await people.somebody()) as space:
        sent = sent_on(space)
        if is_put_off:
            await space.tasks.add(a_task(space))
        await space.tasks.add_all([])
        await space.audit.add_seals([])
        await asyncio.sleep(0)
        assert sent == []


async def test_no_rows_are_refused_as_others_are_where_nothing_may_be_written(
    database: PostgresDatabase, people: People
) -> None:
    async with opened(database, await people.somebody(), read_only=True) as space:
        with pytest.raises(OpenedForReading):
            await space.audit.add_seals([])


@pytest.mark.parametrize("is_written_down", [True, False])
async def test_what_was_put_off_and_is_refused_is_refused_in_its_own_words(
    database: PostgresDatabase, people: People, *, is_written_down: bool
) -> None:
    user = await people.register()
    door = opened(database, await people.sign_in(user))
    space = await door.__aenter__()
    async with people.store.open_identity(None) as identity:
        await identity.users.remove(user, at=NOON, limit=9)
    await space.tasks.add(a_task(space))
    finishing = space.audit.append(an_event(space.access.space_id)) if is_written_down else door.__aexit__(*NOTHING)
    with pytest.raises(SpaceForbidden) as refused:
        await finishing
    if is_written_down:
        assert not await door.__aexit__(SpaceForbidden, refused.value, None)
    async with SqlOpenLog(database)(space.access.space_id) as log:
        assert list(await log.find(AuditQuery())) == []


async def test_nothing_is_put_off_where_nothing_may_be_written(database: PostgresDatabase, people: People) -> None:
    async with opened(database, await people.somebody(), read_only=True) as space:
        with pytest.raises(OpenedForReading):
            await space.tasks.add(a_task(space))
