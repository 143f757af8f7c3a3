"""A look into the tables, past the service."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import URL

TABLES = ("users", "sessions", "refresh_tokens", "password_resets", "spaces", "memberships", "tasks")


async def rows_of(url: URL, table: str) -> list[dict[str, Any]]:
    """Every row of a table, as the database keeps it. On PostgreSQL the URL is the owner's."""
    if url.drivername == "sqlite":
        with closing(sqlite3.connect(url.database or "")) as file:
            file.row_factory = sqlite3.Row
            return [dict(row) for row in file.execute(f"SELECT * FROM {table}")]  # noqa: S608 - one of our own names
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        return [dict(row) for row in await connection.fetch(f"SELECT * FROM {table}")]  # noqa: S608 - the same
    finally:
        await connection.close()


def values_of(row: dict[str, Any]) -> Iterator[bytes]:
    """Everything in a row, as bytes."""
    for value in row.values():
        yield value if isinstance(value, bytes) else str(value).encode()


async def add_owner(url: URL, *, space_id: str, user_id: str) -> None:
    """Make somebody an owner of somebody else's space, as no route does."""
    if url.drivername == "sqlite":
        ids = (UUID(space_id).bytes, UUID(user_id).bytes)
        with closing(sqlite3.connect(url.database or "")) as file:
            file.execute("INSERT INTO memberships (space_id, user_id, role, joined_at) VALUES (?, ?, 'owner', 0)", ids)
            file.commit()
        return
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        statement = "INSERT INTO memberships (space_id, user_id, role, joined_at) VALUES ($1, $2, 'owner', now())"
        await connection.execute(statement, UUID(space_id), UUID(user_id))
    finally:
        await connection.close()


async def is_held(url: URL, token_hash: bytes) -> bool:
    """Whether nobody else could write what hangs on this refresh token now."""
    if url.drivername == "sqlite":
        with closing(sqlite3.connect(url.database or "", timeout=0, isolation_level=None)) as file:
            try:
                file.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            return False
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        await connection.execute("SELECT FROM refresh_tokens WHERE hash = $1 FOR UPDATE NOWAIT", token_hash)
    except asyncpg.LockNotAvailableError:
        return True
    finally:
        await connection.close()
    return False
