"""Statements: a list of values narrows what is found, also when it is empty, and never widens it."""

from typing import Any

import pytest
from sqlalchemy import Update, select

from adapters.sql.query import Query
from adapters.sql.tables import DERIVED, tasks
from tests.walls.statements import all_statements


@pytest.mark.parametrize("values", [[], ["pending"], ["pending", "completed"]], ids=len)
def test_a_list_whose_length_is_compiled_in_is_refused(values: list[str]) -> None:
    query = Query(select(tasks.c.id).where(tasks.c.status.in_(values)))
    for dialect in ("on_postgres", "on_sqlite"):
        with pytest.raises(ValueError, match="is_any_of"):
            getattr(query, dialect)


FOLLOWS = {
    "title": {"title_key", "search_text"},
    "description": {"search_text"},
    "tags": {"tag_keys"},
    "priority": {"priority_rank"},
    "due_date": {"due_ascending", "due_descending"},
}


def columns_changed() -> dict[str, set[str]]:
    """The columns of tasks that each statement writes, by its name."""
    written: list[tuple[str, Any]] = [(one.name, one.query._statement) for one in all_statements()]
    changes = {name: update for name, update in written if isinstance(update, Update) and update.table is tasks}
    return {name: {str(getattr(one, "key", one)) for one in update._values or {}} for name, update in changes.items()}


@pytest.mark.parametrize(("name", "columns"), columns_changed().items(), ids=columns_changed())
def test_what_tasks_are_found_by_is_written_with_what_it_follows_from(name: str, columns: set[str]) -> None:
    assert {follower for column in columns & FOLLOWS.keys() for follower in FOLLOWS[column]} <= columns


def test_all_that_follows_is_known() -> None:
    assert {follower for followers in FOLLOWS.values() for follower in followers} == DERIVED
