"""Random walks: whatever people do in whatever order, each sees and does what the model allows, and nothing else."""

from typing import Any

import pytest
from hypothesis import Phase
from sqlalchemy import URL

from adapters.memory.tasks import MemoryTasks
from application.ports.paging import Page
from application.ports.tasks import TaskQuery
from domain import organization
from domain.access import Access, Permission, Relation
from domain.task import Task
from tests.isolation.over_http import OverHttp
from tests.isolation.through_use_cases import UseCases
from tests.isolation.walk import walk


def test_the_use_cases_agree_with_the_model() -> None:
    walk(UseCases, examples=120, steps=40)


def test_the_service_agrees_with_the_model(migrated_sqlite_url: URL) -> None:
    walk(lambda: OverHttp(migrated_sqlite_url), examples=12, steps=30)


def deletes_as_a_member(access: Access, _maker: object) -> None:
    access.require(Permission.EDIT_ITEMS)


async def finds_everybodys(tasks: MemoryTasks, query: TaskQuery) -> Page[Task]:
    found = [task for task in tasks._tasks.values() if task.deleted_at is None]
    return Page(found, len(found))


@pytest.mark.parametrize(
    ("of", "name", "instead"),
    [
        (Access, "may", lambda _access, _permission: True),
        (Access, "require_deletion_of_item_by", deletes_as_a_member),
        (organization, "_require_management", lambda _by, *_roles: None),
        (Relation, "may_give", property(lambda _relation: True)),
        (MemoryTasks, "find", finds_everybodys),
    ],
    ids=["roles", "others' items", "management", "gifts", "lists"],
)
def test_a_planted_bug_is_found(of: Any, name: str, instead: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of, name, instead)
    with pytest.raises(AssertionError):
        walk(UseCases, examples=600, steps=60, phases=[Phase.generate])


def test_a_bug_planted_under_the_service_is_found(migrated_sqlite_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organization, "_require_management", lambda _by, *_roles: None)
    with pytest.raises(AssertionError):
        walk(lambda: OverHttp(migrated_sqlite_url), examples=12, steps=30, phases=[Phase.generate])
