"""Long work as tasks on the event loop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

from adapters.system.admission import FairAdmission
from application.ports.long_work import Result
from domain.shares import SERVICE, ShareKey

_LONGEST_QUEUE: Final = 1024


@dataclass(slots=True)
class _Run:
    """A run that is under way, and how many wait for it."""

    task: asyncio.Task[Any]
    callers: int = 0


class TaskLongWork:
    """Share runs in this process, and let so many have a turn ``at_once``.

    What ``expires`` and could not have its turn within two seconds is refused.
    """

    def __init__(self, at_once: int, *, expires: bool = False) -> None:
        self._turns = FairAdmission(at_once, at_once=1, room=_LONGEST_QUEUE, expires=expires)
        self._runs: dict[Hashable, _Run] = {}

    async def share(self, key: Hashable, work: Callable[[], Awaitable[Result]]) -> Result:
        """Join the run with this key, or begin one."""
        run = self._runs.get(key) or self._begin(key, work)
        run.callers += 1
        try:
            return cast("Result", await asyncio.shield(run.task))
        finally:
            run.callers -= 1
            if not run.callers:
                self._give_up(key, run)

    def _begin(self, key: Hashable, work: Callable[[], Awaitable[Result]]) -> _Run:
        async def working() -> Result:
            return await work()

        run = self._runs[key] = _Run(asyncio.create_task(working()))
        run.task.add_done_callback(lambda _: self._forget(key, run))
        return run

    def _give_up(self, key: Hashable, run: _Run) -> None:
        """No caller is left: the next one begins a run of its own."""
        self._forget(key, run)
        run.task.cancel()

    def _forget(self, key: Hashable, run: _Run) -> None:
        if self._runs.get(key) is run:
            del self._runs[key]
        if run.task.done() and not run.task.cancelled():
            run.task.exception()  # Every caller has it, or none is left to have it.

    @asynccontextmanager
    async def turn(self, share: ShareKey = SERVICE) -> AsyncIterator[None]:
        """A turn. What does not expire waits for as long as it takes, or until its last caller gives it up."""
        await self._turns.wait(share)
        try:
            yield
        finally:
            self._turns.release(share)

    async def let_others(self) -> None:
        """Let the event loop serve what is ready."""
        await asyncio.sleep(0)
