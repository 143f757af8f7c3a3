"""Threads for slow statements on SQLite, shared fairly."""

from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Final, TypeVar

from adapters.system.admission import FairAdmission
from domain.shares import ShareKey

T = TypeVar("T")

_OF_ONE_SHARE: Final = 1
"""An account has one thread at most: a slow statement keeps a processor busy, and others find the next thread free."""

_LONGEST_QUEUE: Final = 1024


class SqliteThreads:
    """So many threads."""

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="sqlite")
        self._turns = FairAdmission(count, at_once=_OF_ONE_SHARE, room=_LONGEST_QUEUE)

    def are_awaited(self, share: ShareKey) -> bool:
        """Tell whether a statement of this share waits for a thread already."""
        return self._turns.is_awaited(share)

    async def run(self, share: ShareKey, work: Callable[[Executor], Awaitable[T]]) -> T:
        """Do work that needs a thread, in turn. Raises TooBusy where it could not begin within two seconds."""
        await self._turns.wait(share)
        try:
            return await work(self._threads)
        finally:
            self._turns.release(share)
