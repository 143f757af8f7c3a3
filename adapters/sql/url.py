"""Which database a URL means."""

from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from adapters.sql import dsn
from adapters.sql.connection import Database
from adapters.sql.postgres import PostgresDatabase
from adapters.sql.sqlite import SqliteDatabase

_RULE: Final = "write sqlite:///path or postgresql://user:password@host/database"
_LAST_PORT: Final = 65535

DatabaseUrl = URL
"""Where a database is, and how to sign in to it."""


def read_url(text: str) -> URL:
    """Read ``sqlite:///path`` or ``postgresql://user:password@host/database``. Raises ValueError for anything else."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # What they say repeats the URL, and the password in it.
        raise ValueError(_RULE) from None
    if url.port is not None and not 0 < url.port <= _LAST_PORT:
        raise ValueError("a port is a number from 1 to 65535")
    if url.drivername not in {"sqlite", "postgresql"} or not url.database or url.database == ":memory:":
        raise ValueError(_RULE)
    dsn.is_pooled(url)
    return url


def is_sqlite(url: URL) -> bool:
    """Whether the URL means a file of the embedded database."""
    return url.drivername == "sqlite"


def database_file(url: URL) -> Path:
    """The file of the embedded database."""
    return Path(url.database or "")


def database_at(url: URL) -> Database:
    """The database that the URL means."""
    if is_sqlite(url):
        return SqliteDatabase(database_file(url))
    return PostgresDatabase(url)
