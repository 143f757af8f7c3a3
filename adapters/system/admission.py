"""Admission to something scarce on the event loop: places that are shared fairly."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

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
class _Waiter:
    """An entry that waits."""

    since: int
    admitted: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class FairAdmission:
    """``places`` for all shares together, at most ``at_once`` for each; the others wait in a fair queue.

    At most ``room`` wait. An entry that ``expires`` and could not begin within two seconds is refused.
    """

    def __init__(self, places: int, *, at_once: int, room: int, expires: bool = True) -> None:
        self._free = places
        self._queue = FairQueue[_Waiter](room=room, at_once=at_once)
        self._expires = expires
        self._ticks = 0
        self._clock: asyncio.TimerHandle | None = None

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
        waiter = _Waiter(self._ticks)
        evicted = self._queue.put(waiter, share, part)
        if evicted is not None:
            _refuse(evicted)
        self._start_clock()
        try:
            await waiter.admitted
        except asyncio.CancelledError:
            if not self._queue.remove(waiter) and _is_admitted(waiter):
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

    def _start_clock(self) -> None:
        if self._expires and self._clock is None and len(self._queue):
            self._clock = asyncio.get_running_loop().call_later(TICK, self._tick)

    def _tick(self) -> None:
        """Refuse the entries that have waited for too long."""
        self._ticks += 1
        expired = [waiter for waiter in self._queue if self._ticks - waiter.since > TICKS_TO_WAIT]
        for waiter in expired:
            self._queue.remove(waiter)
            _refuse(waiter)
        self._clock = None
        self._start_clock()


def _refuse(waiter: _Waiter) -> None:
    if not waiter.admitted.done():
        waiter.admitted.set_exception(TooBusy())


def _is_admitted(waiter: _Waiter) -> bool:
    return waiter.admitted.done() and not waiter.admitted.cancelled() and waiter.admitted.exception() is None
