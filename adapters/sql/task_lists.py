"""Lists of the tasks of one space, on SQL databases: one statement for each shape of question, compiled once."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Integer, and_, bindparam, select, update

from adapters.sql.connection import Connection
from adapters.sql.owned import held, in_this_space
from adapters.sql.pages import Order, Stretches
from adapters.sql.query import Query, Row
from adapters.sql.tables import DERIVED, IN_TRASH, IN_USE, tasks
from adapters.sql.types import Id, holds_text, is_any_of, later_of, shares_any
from application.ports.paging import Stretch
from application.ports.tasks import TaskFilters, TaskQuery
from domain.ids import SpaceId
from domain.task import UNFINISHED
from domain.task_order import NEVER, Sort, TaskOrder
from domain.time import microseconds

COLUMNS: Final = tuple(column for column in tasks.c if column.name not in DERIVED)
"""What a task is read from."""

_IN_THIS_SPACE: Final = in_this_space(tasks)
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
    "text": holds_text(tasks.c.search_text, "text"),
}
"""The conditions that can be asked for, each with the parameter of its name.

A statement with one may look at a whole space to find a few tasks.
"""

_TRASH: Final = Stretches.of(
    tasks, COLUMNS, [_IN_THIS_SPACE, IN_TRASH], Order((tasks.c.deleted_at, tasks.c.id), descending=True)
)


async def find_tasks(
    connection: Connection, query: TaskQuery, *, space_id: SpaceId
) -> tuple[Sequence[Row], int | None]:
    """The rows that the query asks for, and how many there are in all where that was asked."""
    asked = filter_values(query)
    statements = _in_use(frozenset(asked), query.sort)
    return await statements.fetch(connection, query, space_id=space_id, **asked)


async def find_deleted(
    connection: Connection, stretch: Stretch, *, space_id: SpaceId
) -> tuple[Sequence[Row], int | None]:
    """The rows in the trash, and how many there are in all where that was asked."""
    return await _TRASH.fetch(connection, stretch, space_id=space_id)


async def delete_found(
    connection: Connection, filters: TaskFilters, *, space_id: SpaceId, **some: Any
) -> Sequence[Row]:
    """Move some of what fits the filters to the trash; a row with the id of each."""
    asked = filter_values(filters)
    return await connection.execute_returning(_delete(frozenset(asked)), space_id=space_id, **some, **asked)


@lru_cache(_SHAPES)
def _in_use(filters: frozenset[str], sort: Sort) -> Stretches:
    order = Order((_column(sort), tasks.c.id), sort.descending)
    return Stretches.of(tasks, COLUMNS, fitting(filters), order, is_slow=True)


@lru_cache(_SHAPES)
def _delete(filters: frozenset[str]) -> Query:
    """They are locked in the order of their ids, as everywhere: nobody waits for somebody who waits for them."""
    behind = tasks.c.id > bindparam("after", type_=Id)
    fits = select(tasks.c.id).where(*fitting(filters), behind).order_by(tasks.c.id).limit(_LIMIT)
    at = later_of(tasks.c.updated_at, "at")
    deleted = {"deleted_at": at, "updated_at": at, "version": tasks.c.version + 1}
    these = update(tasks).where(_IN_THIS_SPACE, tasks.c.id.in_(held(fits))).values(deleted)
    return Query(these.returning(tasks.c.id), is_slow=True)


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


def fitting(filters: frozenset[str]) -> list[ColumnElement[bool]]:
    """The conditions for the tasks of this space that are in use and fit the filters of these names."""
    return [_IN_THIS_SPACE, IN_USE, *(FILTERS[name] for name in FILTERS if name in filters)]


def filter_values(query: TaskFilters) -> dict[str, Any]:
    """The values of the filters that are asked for, by their names."""
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
