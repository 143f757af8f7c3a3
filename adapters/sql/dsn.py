"""How asyncpg reaches a PostgreSQL server, directly or through pgbouncer.

In pgbouncer's transaction mode every transaction may run on another connection of the server. What a connection
remembers is lost or, worse, somebody else's: prepared statements with a name, and settings that were not made with
``SET LOCAL``. And pgbouncer refuses most settings that a client brings when it connects.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import URL

from domain.errors import Unavailable

POOLER: Final = "pgbouncer"
"""The parameter of a URL that says that pgbouncer answers there: ``?pgbouncer=1``."""

HAS_CITUS: Final = "SELECT FROM pg_extension WHERE extname = 'citus'"
"""Has a row where the database can be spread over machines."""

_SECONDS_TO_WAIT: Final = 8
"""How long an answer may take behind pgbouncer, which lets clients queue for a connection of the server."""


def is_pooled(url: URL) -> bool:
    """Whether pgbouncer answers there. Raises ValueError for a parameter that says neither."""
    says = url.query.get(POOLER, "0")
    if says not in {"0", "1"}:
        raise ValueError("write ?pgbouncer=1 where pgbouncer answers, and nothing where PostgreSQL does")
    return says == "1"


def arguments(url: URL) -> dict[str, Any]:
    """What to call ``asyncpg.connect`` with."""
    dsn = url.difference_update_query([POOLER]).render_as_string(hide_password=False)
    # A cached statement has a name, which the connection of the next transaction may not know.
    return {"dsn": dsn} | ({"statement_cache_size": 0} if is_pooled(url) else {})


def arguments_of_service(url: URL, settings: Mapping[str, str]) -> dict[str, Any]:
    """The same for the service, whose connections have these settings unless ``opening`` makes them."""
    name = {"application_name": "taskward"}
    if is_pooled(url):
        return arguments(url) | {"server_settings": name, "command_timeout": _SECONDS_TO_WAIT}
    return arguments(url) | {"server_settings": {**name, **settings}}


def opening(url: URL, begin: str, settings: Mapping[str, str]) -> str:
    """What begins a transaction: behind pgbouncer with the settings, for as long as it lasts."""
    made = [f"SET LOCAL {name} = '{value}'" for name, value in settings.items()] if is_pooled(url) else []
    return ";".join([begin, *made])


async def is_relayed(connection: Any) -> bool:
    """Whether somebody else than the process that answers had greeted us: a pooler has numbers of its own."""
    serving: int = await connection.fetchval("SELECT pg_backend_pid()")
    greeted_by: int = connection.get_server_pid()
    return serving != greeted_by


async def run(url: URL, commands: Sequence[str], question: str = "SELECT") -> list[Any]:
    """All the commands in one transaction, and the rows that answer the question. Raises Unavailable."""
    try:
        connection = await asyncpg.connect(**arguments(url))
        try:
            async with connection.transaction():
                for command in commands:
                    await connection.execute(command)
                rows: list[Any] = await connection.fetch(question)
        finally:
            await connection.close()
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise Unavailable from error
    return rows
