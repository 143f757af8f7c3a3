"""How long changes of the victims wait for their seals: looked up in the database, past the service."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

import asyncpg
from sqlalchemy import URL

from benchmarks.databases import text

_OLDEST: Final = (
    "SELECT min({at}) FROM audit_events e WHERE e.space_id IN (SELECT id FROM users WHERE email LIKE 'victim-%') "
    "AND NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.space_id = e.space_id AND s.event_id = e.id)"
)


def oldest_unsealed_in_file(file: Path) -> float:
    """Seconds since the oldest change of the victims that has no seal; 0 if there is none."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        (oldest,) = connection.execute(_OLDEST.format(at="at / 1000000.0")).fetchone()
    return _age(oldest)


def oldest_unsealed_on_server(url: URL) -> float:
    """The same on PostgreSQL."""

    async def look() -> float | None:
        connection = await asyncpg.connect(text(url))
        try:
            found: float | None = await connection.fetchval(_OLDEST.format(at="extract(epoch FROM at)::float8"))
            return found
        finally:
            await connection.close()

    return _age(asyncio.run(look()))


def _age(oldest: float | None) -> float:
    return 0.0 if oldest is None else max(time.time() - oldest, 0.0)
