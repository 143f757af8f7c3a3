"""What a service that runs does without being asked: it seals the logs that have grown, and sweeps what has run out."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, NoReturn

import structlog

from application.facade import Application
from domain.errors import Unavailable

_SECONDS_BETWEEN_SEALS: Final = 0.25
"""What is written in between is remembered, so this is short."""

_SECONDS_BETWEEN_SWEEPS: Final = 600.0

log: Any = structlog.get_logger("taskward")


@asynccontextmanager
async def background(application: Application) -> AsyncIterator[None]:
    """Do it as long as the service runs. What was done at last is sealed before this ends."""
    work = [
        asyncio.create_task(_repeat("sealing", application.seal_grown_logs, _SECONDS_BETWEEN_SEALS)),
        asyncio.create_task(_repeat("sweeping", application.sweep_leftovers, _SECONDS_BETWEEN_SWEEPS)),
    ]
    try:
        yield
    finally:
        for task in work:
            task.cancel()
        await asyncio.wait(work)
        await _try("sealing", application.seal_grown_logs)


async def _repeat(what: str, work: Callable[[], Awaitable[None]], seconds: float) -> NoReturn:
    """Do it again and again, with so long in between."""
    while True:
        await asyncio.sleep(seconds)
        await _try(what, work)


async def _try(what: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do it, or say why not: the next time it may go well."""
    noted = log.bind(work=what)
    try:
        await work()
    except Unavailable:
        noted.warning("put off", reason="the database does not answer")
    except Exception as error:  # noqa: BLE001 - nobody else would see it, and it must go on
        # Where it happened, and not what it says: that may hold what somebody wrote.
        where = "".join(traceback.format_tb(error.__traceback__))
        noted.error("failed", reason=type(error).__name__, where=where)
