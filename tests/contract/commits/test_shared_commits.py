"""Writers on SQLite that wait for each other share a commit, and nothing else."""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from adapters.sql import sqlite_writer
from adapters.sql.sqlite import SqliteDatabase
from domain.errors import Unavailable
from tests.contract.commits.watched import ADD, SECONDS, Mistake, Watched, failure


async def write(database: SqliteDatabase, number: int, then: Callable[[Any], object] = lambda _: None) -> None:
    async with database.begin(read_only=False) as connection:
        await connection.execute(ADD, n=number)
        then(connection._raw)


async def together(*work: Coroutine[Any, Any, None]) -> list[BaseException | None]:
    async with asyncio.timeout(SECONDS):
        return await asyncio.gather(*work, return_exceptions=True)


def fail(_: object) -> None:
    raise Mistake


async def test_those_who_wait_share_a_commit_and_are_told_when_it_is_done(
    database: SqliteDatabase, seen: Callable[[], list[int]]
) -> None:
    async def write_and_look(number: int) -> None:
        await write(database, number)
        assert number in seen()

    assert set(await together(*map(write_and_look, range(100)))) == {None}
    assert seen() == list(range(100))
    assert Watched.commits < 50


async def test_who_is_alone_commits_alone(database: SqliteDatabase, seen: Callable[[], list[int]]) -> None:
    for number in range(5):
        await write(database, number)
    assert seen() == list(range(5))
    assert Watched.commits == 5


async def test_who_fails_undoes_what_is_theirs(database: SqliteDatabase, seen: Callable[[], list[int]]) -> None:
    for failing in (0, 1):  # with and without somebody before who shares the commit
        work = (write(database, n, fail if n % 2 == failing else lambda _: None) for n in range(20))
        told = [type(outcome) for outcome in await together(*work)]
        assert told == [Mistake if n % 2 == failing else type(None) for n in range(20)]
    assert seen() == list(range(20))


IO_ERROR = (sqlite3.OperationalError, sqlite3.SQLITE_IOERR)
FAILURES = {
    "I/O": (*IO_ERROR, Unavailable),
    "a mistake of ours": (sqlite3.OperationalError, sqlite3.SQLITE_ERROR, sqlite3.OperationalError),
    "a broken file": (sqlite3.DatabaseError, sqlite3.SQLITE_CORRUPT, Unavailable),
    "no memory": (MemoryError, sqlite3.SQLITE_NOMEM, Unavailable),
}


@pytest.mark.parametrize("failing", [("COMMIT",), ("COMMIT", "ROLLBACK"), ("RELEASE mine",)])
@pytest.mark.parametrize(("kind", "code", "raised"), FAILURES.values(), ids=FAILURES)
async def test_where_the_commit_fails_nobody_has_done_anything(
    database: SqliteDatabase,
    seen: Callable[[], list[int]],
    monkeypatch: pytest.MonkeyPatch,
    *,
    failing: Sequence[str],
    kind: type[Exception],
    code: int,
    raised: type[Exception],
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Watched, "failing", failing)
        patched.setattr(Watched, "failure", failure(kind, code), raising=False)
        outcomes = await together(*(write(database, number) for number in range(4)))
    failed = [number for number, outcome in enumerate(outcomes) if outcome is not None]
    assert {type(outcomes[number]) for number in failed} == {raised}
    assert failed[:2] == [0, 1]
    assert len({id(outcomes[number]) for number in failed}) == len(failed), "nobody holds on to somebody else's request"
    assert seen() == [number for number in range(4) if number not in failed]
    await write(database, 9)
    assert seen()[-1] == 9


@pytest.mark.parametrize("failing", [("ROLLBACK TO mine",), ("RELEASE mine",), ("ROLLBACK",), ("ROLLBACK", "COMMIT")])
async def test_where_undoing_fails_all_is_undone_and_the_next_one_is_served(
    database: SqliteDatabase,
    seen: Callable[[], list[int]],
    monkeypatch: pytest.MonkeyPatch,
    failing: Sequence[str],
) -> None:
    for alone in (False, True):
        work = [write(database, 1, fail)] if alone else [write(database, 0), write(database, 1, fail)]
        with monkeypatch.context() as patched:
            patched.setattr(Watched, "failing", failing)
            patched.setattr(Watched, "failure", failure(*IO_ERROR), raising=False)
            outcomes = await together(*work)
        assert type(outcomes[-1]) is Mistake
        if not alone:
            assert (outcomes[0] is None) == (0 in seen())
        assert 1 not in seen()
        await write(database, 9)
        assert seen()[-1] == 9


