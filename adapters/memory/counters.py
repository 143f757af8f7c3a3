"""Counts in this process."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from application.ports.clock import Clock
from domain.errors import TooManyRequests
from domain.rates import Tally

_MOST: Final = 100_000
"""Counts that are kept for one rate. Whoever makes more than that up is not held by counting."""


@dataclass(slots=True)
class _Window:
    count: int
    ends_at: datetime


class MemoryCounters:
    """Count for this process alone. It waits for nobody, and forgets what is over as it goes along."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: defaultdict[str, dict[tuple[str, ...], _Window]] = defaultdict(dict)

    async def take(self, *tallies: Tally) -> None:
        now = self._clock()
        counting = [(tally, self._open(tally, now)) for tally in tallies if self._counts(tally, now)]
        full = [
            TooManyRequests(tally.rate, window.ends_at - now, tally.rate.amount - window.count)
            for tally, window in counting
            if window.count + tally.cost > tally.rate.amount
        ]
        if full:
            raise max(full, key=lambda refusal: refusal.wait)
        for tally, window in counting:
            window.count += tally.cost

    async def settle(self, *, give_back: Sequence[Tally] = (), restart: Sequence[tuple[Tally, int]] = ()) -> None:
        now = self._clock()
        for tally in give_back:
            if self._counts(tally, now):
                window = self._open(tally, now)
                window.count = max(window.count - tally.cost, 0)
        for tally, count in restart:
            self._begin(tally, now).count = count

    def _counts(self, tally: Tally, now: datetime) -> bool:
        return tally.unless is None or self._open(tally.unless, now).count == 0

    def _open(self, tally: Tally, now: datetime) -> _Window:
        found = self._windows[tally.rate.name].get(tally.of)
        return found if found is not None and found.ends_at > now else self._begin(tally, now)

    def _begin(self, tally: Tally, now: datetime) -> _Window:
        """Begin to count. The oldest windows come first, so those that are over need not be looked for."""
        windows = self._windows[tally.rate.name]
        windows.pop(tally.of, None)
        for old in [*islice(windows, 2)]:
            if windows[old].ends_at <= now or len(windows) >= _MOST:
                del windows[old]
        begun = windows[tally.of] = _Window(0, now + tally.rate.per)
        return begun


class UnlimitedCounters:
    """Count nothing: everything may be done as often as anybody likes."""

    async def take(self, *tallies: Tally) -> None:
        """Let them."""

    async def settle(self, *, give_back: Sequence[Tally] = (), restart: Sequence[tuple[Tally, int]] = ()) -> None:
        """There is nothing to settle."""
