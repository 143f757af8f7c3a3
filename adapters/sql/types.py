"""Column types that mean the same on PostgreSQL and on SQLite.

PostgreSQL's driver speaks all of them itself. SQLite, in its STRICT tables, only knows integers, text and bytes: the
classes here say how the others are written down there.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any, Final

import orjson
from asyncpg.pgproto.pgproto import UUID as DriverUuid  # noqa: N811 - there are two of this name
from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    Text,
    Uuid,
    bindparam,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import UserDefinedType

from domain.time import EPOCH, microseconds

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


def _write_list(value: Sequence[str | int]) -> str:
    return orjson.dumps(value).decode()


Id: Final = Uuid().with_variant(_SqliteType("BLOB", attrgetter("bytes"), DriverUuid), "sqlite")
"""A UUID; 16 bytes on SQLite. Those that are read are the driver's of PostgreSQL on both: made ten times as fast."""

Moment: Final = DateTime(timezone=True).with_variant(
    _SqliteType(
        "INTEGER",
        microseconds,
        lambda stored: EPOCH + timedelta(microseconds=stored),
    ),
    "sqlite",
)
"""A moment in UTC, to the microsecond; microseconds since 1970 on SQLite."""

Flag: Final = Boolean().with_variant(_SqliteType("INTEGER", int, bool), "sqlite")
"""True or false; 1 or 0 on SQLite."""

TextList: Final = ARRAY(Text).with_variant(_SqliteType("TEXT", _write_list, orjson.loads), "sqlite")
"""A few short texts in order; a JSON array on SQLite."""


IdList: Final = ARRAY(Uuid()).with_variant(
    _SqliteType("TEXT", lambda ids: _write_list([one.hex for one in ids]), orjson.loads), "sqlite"
)
"""A few ids as a parameter; a JSON array of hexadecimal text on SQLite."""

NumberList: Final = ARRAY(Integer).with_variant(_SqliteType("TEXT", _write_list, orjson.loads), "sqlite")
"""A few numbers; a JSON array on SQLite."""

Number: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A whole number of 64 bits."""

PlainOrder: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is ordered code point by code point, whatever the language of the database."""


class _OnEachDatabase(ColumnElement[bool]):
    """A condition on a column and a parameter that the two databases write differently."""

    inherit_cache = False
    type = Boolean()
    _is_implicitly_boolean = True  # or SQLAlchemy asks whether it "= 1", and SQLite takes no index for that

    def __init__(self, column: ColumnElement[Any], value: BindParameter[Any]) -> None:
        self.column = column
        self.value = value


class is_any_of(_OnEachDatabase):  # noqa: N801 - reads as the operator that it is
    """``column`` equals one of the values in the list parameter ``name``. An empty list matches nothing.

    One statement for any number of values, where ``IN (…)`` would be another one for each number.
    """

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        kind = NumberList if isinstance(column.type, Integer) else TextList
        super().__init__(column, bindparam(name, type_=kind))


class is_any_id_of(_OnEachDatabase):  # noqa: N801 - the same
    """``column`` equals one of the ids in the list parameter ``name``. An empty list matches nothing."""

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=IdList))


class shares_any(_OnEachDatabase):  # noqa: N801 - the same
    """The list in ``column`` and the list parameter ``name`` have a text in common."""

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=TextList))


class holds_text(_OnEachDatabase):  # noqa: N801 - the same
    """The text in ``column`` has the parameter ``name`` in it, as it is: nothing in it is a pattern."""

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=Text))


class holds(_OnEachDatabase):  # noqa: N801 - the same
    """The texts in ``column`` hold the parameter ``name``."""

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=Text))


def _written(template: str) -> Callable[..., str]:
    def write(element: _OnEachDatabase, compiler: SQLCompiler, **kw: Any) -> str:
        column, value = compiler.process(element.column, **kw), compiler.process(element.value, **kw)
        return template.format(column=column, value=value)

    return write


_ON_EACH: Final = {
    is_any_of: ("{column} = ANY ({value})", "{column} IN (SELECT value FROM json_each({value}))"),
    is_any_id_of: ("{column} = ANY ({value})", "{column} IN (SELECT from_hex(value) FROM json_each({value}))"),
    shares_any: (
        "{column} && {value}",
        "EXISTS (SELECT 1 FROM json_each({column}) AS one WHERE one.value IN (SELECT value FROM json_each({value})))",
    ),
    holds: ("{value} = ANY ({column})", "{value} IN (SELECT value FROM json_each({column}))"),
    holds_text: ("strpos({column}, {value}) > 0", "instr({column}, {value}) > 0"),
}
for _kind, (_on_postgresql, _on_sqlite) in _ON_EACH.items():
    compiles(_kind, "postgresql")(_written(_on_postgresql))
    compiles(_kind, "sqlite")(_written(_on_sqlite))


class size_of(ColumnElement[int]):  # noqa: N801 - the same
    """The size of the text in ``column``, in bytes of UTF-8; NULL for NULL."""

    inherit_cache = False
    type = Integer()

    def __init__(self, column: ColumnElement[Any]) -> None:
        self.column = column


@compiles(size_of, "postgresql")
def _size_on_postgresql(element: size_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"octet_length({compiler.process(element.column, **kw)})"


@compiles(size_of, "sqlite")
def _size_on_sqlite(element: size_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"length(CAST({compiler.process(element.column, **kw)} AS BLOB))"


class later_of(ColumnElement[Any]):  # noqa: N801 - reads as the function that it is
    """The moment in ``column`` or the parameter ``name``, whichever is later."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.type = column.type
        self.column = column
        self.value = bindparam(name, type_=column.type)


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


class octets(ColumnElement[int]):  # noqa: N801 - reads as the function that it is
    """How many bytes the text in ``column`` takes (UTF-8)."""

    inherit_cache = False
    type = Integer()

    def __init__(self, column: ColumnElement[Any]) -> None:
        self.column = column


@compiles(octets, "postgresql")
def _octets_on_postgresql(element: octets, compiler: SQLCompiler, **kw: Any) -> str:
    return f"octet_length({compiler.process(element.column, **kw)})"


@compiles(octets, "sqlite")
def _octets_on_sqlite(element: octets, compiler: SQLCompiler, **kw: Any) -> str:
    return f"length(CAST({compiler.process(element.column, **kw)} AS BLOB))"


for _dialect, _latest in (("postgresql", "greatest({column}, {value})"), ("sqlite", "max({column}, {value})")):
    compiles(later_of, _dialect)(_written(_latest))


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
