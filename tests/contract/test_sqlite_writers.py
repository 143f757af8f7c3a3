"""One process at a time writes to a SQLite file: its writers queue, and those of others have their turns, too."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select

from adapters.sql import sqlite_writer, turns
from adapters.sql.query import Query
from adapters.sql.sqlite import SqliteDatabase
from adapters.sql.sqlite_writer import tried
from domain.errors import TooBusy, Unavailable

NUMBERS = Table("numbers", MetaData(), Column("n", Integer))
ADD, READ = Query(insert(NUMBERS)), Query(select(NUMBERS.c.n))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "numbers.db")) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE numbers (n INTEGER) STRICT")
    return tmp_path / "numbers.db"


@pytest.fixture
def database(file: Path) -> SqliteDatabase:
    return SqliteDatabase(file)


@pytest.fixture
def another_process(file: Path) -> Iterator[sqlite3.Connection]:
    """It is writing."""
    with closing(sqlite3.connect(file, isolation_level=None)) as writing:
        writing.execute("BEGIN IMMEDIATE")
        yield writing


async def write(database: SqliteDatabase, number: int = 1) -> None:
    async with database.begin(read_only=False) as connection:
        await connection.execute(ADD, n=number)


async def numbers(database: SqliteDatabase) -> list[int]:
    async with database.begin(read_only=True) as connection:
        return [row[0] for row in await connection.fetch_all(READ)]


async def test_neither_of_two_processes_keeps_the_file_to_itself(file: Path) -> None:
    order: list[int] = []

    async def writer(process: int, database: SqliteDatabase) -> None:
        async with database.begin(read_only=False) as connection:
            await connection.execute(ADD, n=process)
            await asyncio.sleep(0.001)
        order.append(process)

    databases = [SqliteDatabase(file) for _ in range(2)]
    await asyncio.gather(*(writer(process, database) for process, database in enumerate(databases) for _ in range(60)))
    assert sorted(await numbers(databases[0])) == [0] * 60 + [1] * 60
    last = len(order) - 1
    for first, second in ((0, 1), (1, 0)):
        assert order.index(first) < last - order[::-1].index(second)
    changes = sum(before != after for before, after in pairwise(order))
    assert changes >= 4, "each has several turns"
    for database in databases:
        await database.close()


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how long somebody has slept."""
    seconds: list[float] = []
    sleep = asyncio.sleep

    async def noted(for_seconds: float) -> None:
        if for_seconds:
            seconds.append(for_seconds)
        await sleep(for_seconds)

    monkeypatch.setattr(asyncio, "sleep", noted)
    return seconds


async def test_who_meets_nobody_leaves_gaps_less_and_less_often(
    slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10**6))
    monkeypatch.setattr(turns, "now", lambda: next(clock) / 10_000)  # Each look at it takes a tenth of a millisecond.
    taking = turns.Turns()
    for _ in range(2_000):
        await taking.take(lambda: "mine")
        taking.leave()
    assert 1 <= len(slept) <= 12, "one for every tenth of a second, and a few before"


async def test_who_has_met_somebody_leaves_gaps_often_again(
    slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10**6))
    monkeypatch.setattr(turns, "now", lambda: next(clock) / 10_000)
    taking = turns.Turns()

    async def take(count: int, *tries: str | None) -> int:
        """How many gaps and naps there are while it is taken so often."""
        slept.clear()
        for _ in range(count):
            answers = iter(tries)
            await taking.take(partial(next, answers))
            taking.leave()
        return len(slept)

    assert await take(2_000, "mine") > await take(200, "mine") <= 1
    assert await take(1, None, "mine") == 0
    assert await take(200, "mine") >= 2


async def test_who_waits_looks_often_at_first_and_naps_then(
    slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10**6))
    monkeypatch.setattr(turns, "now", lambda: next(clock) / 10_000)
    looks = iter([None] * 100 + ["mine"])
    assert await turns.Turns().take(lambda: next(looks)) == "mine"
    assert 50 <= len(slept) <= 90
    assert set(slept) == {turns._NAP}


async def test_who_writes_now_and_then_leaves_gaps_without_a_nap(
    database: SqliteDatabase, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(100))
    monkeypatch.setattr(turns, "now", lambda: next(clock))
    for number in range(10):
        await write(database, number)
    assert slept == []


async def test_a_writer_never_waits_inside_sqlite(database: SqliteDatabase) -> None:
    await write(database)
    async with database.begin(read_only=False) as connection:
        assert connection._raw.execute("PRAGMA busy_timeout").fetchone() == (0,)


