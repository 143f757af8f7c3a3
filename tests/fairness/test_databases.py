"""Transactions are shared by accounts, and by addresses where there is no account."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import URL, Integer, bindparam, func, literal, select

from adapters.sql import postgres, sqlite_threads
from adapters.sql.connection import Entry
from adapters.sql.counters import SqlCounters
from adapters.sql.identity import SqlOpenIdentity
from adapters.sql.postgres import PostgresDatabase
from adapters.sql.query import Query
from adapters.sql.sqlite import SqliteDatabase
from adapters.system.admission import WaitingLine
from domain.access import Actor, Origin
from domain.errors import NotAuthenticated, TooBusy, Unavailable
from domain.fair_queue import FairQueue
from domain.ids import SessionId, UserId, personal_space
from domain.rates import REFRESH
from domain.shares import ShareKey
from tests.support.people import People
from tests.support.stores import NOON

AT_ONCE = postgres._OF_ONE_SHARE
ALL = postgres._POOL_SIZE


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def database(service_url: URL) -> AsyncIterator[PostgresDatabase]:
    database = PostgresDatabase(service_url)
    await database.open()
    yield database
    await database.close()


class Transactions:
    """Transactions that stay open, and the order in which they began."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._over = asyncio.Event()
        self.began: list[str] = []
        self.refused: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._ends: dict[str, list[asyncio.Event]] = {}

    async def come(self, *shares: str) -> None:
        """Begin one transaction of each share after the other, as far as they may."""
        for share in shares:
            self.tasks.append(asyncio.create_task(self._hold(share)))
            await asyncio.sleep(0)

    async def _hold(self, share: str) -> None:
        try:
            async with self._database.begin(read_only=True, share=share):
                self.began.append(share)
                end = asyncio.Event()
                self._ends.setdefault(share, []).append(end)
                await end.wait()
        except TooBusy:
            self.refused.append(share)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.began) < count:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)

    def end(self, share: str) -> None:
        """End the oldest transaction of a share."""
        self._ends[share].pop(0).set()

    async def finish(self) -> None:
        while not all(task.done() for task in self.tasks):
            for ends in self._ends.values():
                while ends:
                    ends.pop().set()
            await asyncio.sleep(0.001)


@pytest.fixture
async def transactions(database: PostgresDatabase) -> AsyncIterator[Transactions]:
    transactions = Transactions(database)
    yield transactions
    await transactions.finish()


async def test_a_share_has_four_transactions_and_the_others_find_connections_free(transactions: Transactions) -> None:
    await transactions.come(*"a" * 40)
    await transactions.until(AT_ONCE)
    await transactions.come("b")
    await transactions.until(AT_ONCE + 1)
    assert transactions.began == ["a"] * AT_ONCE + ["b"]


async def test_of_forty_that_wait_a_single_one_of_another_share_is_served_second(transactions: Transactions) -> None:
    for share in "wxyz":
        await transactions.come(*share * AT_ONCE)
    await transactions.until(ALL)
    await transactions.come(*"a" * 40, "b")
    for count, share in enumerate("wx", 1):
        transactions.end(share)
        await transactions.until(ALL + count)
    assert transactions.began[ALL:] == ["a", "b"]


@pytest.mark.usefixtures("fast_clock")
async def test_what_waits_for_too_long_is_busy_and_only_in_its_own_share(transactions: Transactions) -> None:
    await transactions.come(*"a" * (AT_ONCE + 2))
    await asyncio.wait(transactions.tasks[AT_ONCE:], timeout=30)
    assert transactions.refused == ["a", "a"]
    await transactions.come("b")
    await transactions.until(AT_ONCE + 1)


async def test_an_account_has_one_share_whatever_it_does(database: PostgresDatabase, postgres_people: People) -> None:
    actor, another = await postgres_people.somebody(), await postgres_people.somebody()
    entry, other = (Entry(who, personal_space(who.user_id), NOON) for who in (actor, another))
    async with AsyncExitStack() as stack:
        for number in range(AT_ONCE):
            await stack.enter_async_context(database.enter(entry, read_only=number % 2 == 0))
        waiting = asyncio.create_task(database.enter(entry, read_only=True).__aenter__())
        async with database.enter(other, read_only=True):
            pass
        await settled()
        assert not waiting.done()
        waiting.cancel()


async def test_a_request_without_an_account_has_the_share_of_its_address(database: PostgresDatabase) -> None:
    door = SqlOpenIdentity(database, lambda: NOON)
    async with AsyncExitStack() as stack:
        for number in range(AT_ONCE):
            await stack.enter_async_context(door(None, read_only=True, origin=Origin(f"2001:db8::{number}")))
        waiting = asyncio.create_task(door(None, read_only=True, origin=Origin("2001:db8::ffff")).__aenter__())
        async with door(None, read_only=True, origin=Origin("203.0.113.7")):
            pass
        await settled()
        assert not waiting.done()
        waiting.cancel()


