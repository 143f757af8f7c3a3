"""Work on a SQLite file that needs no answer on the way is done in one turn, each piece by itself."""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from adapters.sql import sqlite_batch
from adapters.sql.sqlite import SqliteDatabase
from adapters.sql.sqlite_connection import SqliteConnection
from domain.errors import TooBusy, Unavailable
from domain.shares import SERVICE, ShareKey
from tests.contract.commits.watched import ADD, SECONDS, Mistake, Watched, failure

Seen = Callable[[], list[int]]
Then = Callable[[sqlite3.Connection], object]


async def do(database: SqliteDatabase, number: int, then: Then = lambda _: None) -> None:
    def work(connection: SqliteConnection) -> None:
        connection.run(ADD.on_sqlite.sql, [number])
        then(connection._raw)

    await database._do(SERVICE, work)


async def write(database: SqliteDatabase, number: int) -> None:
    async with database.begin(read_only=False) as connection:
        await connection.execute(ADD, n=number)


async def together(*work: Coroutine[Any, Any, None]) -> list[BaseException | None]:
    async with asyncio.timeout(SECONDS):
        return await asyncio.gather(*work, return_exceptions=True)


def kinds(outcomes: Sequence[BaseException | None]) -> list[type[object]]:
    return [type(outcome) for outcome in outcomes]


def fail(_: object) -> None:
    raise Mistake


