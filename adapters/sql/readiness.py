"""Whether the database answers and has the schema that this code needs."""

from typing import Final

from adapters.sql.connection import Database
from domain.errors import Unavailable

_SILENT: Final = "The database does not answer."


class SqlReadiness:
    """Ask the database which revision it is at, and whether row-level security holds for this service."""

    def __init__(self, database: Database, expected_revision: str, *, tolerate_unsafe_role: bool = False) -> None:
        self._database = database
        self._expected = expected_revision
        self._tolerate_unsafe_role = tolerate_unsafe_role

    async def __call__(self) -> str | None:
        """None when everything is in order, else the reason in a sentence."""
        try:
            found = await self._database.revision()
        except Unavailable:
            return _SILENT
        if found != self._expected:
            return f"The database is at revision {found}, this service needs {self._expected}: run 'taskward migrate'."
        return None if self._tolerate_unsafe_role else await self._unsafe()

    async def _unsafe(self) -> str | None:
        try:
            faults = await self._database.faults()
        except Unavailable:
            return _SILENT
        return f"Not safe to serve: {faults[0]}. See 'taskward create-roles'." if faults else None
