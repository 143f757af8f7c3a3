"""What a failure of SQLite means for the transaction in which it occurs.

One table, by primary result code (https://www.sqlite.org/rescode.html). A code that it does not list is a mistake in
this program.
"""

import sqlite3
from typing import Final

from adapters.sql.connection import ReadOnly
from domain.errors import Unavailable

_PRIMARY: Final = 0xFF

UNAVAILABLE: Final = frozenset(
    {
        sqlite3.SQLITE_PERM,  # the file may not be opened
        sqlite3.SQLITE_BUSY,  # another process has what was wanted
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,  # the locks of the write-ahead log did not settle
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_NOTADB,
    }
)
"""The primary codes that tell of the file, the disk or the machine."""

_WRONG_TYPE: Final = 3091
"""SQLITE_CONSTRAINT_DATATYPE, of a STRICT table; Python 3.11 does not know its name."""

ERRORS: Final = (sqlite3.Error, MemoryError)
"""What the driver raises where SQLite has failed: MemoryError for SQLITE_NOMEM."""


def primary_code(error: BaseException | None) -> int | None:
    """The primary result code; None for what is no error of SQLite, and for what the driver raises by itself."""
    if isinstance(error, MemoryError):
        return sqlite3.SQLITE_NOMEM
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY


def is_unavailable(error: BaseException) -> bool:
    """Whether SQLite or the disk is out of order."""
    return primary_code(error) in UNAVAILABLE


def is_busy(error: BaseException) -> bool:
    """Whether another process has what was wanted."""
    return primary_code(error) == sqlite3.SQLITE_BUSY


def is_about_schema(error: BaseException | None) -> bool:
    """Whether a table or column may have been missing. SQLite has no code for that alone."""
    return primary_code(error) == sqlite3.SQLITE_ERROR


def translated(error: Exception) -> Exception:
    """Unavailable where SQLite or the disk is out of order; a mistake of ours stays what it is."""
    if not is_unavailable(error):
        return error
    unavailable = refusal(error)
    unavailable.__cause__ = error
    return unavailable


def refusal(error: BaseException) -> Unavailable:
    """What the callers of this package are told where SQLite or the disk is out of order."""
    return ReadOnly() if primary_code(error) == sqlite3.SQLITE_READONLY else Unavailable()


def constraint(error: sqlite3.IntegrityError) -> str:
    """The name of the constraint, put together by the naming convention of the tables.

    SQLite's error object carries no name. Its message holds the table's and the columns' names and nothing that
    a user wrote.
    """
    if error.sqlite_errorcode == _WRONG_TYPE:
        return "SQLITE_CONSTRAINT_DATATYPE"
    if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
        return error.sqlite_errorname
    columns = str(error).removeprefix("UNIQUE constraint failed: ").split(", ")
    table = columns[0].partition(".")[0]
    return "_".join([table, *(column.partition(".")[2] for column in columns), "key"])
