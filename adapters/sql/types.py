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

Word: Final = Text(collation="C").with_variant(Text(), "sqlite")
"""Text in the order of its code points, whatever language the database was made for."""

TextList: Final = ARRAY(Text).with_variant(_SqliteType("TEXT", _write_text_list, json.loads), "sqlite")
"""A few short texts in order; a JSON array on SQLite."""


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


class holds(ColumnElement[bool]):  # noqa: N801 - reads as the operator that it is
    """The texts in ``column`` hold the parameter ``name``."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.value = bindparam(name, type_=Text)


class exchanged(ColumnElement[Any]):  # noqa: N801 - reads as the function that it is
    """The texts in ``column``, with the parameter ``now`` in the place of ``was``."""

    inherit_cache = False
    type = TextList

    def __init__(self, column: ColumnElement[Any], was: str, now: str) -> None:
        self.column = column
        self.was, self.now = bindparam(was, type_=Text), bindparam(now, type_=Text)


class without(ColumnElement[Any]):  # noqa: N801 - reads as the function that it is
    """The texts in ``column`` but the parameter ``name``."""

    inherit_cache = False
    type = TextList

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.value = bindparam(name, type_=Text)


@compiles(holds, "postgresql")
def _holds_on_postgresql(element: holds, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.value, **kw)} = ANY ({compiler.process(element.column, **kw)})"


@compiles(holds, "sqlite")
def _holds_on_sqlite(element: holds, compiler: SQLCompiler, **kw: Any) -> str:
    value, column = compiler.process(element.value, **kw), compiler.process(element.column, **kw)
    return f"{value} IN (SELECT value FROM json_each({column}))"  # noqa: S608 - both are compiled, not typed in


@compiles(exchanged, "postgresql")
def _exchanged_on_postgresql(element: exchanged, compiler: SQLCompiler, **kw: Any) -> str:
    column, was, now = (compiler.process(part, **kw) for part in (element.column, element.was, element.now))
    return f"array_replace({column}, {was}, {now})"


@compiles(exchanged, "sqlite")
def _exchanged_on_sqlite(element: exchanged, compiler: SQLCompiler, **kw: Any) -> str:
    # In the order in which the statement has them: its parameters are numbered by their place.
    was, now, column = (compiler.process(part, **kw) for part in (element.was, element.now, element.column))
    changed, texts = f"CASE value WHEN {was} THEN {now} ELSE value END", f"json_each({column}) ORDER BY key"
    return f"(SELECT json_group_array({changed}) FROM (SELECT value FROM {texts}))"  # noqa: S608 - the same


@compiles(without, "postgresql")
def _without_on_postgresql(element: without, compiler: SQLCompiler, **kw: Any) -> str:
    return f"array_remove({compiler.process(element.column, **kw)}, {compiler.process(element.value, **kw)})"


@compiles(without, "sqlite")
def _without_on_sqlite(element: without, compiler: SQLCompiler, **kw: Any) -> str:
    column, value = compiler.process(element.column, **kw), compiler.process(element.value, **kw)
    others = f"SELECT value FROM json_each({column}) WHERE value <> {value} ORDER BY key"  # noqa: S608 - the same
    return f"(SELECT json_group_array(value) FROM ({others}))"  # noqa: S608 - the same