@pytest.mark.parametrize("and_raises", [False, True])
@pytest.mark.parametrize("place", [0, 1, 3])
async def test_where_sqlite_undoes_it_all_whoever_shares_the_commit_is_told(
    database: SqliteDatabase, seen: Callable[[], list[int]], place: int, *, and_raises: bool
) -> None:
    def undo(raw: sqlite3.Connection) -> None:
        raw.execute("ROLLBACK")  # as SQLite does where there is no space left
        if and_raises:
            raise Mistake

    outcomes = await together(*(write(database, n, undo if n == place else lambda _: None) for n in range(6)))
    told = [type(outcome) for outcome in outcomes]
    assert told[:place] == [Unavailable] * place
    assert told[place] is (Mistake if and_raises else Unavailable)
    assert told[place + 1 :] == [type(None)] * (5 - place)
    assert seen() == list(range(place + 1, 6))


async def test_where_nobody_can_join_nothing_is_kept_of_those_who_are_done(
    database: SqliteDatabase, seen: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Watched, "failing", ("SAVEPOINT mine",))
        patched.setattr(Watched, "failure", failure(*IO_ERROR), raising=False)
        outcomes = await together(*(write(database, number) for number in range(3)))
    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable, type(None)]
    assert seen() == [2]


async def test_behind_what_sqlite_has_undone_nothing_more_is_done(
    database: SqliteDatabase, seen: Callable[[], list[int]]
) -> None:
    async def go_on() -> None:
        async with database.begin(read_only=False) as connection:
            connection._raw.execute("ROLLBACK")
            with pytest.raises(Unavailable):
                await connection.execute(ADD, n=2)

    with pytest.raises(Unavailable):
        await go_on()
    assert seen() == []


async def test_nobody_waits_for_a_commit_for_long(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10**6))
    monkeypatch.setattr(sqlite_writer, "now", lambda: next(clock) / 1000)  # Each look at it takes a millisecond.
    await together(*(write(database, number) for number in range(60)))
    assert Watched.commits >= 10, "a few milliseconds each"


async def test_who_gives_up_is_in_nobodys_way(database: SqliteDatabase, seen: Callable[[], list[int]]) -> None:
    """Whenever they do: while they wait, when their turn has just come, and while they wait for the commit."""
    for steps in range(12):
        first, second, third = (asyncio.create_task(write(database, steps * 10 + number)) for number in range(3))
        for _ in range(steps):
            await asyncio.sleep(0)
        second.cancel()
        done, _ = await asyncio.wait([first, second, third], timeout=SECONDS)
        assert done == {first, second, third}
        assert first.exception() is third.exception() is None
        assert {steps * 10, steps * 10 + 2} <= set(seen())
        if second.cancelled() and steps < 2:
            assert steps * 10 + 1 not in seen()


async def test_what_is_done_is_committed_though_everybody_else_gives_up(
    database: SqliteDatabase, seen: Callable[[], list[int]]
) -> None:
    first, second = (asyncio.create_task(write(database, number)) for number in range(2))
    for _ in range(2):
        await asyncio.sleep(0)  # The first is done then, and leaves it to the second to commit.
    assert seen() == []
    second.cancel()
    await asyncio.wait_for(first, SECONDS)
    assert seen() == [0]
    await write(database, 2)
    assert seen() == [0, 2]


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_what_was_told_is_so(
    database: SqliteDatabase, seen: Callable[[], list[int]], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same in every run

    async def live(number: int) -> None:
        await asyncio.sleep(chance.choice((0, 0, 0.001, 0.002)))
        async with database.begin(read_only=False) as connection:
            await connection.execute(ADD, n=number)
            if chance.random() < 0.2:
                await asyncio.sleep(chance.choice((0, 0.001)))
            if chance.random() < 0.2:
                raise Mistake
            await connection.execute(ADD, n=number)

    tasks = [asyncio.create_task(live(number)) for number in range(60)]
    for number in chance.sample(range(60), 15):
        await asyncio.sleep(chance.choice((0, 0, 0.001)))
        tasks[number].cancel()
    done, late = await asyncio.wait(tasks, timeout=SECONDS)
    assert not late
    assert any(task.cancelled() for task in done)
    there = seen()
    for number, task in enumerate(tasks):
        if task.cancelled():
            assert there.count(number) in (0, 2), "all or nothing"
        elif task.exception() is None:
            assert there.count(number) == 2
        else:
            assert isinstance(task.exception(), Mistake)
            assert there.count(number) == 0
    await write(database, 99)
    assert 99 in seen()
