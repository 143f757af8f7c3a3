"""The two roles of a PostgreSQL database: the owner, who migrates, and the service's own, which can do little.

The service's role owns nothing and cannot get around row-level security. The service looks at itself when it starts,
and does not serve with a role that could.
"""

from typing import Any, Final

import asyncpg
from sqlalchemy import URL

from adapters.sql.tables import APPEND_ONLY, metadata
from domain.errors import Unavailable

OWNED: Final = tuple(sorted(table.name for table in metadata.tables.values() if "space_id" in table.c))
"""The tables whose rows belong to spaces."""

_LOGS: Final = tuple(table.name for table in APPEND_ONLY)
_CHANGEABLE: Final = tuple(sorted(set(metadata.tables) - set(_LOGS)))
_ROLE: Final = "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
_TABLES: Final = """
SELECT c.relname AS name,
       c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid) AS guarded,
       pg_has_role(current_user, c.relowner, 'USAGE') AS owned,
       has_table_privilege(c.oid, 'TRUNCATE') AS can_truncate,
       has_table_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE') AS can_change
FROM pg_class c WHERE c.oid = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
ORDER BY c.relname
"""


async def faults(connection: Any) -> list[str]:
    """Why this connection could see or do too much: a sentence for each reason, none if it could not."""
    role = await connection.fetchrow(_ROLE)
    if role["rolsuper"] or role["rolbypassrls"]:
        return ["the role of TASKWARD_DATABASE_URL is a superuser or bypasses row-level security"]
    found = []
    for table in await connection.fetch(_TABLES, list(OWNED)):
        name = table["name"]
        if table["owned"]:
            found.append(f"the role of TASKWARD_DATABASE_URL owns the table {name}, and could lift its guard")
        if not table["guarded"]:
            found.append(f"row-level security is not forced on the table {name}, or has no policy")
        if table["can_truncate"]:
            found.append(f"the role of TASKWARD_DATABASE_URL can TRUNCATE the table {name}")
        if table["can_change"] and name in _LOGS:
            found.append(f"the role of TASKWARD_DATABASE_URL can change what is written in {name}")
        if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {name})"):  # noqa: S608 - one of our own names
            found.append(f"a query that names no space sees rows of the table {name}")
    return found


def statements(owner: URL, service: URL) -> list[str]:
    """The SQL that gives the service's role what it needs and nothing else. The role must exist."""
    role, database = _name(service.username), _name(owner.database)
    return [
        f"GRANT CONNECT ON DATABASE {database} TO {role}",
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        f"GRANT SELECT ON alembic_version TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(_CHANGEABLE)} TO {role}",
        f"GRANT SELECT, INSERT ON {', '.join(_LOGS)} TO {role}",
    ]


async def create_role(owner: URL, service: URL) -> None:
    """Make the service's role, with the name and the password of its URL, and give it what it needs.

    Raises Unavailable if the server does not answer or the owner may not make roles.
    """
    password = "NULL" if service.password is None else _literal(service.password)
    found = await _run(owner, [], f"SELECT FROM pg_roles WHERE rolname = {_literal(service.username)}")
    safe = "" if found else "NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
    make = f"{'ALTER' if found else 'CREATE'} ROLE {_name(service.username)} LOGIN {safe} PASSWORD {password}"
    await _run(owner, [make, *statements(owner, service)])


async def grant(owner: URL, service: URL) -> None:
    """Give the service's role what it needs of tables that a migration has added. Raises Unavailable."""
    await _run(owner, statements(owner, service))


async def _run(url: URL, commands: list[str], question: str = "SELECT") -> list[Any]:
    """All the commands in one transaction, and the rows that answer the question."""
    try:
        connection = await asyncpg.connect(url.render_as_string(hide_password=False))
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


def _name(text: str | None) -> str:
    """An SQL identifier."""
    return '"{}"'.format((text or "").replace('"', '""'))


def _literal(text: str | None) -> str:
    """An SQL string. Backslashes are plain characters in it: standard_conforming_strings is on since 9.1."""
    return "'{}'".format(str(text or "").replace("'", "''"))
