"""Errands: nobody waits for them, none is lost without a line in the log, and the line tells nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from adapters.system import errands as module
from adapters.system.errands import TaskErrands
from application.ports.errands import ErrandFailed

CANARY = "canary-7431@example.org"


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.BoundLogger)
    with capture_logs() as found:
        yield found
    structlog.configure(**before)


class Worker:
    """Counts what is done, and how much of it at once."""

    def __init__(self) -> None:
        self.done = 0
        self.most = 0
        self._now = 0

    async def __call__(self) -> None:
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(0.01)
        self._now -= 1
        self.done += 1


async def test_work_begins_after_whoever_asked_has_gone_on() -> None:
    errands, work = TaskErrands(room=1, at_once=1), Worker()
    assert errands.take("work", work, request_id=None)
    for _ in range(20):
        await asyncio.sleep(0)
    assert work.most == 0
    await errands.finish()
    assert work.done == 1


async def test_there_is_room_for_so_many_and_no_more(lines: list[Any]) -> None:
    errands, work = TaskErrands(room=3, at_once=9), Worker()
    taken = [errands.take("work", work, share=number, request_id=f"r{number}") for number in range(5)]
    assert taken == [True] * 3 + [False] * 2
    assert [(line["event"], line["errand"], line["request_id"]) for line in lines] == [
        ("no room for an errand", "work", "r3"),
        ("no room for an errand", "work", "r4"),
    ]
    await errands.finish()
    assert work.done == 3
    assert errands.take("work", work, request_id=None)
    await errands.finish()
    assert work.done == 4


async def test_one_share_fills_half_of_the_room_and_another_one_finds_some() -> None:
    errands, work = TaskErrands(room=12, at_once=1), Worker()
    taken = {share: [errands.take("work", work, share=share, request_id=None) for _ in range(12)] for share in "abc"}
    assert {share: sum(found) for share, found in taken.items()} == {"a": 6, "b": 3, "c": 2}
    await errands.finish()
    assert work.done == 11
    assert [errands.take("work", work, share="a", request_id=None) for _ in range(7)] == [True] * 6 + [False]
    await errands.finish()


async def test_shares_take_turns() -> None:
    errands, order = TaskErrands(room=20, at_once=1), list[str]()

    def noting(share: str) -> Callable[[], Awaitable[None]]:
        async def note() -> None:
            order.append(share)
            await asyncio.sleep(0)

        return note

    for share in "aaaab":
        errands.take("work", noting(share), share=share, request_id=None)
    await errands.finish()
    assert order[:3] == ["a", "b", "a"]


async def test_so_many_are_done_at_once() -> None:
    errands, work = TaskErrands(room=40, at_once=2), Worker()
    for _ in range(20):
        errands.take("work", work, request_id=None)
    await errands.finish()
    assert (work.done, work.most) == (20, 2)


async def test_a_failure_is_noted_in_the_words_that_are_for_the_log(lines: list[Any]) -> None:
    async def fail() -> None:
        raise ErrandFailed("nobody takes it")

    errands = TaskErrands(room=1, at_once=1)
    errands.take("work", fail, request_id="r1")
    await errands.finish()
    (line,) = lines
    assert line["log_level"] == "error"
    assert (line["event"], line["errand"], line["request_id"], line["reason"]) == (
        "an errand failed",
        "work",
        "r1",
        "nobody takes it",
    )


async def test_a_mistake_is_noted_by_where_it_happened_and_not_by_what_it_says(lines: list[Any]) -> None:
    async def fail() -> None:
        raise LookupError(CANARY) from KeyError(CANARY)

    errands = TaskErrands(room=1, at_once=1)
    errands.take("work", fail, request_id="r1")
    await errands.finish()
    (line,) = lines
    assert (line["reason"], line["request_id"]) == ("LookupError", "r1")
    assert "in fail" in line["where"]
    assert "canary" not in repr(lines)


async def test_after_a_failure_the_others_are_done() -> None:
    async def fail() -> None:
        raise LookupError

    errands, work = TaskErrands(room=9, at_once=1), Worker()
    for each in (fail, work, fail, work):
        errands.take("work", each, request_id=None)
    await errands.finish()
    assert work.done == 2


async def test_at_the_end_nothing_is_waited_for_for_ever(lines: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS_TO_FINISH", 0.3)
    monkeypatch.setattr(module, "_SECONDS_TO_LET_GO", 0.2)

    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(1)

    errands, work = TaskErrands(room=9, at_once=9), Worker()
    for each in (work, asyncio.Event().wait, stubborn):
        errands.take("work", each, request_id="r1")  # type: ignore[arg-type] # what an event's wait tells is ignored
    started = time.perf_counter()
    await errands.finish()
    assert time.perf_counter() - started < 1
    assert work.done == 1
    assert [line["event"] for line in lines] == ["an errand was given up"]
    await asyncio.sleep(1.1)
    assert [line["request_id"] for line in lines] == ["r1"] * 2


async def test_where_there_is_nothing_to_do_nobody_waits() -> None:
    await TaskErrands(room=1, at_once=1).finish()
