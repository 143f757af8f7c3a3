"""Whose turn it is to write to a SQLite file: one process at a time.

SQLite knows no queue: whoever finds the file taken must try again. And since nobody can tell who waits in other
processes, a process that has had the file for a stretch leaves a gap for them, the less often the longer it has met
nobody.
"""

import asyncio
import os
from collections.abc import Callable
from time import perf_counter
from typing import Final, TypeVar

from domain.errors import TooBusy

T = TypeVar("T")

_NAP: Final = 0.001
"""Seconds between two tries, and as much as a timer of the event loop can tell apart."""

_DOZE: Final = 0.0002
"""Seconds between two tries at first: most turns are over soon, and the file lies idle until somebody looks."""

_AWAKE: Final = 0.005
"""Seconds after which whoever waits naps: to doze keeps a processor busy, unless somebody else wants it."""

_GAP: Final = 2 * _NAP
_SHORT_STRETCH: Final = 0.01
_LONG_STRETCH: Final = 0.1
_PATIENCE: Final = 3.0
"""Seconds for which whoever is next in this process waits for another one. Before that it waited for two at most."""
_LONG_AGO: Final = float("-inf")

_give_way: Final[Callable[[], None]] = getattr(os, "sched_yield", lambda: None)


class Turns:
    """The turns of one process, which takes one after the other."""

    def __init__(self) -> None:
        self._stretch = _SHORT_STRETCH
        self._began = self._left = _LONG_AGO
        """When the stretch began, and when the last turn ended."""

    async def take(self, begin: Callable[[], T | None]) -> T:
        """Wait for a turn: for what ``begin`` returns, which is None while others write.

        Raises TooBusy, and what ``begin`` raises.
        """
        await self._leave_a_gap()
        came = now()
        while (begun := begin()) is None:
            waited = now() - came
            if waited > _PATIENCE:
                raise TooBusy
            await (_doze() if waited < _AWAKE else asyncio.sleep(_NAP))
            self._began, self._stretch = now(), _SHORT_STRETCH
        return begun

    def leave(self) -> None:
        """End a turn."""
        self._left = now()

    async def _leave_a_gap(self) -> None:
        at = now()
        if at - self._left > _GAP:
            self._began = at  # There has been one.
        elif at - self._began > self._stretch:
            await asyncio.sleep(_GAP)
            self._began = now()
            self._stretch = min(2 * self._stretch, _LONG_STRETCH)


async def _doze() -> None:
    """Let others go on for a moment that is too short for a timer."""
    end = perf_counter() + _DOZE
    while perf_counter() < end:
        _give_way()
        await asyncio.sleep(0)


def now() -> float:
    """Seconds on the clock of the event loop."""
    return asyncio.get_running_loop().time()
