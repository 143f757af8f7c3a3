"""Admission to something scarce on the event loop: places that are shared fairly."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from math import inf
from typing import Final, TypeVar

from domain.errors import TooBusy
from domain.fair_queue import FairQueue
from domain.shares import ShareKey

TICK: Final = 0.25
"""Seconds between two looks at the entries that wait."""

TICKS_TO_WAIT: Final = 7
"""After so many whole ticks an entry is refused: after 1.75 to 2 seconds.

Ticks are counted and not seconds: after a process stood still, its waiting entries are where they were.
"""


@dataclass(eq=False, slots=True)
class Waiter:
    """An entry that waits: for a place, or for something to be done."""

    admitted: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    since: float = inf
    """The tick at which it came; infinite where it waits for as long as it takes."""

    def refuse(self) -> None:
        """Have it raise TooBusy, unless that is too late."""
        if not self.admitted.done():
            self.admitted.set_exception(TooBusy())

    @property
    def is_admitted(self) -> bool:
        """Whether it has what it waited for."""
        return self.admitted.done() and not self.admitted.cancelled() and self.admitted.exception() is None


W = TypeVar("W", bound=Waiter)


class WaitingLine(FairQueue[W]):
    """A fair queue with a clock: an entry that is evicted, or that has waited for two seconds, is refused."""

    def __init__(self, *, room: int, at_once: int | None = None) -> None:
        super().__init__(room=room, at_once=at_once)
        self._ticks = 0
        self._clock: asyncio.TimerHandle | None = None

    def enter(self, waiter: W, share: ShareKey, part: Hashable = None, *, expires: bool = True) -> None:
        """Let an entry wait. One that ``expires`` is refused after two seconds."""
        if expires:
            waiter.since = self._ticks
        evicted = self.put(waiter, share, part)
        if evicted is not None:
            evicted.refuse()
        self._start_clock()

    def _start_clock(self) -> None:
        if self._clock is None and len(self):
            self._clock = asyncio.get_running_loop().call_later(TICK, self._tick)

    def _tick(self) -> None:
        """Refuse the entries that have waited for too long."""
        self._ticks += 1
        expired = [waiter for waiter in self if self._ticks - waiter.since > TICKS_TO_WAIT]
        for waiter in expired:
            self.remove(waiter)
            waiter.refuse()
        self._clock = None
        self._start_clock()


class FairAdmission:
    """``places`` for all shares together, at most ``at_once`` for each; the others wait in a fair queue.

    At most ``room`` wait. An entry that ``expires`` and could not begin within two seconds is refused.
    """

    def __init__(self, places: int, *, at_once: int, room: int, expires: bool = True) -> None:
        self._free = places
        self._queue = WaitingLine[Waiter](room=room, at_once=at_once)
        self._expires = expires

    def admit(self, share: ShareKey) -> bool:
        """Take a place, if there is one for this share at once."""
        if self._free and self._queue.admit(share):
            self._free -= 1
            return True
        return False

    async def wait(self, share: ShareKey, part: Hashable = None) -> None:
        """Take a place, in turn. Raises TooBusy for an entry that is evicted or expires."""
        if self.admit(share):
            return
        waiter = Waiter()
        self._queue.enter(waiter, share, part, expires=self._expires)
        try:
            await waiter.admitted
        except asyncio.CancelledError:
            if not self._queue.remove(waiter) and waiter.is_admitted:
                self.release(share)
            raise

    def release(self, share: ShareKey) -> None:
        """Give a place back."""
        self._queue.release(share)
        self._free += 1
        if self._queue:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._free and (following := self._queue.next()) is not None:
            share, waiter = following
            if waiter.admitted.done():
                self._queue.release(share)  # It was cancelled, and its task has not run since.
            else:
                waiter.admitted.set_result(None)
                self._free -= 1

    def is_awaited(self, share: ShareKey) -> bool:
        """Tell whether the share waits for a place."""
        return self._queue.has(share)
