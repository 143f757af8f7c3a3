"""Lists of the tasks of one space, on SQL databases: one statement for each shape of question, compiled once."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    UnaryExpression,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
    tuple_,
)

from adapters.sql.connection import Connection
from adapters.sql.query import Query, Row
from adapters.sql.tables import DERIVED, IN_TRASH, IN_USE, tasks
from adapters.sql.types import holds_text, is_any_of, shares_any
from application.ports.tasks import TaskQuery
from domain.ids import SpaceId
from domain.task import UNFINISHED
from domain.task_order import NEVER, Place, Sort, TaskOrder
from domain.time import EPOCH, microseconds

COLUMNS: Final = tuple(column for column in tasks.c if column.name not in DERIVED)
"""What a task is read from."""

_IN_THIS_SPACE: Final = tasks.c.space_id == bindparam("space_id")
_SKIP: Final = bindparam("skip", type_=Integer)
_LIMIT: Final = bindparam("limit", type_=Integer)
_SHAPES: Final = 512
"""How many statements are kept: more than clients ask for, fewer than somebody could think up."""

FILTERS: Final[Mapping[str, ColumnElement[bool]]] = {
    "statuses": is_any_of(tasks.c.status, "statuses"),
    "unfinished": is_any_of(tasks.c.status, "unfinished"),
    "priorities": is_any_of(tasks.c.priority_rank, "priorities"),
    "tags": shares_any(tasks.c.tag_keys, "tags"),
    "assignee_id": tasks.c.assignee_id == bindparam("assignee_id"),
    "due_after": and_(tasks.c.due_ascending > bindparam("due_after"), tasks.c.due_ascending < NEVER),
    "due_before": tasks.c.due_ascending < bindparam("due_before"),
    "text": or_(holds_text(tasks.c.title_key, "text"), holds_text(tasks.c.description_key, "text")),
}
"""The conditions that can be asked for, each with the parameter of its name.

A statement with one may look at a whole space to find a few tasks. Where the database cannot tell, it counts as slow.
"""

_MOMENTS: Final = frozenset({TaskOrder.CREATED_AT, TaskOrder.UPDATED_AT})


def _column(sort: Sort) -> Column[Any]:
    match sort.by:
        case TaskOrder.TITLE:
            return tasks.c.title_key
        case TaskOrder.PRIORITY:
            return tasks.c.priority_rank
        case TaskOrder.DUE_DATE:
            return tasks.c.due_descending if sort.descending else tasks.c.due_ascending
        case TaskOrder.UPDATED_AT:
            return tasks.c.updated_at
        case TaskOrder.CREATED_AT:
            return tasks.c.created_at


def _ordered(*columns: ColumnElement[Any], descending: bool) -> Sequence[UnaryExpression[Any]]:
    return [column.desc() if descending else column.asc() for column in columns]


@lru_cache(_SHAPES)
def _page(filters: frozenset[str], sort: Sort) -> Query:
    """A row with the total, and the page beside it."""
    wanted = [_IN_THIS_SPACE, IN_USE, *_conditions(filters)]
    return Query(_with_total(wanted, _column(sort), descending=sort.descending), is_slow=bool(filters))


def _with_total(wanted: Sequence[ColumnElement[bool]], by: Column[Any], *, descending: bool) -> Select[Any]:
    total = select(func.count().label("total")).select_from(tasks).where(*wanted).subquery()
    page = (
        select(*COLUMNS, by.label("place"))
        .where(*wanted)
        .order_by(*_ordered(by, tasks.c.id, descending=descending))
        .offset(_SKIP)
        .limit(_LIMIT)
        .subquery()
    )
    return (
        select(total.c.total, *(page.c[column.name] for column in COLUMNS))
        .select_from(total.outerjoin(page, true()))
        .order_by(*_ordered(page.c.place, page.c.id, descending=descending))
    )


@lru_cache(_SHAPES)
def _from_the_beginning(filters: frozenset[str], sort: Sort) -> Query:
    """The tasks from the beginning. Nothing is counted."""
    return Query(_stretch(_conditions(filters), sort), is_slow=bool(filters))


@lru_cache(_SHAPES)
def _from_behind(filters: frozenset[str], sort: Sort) -> Query:
    """The tasks from behind a place. Nothing is counted."""
    by = _column(sort)
    here = tuple_(by, tasks.c.id)
    there = tuple_(bindparam("after_key", type_=by.type), bindparam("after_id", type_=tasks.c.id.type))
    behind = here < there if sort.descending else here > there
    return Query(_stretch([*_conditions(filters), behind], sort), is_slow=bool(filters))


def _stretch(conditions: Sequence[ColumnElement[bool]], sort: Sort) -> Select[Any]:
    order = _ordered(_column(sort), tasks.c.id, descending=sort.descending)
    return select(*COLUMNS).where(_IN_THIS_SPACE, IN_USE, *conditions).order_by(*order).limit(_LIMIT)


def _conditions(filters: frozenset[str]) -> list[ColumnElement[bool]]:
    return [FILTERS[name] for name in FILTERS if name in filters]


_TRASH: Final = Query(_with_total([_IN_THIS_SPACE, IN_TRASH], tasks.c.deleted_at, descending=True))


async def find_tasks(
    connection: Connection, query: TaskQuery, *, space_id: SpaceId
) -> tuple[Sequence[Row], int | None]:
    """The rows that the query asks for, and how many there are in all where that was asked."""
    asked = _asked(query)
    filters, values = frozenset(asked), asked | {"space_id": space_id, "limit": query.limit}
    if query.is_counted:
        return _apart(await connection.fetch_all(_page(filters, query.sort), skip=query.skip, **values))
    if query.after is None:
        return await connection.fetch_all(_from_the_beginning(filters, query.sort), **values), None
    values |= {"after_key": _written(query.after, query.sort), "after_id": query.after.id}
    return await connection.fetch_all(_from_behind(filters, query.sort), **values), None


async def find_deleted(
    connection: Connection, *, space_id: SpaceId, skip: int, limit: int
) -> tuple[Sequence[Row], int | None]:
    """The rows in the trash, and how many there are in all."""
    return _apart(await connection.fetch_all(_TRASH, space_id=space_id, skip=skip, limit=limit))


def _apart(rows: Sequence[Row]) -> tuple[Sequence[Row], int]:
    """The page and the total. Where the page is empty, the total stands beside nothing."""
    return [row[1:] for row in rows if row[1] is not None], rows[0][0]


def _asked(query: TaskQuery) -> dict[str, Any]:
    """The values of the filters that are asked for."""
    due = query.due
    values = {
        "statuses": sorted(query.statuses),
        "unfinished": sorted(UNFINISHED) if query.is_unfinished else [],
        "priorities": sorted(priority.rank for priority in query.priorities),
        "tags": sorted(query.tags),
        "assignee_id": query.assignee_id,
        "due_after": None if due.after is None else microseconds(due.after),
        "due_before": None if due.before is None else microseconds(due.before),
        "text": query.text,
    }
    return {name: value for name, value in values.items() if value not in (None, [])}


def _written(after: Place, sort: Sort) -> object:
    """What a place is ordered by, as its column holds it."""
    return EPOCH + timedelta(microseconds=int(after.key)) if sort.by in _MOMENTS else after.key
