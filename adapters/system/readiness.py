"""Readiness for many who ask."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

import structlog

from application.ports.readiness import Readiness

_SECONDS_SHARED: Final = 2.0
"""For how long a verdict is good for all who ask."""

_SECONDS_TO_LOOK: Final = 2.0

_SLOW: Final = "The database does not answer in time."
_UNKNOWN: Final = "The service cannot find out whether it is ready. Its log says why."

log: Any = structlog.get_logger("taskward")


class SharedReadiness:
    """One verdict for all who ask, found by one look at a time.

    A look is bounded in time, and what it raises is a verdict, too: a probe always gets one. Each process has its own.
    """

    def __init__(
        self, readiness: Readiness, *, patience: float = _SECONDS_TO_LOOK, now: Callable[[], float] = monotonic
    ) -> None:
        self._readiness = readiness
        self._patience = patience
        self._now = now
        self._looking: asyncio.Task[str | None] | None = None
        self._verdict: str | None = None
        self._good_until: float | None = None

    async def __call__(self) -> str | None:
        """None when everything is in order, else the reason in a sentence."""
        if self._good_until is not None and self._now() < self._good_until:
            return self._verdict
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)  # One who goes away takes nothing from the others.

    async def _look(self) -> str | None:
        try:
            self._verdict = await self._found()
            self._good_until = self._now() + _SECONDS_SHARED
        finally:
            self._looking = None
        return self._verdict

    async def _found(self) -> str | None:
        try:
            async with asyncio.timeout(self._patience):
                return await self._readiness()
        except TimeoutError:
            return _SLOW
        except Exception:
            log.exception("not ready")
            return _UNKNOWN
