"""Whether the database answers and has the schema that this code needs."""

from typing import Final

from sqlalchemy import Column, MetaData, Table, Text, select

from adapters.sql.connection import Database
from adapters.sql.query import Query
from domain.errors import Unavailable

_VERSION: Final = Query(select(Table("alembic_version", MetaData(), Column("version_num", Text)).c.version_num))


class SqlReadiness:
    """Ask the database which revision it is at."""

    def __init__(self, database: Database, expected_revision: str) -> None:
        self._database = database
        self._expected = expected_revision

    async def __call__(self) -> str | None:
        """None when everything is in order, else the reason in a sentence."""
        try:
            async with self._database.begin(read_only=True) as connection:
                row = await connection.fetch_one(_VERSION)
        except Unavailable:
            return "The database does not answer."
        found = row[0] if row else None
        if found != self._expected:
            return f"The database is at revision {found}, this service needs {self._expected}: run 'taskward migrate'."
        return None
