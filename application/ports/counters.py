"""How often what was done."""

from collections.abc import Sequence
from typing import Protocol

from domain.rates import Tally


class Counters(Protocol):
    """Count what is limited. Each count begins again when the time of its rate is over.

    What is counted is counted at once, in no transaction of the caller's: it outlives whatever becomes of that.
    """

    async def take(self, *tallies: Tally) -> None:
        """Count the cost of each of them, or nothing on any where one has less room than its cost.

        What is refused is not counted. A cost above the amount of its rate is always refused.
        Raises TooManyRequests, for the one that has no room the longest.
        """
        ...

    async def settle(self, *, give_back: Sequence[Tally] = (), restart: Sequence[tuple[Tally, int]] = ()) -> None:
        """Count some down by their cost, to nothing at most, and begin others again, now, at a number."""
        ...
