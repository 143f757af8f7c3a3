"""Whether the database answers, takes writes, and has the schema and the guards that this code needs."""

from collections.abc import Callable
from time import monotonic
from typing import Final

from adapters.sql.connection import Database, PoolerUnsaid, ReadOnly, RightMissing
from adapters.sql.history import mismatch
from domain.errors import Unavailable

_SILENT: Final = "The database does not answer."
_READ_ONLY: Final = "The database takes no writes: it is read-only, or a standby."
_POOLER: Final = "A pooler seems to answer at TASKWARD_DATABASE_URL: write ?pgbouncer=1 behind it."

_SECONDS_SAFE: Final = 60.0
"""For how long it is taken for granted that roles and policies are what they were: to look at them takes ten times as
long as the rest."""


class SqlReadiness:
    """Ask the database which revision it is at, whether it takes writes, and whether row-level security holds."""

    def __init__(
        self, database: Database, *, tolerate_unsafe_role: bool = False, now: Callable[[], float] = monotonic
    ) -> None:
        self._database = database
        self._tolerate_unsafe_role = tolerate_unsafe_role
        self._now = now
        self._safe_until: float | None = None

    async def __call__(self) -> str | None:
        """None when everything is in order, else the reason in a sentence."""
        reason = await self._looked()
        if reason is not None:
            self._safe_until = None  # It may be another server that answers next.
        return reason

    async def _looked(self) -> str | None:
        try:
            return await self._reason()
        except RightMissing as missing:
            return f"The role of TASKWARD_DATABASE_URL lacks a right: {missing.message}. See 'taskward create-roles'."
        except PoolerUnsaid:
            return _POOLER
        except ReadOnly:
            return _READ_ONLY
        except Unavailable:
            return _SILENT

    async def _reason(self) -> str | None:
        reason = mismatch(await self._database.revision())
        if reason is not None:
            return reason
        if not await self._database.takes_writes():
            return _READ_ONLY
        return None if self._tolerate_unsafe_role else await self._danger()

    async def _danger(self) -> str | None:
        """Why it is not safe to serve. Looks only if that was not seen to be so within the last minute."""
        now = self._now()
        if self._safe_until is not None and now < self._safe_until:
            return None
        faults = await self._database.faults()
        if faults:
            return f"Not safe to serve: {faults[0]}. See 'taskward create-roles'."
        self._safe_until = now + _SECONDS_SAFE
        return None
