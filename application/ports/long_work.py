"""Work that takes long: done once for all who ask for it, a few pieces at a time, beside the requests that wait."""

from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from domain.shares import SERVICE, ShareKey

Result = TypeVar("Result")


class LongWork(Protocol):
    """What work needs that would hold up others: it is shared, takes turns, and is given up when no caller is left."""

    async def share(self, key: Hashable, work: Callable[[], Awaitable[Result]]) -> Result:
        """What the work gives. Callers with the same key at the same time share one run, and its error.

        When the last of them is cancelled the run is cancelled, too.
        """
        ...

    def turn(self, share: ShareKey = SERVICE) -> AbstractAsyncContextManager[None]:
        """Wait for a turn, and have it while this is open: few at the same time, and of each share one.

        The shares take turns. Raises TooBusy where too many wait, or for too long.
        """
        ...

    async def let_others(self) -> None:
        """Let everything else that waits in this process go first."""
        ...
