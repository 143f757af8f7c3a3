"""A fair queue: shares take turns, none has more in service than it may, and a full one turns away its longest line."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import fair_queue
from domain.fair_queue import FairQueue

ROOM = 100


def a_queue(room: int = ROOM, at_once: int | None = None) -> FairQueue[str]:
    return FairQueue(room=room, at_once=at_once)


def fill(queue: FairQueue[str], share: str, times: int, *, parts: int = 1) -> list[str]:
    """Let entries of a share wait, which are named by it and numbered."""
    entries = [f"{share}{number}" for number in range(times)]
    for number, entry in enumerate(entries):
        assert queue.put(entry, share, number % parts) is None
    return entries


def served(queue: FairQueue[str], times: int = ROOM) -> list[str]:
    """What is taken next, in order."""
    found = [queue.next() for _ in range(times)]
    return [entry for share, entry in filter(None, found)]


def test_a_single_entry_is_served_second_however_many_wait_before_it() -> None:
    queue = a_queue()
    fill(queue, "a", 40)
    fill(queue, "b", 1)
    assert served(queue, 3) == ["a0", "b0", "a1"]


def test_within_a_share_the_first_to_come_is_the_first_to_be_served() -> None:
    queue = a_queue()
    entries = fill(queue, "a", 5)
    assert served(queue) == entries
    assert len(queue) == 0


def test_shares_take_turns() -> None:
    queue = a_queue()
    for share, times in (("a", 4), ("b", 2), ("c", 3)):
        fill(queue, share, times)
    assert served(queue) == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "c2", "a3"]


def test_the_parts_of_a_share_take_turns_within_its_turns() -> None:
    queue = a_queue()
    for number in range(3):
        queue.put(f"office-ann{number}", "office", "ann")
    queue.put("office-ben0", "office", "ben")
    queue.put("home-eve0", "home", "eve")
    assert served(queue) == ["office-ann0", "home-eve0", "office-ben0", "office-ann1", "office-ann2"]


def test_a_share_has_so_many_in_service_and_no_more_even_where_nobody_else_waits() -> None:
    queue = a_queue(at_once=2)
    fill(queue, "a", 3)
    assert served(queue) == ["a0", "a1"]
    fill(queue, "b", 1)
    assert served(queue) == ["b0"]
    queue.release("a")
    assert served(queue) == ["a2"]


def test_who_comes_without_waiting_counts_as_well() -> None:
    queue = a_queue(at_once=2)
    assert [queue.admit("a") for _ in range(3)] == [True, True, False]
    assert queue.admit("b")
    fill(queue, "a", 1)
    assert served(queue) == []
    queue.release("a")
    assert served(queue) == ["a0"]
    for _ in range(2):
        queue.release("a")
    assert [queue.admit("a") for _ in range(3)] == [True, True, False]


def test_nothing_overtakes_what_waits_in_its_own_share() -> None:
    queue = a_queue(at_once=2)
    fill(queue, "a", 1)
    assert not queue.admit("a")
    assert served(queue) == ["a0"]
    assert queue.admit("a")


def test_a_share_that_was_held_back_comes_behind_those_that_wait() -> None:
    queue = a_queue(at_once=1)
    fill(queue, "a", 2)
    fill(queue, "b", 1)
    assert served(queue, 1) == ["a0"]
    queue.release("a")
    assert served(queue) == ["b0", "a1"]


def test_a_full_queue_turns_away_the_newest_of_the_share_that_has_most_waiting() -> None:
    queue = a_queue(room=4)
    fill(queue, "a", 3)
    fill(queue, "b", 1)
    assert queue.put("c0", "c") == "a2"
    assert served(queue) == ["a0", "b0", "c0", "a1"]


def test_a_full_queue_turns_away_the_share_that_filled_it() -> None:
    queue = a_queue(room=3)
    fill(queue, "a", 3)
    assert queue.put("a3", "a", 0) == "a3"
    assert len(queue) == 3


def test_of_equal_lines_that_of_the_newcomer_is_turned_away() -> None:
    queue = a_queue(room=4)
    for share in ("a", "b"):
        fill(queue, share, 2)
    assert queue.put("b2", "b", 0) == "b2"
    queue = a_queue(room=2)
    for share in ("a", "b"):
        fill(queue, share, 1)
    assert queue.put("c0", "c") == "c0"


def test_within_a_share_the_part_that_has_most_waiting_is_turned_away() -> None:
    queue = a_queue(room=3)
    for number in range(2):
        queue.put(f"ann{number}", "office", "ann")
    queue.put("ben0", "office", "ben")
    assert queue.put("eve0", "office", "eve") == "ann1"
    assert served(queue) == ["ann0", "ben0", "eve0"]


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_an_entry_can_leave_from_anywhere(gone: int) -> None:
    queue = a_queue()
    entries = fill(queue, "a", 3, parts=2)
    assert queue.remove(entries[gone])
    assert not queue.remove(entries[gone])
    assert set(served(queue)) == {*entries} - {entries[gone]}


def test_a_share_that_left_is_forgotten() -> None:
    queue = a_queue(at_once=1)
    assert not queue.has("a")
    fill(queue, "a", 1)
    assert queue.has("a")
    queue.remove("a0")
    assert not queue.has("a")
    assert queue.next() is None
    assert queue.admit("a")
    fill(queue, "a", 1)
    queue.remove("a0")
    queue.release("a")
    assert vars(queue) == vars(a_queue(at_once=1))


def test_what_waits_can_be_looked_through_in_the_order_of_arrival() -> None:
    queue = a_queue()
    fill(queue, "a", 2)
    fill(queue, "b", 1)
    fill(queue, "c", 1)
    queue.remove("b0")
    assert list(queue) == ["a0", "a1", "c0"]


# Properties

OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["put", "next", "remove", "release", "admit"]), st.integers(0, 3), st.integers(0, 2)),
    max_size=80,
)


class Model:
    """What is known from outside of who waits and who is served."""

    def __init__(self, queue: FairQueue[int]) -> None:
        self.queue = queue
        self.waiting: dict[int, int] = {}
        self.serving = Counter[int]()
        self.number = 0

    def put(self, share: int, part: int) -> None:
        self.number += 1
        self.waiting[self.number] = share
        lengths = Counter(self.waiting.values())
        evicted = self.queue.put(self.number, share, part)
        assert (evicted is None) is (len(self.waiting) <= 5)
        if evicted is not None:
            assert lengths[self.waiting.pop(evicted)] == max(lengths.values())

    def next(self, *_: int) -> None:
        eligible = {share for share in self.waiting.values() if self.serving[share] < 2}
        found = self.queue.next()
        assert (found is None) is (not eligible)
        if found is not None:
            share, entry = found
            assert share in eligible
            assert self.waiting.pop(entry) == share
            self.serving[share] += 1

    def remove(self, share: int, _: int) -> None:
        mine = [entry for entry, whose in self.waiting.items() if whose == share]
        assert self.queue.remove(mine[0] if mine else -1) is bool(mine)
        for entry in mine[:1]:
            del self.waiting[entry]

    def release(self, share: int, _: int) -> None:
        if self.serving[share]:
            self.serving[share] -= 1
            self.queue.release(share)

    def admit(self, share: int, _: int) -> None:
        admitted = self.queue.admit(share)
        assert admitted is (self.serving[share] < 2 and share not in self.waiting.values())
        self.serving[share] += admitted


@given(OPERATIONS)
def test_whatever_happens_nothing_is_lost_and_no_share_has_more_than_it_may(operations: list[Any]) -> None:
    model = Model(FairQueue(room=5, at_once=2))
    for name, share, part in operations:
        getattr(model, name)(share, part)
        assert list(model.queue) == list(model.waiting)
        assert len(model.queue) == len(model.waiting)


@given(st.lists(st.integers(0, 4), max_size=60))
def test_no_share_is_passed_over_for_longer_than_a_round(shares: list[int]) -> None:
    queue: FairQueue[int] = FairQueue(room=100)
    for entry, share in enumerate(shares):
        queue.put(entry, share)
    order = [shares[entry] for _, entry in filter(None, (queue.next() for _ in shares))]
    assert Counter(order) == Counter(shares)
    for share in set(shares):
        turns = [turn for turn, served_share in enumerate(order) if served_share == share]
        gaps = [later - turn for turn, later in zip([-1, *turns], turns, strict=False)]
        assert max(gaps) <= len(set(shares))


# Each mechanism is taken out, and missed

_TESTS_OF: dict[str, list[Callable[[], None]]] = {
    "rounds": [test_a_single_entry_is_served_second_however_many_wait_before_it, test_shares_take_turns],
    "limit": [test_a_share_has_so_many_in_service_and_no_more_even_where_nobody_else_waits],
    "eviction": [test_a_full_queue_turns_away_the_newest_of_the_share_that_has_most_waiting],
}


def _fails(test: Callable[[], None]) -> bool:
    try:
        test()
    except AssertionError:
        return True
    return False


def test_first_come_first_served_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    put = FairQueue.put
    monkeypatch.setattr(FairQueue, "put", lambda self, entry, _share, part=None: put(self, entry, "all", part))
    assert all(map(_fails, _TESTS_OF["rounds"]))


def test_a_missing_limit_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    init = FairQueue.__init__
    monkeypatch.setattr(FairQueue, "__init__", lambda self, *, room, at_once=None: init(self, room=room))
    assert all(map(_fails, _TESTS_OF["limit"]))


def test_turning_away_the_newcomer_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "_longest", lambda _lines, newcomer: newcomer)
    assert all(map(_fails, _TESTS_OF["eviction"]))
