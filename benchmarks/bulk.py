"""Rows in bulk, past the service: as the owner of the database, and as its driver has them."""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import URL

from benchmarks.databases import text
from domain.time import microseconds

T = TypeVar("T")
Row = Mapping[str, Any]

_AS_LONG_AS_IT_TAKES: Final = timedelta(hours=2).total_seconds()


class Bulk(ABC):
    """A database with the tables of Taskward."""

    @abstractmethod
    def rows(self, table: str, column: str, value: Any) -> Sequence[Row]:
        """The rows with this value."""

    def add(self, table: str, rows: Iterable[Row]) -> None:
        """Add rows, all with the columns of the first one."""
        waiting = iter(rows)
        first = next(waiting, None)
        if first is not None:
            self._add(table, list(first), (tuple(row.values()) for row in chain([first], waiting)))

    @abstractmethod
    def _add(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add rows with these columns."""

    @abstractmethod
    def id(self, value: UUID) -> Any:
        """An id as a row holds it."""

    @abstractmethod
    def moment(self, at: datetime) -> Any:
        """A moment as a row holds it."""


class BulkOnPostgres(Bulk):
    """With COPY."""

    def __init__(self, url: URL) -> None:
        self._url = url

    def rows(self, table: str, column: str, value: Any) -> Sequence[Row]:
        statement = f"SELECT * FROM {table} WHERE {column} = $1"  # noqa: S608 - our own names
        return [dict(row) for row in self._run(lambda connection: connection.fetch(statement, value))]

    def _add(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        self._run(
            lambda connection: connection.copy_records_to_table(
                table, records=rows, columns=columns, timeout=_AS_LONG_AS_IT_TAKES
            )
        )

    def id(self, value: UUID) -> Any:
        return value

    def moment(self, at: datetime) -> Any:
        return at

    def _run(self, work: Callable[[Any], Awaitable[T]]) -> T:
        async def run() -> T:
            connection = await asyncpg.connect(text(self._url))
            try:
                return await work(connection)
            finally:
                await connection.close()

        return asyncio.run(run())


class BulkOnSqlite(Bulk):
    """In one transaction for each call."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def rows(self, table: str, column: str, value: Any) -> Sequence[Row]:
        statement = f"SELECT * FROM {table} WHERE {column} = ?"  # noqa: S608 - our own names
        with closing(sqlite3.connect(self._file)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement, [value])]

    def _add(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        places = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - the same
        with closing(sqlite3.connect(self._file)) as connection, connection:
            connection.executemany(statement, rows)

    def id(self, value: UUID) -> Any:
        return value.bytes

    def moment(self, at: datetime) -> Any:
        return microseconds(at)