def undo(raw: sqlite3.Connection) -> None:
    raw.execute("ROLLBACK")  # as SQLite does where there is no space left


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make these statements fail, with an I/O error; none of them make all of them work again."""

    def make(*statements: str) -> None:
        monkeypatch.setattr(Watched, "failing", statements)
        error = failure(sqlite3.OperationalError, sqlite3.SQLITE_IOERR)
        monkeypatch.setattr(Watched, "failure", error, raising=False)

    return make


async def test_they_share_a_commit_and_are_told_when_it_is_done(database: SqliteDatabase, seen: Seen) -> None:
    async def do_and_look(number: int) -> None:
        await do(database, number)
        assert number in seen()

    assert set(await together(*map(do_and_look, range(100)))) == {None}
    assert seen() == list(range(100))
    assert Watched.commits < 20


async def test_who_is_alone_commits_alone(database: SqliteDatabase, seen: Seen) -> None:
    for number in range(3):
        await do(database, number)
        assert seen() == list(range(number + 1))
    assert Watched.commits == 3


async def test_who_fails_undoes_what_is_theirs(database: SqliteDatabase, seen: Seen) -> None:
    for failing in (0, 1):
        work = (do(database, n, fail if n % 2 == failing else lambda _: None) for n in range(20))
        assert kinds(await together(*work)) == [Mistake if n % 2 == failing else type(None) for n in range(20)]
    assert seen() == list(range(20))


async def test_other_writers_have_their_turn(database: SqliteDatabase, seen: Seen) -> None:
    work = (do(database, n) if n % 2 else write(database, n) for n in range(40))
    assert set(await together(*work)) == {None}
    assert seen() == list(range(40))


@pytest.mark.parametrize("statements", [("COMMIT",), ("COMMIT", "ROLLBACK")])
async def test_where_the_commit_fails_nobody_has_done_anything(
    database: SqliteDatabase, seen: Seen, failing: Callable[..., None], statements: Sequence[str]
) -> None:
    failing(*statements)
    outcomes = await together(*(do(database, number) for number in range(4)))
    assert kinds(outcomes) == [Unavailable] * 4
    assert len(set(map(id, outcomes))) == 4, "nobody holds on to somebody else's request"
    failing()
    assert seen() == []
    await do(database, 9)
    assert seen() == [9]


@pytest.mark.parametrize("statement", ["SAVEPOINT piece", "RELEASE piece"])
async def test_where_a_piece_cannot_be_kept_apart_nothing_is_kept(
    database: SqliteDatabase, seen: Seen, failing: Callable[..., None], statement: str
) -> None:
    def spoil(_: object) -> None:
        failing(statement)

    outcomes = await together(do(database, 0), do(database, 1, spoil), do(database, 2))
    assert kinds(outcomes)[:2] == [Unavailable, Unavailable]
    failing()
    assert (2 in seen()) == (outcomes[2] is None)
    assert {0, 1}.isdisjoint(seen())
    await do(database, 9)
    assert 9 in seen()


async def test_where_a_piece_cannot_be_undone_nothing_is_kept(
    database: SqliteDatabase, seen: Seen, failing: Callable[..., None]
) -> None:
    failing("ROLLBACK TO piece")
    outcomes = await together(do(database, 0), do(database, 1, fail), do(database, 2))
    assert kinds(outcomes) == [Unavailable, Unavailable, type(None)]
    assert seen() == [2]


@pytest.mark.parametrize("place", [0, 1, 3])
async def test_where_sqlite_undoes_it_all_whoever_was_done_is_told(
    database: SqliteDatabase, seen: Seen, place: int
) -> None:
    outcomes = await together(*(do(database, n, undo if n == place else lambda _: None) for n in range(6)))
    assert kinds(outcomes) == [Unavailable] * (place + 1) + [type(None)] * (5 - place)
    assert seen() == list(range(place + 1, 6))


async def test_where_nobody_can_begin_all_are_told(
    database: SqliteDatabase, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: ShareKey, *, expires: bool) -> sqlite3.Connection:
        raise TooBusy

    with monkeypatch.context() as patched:
        patched.setattr(database._writer, "begin", refuse)
        outcomes = await together(*(do(database, number) for number in range(3)))
    assert kinds(outcomes) == [TooBusy] * 3
    assert len(set(map(id, outcomes))) == 3
    await do(database, 9)
    assert seen() == [9]


async def test_a_turn_does_not_last_for_long(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10**6))
    monkeypatch.setattr(sqlite_batch, "now", lambda: next(clock) / 1000)  # Each look at it takes a millisecond.
    assert set(await together(*(do(database, number) for number in range(60)))) == {None}
    assert Watched.commits >= 10, "a few milliseconds each"


async def test_who_gives_up_is_in_nobodys_way(database: SqliteDatabase, seen: Seen) -> None:
    """Whenever they do: while they wait, and while they wait for the commit."""
    for steps in range(8):
        first, second, third = (asyncio.create_task(do(database, steps * 10 + number)) for number in range(3))
        for _ in range(steps):
            await asyncio.sleep(0)
        second.cancel()
        done, _ = await asyncio.wait([first, second, third], timeout=SECONDS)
        assert done == {first, second, third}
        assert first.exception() is third.exception() is None
        assert {steps * 10, steps * 10 + 2} <= set(seen())
        if second.cancelled() and steps < 3:
            assert steps * 10 + 1 not in seen()


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_what_was_told_is_so(database: SqliteDatabase, seen: Seen, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same in every run

    async def live(number: int) -> None:
        await asyncio.sleep(chance.choice((0, 0, 0.001, 0.002)))
        if chance.random() < 0.2:
            await write(database, number)
        else:
            await do(database, number, fail if chance.random() < 0.2 else lambda _: None)

    tasks = [asyncio.create_task(live(number)) for number in range(60)]
    for number in chance.sample(range(60), 15):
        await asyncio.sleep(chance.choice((0, 0, 0.001)))
        tasks[number].cancel()
    done, late = await asyncio.wait(tasks, timeout=SECONDS)
    assert not late
    assert any(task.cancelled() for task in done)
    there = seen()
    for number, task in enumerate(tasks):
        if not task.cancelled():
            assert task.exception() is None or isinstance(task.exception(), Mistake)
            assert there.count(number) == (task.exception() is None)
    await do(database, 99)
    assert 99 in seen()
