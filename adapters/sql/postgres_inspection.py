"""Looks at a PostgreSQL database itself, on a connection of their own.

They neither wait for the connections of the pool nor take one from those who serve requests.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg

from adapters.sql.connection import RightMissing
from adapters.sql.postgres_errors import translating
from application.ports.transactions import TransactionRolledBack

T = TypeVar("T")


async def revision(raw: Any) -> str | None:
    """The revision of the schema, None where there is none yet."""
    if await raw.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    found: str | None = await raw.fetchval("SELECT version_num FROM alembic_version")
    return found


async def takes_writes(raw: Any) -> bool:
    """Whether a transaction that begins here could write. Looks at the settings and writes nothing."""
    found: bool = await raw.fetchval(
        "SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off'"
    )
    return found


class PostgresInspection:
    """One connection, made when it is first needed and kept for the next look."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], begin: str) -> None:
        self._connect = connect
        """Raises Unavailable."""
        self._begin = begin
        self._kept: Any = None
        self._is_taken = asyncio.Lock()

    async def run(self, look: Callable[[Any], Awaitable[T]]) -> T:
        """What a look finds, in a transaction that only reads. Raises Unavailable, and RightMissing."""
        async with self._is_taken:
            try:
                return await self._try(look)
            except TransactionRolledBack:  # The connection may have died since the last look.
                return await self._try(look)

    def renew(self) -> None:
        """Let go of the connection: the next look takes a new one, and sees what new connections see."""
        if self._kept is not None:
            self._kept.terminate()
            self._kept = None

    async def _try(self, look: Callable[[Any], Awaitable[T]]) -> T:
        """Look once. A connection on which that fails, or is given up, is not used again."""
        with translating:
            raw = self._kept or await self._connect()
        self._kept = None
        try:
            with translating:
                found = await self._look(raw, look)
        except BaseException:
            raw.terminate()
            raise
        self._kept = raw
        return found

    async def _look(self, raw: Any, look: Callable[[Any], Awaitable[T]]) -> T:
        try:
            await raw.execute(self._begin)
            found = await look(raw)
            await raw.execute("COMMIT")
        except asyncpg.InsufficientPrivilegeError as error:
            raise RightMissing(str(error)) from error
        return found
