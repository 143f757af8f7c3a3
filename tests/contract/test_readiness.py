"""Whether the service can do its work: one look for all who ask, which neither waits for the pool nor lasts long."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from glob import glob
from pathlib import Path
from typing import Final

import asyncpg
import pytest
from sqlalchemy import URL, column, make_url, select, table

from adapters.sql import history, migrations
from adapters.sql.connection import Database
from adapters.sql.postgres import PostgresDatabase
from adapters.sql.query import Query
from adapters.sql.readiness import SqlReadiness
from adapters.sql.sqlite import SqliteDatabase
from adapters.sql.url import database_at
from adapters.system.readiness import SharedReadiness
from domain.errors import Unavailable, WrongStoreVersion

CALLERS: Final = 100
POOL: Final = 16


class Looks:
    """A readiness that counts the looks, and a clock that stands still unless it is moved."""

    def __init__(self, *verdicts: str | Exception | None) -> None:
        self.verdicts = list(verdicts)
        self.looks = 0
        self.at = 1000.0

    def now(self) -> float:
        return self.at

    async def __call__(self) -> str | None:
        self.looks += 1
        await asyncio.sleep(0)
        verdict = self.verdicts.pop(0)
        if isinstance(verdict, Exception):
            raise verdict
        return verdict


async def test_many_who_ask_at_once_cause_one_look() -> None:
    looks = Looks("not yet")
    readiness = SharedReadiness(looks, now=looks.now)
    verdicts = await asyncio.gather(*(readiness() for _ in range(CALLERS)))
    assert (set(verdicts), looks.looks) == ({"not yet"}, 1)


async def test_a_verdict_is_good_for_two_seconds() -> None:
    looks = Looks("not yet", None, "not any more")
    readiness = SharedReadiness(looks, now=looks.now)
    found = []
    for seconds in (0, 1.9, 0.1, 1.9, 0.1):
        looks.at += seconds
        found.append(await readiness())
    assert found == ["not yet", "not yet", None, None, "not any more"]


async def test_one_who_goes_away_does_not_end_the_look_of_the_others() -> None:
    looks = Looks(None)
    readiness = SharedReadiness(looks, now=looks.now)
    first, second = asyncio.create_task(readiness()), asyncio.create_task(readiness())
    await asyncio.sleep(0)
    first.cancel()
    assert await second is None
    assert looks.looks == 1


async def test_a_look_that_takes_too_long_is_given_up() -> None:
    async def never() -> str | None:
        await asyncio.Event().wait()
        return None

    assert await asyncio.wait_for(SharedReadiness(never, patience=0)(), 2) == "The database does not answer in time."


async def test_a_look_that_fails_is_a_verdict_too() -> None:
    looks = Looks(KeyError("a secret"), None)
    readiness = SharedReadiness(looks, now=looks.now)
    assert await readiness() == "The service cannot find out whether it is ready. Its log says why."
    looks.at += 2
    assert await readiness() is None


@pytest.fixture
async def url(fresh_url: URL) -> URL:
    await migrations.upgrade(fresh_url)
    return fresh_url


@pytest.fixture
async def database(url: URL) -> AsyncIterator[Database]:
    database = database_at(url)
    await database.open()
    yield database
    await database.close()


class Counted:
    """A database that counts how often its guards are looked at, and finds what it is told to find."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.found: list[str] = []
        self.looks = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)

    async def faults(self) -> list[str]:
        self.looks += 1
        return self.found


async def test_roles_and_policies_are_looked_at_once_a_minute_unless_something_is_wrong(database: Database) -> None:
    counted, looks = Counted(database), Looks()
    readiness = SqlReadiness(counted, now=looks.now)  # type: ignore[arg-type] # it has all that a database has
    for seconds, expected in ((0, 1), (59, 1), (1, 2), (1, 2)):
        looks.at += seconds
        assert await readiness() is None
        assert counted.looks == expected
    counted.found = ["it is not"]
    looks.at += 60
    for _ in range(2):
        assert await readiness() == "Not safe to serve: it is not. See 'taskward create-roles'."
    counted.found = []
    assert await readiness() is None
    assert counted.looks == 5


