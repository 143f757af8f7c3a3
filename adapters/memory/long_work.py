"""Long work that is neither shared nor held up: for tests, where nothing is long."""

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager

from application.ports.long_work import Result
from domain.shares import SERVICE, ShareKey


class MemoryLongWork:
    """Do all of it at once, for each caller."""

    async def share(self, key: Hashable, work: Callable[[], Awaitable[Result]]) -> Result:  # noqa: ARG002 - the port's
        return await work()

    @asynccontextmanager
    async def turn(self, share: ShareKey = SERVICE) -> AsyncIterator[None]:  # noqa: ARG002 - the port's
        yield

    async def let_others(self) -> None:
        pass