async def test_who_waits_for_another_process_lets_everybody_else_go_on(
    database: SqliteDatabase, another_process: sqlite3.Connection
) -> None:
    waiting = asyncio.create_task(write(database))
    for _ in range(5):
        assert await numbers(database) == []
        await asyncio.sleep(0.002)
    assert not waiting.done()
    another_process.execute("COMMIT")
    await waiting
    assert await numbers(database) == [1]


async def test_who_has_waited_for_too_long_is_told_and_the_next_one_is_not_in_their_way(
    database: SqliteDatabase, another_process: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", 0.02)
    refused = await asyncio.gather(*(write(database) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in refused] == [TooBusy] * 3
    another_process.execute("COMMIT")
    await write(database)
    assert await numbers(database) == [1]


@pytest.mark.parametrize("seconds", [0, 0.005])
async def test_who_gives_up_waiting_is_in_nobodys_way(
    database: SqliteDatabase, another_process: sqlite3.Connection, seconds: float
) -> None:
    first, second = asyncio.create_task(write(database, 1)), asyncio.create_task(write(database, 2))
    await asyncio.sleep(seconds)
    first.cancel()
    another_process.execute("COMMIT")
    await second
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await numbers(database) == [2]


async def test_what_cannot_be_opened_is_unavailable_and_leaves_the_turn(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "missing" / "numbers.db")
    for _ in range(2):
        with pytest.raises(Unavailable):
            await write(database)


async def test_what_is_being_written_is_kept_though_the_database_is_closed(database: SqliteDatabase) -> None:
    await write(database, 1)
    async with database.begin(read_only=False) as connection:
        await connection.execute(ADD, n=2)
        await database.close()
    assert await numbers(database) == [1, 2]
    await write(database, 3)
    assert await numbers(database) == [1, 2, 3]
    await database.close()


async def test_what_is_written_ahead_goes_into_the_file_in_the_end_but_not_every_moment(
    database: SqliteDatabase, file: Path
) -> None:
    before, sizes = size_of(file), []
    for _ in range(40):
        async with database.begin(read_only=False) as connection:
            connection._raw.execute("INSERT INTO numbers SELECT value FROM json_each(?)", [f"[{'1,' * 100_000}1]"])
        sizes.append(size_of(file.with_name(f"{file.name}-wal")))
    assert 8_000_000 < max(sizes) < 20_000_000
    assert size_of(file) > before + 16_000_000


MANY = f"[{'1,' * 500}1]"


async def write_many(database: SqliteDatabase) -> None:
    async with database.begin(read_only=False) as connection:
        connection._raw.execute("INSERT INTO numbers SELECT value FROM json_each(?)", [MANY])


class SlowCommits:
    """Each commit waits until it may go on, or fails."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.has_begun = threading.Event()
        self.error: Exception | None = None

    def tried(self, connection: sqlite3.Connection, statement: str) -> Exception | None:
        if statement != "COMMIT":
            return tried(connection, statement)
        self.has_begun.set()
        assert self.may_go_on.wait(5), "the loop that lets it go on stands still"
        return self.error or tried(connection, statement)


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> SlowCommits:
    commits = SlowCommits()
    monkeypatch.setattr(sqlite_writer, "tried", commits.tried)
    return commits


async def begun(commits: SlowCommits) -> None:
    assert await asyncio.to_thread(commits.has_begun.wait, 5)


async def test_others_read_while_many_rows_are_committed_and_write_afterwards(
    database: SqliteDatabase, commits: SlowCommits
) -> None:
    writing = asyncio.create_task(write_many(database))
    await begun(commits)
    assert await numbers(database) == []
    behind = asyncio.create_task(write(database, 2))
    await asyncio.sleep(0.01)
    assert not writing.done()
    assert not behind.done()
    commits.may_go_on.set()
    await asyncio.gather(writing, behind)
    assert await numbers(database) == [1] * 501 + [2]


async def test_many_rows_are_committed_though_nobody_waits_for_it_any_more(
    database: SqliteDatabase, commits: SlowCommits
) -> None:
    writing = asyncio.create_task(write_many(database))
    await begun(commits)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    commits.may_go_on.set()
    await write(database, 2)
    assert await numbers(database) == [1] * 501 + [2]


async def test_many_rows_that_cannot_be_committed_are_undone(database: SqliteDatabase, commits: SlowCommits) -> None:
    commits.error = Unavailable()
    commits.may_go_on.set()
    with pytest.raises(Unavailable):
        await write_many(database)
    commits.error = None
    await write(database, 2)
    assert await numbers(database) == [2]


async def test_few_rows_are_committed_without_a_thread(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def noted(connection: sqlite3.Connection, statement: str) -> Exception | None:
        threads.append(threading.current_thread())
        return tried(connection, statement)

    monkeypatch.setattr(sqlite_writer, "tried", noted)
    await write(database)
    assert threads == [threading.current_thread()]


def size_of(file: Path) -> int:
    return file.stat().st_size
