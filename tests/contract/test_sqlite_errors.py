"""What every failure of SQLite means, code by code."""

import sqlite3
from typing import Final

import pytest

from adapters.sql.connection import ReadOnly
from adapters.sql.sqlite_errors import constraint, is_about_schema, is_busy, is_unavailable, primary_code, translated
from domain.errors import Unavailable

UNAVAILABLE: Final = {
    "BUSY": sqlite3.SQLITE_BUSY,
    "BUSY_SNAPSHOT": sqlite3.SQLITE_BUSY_SNAPSHOT,
    "LOCKED": sqlite3.SQLITE_LOCKED,
    "NOMEM": sqlite3.SQLITE_NOMEM,
    "READONLY": sqlite3.SQLITE_READONLY,
    "READONLY_DBMOVED": sqlite3.SQLITE_READONLY_DBMOVED,
    "IOERR": sqlite3.SQLITE_IOERR,
    "IOERR_SHORT_READ": sqlite3.SQLITE_IOERR_SHORT_READ,
    "CORRUPT": sqlite3.SQLITE_CORRUPT,
    "FULL": sqlite3.SQLITE_FULL,
    "CANTOPEN": sqlite3.SQLITE_CANTOPEN,
    "PERM": sqlite3.SQLITE_PERM,
    "PROTOCOL": sqlite3.SQLITE_PROTOCOL,
    "NOLFS": sqlite3.SQLITE_NOLFS,
    "NOTADB": sqlite3.SQLITE_NOTADB,
}
MISTAKES: Final = {
    "ERROR": sqlite3.SQLITE_ERROR,
    "MISUSE": sqlite3.SQLITE_MISUSE,
    "RANGE": sqlite3.SQLITE_RANGE,
    "TOOBIG": sqlite3.SQLITE_TOOBIG,
    "MISMATCH": sqlite3.SQLITE_MISMATCH,
    "SCHEMA": sqlite3.SQLITE_SCHEMA,
    "INTERRUPT": sqlite3.SQLITE_INTERRUPT,
}


def error_of(code: int) -> sqlite3.Error:
    error = sqlite3.DatabaseError("a message")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize("name", UNAVAILABLE)
def test_what_the_disk_or_the_file_does_is_unavailable(name: str) -> None:
    error = error_of(UNAVAILABLE[name])
    assert is_unavailable(error)
    told = translated(error)
    assert type(told) is (ReadOnly if name.startswith("READONLY") else Unavailable)
    assert told.__cause__ is error
    assert is_busy(error) == name.startswith("BUSY")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_stays_what_it_is(name: str) -> None:
    error = error_of(MISTAKES[name])
    assert not is_unavailable(error)
    assert translated(error) is error
    assert is_about_schema(error) == (name == "ERROR")


def test_memory_that_runs_out_is_an_error_of_sqlite_by_another_name() -> None:
    assert type(translated(MemoryError())) is Unavailable


@pytest.mark.parametrize("error", [sqlite3.ProgrammingError("closed"), KeyError("value"), None])
def test_what_sqlite_has_not_raised_has_no_code(error: Exception | None) -> None:
    assert primary_code(error) is None


@pytest.mark.parametrize(
    ("insertion", "name"),
    [
        ("('many', 'a', 'a')", "SQLITE_CONSTRAINT_DATATYPE"),
        ("(1, 'x', 'y')", "SQLITE_CONSTRAINT_CHECK"),
        ("(1, 'a', NULL)", "SQLITE_CONSTRAINT_NOTNULL"),
        ("(2, 'a', 'b')", "things_space_name_key"),
    ],
)
def test_a_constraint_is_known_by_its_name_also_where_python_has_none(insertion: str, name: str) -> None:
    with sqlite3.connect(":memory:") as raw:
        raw.execute(
            "CREATE TABLE things (count INTEGER, space TEXT CHECK (space <> 'x'), name TEXT NOT NULL,"
            " UNIQUE (space, name)) STRICT"
        )
        raw.execute("INSERT INTO things VALUES (1, 'a', 'b')")
        with pytest.raises(sqlite3.IntegrityError) as refused:
            raw.execute(f"INSERT INTO things VALUES {insertion}")  # noqa: S608 - a constant
    raw.close()
    assert constraint(refused.value) == name
