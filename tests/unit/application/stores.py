"""A store that fails when a test wants it to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.memory.store import Contents, MemoryStore
from domain.errors import Unavailable


class FailingStore(MemoryStore):
    """A store that fails after so many transactions that write."""

    good_for = 10**9

    @asynccontextmanager
    async def begin(self, *, read_only: bool) -> AsyncIterator[Contents]:
        if not read_only:
            if not self.good_for:
                raise Unavailable
            self.good_for -= 1
        async with super().begin(read_only=read_only) as contents:
            yield contents
