"""What a database holds, as it says itself."""

import re
import sqlite3
from contextlib import closing

import asyncpg
from sqlalchemy import URL

_EVERYTHING = """
SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
       || ' ' || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'policy ' || tablename || ' ' || policyname || ' ' || cmd || ' ' || coalesce(qual, '') || ' '
       || coalesce(with_check, '')
    FROM pg_policies WHERE schemaname = 'public'
UNION ALL SELECT 'security ' || relname || ' ' || relrowsecurity || ' ' || relforcerowsecurity
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
UNION ALL SELECT 'trigger ' || tgrelid::regclass || ' ' || tgname || ' ' || pg_get_triggerdef(oid)
    FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
UNION ALL SELECT 'sequence ' || sequencename FROM pg_sequences WHERE schemaname = 'public'
UNION ALL SELECT 'version ' || version_num FROM alembic_version
"""


async def everything_in(url: URL) -> list[str]:
    """The whole schema in lines, and the revision; without the table that keeps the revision."""
    lines = _in_sqlite(url) if url.drivername == "sqlite" else await _in_postgres(url)
    return sorted(line for line in lines if "alembic_version" not in line)


async def _in_postgres(url: URL) -> list[str]:
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version') IS NULL"):
            await connection.execute("CREATE TEMPORARY TABLE alembic_version (version_num text)")
        return [row[0] for row in await connection.fetch(_EVERYTHING)]
    finally:
        await connection.close()


def _in_sqlite(url: URL) -> list[str]:
    with closing(sqlite3.connect(url.database or "")) as file:
        lines = [str(sql) for (sql,) in file.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
        if any("alembic_version" in line for line in lines):
            lines += [f"version {revision}" for (revision,) in file.execute("SELECT version_num FROM alembic_version")]
        return [re.sub(r"\s+", " ", line) for line in lines]
