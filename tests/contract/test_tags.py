"""The exam of the port Tags: what is kept comes back, and only in its own space."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from application.ports.paging import Page, Stretch
from application.ports.spaces import RecallFailed, Space
from application.ports.tasks import TaskQuery
from application.tags import ChangeTag, DeleteTag
from application.tasks import CreateTask
from domain.access import Actor
from domain.errors import StaleVersion, TagNotFound, TagTaken
from domain.ids import NOBODY, TagId, personal_space
from domain.tag import Color, Tag, TagName
from domain.task import Title
from tests.support.people import ROOM, People, a_task, new_id
from tests.support.stores import NOON, Store

AWKWARD = "'; DROP TABLE tags; -- \" \\ %_ \U0001f600 \u062e\u200c\u0648"


def a_tag(space: Space, name: str = "work", **parts: Any) -> Tag:
    return replace(Tag.create({"name": TagName(name)}, id=TagId(new_id()), by=space.access, at=NOON), **parts)


def a_full_tag(space: Space) -> Tag:
    return a_tag(space, AWKWARD, color=Color("#1e90ff"), version=7)


async def keep(space: Space, tag: Tag) -> None:
    await space.tags.add(tag)


async def test_every_field_comes_back_as_it_was(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        tag = a_full_tag(space)
        await keep(space, tag)
    async with store.open_space(somebody, None, read_only=True) as space:
        assert await space.tags.get(tag.id) == tag


@pytest.mark.parametrize("read_only", [True, False])
async def test_another_spaces_tag_is_not_found(store: Store, people: People, *, read_only: bool) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        tag = a_tag(space)
        await keep(space, tag)
    async with store.open_space(somebody, None, read_only=read_only) as space:
        for key in (tag.id, TagId(NOBODY)):
            with pytest.raises(TagNotFound):
                await space.tags.get(key)
        found = await space.tags.find(Stretch())
        assert (list(found.items), found.total) == ([], 0)


async def test_two_spaces_may_hold_the_same_key(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        theirs = a_tag(space)
        await keep(space, theirs)
    async with store.open_space(somebody, None) as space:
        mine = replace(theirs, space_id=space.access.space_id)
        await keep(space, mine)
        changed = replace(mine, color=Color("#ffffff"), version=2)
        await space.tags.save(changed, was=mine)
        assert await space.tags.get(mine.id) == changed
        assert (await space.tags.find(Stretch())) == Page([changed], 1)
    async with store.open_space(other, None) as space:
        assert await space.tags.get(theirs.id) == theirs
    async with store.open_space(somebody, None) as space:
        await space.tags.remove(changed)
    async with store.open_space(other, None) as space:
        assert await space.tags.get(theirs.id) == theirs


async def test_one_is_kept_in_the_space_it_was_added_through(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(somebody, None) as space:
        strayed = replace(a_tag(space), space_id=personal_space(other.user_id))
        await keep(space, strayed)
    async with store.open_space(other, None) as space:
        with pytest.raises(TagNotFound):
            await space.tags.get(strayed.id)


async def test_what_another_space_holds_is_neither_changed_nor_removed(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        theirs = a_tag(space)
        await keep(space, theirs)
    async with store.open_space(somebody, None) as space:
        with pytest.raises(StaleVersion):
            await space.tags.save(replace(theirs, color=Color("#ffffff"), version=2), was=theirs)
        with pytest.raises(StaleVersion):
            await space.tags.remove(theirs)
    async with store.open_space(other, None) as space:
        assert await space.tags.get(theirs.id) == theirs


async def test_what_has_changed_since_it_was_read_stays(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        was = a_tag(space)
        await keep(space, was)
        await space.tags.save(was, was=was)
        first = replace(was, color=Color("#ffffff"), version=2, updated_at=NOON + timedelta(seconds=1))
        await space.tags.save(first, was=was)
        with pytest.raises(StaleVersion):
            await space.tags.save(replace(was, version=2), was=was)
        with pytest.raises(StaleVersion):
            await space.tags.remove(was)
        assert await space.tags.get(was.id) == first
        await space.tags.remove(first)
        with pytest.raises(TagNotFound):
            await space.tags.get(was.id)


async def test_a_name_is_there_once_in_a_space(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        first, other = a_tag(space), a_tag(space, "other")
        await keep(space, first)
        await keep(space, other)
    with pytest.raises(TagTaken):
        async with store.open_space(somebody, None) as space:
            await keep(space, a_tag(space, "WORK"))
    with pytest.raises(TagTaken):
        async with store.open_space(somebody, None) as space:
            await rename(space, other, "Work")
    async with store.open_space(somebody, None) as space:
        await rename(space, first, "WORK")
        assert {tag.name for tag in (await space.tags.find(Stretch())).items} == {"WORK", "other"}


async def rename(space: Space, tag: Tag, name: str) -> None:
    await space.tags.save(replace(tag, name=TagName(name), version=tag.version + 1), was=tag)


async def test_tags_are_found_by_name_in_their_own_space_only(store: Store, people: People) -> None:
    one, somebody, another = [await people.somebody() for _ in range(3)]

    async def keep_theirs(other: Actor) -> None:
        async with store.open_space(other, None) as space:
            await keep(space, a_tag(space, "work"))
            await keep(space, a_tag(space, "theirs"))

    await keep_theirs(one)
    async with store.open_space(somebody, None) as space:
        mine = a_tag(space, "Work")
        await keep(space, mine)
    await keep_theirs(another)
    async with store.open_space(somebody, None) as space:
        names = [TagName(text) for text in ("WORK", "theirs", "unknown")]
        assert list(await space.tags.spelt(names)) == [mine.name]
        new, again = a_tag(space, "theirs"), a_tag(space, "wORK")
        kept = await space.tags.add_unless_there([new, again])
        assert list(kept) == [new, mine]
        assert kept[0] is new


@pytest.mark.parametrize(
    ("now", "left"), [("Labour", ("a", "Labour", "z")), (AWKWARD, ("a", AWKWARD, "z")), (None, ("a", "z"))]
)
async def test_a_name_is_exchanged_on_the_tasks_of_its_space(
    store: Store, people: People, now: str | None, left: tuple[str, ...]
) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    tags = tuple(map(TagName, ("a", "work", "z")))
    async with store.open_space(other, None) as space:
        theirs = a_task(space, tags=tags)
        await space.tasks.add(theirs)
    async with store.open_space(somebody, None) as space:
        task, plain, deleted = a_task(space, tags=tags), a_task(space, tags=tags[:1]), a_task(space, tags=tags[1:2])
        for one in (task, plain, replace(deleted, deleted_at=NOON)):
            await space.tasks.add(one)
        at = NOON + timedelta(seconds=1)
        changed = await space.tasks.retag(TagName("work"), None if now is None else TagName(now), at=at, limit=9)
        assert set(changed) == {task.id, deleted.id}
        expected = replace(task, tags=tuple(map(TagName, left)), version=2, updated_at=at)
        assert await space.tasks.get(task.id) == expected
        assert await space.tasks.get(plain.id) == plain
    async with store.open_space(other, None) as space:
        assert await space.tasks.get(theirs.id) == theirs


async def test_of_many_tasks_that_name_a_new_tag_at_once_one_makes_it(store: Store, people: People) -> None:
    somebody = await people.somebody()
    create = CreateTask(store.open_space, store.clock, new_id, ROOM)
    spellings = [TagName("work"), TagName("WORK"), TagName("Work")]
    made = await asyncio.gather(
        *(
            create(somebody, None, {"title": Title(str(n)), "tags": (spellings[n % 3], TagName(f"b {n % 2}"))})
            for n in range(20)
        )
    )
    async with store.open_space(somebody, None, read_only=True) as space:
        found = {tag.name for tag in (await space.tags.find(Stretch())).items}
        for task in made:
            assert set((await space.tasks.get(task.id)).tags) <= found
    assert len(found) == 3


async def known(store: Store, somebody: Actor) -> Tag:
    """A tag that the store has seen, and may recall."""
    create = CreateTask(store.open_space, store.clock, new_id, ROOM)
    for _ in range(2):
        await create(somebody, None, {"title": Title("t"), "tags": (TagName("work"),)})
    async with store.open_space(somebody, None, read_only=True) as space:
        (tag,) = (await space.tags.find(Stretch())).items
    return tag


@pytest.mark.parametrize(
    ("now", "asked", "spelt"), [("Work", ("WORK",), ("Work",)), ("job", ("WORK", "JOB"), ("WORK", "job"))]
)
async def test_a_task_has_its_tags_as_they_are_spelt_now(
    store: Store, people: People, now: str, asked: tuple[str, ...], spelt: tuple[str, ...]
) -> None:
    somebody = await people.somebody()
    tag = await known(store, somebody)
    await ChangeTag(store.open_space, store.clock)(somebody, None, tag.id, {"name": TagName(now)})
    create = CreateTask(store.open_space, store.clock, new_id, ROOM)
    made = await create(somebody, None, {"title": Title("t"), "tags": tuple(map(TagName, asked))})
    assert made.tags == spelt
    async with store.open_space(somebody, None, read_only=True) as space:
        assert (await space.tasks.get(made.id)).tags == spelt
        assert {one.name for one in (await space.tags.find(Stretch())).items} == set(spelt)


@pytest.mark.parametrize("store", ["sqlite", "postgres_as_service", "postgres_bypassing"], indirect=True)
async def test_where_what_is_recalled_has_changed_nothing_is_kept(store: Store, people: People) -> None:
    somebody = await people.somebody()
    tag = await known(store, somebody)
    await DeleteTag(store.open_space, store.clock)(somebody, None, tag.id)
    added = []
    for adds in (False, True):
        with pytest.raises(RecallFailed):  # noqa: PT012 - at the latest where it closes
            async with store.open_space(somebody, None, recalls=True) as space:
                await space.tags.spelt([TagName("WORK")])
                if adds:
                    added.append(a_task(space))
                    await space.tasks.add(added[0])
        async with store.open_space(somebody, None, recalls=True) as space:  # It has been forgotten.
            assert list(await space.tags.spelt([TagName("work")])) == []
            found = {task.id for task in (await space.tasks.find(TaskQuery())).items}
            assert found.isdisjoint(task.id for task in added)
            again = a_tag(space)
            await keep(space, again)
        async with store.open_space(somebody, None) as space:
            await space.tags.spelt([TagName("work")])
            await space.tags.remove(again)


async def test_nobody_is_told_how_another_space_spells_a_tag(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    await known(store, other)
    async with store.open_space(somebody, None, recalls=True) as space:
        assert list(await space.tags.spelt([TagName("WORK")])) == []


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("ends", ["renamed", "spelt otherwise", "deleted"])
async def test_tasks_and_tags_stay_in_step_whoever_comes_first(
    store: Store, people: People, ends: str, *, is_known: bool
) -> None:
    somebody = await people.somebody()
    create = CreateTask(store.open_space, store.clock, new_id, ROOM)
    async with store.open_space(somebody, None) as space:
        tag = a_tag(space)
        await keep(space, tag)
    if is_known:
        await create(somebody, None, {"title": Title("t"), "tags": (TagName("work"),)})
    other = TagName("x" if ends == "renamed" else "WORK")
    change, remove = ChangeTag(store.open_space, store.clock), DeleteTag(store.open_space, store.clock)
    end = remove(somebody, None, tag.id) if ends == "deleted" else change(somebody, None, tag.id, {"name": other})
    creations = [create(somebody, None, {"title": Title("t"), "tags": (TagName("work"),)}) for _ in range(8)]
    await asyncio.gather(*creations[:4], end, *creations[4:])
    async with store.open_space(somebody, None, read_only=True) as space:
        there = {found.name for found in (await space.tags.find(Stretch())).items}
        named = {name for task in (await space.tasks.find(TaskQuery())).items for name in task.tags}
    assert named <= there
