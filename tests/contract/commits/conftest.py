"""A file with numbers in it, and a database that is watched while it writes to it."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from adapters.sql.sqlite import SqliteDatabase
from tests.contract.commits.watched import CREATED, Watched


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with closing(sqlite3.connect(tmp_path / "numbers.db")) as made:
        made.execute(CREATED)
    monkeypatch.setattr(Watched, "commits", 0)
    monkeypatch.setattr("adapters.sql.sqlite.sqlite3.connect", _watched(sqlite3.connect))
    return tmp_path / "numbers.db"


def _watched(connect: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
    return lambda *arguments, **more: connect(*arguments, **more, factory=Watched)


@pytest.fixture
async def database(file: Path) -> AsyncIterator[SqliteDatabase]:
    database = SqliteDatabase(file)
    yield database
    await database.close()


@pytest.fixture
def seen(file: Path) -> Callable[[], list[int]]:
    """What somebody else sees."""

    def look() -> list[int]:
        with closing(sqlite3.connect(file)) as other:
            return [row[0] for row in other.execute("SELECT n FROM numbers ORDER BY n")]

    return look