async def test_counting_has_the_share_of_the_address_that_is_counted(database: PostgresDatabase) -> None:
    counters = SqlCounters(database, lambda: NOON, b"secret")
    busy, other = (REFRESH.of(address=address) for address in ("192.0.2.1", "192.0.2.2"))
    async with AsyncExitStack() as stack:
        for _ in range(AT_ONCE):
            await stack.enter_async_context(database.begin(read_only=True, share="192.0.2.1"))
        waiting = [asyncio.create_task(counters.take(busy)), asyncio.create_task(counters.settle(give_back=[busy]))]
        await counters.take(other)
        await counters.settle(restart=[(other, 0)])
        await settled()
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()


async def test_a_place_comes_back_however_a_transaction_ends(database: PostgresDatabase) -> None:
    stranger = Actor(UserId(UUID(int=1)), SessionId(UUID(int=2)))
    entry = Entry(stranger, personal_space(stranger.user_id), NOON)
    for _ in range(2 * AT_ONCE):
        with pytest.raises(NotAuthenticated):
            async with database.enter(entry, read_only=True):
                pytest.fail("it has opened")
        with pytest.raises(KeyError):
            async with database.begin(read_only=False, share="a"):
                raise KeyError
    await asyncio.wait_for(_begin(database, stranger.user_id.int), 2)
    assert database._turns._free == ALL


async def _begin(database: PostgresDatabase, share: ShareKey) -> None:
    async with database.begin(read_only=True, share=share):
        pass


async def test_a_place_comes_back_where_no_connection_can_be_made(service_url: URL) -> None:
    database = PostgresDatabase(service_url.set(port=1))
    for _ in range(2 * AT_ONCE):
        with pytest.raises(Unavailable):
            await _begin(database, "a")
    assert database._turns._free == ALL


# SQLite

_NUMBERS = select(literal(1).label("n")).cte("numbers", recursive=True)
_COUNTED = _NUMBERS.union_all(select(_NUMBERS.c.n + 1).where(_NUMBERS.c.n < bindparam("last", type_=Integer)))
COUNT = Query(select(func.count(_COUNTED.c.n)), is_slow=True)
FOR_EVER, LONG = 10**12, 100_000


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    (tmp_path / "numbers.db").touch()  # An empty file is an empty database.
    database = SqliteDatabase(tmp_path / "numbers.db")
    yield database
    await database.close()


async def count(database: SqliteDatabase, share: str, last: int) -> None:
    async with database.begin(read_only=True, share=share) as connection:
        await connection.fetch_all(COUNT, last=last)


async def test_an_account_has_one_of_the_threads_for_slow_statements(file: SqliteDatabase) -> None:
    attack = [asyncio.create_task(count(file, "a", FOR_EVER)) for _ in range(10)]
    await settled()
    await asyncio.wait_for(count(file, "b", LONG), 30)
    for task in attack:
        task.cancel()
    await asyncio.wait(attack)
    await asyncio.wait_for(count(file, "a", LONG), 30)


