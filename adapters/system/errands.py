"""Errands as tasks on the event loop."""

import asyncio
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import structlog

from adapters.system.admission import FairAdmission
from application.ports.errands import ErrandFailed
from domain.shares import SERVICE, ShareKey

_SECONDS_BEFORE: Final = 0.1
"""Work begins when the answer is long on its way, so that the time an answer takes tells nothing of the work."""

_SECONDS_TO_FINISH: Final = 5.0
_SECONDS_TO_LET_GO: Final = 1.0

log: Any = structlog.get_logger("taskward.errands")


class TaskErrands:
    """Have room for so many errands, and do so many ``at_once``.

    A share may have as many errands as there is room left: one share fills half of it, two fill a third each, and a
    new one finds room (dynamic thresholds, Choudhury and Hahne 1998). So an errand that was taken is never given up for
    another one. The shares take turns.
    """

    def __init__(self, room: int, at_once: int) -> None:
        self._room = room
        self._turns = FairAdmission(at_once, at_once=at_once, room=room, expires=False)
        self._held = Counter[ShareKey]()
        self._tasks: set[asyncio.Task[None]] = set()

    def take(
        self,
        what: str,
        work: Callable[[], Awaitable[None]],
        *,
        share: ShareKey = SERVICE,
        request_id: str | None,
    ) -> bool:
        """Do it soon, if there is room."""
        if self._held[share] >= self._room - len(self._tasks):
            log.warning("no room for an errand", errand=what, request_id=request_id)
            return False
        self._held[share] += 1
        task = asyncio.get_running_loop().create_task(self._run(what, work, share, request_id))
        self._tasks.add(task)
        task.add_done_callback(partial(self._let_go, share))
        return True

    def _let_go(self, share: ShareKey, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._held[share] -= 1
        if not self._held[share]:
            del self._held[share]

    async def finish(self) -> None:
        """Wait until everything is done, though not for long: what still runs then is given up."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=_SECONDS_TO_FINISH)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=_SECONDS_TO_LET_GO)

    async def _run(
        self, what: str, work: Callable[[], Awaitable[None]], share: ShareKey, request_id: str | None
    ) -> None:
        noted = log.bind(errand=what, request_id=request_id)
        try:
            await asyncio.sleep(_SECONDS_BEFORE)
            await self._turns.wait(share)
            try:
                await work()
            finally:
                self._turns.release(share)
        except ErrandFailed as failure:
            noted.error("an errand failed", reason=str(failure))
        except asyncio.CancelledError:
            noted.error("an errand was given up", reason="the service ends")
            raise
        except Exception as error:  # noqa: BLE001 - nobody else would see it
            # Where it happened, and not what it says: that may hold an address or a token.
            where = "".join(traceback.format_tb(error.__traceback__))
            noted.error("an errand failed", reason=type(error).__name__, where=where)