async def test_the_guards_are_looked_at_again_after_anything_was_wrong(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(database)
    readiness = SqlReadiness(counted)  # type: ignore[arg-type] # the same
    assert await readiness() is None

    async def takes_writes() -> bool:
        return False

    with monkeypatch.context() as patched:
        patched.setattr(database, "takes_writes", takes_writes)
        assert await readiness() == "The database takes no writes: it is read-only, or a standby."
    assert await readiness() is None
    assert counted.looks == 2


async def test_a_look_does_not_wait_for_the_connections_of_the_pool(fresh_postgres_url: URL) -> None:
    await migrations.upgrade(fresh_postgres_url)
    database = PostgresDatabase(fresh_postgres_url)
    async with AsyncExitStack() as stack:
        for share in range(POOL):
            await stack.enter_async_context(database.begin(read_only=True, share=share))
        assert await asyncio.wait_for(database.revision(), 1.5) == history.expected_revision()
        assert await asyncio.wait_for(database.takes_writes(), 1.5)
        assert await asyncio.wait_for(database.faults(), 1.5)
    await database.close()


def make_read_only(file: Path) -> None:
    """Have SQLite take the file for one that it may read but not write: by its header, which holds root, too."""
    with file.open("r+b") as opened:
        opened.seek(18)
        opened.write(b"\x03")


async def test_a_file_that_cannot_be_written_is_noticed(fresh_sqlite_url: URL) -> None:
    await migrations.upgrade(fresh_sqlite_url)
    make_read_only(Path(str(fresh_sqlite_url.database)))
    database = database_at(fresh_sqlite_url)
    assert await SqlReadiness(database)() == "The database takes no writes: it is read-only, or a standby."
    with pytest.raises(Unavailable):
        async with database.begin(read_only=False):
            pytest.fail("it has begun")
    await database.close()


async def test_a_file_that_another_process_is_writing_takes_writes(fresh_sqlite_url: URL) -> None:
    await migrations.upgrade(fresh_sqlite_url)
    database, other = database_at(fresh_sqlite_url), database_at(fresh_sqlite_url)
    async with other.begin(read_only=False):
        assert await database.takes_writes()
    await database.close()
    await other.close()


async def test_a_file_that_is_no_database_does_not_answer(tmp_path: Path) -> None:
    file = tmp_path / "taskward.db"
    file.write_bytes(b"This is a letter and no database. " * 100)
    database = SqliteDatabase(file)
    assert await SqlReadiness(database)() == "The database does not answer."
    with pytest.raises(Unavailable):
        async with database.begin(read_only=False):
            pytest.fail("it has begun")
    await database.close()


async def test_no_file_is_made_by_looking_for_it(tmp_path: Path) -> None:
    url = make_url(f"sqlite:///{tmp_path}/taskward.db")
    database = database_at(url)
    assert await SqlReadiness(database)() == "The database has no tables yet: run 'taskward migrate'."
    for read_only in (True, False):
        with pytest.raises(Unavailable):
            async with database.begin(read_only=read_only):
                pytest.fail("it has begun")
    await database.close()
    assert not glob(f"{tmp_path}/*")  # noqa: PTH207 - a Path blocks


NOWHERE: Final = Query(select(table("nowhere", column("at")).c.at))


async def test_a_statement_that_fails_is_a_mistake_unless_the_schema_is_of_another_version(
    database: Database, url: URL
) -> None:
    async def read() -> None:
        async with database.begin(read_only=True) as connection:
            await connection.fetch_all(NOWHERE)

    with pytest.raises((asyncpg.UndefinedTableError, sqlite3.OperationalError)):
        await read()
    await migrations.move(url, history.revisions()[-2])
    for _ in range(2):
        with pytest.raises(WrongStoreVersion):
            await read()
