"""Walls of the service, and in which words the matrix notices that one is missing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pytest

from tests.isolation import wrong_checks as unchecked
from tests.isolation import wrong_use_cases as forgetful
from tests.isolation.services import MemoryService

KnockOut = Callable[[MemoryService, pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Wall:
    """Something that keeps people apart; without it the matrix must fail, in one of these words."""

    without: KnockOut
    about: tuple[str, ...]
    """Parts of the names of the operations that are tried without it."""
    notices: str

    def __str__(self) -> str:
        return self.without.__name__


_READING: Final = ("list_tasks", "get_task")
_CHANGING: Final = (*_READING, "change_task")
_CHANGING_MANY: Final = ("list_tasks", "change_tasks")

WALLS: Final = [
    Wall(forgetful.tasks_are_found_in_any_space, _READING, "answered 200 instead of 404"),
    Wall(forgetful.lists_are_everybodys, _READING, "the answer tells a text of somebody else"),
    Wall(forgetful.totals_count_everybodys, _READING, "the answer differs from the one for before"),
    Wall(unchecked.everybody_is_let_in, _CHANGING, "answered 200 instead of 403"),
    Wall(unchecked.unknown_spaces_are_404, _READING, "answered 404 instead of 403"),
    Wall(unchecked.missing_items_are_named, _READING, "the answer tells an id of somebody else"),
    Wall(
        unchecked.a_header_tells_what_exists,
        _READING,
        "the answer differs from the one for an item of another space",
    ),
    Wall(unchecked.roles_are_not_looked_at, ("organization",), "instead of 403"),
    Wall(unchecked.members_delete_what_others_made, ("delete_task",), "answered 204 instead of 403"),
    Wall(unchecked.ended_sessions_go_on, ("get_me",), "answered 200 instead of 401"),
    Wall(unchecked.inactive_accounts_go_on, ("get_me",), "answered 200 instead of 401"),
    Wall(forgetful.removed_members_stay, ("list_members",), "answered 200 instead of 403"),
    Wall(forgetful.refused_changes_are_made, _CHANGING, "is not what it was"),
    Wall(forgetful.invitations_are_found_by_id_alone, ("invitation",), "instead of 404"),
    Wall(forgetful.the_space_in_the_path_is_ignored, ("create_task",), "the answer is about another space"),
    Wall(unchecked.bodies_may_name_an_owner, ("create_task",), "owner_id: answered 201 instead of 422"),
    Wall(unchecked.assignees_are_not_checked, ("create_task",), "instead of 422"),
    Wall(
        unchecked.tasks_can_be_pushed_on_strangers,
        ("transfer_task",),
        "an organisation: answered 200 instead of 404",
    ),
    Wall(
        unchecked.empty_ids_are_tolerated,
        ("delete_found_tasks", "delete_task", "list_tasks"),
        "'' for task_id: answered 200 instead of 404",
    ),
    Wall(
        unchecked.trashes_are_emptied_by_empty_ids,
        ("empty_trash", "purge_task", "list_trash"),
        "'' for task_id: answered 200 instead of 404",
    ),
    Wall(unchecked.dot_segments_are_ids, ("organization",), "'..' for organization_id: answered 403 instead of 404"),
    Wall(forgetful.deletes_by_filter_are_everybodys, ("list_tasks", "delete_found_tasks"), "is not what it was"),
    Wall(
        forgetful.bulk_changes_take_anybodys_ids,
        _CHANGING_MANY,
        "an item in the owner's personal space: answered 200 instead of 404",
    ),
    Wall(
        forgetful.bulk_changes_pass_over_what_is_missing,
        _CHANGING_MANY,
        "an item in the organisation: answered 200 instead of 404",
    ),
    Wall(
        forgetful.refused_bulk_changes_are_made_where_they_can_be,
        _CHANGING_MANY,
        "change_tasks by other user (one's own space, ids: known and unknown ids look the same): /api/",
    ),
    Wall(forgetful.logs_are_everybodys, ("list_events", "get_task"), "the answer tells a text of somebody else"),
    Wall(forgetful.everybody_administers, ("list_account_events",), "answered 200 instead of 403"),
]
