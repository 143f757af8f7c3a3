"""What a service that runs does without being asked: it seals logs, and sweeps what has run out."""

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

_SECONDS_BETWEEN_LOOKS: Final = 10.0
"""How often events are looked for that were left without a seal."""

_SECONDS_BETWEEN_SWEEPS: Final = 600.0
_SECONDS_BETWEEN_REMOVALS: Final = 10.0
"""Nobody sees what is removed here, but whoever has closed their account has been told that it is gone."""

_SECONDS_BETWEEN_PURGES: Final = 3600.0
"""A look at every space: what is kept for days may be kept for an hour longer."""

log: Any = structlog.get_logger("taskward")


@asynccontextmanager
async def background(application: Application) -> AsyncIterator[None]:
    """Do it as long as the service runs. What was done at last is sealed before this ends."""
    work = [
        asyncio.create_task(_repeat("sealing", application.seal_grown_logs, _SECONDS_BETWEEN_SEALS)),
        asyncio.create_task(_repeat("sealing what was left", application.seal_left_events, _SECONDS_BETWEEN_LOOKS)),
        asyncio.create_task(_repeat("sweeping", application.sweep_leftovers, _SECONDS_BETWEEN_SWEEPS)),
        asyncio.create_task(_repeat("removing", application.sweep_remains, _SECONDS_BETWEEN_REMOVALS)),
        asyncio.create_task(_repeat("purging", application.purge_expired_trash, _SECONDS_BETWEEN_PURGES)),
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
    try:
        await work()
    except ExceptionGroup as several:
        for error in several.exceptions:
            _note(what, error)
    except Exception as error:  # noqa: BLE001 - no caller would see it, and it must go on
        _note(what, error)


def _note(what: str, error: Exception) -> None:
    noted = log.bind(work=what)
    if isinstance(error, Unavailable):
        noted.warning("put off", reason="the database does not answer")
    else:
        # The place of the error, without its message: that may hold user data.
        where = "".join(traceback.format_tb(error.__traceback__))
        noted.error("failed", reason=type(error).__name__, where=where)
