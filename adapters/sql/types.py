"""Column types that mean the same on PostgreSQL and on SQLite.

PostgreSQL's driver speaks all of them itself. SQLite, in its STRICT tables, only knows integers, text and bytes: the
classes here say how the others are written down there.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, ColumnElement, DateTime, Dialect, Text, Uuid, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import UserDefinedType

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

type_processor = Callable[[Any], Any]


def _unless_none(convert: type_processor) -> type_processor:
    return lambda value: None if value is None else convert(value)


class _SqliteType(UserDefinedType[Any]):
    """A type that SQLite lacks, as one that it has."""

    cache_ok = True

    def __init__(self, stored_as: str, write: type_processor, read: type_processor) -> None:
        self.stored_as = stored_as
        self._write = _unless_none(write)
        self._read = _unless_none(read)

    def get_col_spec(self, **_: object) -> str:
        return self.stored_as

    def bind_processor(self, dialect: Dialect) -> type_processor:  # noqa: ARG002 - SQLAlchemy's signature
        return self._write

    def result_processor(self, dialect: Dialect, coltype: object) -> type_processor:  # noqa: ARG002 - the same
        return self._read


def _write_text_list(value: tuple[str, ...]) -> str:
    return json.dumps(value, ensure_ascii=False)


Id: Final = Uuid().with_variant(
    _SqliteType("BLOB", lambda value: value.bytes, lambda stored: UUID(bytes=stored)), "sqlite"
)
"""A UUID; 16 bytes on SQLite."""

Moment: Final = DateTime(timezone=True).with_variant(
    _SqliteType(
        "INTEGER",
        lambda value: (value - _EPOCH) // _MICROSECOND,
        lambda stored: _EPOCH + timedelta(microseconds=stored),
    ),
    "sqlite",
)
"""A moment in UTC, to the microsecond; microseconds since 1970 on SQLite."""

Flag: Final = Boolean().with_variant(_SqliteType("INTEGER", int, bool), "sqlite")
"""True or false; 1 or 0 on SQLite."""

TextList: Final = ARRAY(Text).with_variant(_SqliteType("TEXT", _write_text_list, json.loads), "sqlite")
"""A few short texts in order; a JSON array on SQLite."""


IdList: Final = ARRAY(Uuid()).with_variant(
    _SqliteType("TEXT", lambda ids: json.dumps([one.hex for one in ids]), json.loads), "sqlite"
)
"""A few ids as a parameter; a JSON array of hexadecimal text on SQLite."""


class is_any_of(ColumnElement[bool]):  # noqa: N801 - reads as the operator that it is
    """``column`` equals one of the texts in the list parameter ``name``. An empty list matches nothing.

    One statement for any number of values, where ``IN (…)`` would be another one for each number.
    """

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: ColumnElement[str], name: str) -> None:
        self.column = column
        self.values = bindparam(name, type_=TextList)


@compiles(is_any_of, "postgresql")
def _on_postgresql(element: is_any_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.column, **kw)} = ANY ({compiler.process(element.values, **kw)})"


@compiles(is_any_of, "sqlite")
def _on_sqlite(element: is_any_of, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = compiler.process(element.column, **kw), compiler.process(element.values, **kw)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - both are compiled, not typed in


class is_any_id_of(ColumnElement[bool]):  # noqa: N801 - reads as the operator that it is
    """``column`` equals one of the ids in the list parameter ``name``. An empty list matches nothing."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.values = bindparam(name, type_=IdList)


@compiles(is_any_id_of, "postgresql")
def _ids_on_postgresql(element: is_any_id_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.column, **kw)} = ANY ({compiler.process(element.values, **kw)})"


@compiles(is_any_id_of, "sqlite")
def _ids_on_sqlite(element: is_any_id_of, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = compiler.process(element.column, **kw), compiler.process(element.values, **kw)
    return f"{column} IN (SELECT from_hex(value) FROM json_each({values}))"  # noqa: S608 - both are compiled
