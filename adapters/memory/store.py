"""What is kept, and how a transaction works on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields

from application.ports.identity import Credentials
from domain.access import Role
from domain.ids import SessionId, SpaceId, TaskId, UserId
from domain.session import RefreshToken, Session
from domain.task import Task


@dataclass(slots=True)
class Contents:
    """Everything, as of one moment. All values are immutable, so a shallow copy is a snapshot."""

    accounts: dict[UserId, Credentials] = field(default_factory=dict)
    sessions: dict[SessionId, Session] = field(default_factory=dict)
    refresh_tokens: dict[bytes, RefreshToken] = field(default_factory=dict)
    memberships: dict[tuple[SpaceId, UserId], Role] = field(default_factory=dict)
    tasks: dict[tuple[SpaceId, TaskId], Task] = field(default_factory=dict)

    def snapshot(self) -> "Contents":
        """A copy to work on."""
        return Contents(**{part.name: dict(getattr(self, part.name)) for part in fields(self)})


class MemoryStore:
    """A store in this process. Writers take turns; each works on a copy that replaces the original when it is done."""

    def __init__(self) -> None:
        self._contents = Contents()
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def begin(self, *, read_only: bool) -> AsyncIterator[Contents]:
        """Open a transaction. What is written takes effect on a clean exit only, and never when ``read_only``."""
        if read_only:
            yield self._contents.snapshot()
            return
        async with self._writing:
            contents = self._contents.snapshot()
            yield contents
            self._contents = contents
