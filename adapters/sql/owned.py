"""What repositories of one space have in common: their statements, each of which names the space, and how to send them.

For tables with ``space_id``, a key in the space and a ``version``, whose columns are named like the entity's fields.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Table, bindparam, delete, insert, select, update

from adapters.sql.connection import Connection, ConstraintViolated, Reading
from adapters.sql.pages import Order, Stretches
from adapters.sql.query import Query, Row
from application.pausing import in_parts
from application.ports.paging import Page, Stretch
from domain.errors import SpaceForbidden, StaleVersion
from domain.ids import SpaceId

Entity = TypeVar("Entity")
Kept = TypeVar("Kept", bound=str)

_NEVER_CHANGED: Final = frozenset({"space_id", "created_by", "created_at"})


def as_kept(kind: type[Kept], text: str) -> Kept:
    """A value object whose text was checked when it was written; reading it need not check it again."""
    return str.__new__(kind, text)


def in_this_space(table: Table) -> ColumnElement[bool]:
    """The condition that every statement about owned rows has."""
    return table.c.space_id == bindparam("space_id")


def held(found: Select[Any], *, skip_locked: bool = False) -> Select[Any]:
    """What a statement finds, locked, to choose the rows of another one by.

    As a common table expression: PostgreSQL runs a subquery with LIMIT and FOR UPDATE once for each row that it is
    compared with, if it likes, and each time it finds others.
    """
    some = found.with_for_update(skip_locked=skip_locked).cte("some")
    return select(*some.c)


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements about the rows of one table in one space."""

    table: Table
    key: str
    add: Query
    get: Reading
    save: Query
    remove: Query
    find: Stretches

    @classmethod
    def about(
        cls, table: Table, order: Order, *, key: str = "id", listed: Sequence[ColumnElement[Any]] | None = None
    ) -> "Statements":
        """Those for a table, whose rows are listed in this order, with all of their columns or with these."""
        this = (in_this_space(table), table.c[key] == bindparam("key"))
        as_read = (*this, table.c.version == bindparam("version_read"))
        fixed = _NEVER_CHANGED | {key}
        new = {c: bindparam(f"new_{c.name}", type_=c.type) for c in table.c if c.name not in fixed}
        return cls(
            table=table,
            key=key,
            add=Query(insert(table)),
            get=Reading(select(*table.c).where(*this)),
            save=Query(update(table).where(*as_read).values(new)),
            remove=Query(delete(table).where(*as_read)),
            find=Stretches.of(table, listed or list(table.c), [in_this_space(table)], order),
        )


class OwnedRows(Generic[Entity]):
    """The rows of one table in one space, as entities."""

    def __init__(
        self, statements: Statements, read: Callable[[Row], Entity], connection: Connection, space_id: SpaceId
    ) -> None:
        self._statements = statements
        self._read = read
        self._connection = connection
        self._space_id = space_id

    async def add(self, entity: Entity, query: Query | None = None) -> int:
        """Add a row, by this statement or the usual one; how many were added. Raises ConstraintViolated.

        Raises SpaceForbidden if the space has gone away in the meantime.
        """
        with self._in_a_space():
            return await self._connection.execute(
                query or self._statements.add, **self._row(entity) | {"space_id": self._space_id}
            )

    async def add_all(self, entities: Sequence[Entity], query: Query) -> None:
        """Add rows by this statement. Raises ConstraintViolated, and SpaceForbidden as ``add`` does."""
        rows = await in_parts(lambda entity: self._row(entity) | {"space_id": self._space_id}, entities)
        with self._in_a_space():
            await self._connection.execute_many(query, rows)

    @contextmanager
    def _in_a_space(self) -> Iterator[None]:
        try:
            yield
        except ConstraintViolated as violated:
            if violated.name == f"{self._statements.table.name}_space_id_fkey":
                raise SpaceForbidden from violated
            raise

    async def get(self, key: object) -> Entity | None:
        """The row with this key, locked where the space was opened for writing."""
        row = await self._statements.get.one(self._connection, space_id=self._space_id, key=key)
        return None if row is None else self._read(row)

    async def save(self, entity: Entity, *, was: Entity) -> None:
        """Replace a row if its version is still the one read. Raises StaleVersion, ConstraintViolated."""
        if entity != was:
            new = {f"new_{name}": value for name, value in self._row(entity).items()}
            await self._write(self._statements.save, was, **new)

    async def remove(self, entity: Entity) -> None:
        """Remove a row if its version is still the one read. Raises StaleVersion."""
        await self._write(self._statements.remove, entity)

    async def find(self, stretch: Stretch) -> Page[Entity]:
        """The stretch, and the total where it is asked, in one statement."""
        rows, total = await self._statements.find.fetch(self._connection, stretch, space_id=self._space_id)
        return Page([self._read(row) for row in rows], total)

    async def _write(self, query: Query, was: Entity, **new: object) -> None:
        row = self._row(was)
        key, version = row[self._statements.key], row["version"]
        if not await self._connection.execute(query, space_id=self._space_id, key=key, version_read=version, **new):
            raise StaleVersion

    def _row(self, entity: Entity) -> dict[str, Any]:
        return {column.name: getattr(entity, column.name) for column in self._statements.table.c}