async def test_an_account_whose_statements_wait_for_a_thread_takes_no_moments_of_the_loop(
    file: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = 0
    tried = sqlite_threads.SqliteThreads.are_awaited

    def counted(threads: Any, share: ShareKey) -> bool:
        nonlocal moments
        waits = tried(threads, share)
        moments += not waits
        return waits

    monkeypatch.setattr(sqlite_threads.SqliteThreads, "are_awaited", counted)
    attack = [asyncio.create_task(count(file, "a", FOR_EVER)) for _ in range(10)]
    await settled()
    assert moments == 2, "one that runs, and the first one that waits"
    for task in attack:
        task.cancel()
    await asyncio.wait(attack)


class Writers:
    """Tasks that write, and the order in which they had their turn."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.database = database
        self.order: list[str] = []

    async def write(self, share: str) -> None:
        async with self.database.begin(read_only=False, share=share):
            self.order.append(share)

    async def do(self, share: str) -> None:
        await self.database._do(share, lambda _: self.order.append(share))


def _single(writers: Writers) -> Callable[[str], Awaitable[None]]:
    return writers.write


def _batched(writers: Writers) -> Callable[[str], Awaitable[None]]:
    return writers.do


WAYS = pytest.mark.parametrize("way", [_single, _batched], ids=["transactions", "batches"])


@WAYS
async def test_of_forty_writers_that_wait_a_single_one_of_another_share_is_served_second(
    file: SqliteDatabase, way: Callable[[Writers], Callable[[str], Awaitable[None]]]
) -> None:
    writers = Writers(file)
    async with file.begin(read_only=False, share="x"):
        tasks = [asyncio.create_task(_run(way(writers), share)) for share in (*"a" * 40, "b")]
        await settled()
    await asyncio.gather(*tasks)
    assert writers.order[:3] == ["a", "b", "a"]
    assert writers.order.count("a") == 40


async def _run(way: Callable[[str], Awaitable[None]], share: str) -> None:
    await way(share)


async def test_all_batches_together_take_one_turn_among_the_writers(file: SqliteDatabase) -> None:
    writers = Writers(file)
    async with file.begin(read_only=False, share="x"):
        tasks = [asyncio.create_task(writers.write("a")) for _ in range(40)]
        await settled()
        tasks.append(asyncio.create_task(writers.do("b")))
        await settled()
    await asyncio.gather(*tasks)
    assert writers.order[:3] == ["a", "b", "a"]


@WAYS
async def test_a_full_queue_of_writers_refuses_those_who_filled_it(
    file: SqliteDatabase, way: Callable[[Writers], Callable[[str], Awaitable[None]]]
) -> None:
    for queue in (file._writer, file._batch):
        queue._waiting = WaitingLine(room=3)
    writers = Writers(file)
    async with file.begin(read_only=False, share="x"):
        tasks = [asyncio.create_task(_run(way(writers), share)) for share in (*"aaaa", "b")]
        await settled()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None)] * 2 + [TooBusy] * 2 + [type(None)]
    assert sorted(writers.order) == ["a", "a", "b"]


async def test_a_writer_that_leaves_while_it_is_refused_takes_no_turn_along(file: SqliteDatabase) -> None:
    file._writer._waiting = WaitingLine(room=1)
    writers = Writers(file)
    async with file.begin(read_only=False, share="x"):
        leaving, staying = [asyncio.create_task(writers.write("a")) for _ in range(2)]
        await asyncio.sleep(0)
        leaving.cancel()
        other = asyncio.create_task(writers.write("b"))
        await settled()
    await asyncio.wait([leaving, staying, other])
    assert writers.order == ["b"]


@pytest.mark.usefixtures("fast_clock")
@WAYS
async def test_a_writer_that_waits_for_too_long_is_busy_and_later_ones_are_not(
    file: SqliteDatabase, way: Callable[[Writers], Callable[[str], Awaitable[None]]]
) -> None:
    writers = Writers(file)
    async with file.begin(read_only=False, share="x"):
        late = [asyncio.create_task(_run(way(writers), share)) for share in "aab"]
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(_run(way(writers), share)) for share in "ac"]
        await asyncio.wait(late, timeout=0.2)
        refused = [type(task.exception()) for task in late if task.done()]
    await asyncio.gather(*others)
    await asyncio.wait(late)
    assert refused == [TooBusy] * 3
    assert writers.order == ["a", "c"]


@pytest.mark.usefixtures("fast_clock")
async def test_a_batch_keeps_its_turn_for_those_who_come_later(file: SqliteDatabase) -> None:
    writers = Writers(file)
    async with file.begin(read_only=False, share="x"):
        late = asyncio.create_task(writers.do("a"))
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(writers.do("b")), asyncio.create_task(writers.write("c"))]
        await asyncio.wait([late], timeout=0.2)
    await asyncio.gather(*others)
    assert type(late.exception()) is TooBusy
    assert writers.order == ["b", "c"]


# Each mechanism is taken out, and missed


@pytest.mark.usefixtures("fast_clock")
async def test_a_missing_clock_is_seen(file: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WaitingLine, "_start_clock", lambda _: None)
    for way in (_single, _batched):
        with pytest.raises(AssertionError):
            await test_a_writer_that_waits_for_too_long_is_busy_and_later_ones_are_not(file, way)


def _first_come(queue: Any) -> Any:
    """Take the oldest entry, whatever share it waits under."""
    entry = next(iter(queue), None)
    if entry is None:
        return None
    share, _ = queue._places[entry]
    queue.remove(entry)
    queue._in_service[share] = queue._in_service.get(share, 0) + 1
    return share, entry


async def test_first_come_first_served_is_seen(file: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FairQueue, "next", _first_come)
    for way in (_single, _batched):
        with pytest.raises(AssertionError):
            await test_of_forty_writers_that_wait_a_single_one_of_another_share_is_served_second(file, way)


async def test_first_come_first_served_is_seen_on_postgresql(
    transactions: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FairQueue, "next", _first_come)
    with pytest.raises(AssertionError):
        await test_of_forty_that_wait_a_single_one_of_another_share_is_served_second(transactions)


async def test_a_missing_limit_is_seen(service_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_OF_ONE_SHARE", ALL)
    database = PostgresDatabase(service_url)
    transactions = Transactions(database)
    with pytest.raises(AssertionError):
        await test_a_share_has_four_transactions_and_the_others_find_connections_free(transactions)
    await transactions.finish()
    await database.close()
