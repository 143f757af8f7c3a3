"""Something scarce in a service on memory adapters, shared fairly or not at all."""

import asyncio
from collections import defaultdict
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from tests.isolation.services import MemoryService


@dataclass
class Places:
    """Two places. A use takes a moment, so that a queue of forty is a second long."""

    fair: bool
    """Whether an account has one of the places at most, and waits for itself."""
    moment: float
    _all: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    _own: defaultdict[str, asyncio.Semaphore] = field(default_factory=lambda: defaultdict(lambda: asyncio.Semaphore(1)))

    async def use(self, account: str) -> None:
        async with self._own[account] if self.fair else nullcontext(), self._all:
            await asyncio.sleep(self.moment)


def with_places(*, fair: bool, moment: float = 0.05) -> MemoryService:
    """A service whose lists, sign-ins and looks at readiness need a place each."""
    service, places = MemoryService(), Places(fair, moment)
    app = service.application

    async def list_tasks(actor: Any, *arguments: Any, **named: Any) -> Any:
        await places.use(str(actor.user_id))
        return await app.list_tasks(actor, *arguments, **named)

    async def sign_in(email: str, *arguments: Any, **named: Any) -> Any:
        await places.use(email)
        return await app.sign_in(email, *arguments, **named)

    async def check_readiness() -> Any:
        await places.use("probes")
        return await app.check_readiness()

    service.application = replace(
        app,
        list_tasks=list_tasks,  # type: ignore[arg-type]
        sign_in=sign_in,  # type: ignore[arg-type]
        check_readiness=check_readiness,  # type: ignore[arg-type]
    )
    return service
