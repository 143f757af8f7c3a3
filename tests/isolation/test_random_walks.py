"""Random walks: whatever people do in whatever order, each sees and does what the model allows, and nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase
from sqlalchemy import URL

from adapters.memory.owned import OwnedItems
from adapters.memory.tags import MemoryTags
from adapters.memory.tasks import MemoryTasks
from application.ports.paging import Page
from application.ports.tasks import TaskQuery
from domain import organization
from domain.access import Access, Permission, Relation
from domain.ids import TaskId
from domain.tag import Tag, TagName
from domain.task import Task
from tests.isolation.over_http import OverHttp
from tests.isolation.through_use_cases import UseCases
from tests.isolation.walk import walk
from tests.walls.mutants import without_any_space


def test_the_use_cases_agree_with_the_model() -> None:
    walk(UseCases, examples=120, steps=40)


def test_the_service_agrees_with_the_model(migrated_sqlite_url: URL) -> None:
    walk(lambda: OverHttp(migrated_sqlite_url), examples=10, steps=40)


def deletes_as_a_member(access: Access, _maker: object) -> None:
    access.require(Permission.EDIT_ITEMS)


async def finds_everybodys(tasks: MemoryTasks, query: TaskQuery) -> Page[Task]:
    found = [task for task in tasks._tasks.values() if task.deleted_at is None]
    return Page(found, len(found))


def names_everybodys(tags: MemoryTags, names: Sequence[TagName]) -> list[Tag]:
    keys = {name.key for name in names}
    return [tag for tag in tags._items._kept.values() if tag.name_key in keys]


def gets_anybodys(items: OwnedItems[Any], key: object) -> Any:
    return next((item for (_, kept_key), item in items._kept.items() if kept_key == key), None)


def shows_everybodys(items: OwnedItems[Any]) -> Iterator[Any]:
    return iter(list(items._kept.values()))


async def renames_on_everybodys(tasks: MemoryTasks, was: TagName, now: TagName | None, **_: object) -> list[TaskId]:
    for key, task in list(tasks._tasks.items()):
        exchanged = (now if tag == was else tag for tag in task.tags)
        tasks._tasks[key] = replace(task, tags=tuple(tag for tag in exchanged if tag is not None))
    return []


async def renames_on_none(*_: object, **__: object) -> list[TaskId]:
    return []


def as_named(task: Task, _names: object) -> Task:
    return task


@pytest.mark.parametrize(
    ("of", "name", "instead"),
    [
        (Access, "may", lambda _access, _permission: True),
        (Access, "require_deletion_of_item_by", deletes_as_a_member),
        (organization, "_require_management", lambda _by, *_roles: None),
        (Relation, "may_give", property(lambda _relation: True)),
        (Relation, "may_look", property(lambda _relation: True)),
        (MemoryTasks, "find", finds_everybodys),
        (MemoryTags, "_named", names_everybodys),
        (OwnedItems, "get", gets_anybodys),
        (OwnedItems, "all", shows_everybodys),
        (MemoryTasks, "retag", renames_on_everybodys),
        (MemoryTasks, "retag", renames_on_none),
        (Task, "with_tags", as_named),
        (Tag, "require_deletion", lambda _tag, **_: None),
    ],
    ids=[
        "roles", "others' items", "management", "gifts", "what gifts tell", "lists", "tags by name", "items by key",
        "all items", "tasks of everybody are renamed", "no task is renamed", "tags that go along", "others' tags",
    ],
)  # fmt: skip
def test_a_planted_bug_is_found(of: Any, name: str, instead: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of, name, instead)
    with pytest.raises(AssertionError):
        walk(UseCases, examples=600, steps=60, phases=[Phase.generate])


def test_a_bug_planted_under_the_service_is_found(migrated_sqlite_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organization, "_require_management", lambda _by, *_roles: None)
    with pytest.raises(AssertionError):
        walk(lambda: OverHttp(migrated_sqlite_url), examples=12, steps=30, phases=[Phase.generate])


@pytest.mark.parametrize(
    "place",
    [
        "tags._TAGS.find.page",
        "tags._TAGS.get",
        "tags._SPELT",
        "tasks._RENAME_TAG",
        "tasks._TAKE_TAG_OFF",
        "documents._DOCUMENTS.find.page",
        "documents._DOCUMENTS.get",
        "settings._SETTINGS.find.page",
        "settings._SETTINGS.get",
    ],
)
def test_a_statement_that_lost_its_space_is_found(place: str, migrated_sqlite_url: URL) -> None:
    """On SQLite, where nothing stands behind the WHERE."""
    with without_any_space(place).applied(), pytest.raises(AssertionError):
        walk(lambda: OverHttp(migrated_sqlite_url), examples=12, steps=40, phases=[Phase.generate])
