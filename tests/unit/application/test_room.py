"""Room in spaces: when it is counted, and that what is refused was counted."""

from datetime import timedelta

import pytest

from adapters.system.clock import SetClock
from application.room import Room
from domain.errors import QuotaReached
from domain.ids import SpaceId
from domain.quotas import Quota, Quotas
from tests.unit.builders import BEN, HOME, NOON, TICK

MINUTE = timedelta(minutes=1)


class Counted:
    """A space of which is noted how often it is counted."""

    def __init__(self, there: int, space_id: SpaceId = HOME) -> None:
        self.there = there
        self.counts: list[int] = []
        self.space_id = space_id

    async def of(self, quota: Quota, at_most: int) -> int:
        assert quota is Quota.TASKS
        self.counts.append(at_most)
        return min(self.there, at_most)

    async def add(self, room: Room, more: int = 1) -> None:
        await room.require(self, Quota.TASKS, more)
        self.there += more


def a_room(limit: int, clock: SetClock | None = None) -> Room:
    return Room(Quotas({Quota.TASKS: limit}), clock or SetClock(NOON))


async def test_as_many_are_allowed_as_the_quota_says_and_not_one_more() -> None:
    room, space = a_room(100), Counted(0)
    for _ in range(100):
        await space.add(room)
    with pytest.raises(QuotaReached):
        await space.add(room)
    assert space.there == 100


async def test_where_there_is_much_room_it_is_counted_seldom() -> None:
    room, space = a_room(100_000), Counted(0)
    for _ in range(5_000):
        await space.add(room)
    assert len(space.counts) == 1
    for _ in range(94_999):
        await space.add(room)
    assert len(space.counts) < 300


async def test_it_is_counted_no_further_than_is_needed() -> None:
    space = Counted(10**6)
    with pytest.raises(QuotaReached):
        await space.add(a_room(1000), 5)
    assert space.counts == [1005]


async def test_many_at_once_are_counted_if_they_are_more_than_what_was_allowed() -> None:
    room, space = a_room(2000), Counted(0)
    await space.add(room)
    with pytest.raises(QuotaReached):
        await space.add(room, 2000)
    await space.add(room, 1999)
    assert space.there == 2000


async def test_a_count_is_good_for_a_minute() -> None:
    clock = SetClock(NOON)
    room, space = a_room(1000, clock), Counted(0)
    await space.add(room)
    clock.advance(MINUTE - TICK)
    await space.add(room)
    assert len(space.counts) == 1
    clock.advance(TICK)
    space.there = 1000
    with pytest.raises(QuotaReached):
        await space.add(room)


async def test_nothing_is_refused_by_an_old_count() -> None:
    room, space = a_room(10), Counted(10)
    with pytest.raises(QuotaReached):
        await space.add(room)
    space.there = 5
    await space.add(room)


async def test_what_is_added_already_counts_once() -> None:
    room, space = a_room(10), Counted(10)
    await room.require(space, Quota.TASKS, is_added=True)
    space.there = 11
    with pytest.raises(QuotaReached):
        await room.require(space, Quota.TASKS, is_added=True)


async def test_what_is_not_limited_and_what_adds_nothing_is_not_counted() -> None:
    space = Counted(10)
    await Room(Quotas({}), SetClock(NOON)).require(space, Quota.TASKS)
    await a_room(5).require(space, Quota.TASKS, 0)
    await a_room(5).require(space, Quota.TASKS, -7)
    assert space.counts == []


async def test_spaces_are_counted_apart() -> None:
    room, full, empty = a_room(100), Counted(100, SpaceId(BEN)), Counted(0)
    await empty.add(room)
    with pytest.raises(QuotaReached):
        await full.add(room)
    await empty.add(room)


async def test_so_many_spaces_are_remembered_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.room._MOST_REMEMBERED", 1)
    room, one, other = a_room(100), Counted(0), Counted(0, SpaceId(BEN))
    for space in (one, other, one):
        await space.add(room)
    assert list(room.counted) == [(HOME, Quota.TASKS)]
    assert len(one.counts) == 2
