"""A connection to SQLite that counts commits, and fails where it was told to."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table, insert

from adapters.sql.query import Query

ADD = Query(insert(Table("numbers", MetaData(), Column("n", Integer))))
CREATED = "CREATE TABLE numbers (n INTEGER NOT NULL) STRICT"

SECONDS = 10
"""More than anything here takes, unless somebody waits for ever."""


class Mistake(Exception):
    pass


class Watched(sqlite3.Connection):
    """Counts commits, and fails statements where it was told to."""

    commits = 0
    failing: Sequence[str] = ()
    failure: Exception

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        Watched.commits += sql == "COMMIT"
        if sql in Watched.failing:
            raise Watched.failure
        return super().execute(sql, *arguments)

    def rollback(self) -> None:
        if "ROLLBACK" in Watched.failing:
            raise Watched.failure
        super().rollback()


def failure(kind: type[Exception], code: int) -> Exception:
    error = kind("disk I/O error")
    if isinstance(error, sqlite3.Error):
        error.sqlite_errorcode = code
    return error
