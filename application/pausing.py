"""Work on many things beside everything else: others have their turn after each part of it."""

from collections.abc import Callable, Generator, Iterator, Sequence
from types import coroutine
from typing import Final, TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")

PART: Final = 50
"""So many things are worked on without a pause: some milliseconds, also where each of them is large."""


@coroutine
def pause() -> Generator[None, None, None]:
    """Let everything else that is ready in this process go first. It is what event loops do on a bare ``yield``."""
    yield


def parts(things: Sequence[Thing]) -> Iterator[Sequence[Thing]]:
    """The things, part by part."""
    return (things[start : start + PART] for start in range(0, len(things), PART))


async def in_parts(make: Callable[[Thing], Made], things: Sequence[Thing]) -> list[Made]:
    """What is made of each of the things, in their order, with a pause between two parts. Raises what ``make`` does."""
    first, *others = parts(things) if len(things) > PART else (things,)
    made = [*map(make, first)]
    for part in others:
        await pause()
        made += map(make, part)
    return made
