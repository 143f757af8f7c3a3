"""The exam of everything that counts: in this process, in a database, in Redis."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, make_url, select

from adapters.memory.counters import MemoryCounters, UnlimitedCounters
from adapters.redis.counters import RedisCounters, RedisServer
from adapters.sql import migrations
from adapters.sql.counters import _RESTART, _SWEPT_AT_ONCE, SqlCounters
from adapters.sql.query import Query
from adapters.sql.tables import rate_limits
from adapters.sql.url import database_at
from adapters.system.clock import SetClock, SystemClock
from application.ports.counters import Counters
from domain.errors import TooManyRequests, Unavailable
from domain.rates import By, Rate, Tally
from tests.support.redis import RedisProcess
from tests.support.stores import NOON

SECRET = b"a secret of the tests"
WINDOW = timedelta(seconds=1)
_ALL = Query(select(rate_limits.c.fingerprint))


@dataclass
class Sitting:
    """What counts, how to make another one that shares what is counted, and how to let time pass."""

    counters: Counters
    another: Callable[[], Counters]
    wait: Callable[[timedelta], Awaitable[None]]


@pytest.fixture(scope="session")
async def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> URL:
    url = make_url(f"sqlite:///{tmp_path_factory.mktemp('counters') / 'taskward.db'}")
    await migrations.upgrade(url)
    return url


@pytest.fixture
def memory_sitting() -> Sitting:
    clock = SetClock(NOON)
    counters = MemoryCounters(clock)
    return Sitting(counters, lambda: counters, _moving(clock))


@pytest.fixture
async def sqlite_sitting(sqlite_file: URL) -> AsyncIterator[Sitting]:
    async with _in_database(sqlite_file) as sitting:
        yield sitting


@pytest.fixture
async def postgresql_sitting(service_url: URL) -> AsyncIterator[Sitting]:
    async with _in_database(service_url) as sitting:
        yield sitting


@pytest.fixture
async def redis_sitting(redis_server: RedisProcess) -> AsyncIterator[Sitting]:
    servers = [RedisServer(redis_server.url, SystemClock()) for _ in range(2)]
    counters = [RedisCounters(server, UnlimitedCounters(), SECRET) for server in servers]
    yield Sitting(counters[0], lambda: counters[1], _sleep)
    for server in servers:
        await server.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql", "redis"])
def sitting(request: pytest.FixtureRequest) -> Sitting:
    found: Sitting = request.getfixturevalue(f"{request.param}_sitting")
    return found


@asynccontextmanager
async def _in_database(url: URL) -> AsyncIterator[Sitting]:
    clock, database = SetClock(NOON), database_at(url)
    await database.open()
    try:
        counters = SqlCounters(database, clock, SECRET)
        yield Sitting(counters, lambda: SqlCounters(database, clock, SECRET), _moving(clock))
    finally:
        await database.close()


def _moving(clock: SetClock) -> Callable[[timedelta], Awaitable[None]]:
    async def wait(by: timedelta) -> None:
        clock.advance(by)

    return wait


async def _sleep(by: timedelta) -> None:
    await asyncio.sleep(by.total_seconds() + 0.05)


def rate(amount: int = 3, per: timedelta = timedelta(hours=1)) -> Rate:
    """A rate that nothing has been counted for."""
    return Rate(uuid4().hex, amount, per, (By.ACCOUNT,))


def tally(amount: int = 3, per: timedelta = timedelta(hours=1)) -> Tally:
    return rate(amount, per).of(account="ann")


async def fill(counters: Counters, *tallies: Tally) -> None:
    for one in tallies:
        for _ in range(one.rate.amount):
            await counters.take(one)


async def room(counters: Counters, one: Tally) -> int:
    """How much can still be counted; it is counted then."""
    found = 0
    while found <= one.rate.amount:
        try:
            await counters.take(one)
        except TooManyRequests:
            return found
        found += 1
    return found


async def test_so_much_can_be_counted_and_no_more(sitting: Sitting) -> None:
    ann = tally()
    assert await room(sitting.counters, ann) == 3
    assert await room(sitting.counters, ann) == 0


async def test_a_refusal_says_of_what_and_how_long_to_wait(sitting: Sitting) -> None:
    ann = tally()
    await fill(sitting.counters, ann)
    with pytest.raises(TooManyRequests) as refused:
        await sitting.counters.take(ann)
    assert refused.value.rate == ann.rate
    assert timedelta(minutes=59) < refused.value.wait <= timedelta(hours=1)


async def test_of_several_that_are_full_the_longest_wait_is_said(sitting: Sitting) -> None:
    short, long, free = tally(per=timedelta(minutes=1)), tally(), tally()
    await fill(sitting.counters, short, long)
    with pytest.raises(TooManyRequests) as refused:
        await sitting.counters.take(short, free, long)
    assert refused.value.rate == long.rate


async def test_every_tally_counts_for_itself(sitting: Sitting) -> None:
    once = rate(1)
    await sitting.counters.take(once.of(account="ann"))
    await sitting.counters.take(once.of(account="ben"))
    await sitting.counters.take(rate(1).of(account="ann"))


async def test_where_one_is_full_nothing_is_counted_on_the_others(sitting: Sitting) -> None:
    full, free = tally(), tally()
    await fill(sitting.counters, full)
    for pair in ((full, free), (free, full)):
        with pytest.raises(TooManyRequests):
            await sitting.counters.take(*pair)
    assert await room(sitting.counters, free) == 3


async def test_what_is_refused_does_not_make_the_wait_longer(sitting: Sitting) -> None:
    ann = tally(1, WINDOW)
    await fill(sitting.counters, ann)
    for _ in range(3):
        with pytest.raises(TooManyRequests):
            await sitting.counters.take(ann)
    await sitting.wait(WINDOW)
    assert await room(sitting.counters, ann) == 1


async def test_a_window_ends_some_time_after_the_first_and_not_after_the_last(sitting: Sitting) -> None:
    ann = tally(3, WINDOW * 2)
    await sitting.counters.take(ann)
    await sitting.wait(WINDOW)
    await sitting.counters.take(ann)
    await sitting.wait(WINDOW)
    assert await room(sitting.counters, ann) == 3


async def test_what_is_given_back_can_be_counted_again(sitting: Sitting) -> None:
    ann = tally()
    await fill(sitting.counters, ann)
    await sitting.counters.settle(give_back=[ann])
    assert await room(sitting.another(), ann) == 1


async def test_a_count_can_begin_again(sitting: Sitting) -> None:
    ann, ben = tally(), tally()
    await fill(sitting.counters, ann, ben)
    await sitting.counters.settle(restart=[(ann, 0), (ben, 1)])
    assert await room(sitting.another(), ann) == 3
    assert await room(sitting.another(), ben) == 2


async def test_a_count_that_begins_again_has_its_whole_time(sitting: Sitting) -> None:
    mark, guarded = tally(1, WINDOW * 2), rate(1)
    waiting = guarded.of(account="ann", unless=mark)
    await sitting.counters.settle(restart=[(mark, 1)])
    await sitting.wait(WINDOW)
    await sitting.counters.settle(restart=[(mark, 1)])
    await sitting.wait(WINDOW)
    assert await room(sitting.counters, waiting) > 1
    await sitting.wait(WINDOW)
    assert await room(sitting.counters, waiting) == 1


async def test_nothing_is_counted_on_what_depends_on_another_that_is(sitting: Sitting) -> None:
    mark, guarded = tally(1), rate(1)
    open_to_some = guarded.of(account="ann", unless=mark)
    await sitting.counters.settle(restart=[(mark, 1)])
    assert await room(sitting.counters, open_to_some) > 1
    assert await room(sitting.another(), guarded.of(account="ann")) == 1
    await sitting.counters.take(open_to_some)
    await sitting.counters.settle(give_back=[open_to_some])
    with pytest.raises(TooManyRequests):
        await sitting.another().take(guarded.of(account="ann"))


async def test_the_same_is_counted_wherever_it_is_shared(sitting: Sitting) -> None:
    ann, another = tally(), sitting.another()
    await sitting.counters.take(ann)
    await another.take(ann)
    await sitting.counters.take(ann)
    with pytest.raises(TooManyRequests):
        await another.take(ann)


async def test_of_many_at_once_no_more_are_counted_than_there_is_room_for(sitting: Sitting) -> None:
    ann, ben, another = tally(10), tally(100), sitting.another()
    takers = [(sitting.counters.take(ann, ben), another.take(ben, ann)) for _ in range(15)]
    found = await asyncio.gather(*(taker for pair in takers for taker in pair), return_exceptions=True)
    assert {type(one) for one in found} == {type(None), TooManyRequests}
    assert found.count(None) <= 10
    assert await room(sitting.counters, ann) + found.count(None) == 10
    assert await room(sitting.counters, ben) == 100 - found.count(None)


async def test_a_cost_is_counted_whole(sitting: Sitting) -> None:
    ann = tally(10)
    await sitting.counters.take(ann.costing(4))
    await sitting.another().take(ann.costing(3))
    assert await room(sitting.counters, ann) == 3


async def test_a_cost_that_is_exactly_what_is_left_is_counted(sitting: Sitting) -> None:
    ann, ben = tally(10), tally(10)
    await sitting.counters.take(ann.costing(10))
    assert await room(sitting.counters, ann) == 0
    await sitting.counters.take(ben.costing(4))
    await sitting.counters.take(ben.costing(6))
    assert await room(sitting.counters, ben) == 0


async def test_a_cost_above_what_is_left_is_refused_says_what_is_left_and_is_not_counted(sitting: Sitting) -> None:
    ann = tally(10)
    await sitting.counters.take(ann.costing(7))
    for _ in range(2):
        with pytest.raises(TooManyRequests) as refused:
            await sitting.counters.take(ann.costing(4))
        assert (refused.value.rate, refused.value.left) == (ann.rate, 3)
        assert timedelta(minutes=59) < refused.value.wait <= timedelta(hours=1)
    await sitting.another().take(ann.costing(3))
    with pytest.raises(TooManyRequests) as refused:
        await sitting.counters.take(ann)
    assert refused.value.left == 0


async def test_a_cost_above_the_whole_amount_is_refused_also_by_an_empty_count(sitting: Sitting) -> None:
    ann = tally(3)
    with pytest.raises(TooManyRequests) as refused:
        await sitting.counters.take(ann.costing(4))
    assert refused.value.left == 3
    assert await room(sitting.counters, ann) == 3


async def test_where_one_has_too_little_room_no_cost_is_counted_on_the_others(sitting: Sitting) -> None:
    short, free = tally(10), tally(10)
    await sitting.counters.take(short.costing(8))
    for pair in ((short.costing(5), free.costing(5)), (free.costing(5), short.costing(5))):
        with pytest.raises(TooManyRequests):
            await sitting.counters.take(*pair)
    assert (await room(sitting.counters, free), await room(sitting.counters, short)) == (10, 2)


async def test_a_cost_is_given_back_whole_and_never_below_nothing(sitting: Sitting) -> None:
    ann, ben = tally(10), tally(10)
    await sitting.counters.take(ann.costing(9))
    await sitting.counters.settle(give_back=[ann.costing(6)])
    assert await room(sitting.counters, ann) == 7
    await sitting.counters.take(ben)
    await sitting.counters.settle(give_back=[ben.costing(6), tally().costing(6)])
    assert await room(sitting.counters, ben) == 10


async def test_what_is_given_back_to_a_window_that_is_over_leaves_the_next_one_its_amount(sitting: Sitting) -> None:
    ann = tally(3, WINDOW)
    await sitting.counters.take(ann.costing(3))
    await sitting.wait(WINDOW)
    await sitting.counters.settle(give_back=[ann.costing(3)])
    assert await room(sitting.counters, ann) == 3


async def test_of_many_costs_at_once_as_many_are_counted_as_there_is_room_for(sitting: Sitting) -> None:
    ann, another = tally(50), sitting.another()
    takers = [counters.take(ann.costing(4)) for _ in range(10) for counters in (sitting.counters, another)]
    found = await asyncio.gather(*takers, return_exceptions=True)
    assert (found.count(None), len([one for one in found if isinstance(one, TooManyRequests)])) == (12, 8)
    assert await room(sitting.counters, ann) == 2


async def test_nothing_to_count_is_in_order(sitting: Sitting) -> None:
    await sitting.counters.take()
    await sitting.counters.settle()


async def test_a_window_that_is_over_is_not_given_back_to(sitting: Sitting) -> None:
    ann = tally(2, WINDOW)
    await fill(sitting.counters, ann)
    await sitting.wait(WINDOW)
    await sitting.counters.take(ann)
    await sitting.counters.settle(give_back=[ann])
    assert await room(sitting.counters, ann) == 2


async def test_what_is_over_is_swept_from_the_table(sqlite_file: URL) -> None:
    clock, database, short = SetClock(NOON), database_at(sqlite_file), tally(per=timedelta(seconds=30))
    counters = SqlCounters(database, clock, SECRET)
    await counters.take(short)
    clock.advance(timedelta(seconds=59))
    await counters.take(tally())
    assert short.fingerprint(SECRET) in await _fingerprints(sqlite_file)
    clock.advance(timedelta(seconds=1))
    await counters.take(tally())
    assert short.fingerprint(SECRET) not in await _fingerprints(sqlite_file)
    await database.close()


async def test_of_much_that_is_over_some_is_swept_at_a_time(fresh_url: URL) -> None:
    await migrations.upgrade(fresh_url)
    clock, database, much = SetClock(NOON), database_at(fresh_url), 2 * _SWEPT_AT_ONCE + 1
    async with database.begin(read_only=False) as connection:
        over = {"start": 1, "end": NOON - timedelta(seconds=1)}
        await connection.execute_many(_RESTART, [{"tally": number.to_bytes(2)} | over for number in range(much)])
    counters, left = SqlCounters(database, clock, SECRET), []
    for _ in range(4):
        await counters.take(short := tally())
        async with database.begin(read_only=True) as connection:
            left.append(len(await connection.fetch_all(_ALL)))
        await counters.settle(give_back=[short])
    assert left == [much - _SWEPT_AT_ONCE + 1, much - 2 * _SWEPT_AT_ONCE + 2, 3, 4]
    await database.close()


async def _fingerprints(url: URL) -> set[bytes]:
    with closing(sqlite3.connect(url.database or "")) as file:
        return {row[0] for row in file.execute("SELECT fingerprint FROM rate_limits")}


async def test_a_database_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    database = database_at(make_url(f"sqlite:///{tmp_path}/gone/taskward.db"))
    with pytest.raises(Unavailable):
        await SqlCounters(database, SetClock(NOON), SECRET).take(tally())
