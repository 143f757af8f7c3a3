"""Places are shared fairly: in turns, with a limit for each share, and for no longer than two seconds of waiting."""

import asyncio
import time
from collections.abc import Iterable

import pytest

from adapters.system import admission
from adapters.system.admission import TICK, TICKS_TO_WAIT, FairAdmission
from domain.errors import TooBusy

ROOM = 50


class Line:
    """Tasks that wait for places, and the order in which they got one."""

    def __init__(self, places: int = 2, at_once: int = 1, room: int = ROOM, *, expires: bool = True) -> None:
        self.admission = FairAdmission(places, at_once=at_once, room=room, expires=expires)
        self.order: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, *shares: str) -> list[asyncio.Task[None]]:
        """One task after the other, each of which keeps its place."""
        tasks = [asyncio.create_task(self._wait(share)) for share in shares]
        self.tasks += tasks
        await settled()
        return tasks

    async def _wait(self, share: str) -> None:
        await self.admission.wait(share)
        self.order.append(share)

    async def go(self, *shares: str) -> None:
        """Places come free."""
        for share in shares:
            self.admission.release(share)
        await settled()

    async def outcomes(self) -> list[object]:
        return await asyncio.gather(*self.tasks, return_exceptions=True)


async def settled() -> None:
    """Let every task go as far as it can."""
    for _ in range(3):
        await asyncio.sleep(0)


def types(outcomes: Iterable[object]) -> list[type[object]]:
    return [type(outcome) for outcome in outcomes]


async def test_a_free_place_is_taken_at_once() -> None:
    line = FairAdmission(2, at_once=2, room=ROOM)
    assert [line.admit("a") for _ in range(3)] == [True, True, False]
    line.release("a")
    await line.wait("a")
    assert not line.admit("b")


async def test_a_share_has_so_many_places_and_the_others_find_one_free() -> None:
    line = Line(places=3, at_once=2)
    await line.come(*"aaaa")
    assert line.order == ["a", "a"]
    await line.come("b")
    assert line.order == ["a", "a", "b"]
    await line.go("b")
    assert line.order == ["a", "a", "b"]
    await line.go("a")
    assert line.order == ["a", "a", "b", "a"]
    await line.go(*"aa")
    await line.outcomes()


async def test_of_forty_one_that_wait_a_single_one_of_a_share_is_served_second() -> None:
    line = Line(places=1, at_once=1)
    await line.come("x", *"a" * 40, "b")
    await line.go("x")
    await line.go("a")
    assert line.order == ["x", "a", "b"]
    await line.go("b")
    for _ in range(39):
        await line.go("a")
    assert await line.outcomes() == [None] * 42


async def test_it_is_known_which_share_waits() -> None:
    line = Line(places=1, at_once=1)
    await line.come("a")
    assert not line.admission.is_awaited("a")
    await line.come("a")
    assert line.admission.is_awaited("a")
    await line.go("a")
    assert not line.admission.is_awaited("a")


async def test_a_full_queue_refuses_those_who_filled_it() -> None:
    line = Line(places=1, room=3)
    await line.come("x", *"aaaa", "b")
    assert [task.done() for task in line.tasks] == [True, False, False, True, True, False]
    for share in "xab":
        await line.go(share)
    assert types(await line.outcomes()) == [type(None)] * 3 + [TooBusy] * 2 + [type(None)]


@pytest.mark.usefixtures("fast_clock")
async def test_what_could_not_begin_in_time_is_refused_and_the_rest_goes_on() -> None:
    line = Line(places=1)
    await line.come("x", "a", "b")
    assert types(await asyncio.wait_for(line.outcomes(), 2)) == [type(None), TooBusy, TooBusy]
    (late,) = await line.come("a")
    await line.go("x")
    assert late.done()
    assert line.order == ["x", "a"]


def test_time_is_up_after_two_seconds_at_the_latest() -> None:
    assert TICK * (TICKS_TO_WAIT + 1) == 2


@pytest.mark.usefixtures("fast_clock")
async def test_nothing_is_refused_because_the_process_stood_still() -> None:
    line = Line(places=1)
    await line.come("x", "a")
    await asyncio.sleep(0.015)
    time.sleep(0.3)  # noqa: ASYNC251 - this is how it stands still
    await asyncio.sleep(0.015)
    assert not line.tasks[1].done()
    await line.go("x")
    assert line.order == ["x", "a"]


@pytest.mark.usefixtures("fast_clock")
async def test_where_time_does_not_matter_nothing_is_refused_for_it() -> None:
    line = Line(places=1, expires=False)
    await line.come("x", "a")
    await asyncio.sleep(0.15)
    await line.go("x")
    assert line.order == ["x", "a"]


async def test_who_leaves_is_in_no_other_ones_way() -> None:
    line = Line(places=1, room=1)
    leaving, *_ = (await line.come("x", "a"))[1:]
    leaving.cancel()
    await settled()
    assert not line.admission.is_awaited("a")
    await line.come("b")
    await line.go("x")
    assert line.order == ["x", "b"]


async def test_a_place_for_a_task_that_leaves_is_passed_on() -> None:
    line = Line(places=1)
    _, leaving, _ = await line.come("x", "a", "b")
    line.admission.release("x")
    leaving.cancel()  # It has been given the place, and does not know yet.
    await settled()
    assert line.order == ["x", "b"]
    await line.go("b")
    assert line.admission.admit("a")


async def test_a_place_is_not_given_to_a_task_that_is_leaving() -> None:
    line = Line(places=1)
    _, leaving, _ = await line.come("x", "a", "b")
    leaving.cancel()
    line.admission.release("x")  # The task has not run since it was cancelled.
    await settled()
    assert line.order == ["x", "b"]
    await line.go("b")
    assert line.admission.admit("a")


async def test_a_task_that_leaves_while_it_is_refused_takes_no_place_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "TICKS_TO_WAIT", 0)
    line = Line(places=1)
    _, leaving = await line.come("x", "a")
    line.admission._queue._tick()
    leaving.cancel()  # It has been refused, and does not know yet.
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await line.go("x")
    assert line.admission.admit("a")
