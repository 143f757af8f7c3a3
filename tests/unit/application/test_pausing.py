"""Work on many things pauses after each part of it."""

from collections.abc import Awaitable
from typing import Any

import pytest

from application.pausing import PART, in_parts, parts, pause


def run(work: Awaitable[Any]) -> tuple[int, Any]:
    """How often it pauses, and what comes of it. No event loop is needed for that."""

    async def all_of_it() -> Any:
        return await work

    pauses, steps = 0, all_of_it()
    while True:
        try:
            steps.send(None)
        except StopIteration as end:
            return pauses, end.value
        pauses += 1


def test_a_pause_is_one_turn_of_whatever_runs_it() -> None:
    assert run(pause()) == (1, None)


@pytest.mark.parametrize(("count", "pauses"), [(0, 0), (1, 0), (PART, 0), (PART + 1, 1), (20 * PART, 19)])
def test_there_is_a_pause_between_two_parts(count: int, pauses: int) -> None:
    assert run(in_parts(str, range(count))) == (pauses, [str(number) for number in range(count)])


def test_nothing_is_worked_on_beyond_what_is_wrong() -> None:
    seen: list[int] = []

    def make(number: int) -> None:
        seen.append(number)
        if number == PART + 1:
            raise KeyError

    with pytest.raises(KeyError):
        run(in_parts(make, range(3 * PART)))
    assert seen == [*range(PART + 2)]


def test_the_parts_are_all_there_is() -> None:
    assert [*parts([])] == []
    assert [number for part in parts(range(2 * PART + 3)) for number in part] == [*range(2 * PART + 3)]
    assert [len(part) for part in parts(range(2 * PART + 3))] == [PART, PART, 3]
