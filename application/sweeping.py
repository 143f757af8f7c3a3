"""Removing what has run out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from application.ports.clock import Clock
from application.ports.leftovers import Leftovers

KEPT: Final = timedelta(days=1)
"""For how long a session is kept when the last of its refresh tokens has run out."""

_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class SweepLeftovers:
    """Remove sessions, password resets and answers that are of no use any more, of every account.

    The service alone may.

    A session goes a day after it would have ended at the latest, even if it was ended before: until then each of its
    refresh tokens is known, and seen when it is used twice. Raises Unavailable.
    """

    leftovers: Leftovers
    clock: Clock

    async def __call__(self) -> None:
        now = self.clock()
        await _all(self.leftovers.remove_sessions, now - KEPT)
        await _all(self.leftovers.remove_password_resets, now)
        await _all(self.leftovers.remove_replies, now)


async def _all(remove: Callable[[datetime, int], Awaitable[int]], until: datetime) -> None:
    """A few at a time, so that nobody waits for long."""
    while await remove(until, _AT_ONCE) == _AT_ONCE:
        pass
