"""How often what was done."""

from collections.abc import Sequence
from typing import Protocol

from domain.rates import Tally


class Counters(Protocol):
    """Count what is limited. Each count begins again when the time of its rate is over.

    What is counted is counted at once, in no transaction of the caller's: it outlives whatever becomes of that.
    """

    async def take(self, *tallies: Tally) -> None:
        """Count one more on each of them, or on none where one is full.

        Raises TooManyRequests, for the one that is full the longest.
        """
        ...

    async def settle(self, *, give_back: Sequence[Tally] = (), restart: Sequence[tuple[Tally, int]] = ()) -> None:
        """Count one less on some, and begin others again, now, at a number."""
        ...
