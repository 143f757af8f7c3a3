"""Whether the database answers and has the schema that this code needs."""

from typing import Final

from adapters.sql.connection import Database, PoolerUnsaid, RightMissing
from domain.errors import Unavailable

_SILENT: Final = "The database does not answer."
_READ_ONLY: Final = "The database takes no writes: it is read-only, or a standby."
_POOLER: Final = "A pooler seems to answer at TASKWARD_DATABASE_URL: write ?pgbouncer=1 behind it."


class SqlReadiness:
    """Ask the database which revision it is at, and whether row-level security holds for this service."""

    def __init__(self, database: Database, expected_revision: str, *, tolerate_unsafe_role: bool = False) -> None:
        self._database = database
        self._expected = expected_revision
        self._tolerate_unsafe_role = tolerate_unsafe_role

    async def __call__(self) -> str | None:
        """None when everything is in order, else the reason in a sentence."""
        try:
            return await self._reason()
        except RightMissing as missing:
            return f"The role of TASKWARD_DATABASE_URL lacks a right: {missing.message}. See 'taskward create-roles'."
        except PoolerUnsaid:
            return _POOLER
        except Unavailable:
            return _SILENT

    async def _reason(self) -> str | None:
        found = await self._database.revision()
        if found != self._expected:
            return f"The database is at revision {found}, this service needs {self._expected}: run 'taskward migrate'."
        if not await self._database.takes_writes():
            return _READ_ONLY
        faults = [] if self._tolerate_unsafe_role else await self._database.faults()
        return f"Not safe to serve: {faults[0]}. See 'taskward create-roles'." if faults else None
