"""The exam of long work: what is asked for comes of it, and in a process that serves it is shared and takes turns."""

import asyncio

import pytest

from adapters.memory.long_work import MemoryLongWork
from adapters.system.long_work import TaskLongWork
from application.ports.long_work import LongWork


class Failed(Exception):
    """The work could not be done."""


class Work:
    """Work that goes on until it is let go."""

    def __init__(self) -> None:
        self.begun = self.given_up = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        return number


@pytest.fixture(params=["memory", "tasks"])
def long_work(request: pytest.FixtureRequest) -> LongWork:
    return MemoryLongWork() if request.param == "memory" else TaskLongWork(2)


@pytest.fixture
def tasks() -> TaskLongWork:
    return TaskLongWork(2)


async def a_moment() -> None:
    """Let everything run that is ready."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_comes_of_it_is_returned_or_raised(long_work: LongWork) -> None:
    async def work() -> str:
        async with long_work.turn():
            await long_work.let_others()
        return "done"

    async def fail() -> None:
        raise Failed

    assert await long_work.share("a", work) == "done"
    with pytest.raises(Failed):
        await long_work.share("a", fail)
    assert await long_work.share("a", work) == "done"


async def test_callers_at_the_same_time_share_one_run(tasks: TaskLongWork) -> None:
    work, other = Work(), Work()
    callers = [asyncio.create_task(tasks.share("a", work)) for _ in range(5)]
    callers.append(asyncio.create_task(tasks.share("b", other)))
    await a_moment()
    assert (work.begun, other.begun) == (1, 1)
    work.may_end.set()
    other.may_end.set()
    assert await asyncio.gather(*callers) == [1] * 6
    assert await tasks.share("a", work) == 2


async def test_callers_at_the_same_time_share_one_failure(tasks: TaskLongWork) -> None:
    begun = []

    async def fail() -> None:
        begun.append(1)
        await asyncio.sleep(0)
        raise Failed

    found = await asyncio.gather(*(tasks.share("a", fail) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [Failed] * 3
    assert begun == [1]


async def test_a_run_goes_on_while_a_caller_is_left_and_is_given_up_then(tasks: TaskLongWork) -> None:
    work = Work()
    first, second = (asyncio.create_task(tasks.share("a", work)) for _ in range(2))
    await a_moment()
    first.cancel()
    await a_moment()
    assert (first.cancelled(), work.given_up) == (True, 0)
    second.cancel()
    await a_moment()
    assert (second.cancelled(), work.begun, work.given_up) == (True, 1, 1)
    third = asyncio.create_task(tasks.share("a", work))
    await a_moment()
    work.may_end.set()
    assert await third == 2


async def test_few_have_a_turn_at_the_same_time_and_shares_take_turns(tasks: TaskLongWork) -> None:
    order: list[str] = []

    async def work(name: str) -> None:
        for number in range(2):
            async with tasks.turn(name):
                order.append(f"{name}{number}")
                await asyncio.sleep(0)

    await asyncio.gather(*(work(name) for name in "abcd"))
    assert order == ["a0", "b0", "c0", "d0", "a1", "b1", "c1", "d1"]


async def test_no_more_turns_than_may_be_are_taken_at_the_same_time(tasks: TaskLongWork) -> None:
    at_once: list[int] = []
    now = 0

    async def work(share: int) -> None:
        nonlocal now
        async with tasks.turn(share):
            now += 1
            at_once.append(now)
            await a_moment()
            now -= 1

    await asyncio.gather(*(work(share) for share in range(6)))
    assert max(at_once) == 2
    at_once.clear()
    await asyncio.gather(*(work(0) for _ in range(6)))
    assert max(at_once) == 1


async def test_a_turn_is_over_however_the_work_ends(tasks: TaskLongWork) -> None:
    for _ in range(3):
        with pytest.raises(Failed):
            async with tasks.turn("a"):
                raise Failed
    async with tasks.turn("a"):
        waiting = asyncio.create_task(tasks.turn("a").__aenter__())
        await a_moment()
        waiting.cancel()
    async with asyncio.timeout(5), tasks.turn("a"):
        pass


async def test_others_are_let_in(tasks: TaskLongWork) -> None:
    others: list[int] = []
    asyncio.get_running_loop().call_soon(others.append, 1)
    await tasks.let_others()
    assert others == [1]
