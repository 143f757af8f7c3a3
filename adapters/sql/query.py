"""Statements: written once with SQLAlchemy Core, compiled once for each database."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sqlalchemy import ARRAY, Dialect, Select
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

Row = Sequence[Any]
Processor = Callable[[Any], Any]

_POSTGRES: Final[Dialect] = PGDialect_asyncpg()  # type: ignore[no-untyped-call] # SQLAlchemy left it untyped
_SQLITE: Final[Dialect] = SQLiteDialect_pysqlite()


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as one driver takes it."""

    sql: str
    names: tuple[str, ...]
    """Of the parameters, in the order in which the driver wants them."""
    constants: Mapping[str, Any]
    writers: tuple[tuple[int, Processor], ...]
    """What has to be done to the value of a parameter, by its place."""
    readers: tuple[tuple[int, Processor], ...]
    """What has to be done to the value of a column, by its place."""

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order in which the driver wants them. Raises KeyError for one that is missing."""
        known = {**values, **self.constants} if self.constants else values
        arguments = [known[name] for name in self.names]
        for place, write in self.writers:
            arguments[place] = write(arguments[place])
        return arguments

    def read(self, row: Row) -> Row:
        """A row that the driver returned, as values of the domain's types."""
        values = list(row)
        for place, read in self.readers:
            values[place] = read(values[place])
        return values


class Query:
    """One statement, ready for both databases. Made at import time or kept: compiling costs a thousand executions.

    Raises ValueError, when it is first used, for a list of a length that only a caller knows (``in_``).
    """

    def __init__(self, statement: Select[Any] | UpdateBase, *, is_slow: bool = False) -> None:
        self._statement = statement
        self.changes = isinstance(statement, UpdateBase)
        """Whether it may change something."""
        self.is_slow = is_slow
        """Whether it may look at many rows, to find a few or to count them: nobody else should have to wait for it."""

    @cached_property
    def on_postgres(self) -> Compiled:
        """For asyncpg, with ``$1``."""
        return self._compile(_POSTGRES)

    @cached_property
    def on_sqlite(self) -> Compiled:
        """For sqlite3, with ``?``."""
        return self._compile(_SQLITE)

    def _compile(self, dialect: Dialect) -> Compiled:
        compiled = self._statement.compile(dialect=dialect)
        if compiled.post_compile_params:
            raise ValueError("A statement compiled once cannot hold a list written with in_(): use is_any_of().")
        names = compiled.positiontup or ()
        types = {name: compiled.binds[name].type.dialect_impl(dialect) for name in names}
        constants = {name: value for name, value in compiled.params.items() if value is not None and name in types}
        columns = [column.type.dialect_impl(dialect) for column in _columns(self._statement)]
        return Compiled(
            sql=compiled.string,
            names=tuple(names),
            constants=constants,
            writers=_needed(_writer(types[name], dialect) for name in names),
            readers=_needed(kind.result_processor(dialect, None) for kind in columns),
        )


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    """What has to be done to a value of this type. Asyncpg takes lists as they are, where SQLAlchemy copies them."""
    return None if isinstance(kind, ARRAY) else kind.bind_processor(dialect)


def _needed(processors: Iterable[Processor | None]) -> tuple[tuple[int, Processor], ...]:
    return tuple((place, process) for place, process in enumerate(processors) if process is not None)


def _columns(statement: Select[Any] | UpdateBase) -> Sequence[Any]:
    return list(statement.exported_columns)
