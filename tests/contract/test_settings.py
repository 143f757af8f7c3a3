"""The exam of the port Settings: what is kept comes back, and only in its own space."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from application.ports.paging import Page, Stretch
from application.ports.spaces import Space
from application.settings import PutSetting
from domain.errors import SettingNotFound, StaleVersion
from domain.ids import personal_space
from domain.setting import NO_KEY, Setting, SettingKey, SettingValue
from tests.support.people import ROOM, People
from tests.support.stores import NOON, Store


def a_setting(space: Space, key: str = "theme", **parts: Any) -> Setting:
    made = Setting.create(SettingKey(key), SettingValue.of(1), by=space.access, at=NOON)
    return replace(made, **parts)


def a_full_setting(space: Space) -> Setting:
    awkward = "'; DROP TABLE settings; -- \" \\ %_ \U0001f600 \u202e"
    return a_setting(space, "a.B_c-9", value=SettingValue.of({awkward: [None, 1.5, 2**70]}), version=7)


async def keep(space: Space, setting: Setting) -> None:
    assert await space.settings.add_unless_there(setting) is setting


async def test_every_field_comes_back_as_it_was(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        setting = a_full_setting(space)
        await keep(space, setting)
    async with store.open_space(somebody, None, read_only=True) as space:
        assert await space.settings.get(setting.key) == setting


@pytest.mark.parametrize("read_only", [True, False])
async def test_another_spaces_setting_is_not_found(store: Store, people: People, *, read_only: bool) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        setting = a_setting(space)
        await keep(space, setting)
    async with store.open_space(somebody, None, read_only=read_only) as space:
        for key in (setting.key, NO_KEY):
            with pytest.raises(SettingNotFound):
                await space.settings.get(key)
        found = await space.settings.find(Stretch())
        assert (list(found.items), found.total) == ([], 0)


async def test_two_spaces_may_hold_the_same_key(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        theirs = a_setting(space)
        await keep(space, theirs)
    async with store.open_space(somebody, None) as space:
        mine = replace(theirs, space_id=space.access.space_id)
        await keep(space, mine)
        changed = replace(mine, value=SettingValue.of(2), version=2)
        await space.settings.save(changed, was=mine)
        assert await space.settings.get(mine.key) == changed
        assert (await space.settings.find(Stretch())) == Page([changed], 1)
    async with store.open_space(other, None) as space:
        assert await space.settings.get(theirs.key) == theirs
    async with store.open_space(somebody, None) as space:
        await space.settings.remove(changed)
    async with store.open_space(other, None) as space:
        assert await space.settings.get(theirs.key) == theirs


async def test_one_is_kept_in_the_space_it_was_added_through(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(somebody, None) as space:
        strayed = replace(a_setting(space), space_id=personal_space(other.user_id))
        await keep(space, strayed)
    async with store.open_space(other, None) as space:
        with pytest.raises(SettingNotFound):
            await space.settings.get(strayed.key)


async def test_what_another_space_holds_is_neither_changed_nor_removed(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        theirs = a_setting(space)
        await keep(space, theirs)
    async with store.open_space(somebody, None) as space:
        with pytest.raises(StaleVersion):
            await space.settings.save(replace(theirs, value=SettingValue.of(2), version=2), was=theirs)
        with pytest.raises(StaleVersion):
            await space.settings.remove(theirs)
    async with store.open_space(other, None) as space:
        assert await space.settings.get(theirs.key) == theirs


async def test_what_has_changed_since_it_was_read_stays(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        was = a_setting(space)
        await keep(space, was)
        await space.settings.save(was, was=was)
        first = replace(was, value=SettingValue.of(2), version=2, updated_at=NOON + timedelta(seconds=1))
        await space.settings.save(first, was=was)
        with pytest.raises(StaleVersion):
            await space.settings.save(replace(was, version=2), was=was)
        with pytest.raises(StaleVersion):
            await space.settings.remove(was)
        assert await space.settings.get(was.key) == first
        await space.settings.remove(first)
        with pytest.raises(SettingNotFound):
            await space.settings.get(was.key)


async def test_one_that_is_there_is_left_as_it_is(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        first = a_setting(space)
        await keep(space, first)
        assert await space.settings.add_unless_there(replace(first, value=SettingValue.of(2))) == first


async def test_of_many_who_put_at_once_one_makes_it(store: Store, people: People) -> None:
    somebody = await people.somebody()
    put = PutSetting(store.open_space, store.clock, ROOM)
    key = SettingKey("theme")
    done = await asyncio.gather(*(put(somebody, None, key, SettingValue.of(n)) for n in range(12)))
    assert sorted(one.setting.version for one in done) == list(range(1, 13))
    assert [one.setting.version for one in done if one.is_new] == [1]
