"""Errands for tests: kept until somebody runs them."""

from collections.abc import Awaitable, Callable

from application.ports.errands import ErrandFailed
from domain.shares import SERVICE, ShareKey


class MemoryErrands:
    """Keep what is to be done. Those that fail are remembered by what they were."""

    def __init__(self, room: int = 1000) -> None:
        self.room = room
        self.waiting: list[tuple[str, str | None, Callable[[], Awaitable[None]]]] = []
        self.failed: list[str] = []

    def take(
        self,
        what: str,
        work: Callable[[], Awaitable[None]],
        *,
        share: ShareKey = SERVICE,  # noqa: ARG002 - tests fill the room by its size
        request_id: str | None,
    ) -> bool:
        """Keep it for later."""
        if len(self.waiting) >= self.room:
            return False
        self.waiting.append((what, request_id, work))
        return True

    async def run(self) -> None:
        """Do everything, and what comes of it."""
        while self.waiting:
            what, _, work = self.waiting.pop(0)
            try:
                await work()
            except ErrandFailed:
                self.failed.append(what)
