"""Stretches of lists: pages with their total, and what comes behind a place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Table,
    UnaryExpression,
    bindparam,
    func,
    select,
    true,
    tuple_,
)

from adapters.sql.connection import Connection
from adapters.sql.query import Query, Row
from application.ports.paging import Onward, Stretch
from domain.place import Place
from domain.time import EPOCH

_SKIP: Final = bindparam("skip", type_=Integer)
_LIMIT: Final = bindparam("limit", type_=Integer)
_PLACE: Final = ("after_key", "after_id")

Columns = Sequence[ColumnElement[Any]]
Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Order:
    """By which columns rows come one after the other: by one that no two rows share, or by one and then by the id."""

    columns: Columns
    descending: bool = False
    folds_case: bool = False
    """Whether the first column is in lower case as the database makes it. A place holds the text as it was written."""

    def directed(self, columns: Columns) -> Sequence[UnaryExpression[Any]]:
        """These columns in the direction of the order."""
        return [column.desc() if self.descending else column.asc() for column in columns]

    def is_behind(self) -> ColumnElement[bool]:
        """The condition that a row comes behind a place, whose values ``place_values`` gives."""
        place = [bindparam(name, type_=column.type) for name, column in zip(_PLACE, self.columns, strict=False)]
        first = func.lower(place[0]) if self.folds_case else place[0]
        here, there = tuple_(*self.columns), tuple_(first, *place[1:])
        return here < there if self.descending else here > there

    def place_values(self, place: Place) -> dict[str, Any]:
        """What ``is_behind`` compares with. Moments are numbers outside of the database."""
        is_moment = isinstance(self.columns[0].type, DateTime)
        key = EPOCH + timedelta(microseconds=int(place.key)) if is_moment else place.key
        return dict(zip(_PLACE[: len(self.columns)], (key, place.id), strict=False))


@dataclass(frozen=True, slots=True)
class Stretches:
    """The statements for the stretches of one list."""

    order: Order
    page: Query
    """A row for each one of the page, behind the total; the total alone where the page is empty."""
    beginning: Query
    behind: Query

    @classmethod
    def of(
        cls, table: Table, columns: Columns, wanted: Conditions, order: Order, *, is_slow: bool = False
    ) -> "Stretches":
        """Those for the rows of a table that meet every condition. Slow ones may look at many rows to find a few."""
        ordered = select(*columns).where(*wanted).order_by(*order.directed(order.columns)).limit(_LIMIT)
        statements = (_page(table, columns, wanted, order), ordered, ordered.where(order.is_behind()))
        return cls(order, *(Query(statement, is_slow=is_slow) for statement in statements))

    async def fetch(self, connection: Connection, stretch: Stretch, **values: Any) -> tuple[Sequence[Row], int | None]:
        """The rows of a stretch, and how many there are in all where that is asked."""
        values["limit"] = stretch.limit
        if stretch.is_counted:
            rows = await connection.fetch_all(self.page, skip=stretch.skip, **values)
            return [row[1:] for row in rows if row[1] is not None], rows[0][0]
        if stretch.after is None:
            return await connection.fetch_all(self.beginning, **values), None
        return await connection.fetch_all(self.behind, **values, **self.order.place_values(stretch.after)), None


@dataclass(frozen=True, slots=True)
class Keyset:
    """The statements for the pages of a list that has cursors only: keyset pagination."""

    order: Order
    beginning: Query
    behind: Query

    @classmethod
    def of(cls, statement: Select[Any], order: Order) -> "Keyset":
        """Those for the rows that a statement selects, in this order."""
        ordered = statement.order_by(*order.directed(order.columns)).limit(_LIMIT)
        return cls(order, Query(ordered), Query(ordered.where(order.is_behind())))

    async def fetch(self, connection: Connection, page: Onward, **values: Any) -> Sequence[Row]:
        """The rows of a page."""
        if page.after is None:
            return await connection.fetch_all(self.beginning, limit=page.limit, **values)
        return await connection.fetch_all(
            self.behind, limit=page.limit, **values, **self.order.place_values(page.after)
        )


def _page(table: Table, columns: Columns, wanted: Conditions, order: Order) -> Select[Any]:
    total = select(func.count().label("total")).select_from(table).where(*wanted).subquery()
    by = [column.label(f"by_{number}") for number, column in enumerate(order.columns)]
    page = (
        select(*columns, *by)
        .where(*wanted)
        .order_by(*order.directed(order.columns))
        .offset(_SKIP)
        .limit(_LIMIT)
        .subquery()
    )
    return (
        select(total.c.total, *(page.c[str(column.key)] for column in columns))
        .select_from(total.outerjoin(page, true()))
        .order_by(*order.directed([page.c[label.key] for label in by]))
    )
