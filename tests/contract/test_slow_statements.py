"""SQLite is called on the event loop; what may take long is not, and can be given up."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, bindparam, func, insert, literal, select

from adapters.sql import sqlite_connection
from adapters.sql.query import Query
from adapters.sql.sqlite import SqliteDatabase
from adapters.sql.sqlite_connection import SqliteConnection

_NUMBERS = select(literal(1).label("n")).cte("numbers", recursive=True)
_COUNTED = _NUMBERS.union_all(select(_NUMBERS.c.n + 1).where(_NUMBERS.c.n < bindparam("last", type_=Integer)))
COUNT = select(_COUNTED.c.n).order_by(_COUNTED.c.n.desc()).limit(1)
LONG, SHORT = 300_000, 10
FOR_EVER = 10**12
NUMBERS = Table("numbers", MetaData(), Column("n", Integer))
FILL = Query(insert(NUMBERS).from_select(["n"], select(_COUNTED.c.n)).returning(NUMBERS.c.n), is_slow=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "numbers.db")) as made:
        made.execute("CREATE TABLE numbers (n INTEGER)")
    return tmp_path / "numbers.db"


@pytest.fixture
async def database(file: Path) -> AsyncIterator[SqliteDatabase]:
    database = SqliteDatabase(file)
    yield database
    await database.close()


async def count_for_ever(database: SqliteDatabase) -> None:
    async with database.begin(read_only=True) as connection:
        await connection.fetch_all(Query(COUNT, is_slow=True), last=FOR_EVER)


async def test_others_go_on_while_a_slow_statement_runs(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    going_on = asyncio.create_task(others())
    async with database.begin(read_only=True) as connection:
        await asyncio.sleep(0)
        before = turns
        assert await connection.fetch_all(Query(COUNT), last=LONG) == [[LONG]]
        assert turns == before
        with monkeypatch.context() as patched:
            patched.setattr(sqlite_connection, "perf_counter", lambda: 0.0)  # No time goes by.
            assert await connection.fetch_all(Query(COUNT, is_slow=True), last=SHORT) == [[SHORT]]
        assert turns == before, "a thread would cost more than the statement"
        assert await connection.fetch_all(Query(COUNT, is_slow=True), last=LONG) == [[LONG]]
        assert turns > before
    going_on.cancel()


async def test_a_slow_statement_that_is_given_up_leaves_its_connection_fit_for_the_next(
    database: SqliteDatabase,
) -> None:
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), database.begin(read_only=True) as connection:
                await connection.fetch_all(Query(COUNT, is_slow=True), last=FOR_EVER)
        async with database.begin(read_only=True) as connection:
            assert await connection.fetch_all(Query(COUNT, is_slow=True), last=SHORT) == [[SHORT]]


async def test_one_that_waits_for_a_thread_is_given_up_at_once(database: SqliteDatabase) -> None:

    counting = [asyncio.create_task(count_for_ever(database)) for _ in range(5)]
    await asyncio.sleep(0.1)
    counting[-1].cancel()
    done, _ = await asyncio.wait(counting, timeout=0.1)
    assert done == {counting[-1]}
    for one in counting:
        one.cancel()
    await asyncio.wait(counting)
    assert all(one.cancelled() for one in counting)


async def test_a_slow_change_is_done_whole(database: SqliteDatabase) -> None:
    """SQLite would undo the whole transaction with a change that is given up halfway."""
    async with database.begin(read_only=False) as connection:
        await connection.execute(Query(insert(NUMBERS)), n=0)
        assert len(await connection.execute_returning(FILL, last=LONG)) == LONG
    async with database.begin(read_only=True) as connection:
        assert await connection.fetch_all(Query(select(func.count()).select_from(NUMBERS))) == [[LONG + 1]]


async def test_a_statement_of_few_long_steps_is_slow_too(database: SqliteDatabase) -> None:
    """A search through long texts takes a step for each, and a long time for each step."""
    long_text = func.length(func.hex(func.zeroblob(_COUNTED.c.n + 100_000)))
    async with database.begin(read_only=True) as connection:
        working = asyncio.ensure_future(
            connection.fetch_all(Query(select(func.sum(long_text)).select_from(_COUNTED), is_slow=True), last=1_000)
        )
        for _ in range(3):
            await asyncio.sleep(0)
        assert not working.done()
        assert await working == [[sum(2 * (100_000 + n) for n in range(1, 1_001))]]


async def test_whoever_has_the_file_waits_for_nobody_who_reads(database: SqliteDatabase) -> None:

    counting = [asyncio.create_task(count_for_ever(database)) for _ in range(4)]
    await asyncio.sleep(0.1)
    async with asyncio.timeout(30), database.begin(read_only=False) as connection:
        assert len(await connection.execute_returning(FILL, last=SHORT)) == SHORT
    for one in counting:
        one.cancel()
    await asyncio.wait(counting)


async def test_whoever_is_given_up_twice_leaves_the_connection_at_rest(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, at_rest = SqliteConnection.run, threading.Event()

    def run_and_linger(self: SqliteConnection, sql: str, arguments: list[Any]) -> sqlite3.Cursor:
        try:
            return run(self, sql, arguments)
        finally:
            if threading.current_thread() is not threading.main_thread():
                time.sleep(0.1)
                at_rest.set()

    monkeypatch.setattr(SqliteConnection, "run", run_and_linger)
    async with database.begin(read_only=True) as connection:
        working = asyncio.create_task(connection.fetch_all(Query(COUNT, is_slow=True), last=FOR_EVER))
        await asyncio.sleep(0.05)
        for _ in range(2):
            working.cancel()
            await asyncio.sleep(0)
        await asyncio.wait([working])
        assert working.cancelled()
        assert at_rest.is_set()
