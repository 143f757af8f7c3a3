"""SQLite is called on the event loop; what may take long is not, and can be given up."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Integer, bindparam, literal, select

from adapters.sql.query import Query
from adapters.sql.sqlite import SqliteDatabase

_NUMBERS = select(literal(1).label("n")).cte("numbers", recursive=True)
_COUNTED = _NUMBERS.union_all(select(_NUMBERS.c.n + 1).where(_NUMBERS.c.n < bindparam("last", type_=Integer)))
COUNT = select(_COUNTED.c.n).order_by(_COUNTED.c.n.desc()).limit(1)
LONG, SHORT = 300_000, 10


async def test_others_go_on_while_a_slow_statement_runs(tmp_path: Path) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    going_on = asyncio.create_task(others())
    database = SqliteDatabase(tmp_path / "numbers.db")
    async with database.begin(read_only=True) as connection:
        await asyncio.sleep(0)
        before = turns
        assert await connection.fetch_all(Query(COUNT), last=LONG) == [[LONG]]
        assert turns == before
        assert await connection.fetch_all(Query(COUNT, is_slow=True), last=LONG) == [[LONG]]
        assert turns > before
    going_on.cancel()
    await database.close()


async def test_a_slow_statement_that_is_given_up_leaves_its_connection_fit_for_the_next(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "numbers.db")
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), database.begin(read_only=True) as connection:
                await connection.fetch_all(Query(COUNT, is_slow=True), last=10**12)
        async with database.begin(read_only=True) as connection:
            assert await connection.fetch_all(Query(COUNT, is_slow=True), last=SHORT) == [[SHORT]]
    await database.close()
