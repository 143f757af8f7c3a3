"""Whether the database answers and has the schema that this code needs."""

from typing import Final

from sqlalchemy import Column, MetaData, Table, Text, select

from adapters.sql.connection import Database
from adapters.sql.query import Query
from domain.errors import Unavailable

_SILENT: Final = "The database does not answer."
_VERSION: Final = Query(select(Table("alembic_version", MetaData(), Column("version_num", Text)).c.version_num))


class SqlReadiness:
    """Ask the database which revision it is at, and whether row-level security holds for this service."""

    def __init__(self, database: Database, expected_revision: str, *, tolerate_unsafe_role: bool = False) -> None:
        self._database = database
        self._expected = expected_revision
        self._tolerate_unsafe_role = tolerate_unsafe_role

    async def __call__(self) -> str | None:
        """None when everything is in order, else the reason in a sentence."""
        try:
            async with self._database.begin(read_only=True) as connection:
                row = await connection.fetch_one(_VERSION)
        except Unavailable:
            return _SILENT
        found = row[0] if row else None
        if found != self._expected:
            return f"The database is at revision {found}, this service needs {self._expected}: run 'taskward migrate'."
        return None if self._tolerate_unsafe_role else await self._unsafe()

    async def _unsafe(self) -> str | None:
        try:
            faults = await self._database.faults()
        except Unavailable:
            return _SILENT
        return f"Not safe to serve: {faults[0]}. See 'taskward create-roles'." if faults else None
