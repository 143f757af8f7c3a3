"""The exam of lists: pages with their total, and what comes behind a place, in one order and from one space only."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import pytest

from application.ports.paging import Page, Stretch
from application.ports.spaces import Space
from domain.document import Document, DocumentSummary
from domain.ids import DocumentId, TagId
from domain.place import Place
from domain.setting import Setting, SettingKey, SettingValue
from domain.tag import Tag, TagName
from domain.task import Title
from domain.task_order import place_in_trash
from tests.support.people import People, a_task, new_id
from tests.support.stores import NOON, Store

_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class List:
    """A list, and how to fill it."""

    fill: Callable[[Space], Awaitable[Sequence[Any]]]
    """Keep items, in another order than theirs, and tell them in their order."""
    find: Callable[[Space], Callable[[Stretch], Awaitable[Page[Any]]]]
    place: Callable[[Any], Place]


async def _fill_tags(space: Space) -> Sequence[Tag]:
    """By name without regard to case, whatever language the database speaks."""
    names = ("-", "9", "_b", "A", "ab", "B", "\u00e9", "\u4e16", "\U0001f600")
    tags = [Tag.create({"name": TagName(name)}, id=TagId(new_id()), by=space.access, at=NOON) for name in names]
    for tag in reversed(tags):
        await space.tags.add(tag)
    return tags


async def _fill_settings(space: Space) -> Sequence[Setting]:
    """By the code points of the keys, whatever language the database speaks."""
    keys = ("-", ".a", "9", "B", "_", "a", "aB", "aa")
    settings = [Setting.create(SettingKey(key), SettingValue.of(1), by=space.access, at=NOON) for key in keys]
    for setting in reversed(settings):
        await space.settings.add_unless_there(setting)
    return settings


async def _fill_documents(space: Space) -> Sequence[DocumentSummary]:
    """The newest first; of the same moment, the highest id."""
    documents = [
        Document.create(
            {"title": Title("x")}, id=DocumentId(new_id()), by=space.access, at=NOON + number // 2 * _SECOND
        )
        for number in range(5)
    ]
    for document in documents:
        await space.documents.add(document)
    return sorted((one.summary for one in documents), key=lambda one: (one.created_at, one.id), reverse=True)


async def _fill_trash(space: Space) -> Sequence[Any]:
    """The last deleted first; of the same moment, the highest id."""
    tasks = [a_task(space, deleted_at=NOON + number // 2 * _SECOND) for number in range(5)]
    await space.tasks.add_all([*tasks, a_task(space)])
    return sorted(tasks, key=lambda one: (one.deleted_at, one.id), reverse=True)


LISTS: Final = {
    "tags": List(_fill_tags, lambda space: space.tags.find, lambda tag: tag.place),
    "settings": List(_fill_settings, lambda space: space.settings.find, lambda setting: setting.place),
    "documents": List(_fill_documents, lambda space: space.documents.find, lambda document: document.place),
    "trash": List(_fill_trash, lambda space: space.tasks.trash, place_in_trash),
}
each_list = pytest.mark.parametrize("which", LISTS.values(), ids=LISTS)


@each_list
async def test_a_page_is_a_stretch_in_order_with_the_total(which: List, store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        kept = list(await which.fill(space))
    async with store.open_space(somebody, None, read_only=True) as space:
        for skip, limit in ((0, 2), (1, 2), (4, 2), (len(kept), 2), (100, 2), (0, 100)):
            found = await which.find(space)(Stretch(skip=skip, limit=limit))
            assert (list(found.items), found.total) == (kept[skip : skip + limit], len(kept))


@each_list
async def test_what_comes_behind_a_place_is_not_counted(which: List, store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        await which.fill(space)
    async with store.open_space(somebody, None) as space:
        kept = list(await which.fill(space))
    async with store.open_space(somebody, None, read_only=True) as space:
        find = which.find(space)
        first = await find(Stretch(limit=3, is_counted=False))
        assert (list(first.items), first.total) == (kept[:3], None)
        for number, item in enumerate(kept):
            behind = await find(Stretch(limit=2, after=which.place(item), is_counted=False))
            assert (list(behind.items), behind.total) == (kept[number + 1 : number + 3], None)


async def test_a_place_need_not_be_taken_any_more(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        kept = list(await _fill_documents(space))
        place = kept[2].place
        await space.documents.remove(await space.documents.get(kept[2].id))
        first = await space.documents.get(kept[0].id)
        newer = replace(first, id=DocumentId(new_id()), created_at=NOON + 99 * _SECOND)
        await space.documents.add(newer)
    async with store.open_space(somebody, None, read_only=True) as space:
        found = await space.documents.find(Stretch(after=place, is_counted=False))
        assert list(found.items) == kept[3:]
