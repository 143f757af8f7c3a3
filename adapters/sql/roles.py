"""The two roles of a PostgreSQL database: the owner, who migrates, and the service's own, which can do little.

The service's role owns nothing and cannot get around row-level security. The service looks at itself when it starts,
and does not serve with a role that could.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import URL

from adapters.sql import dsn
from adapters.sql.tables import APPEND_ONLY, QUEUES, metadata

OWNED: Final = tuple(sorted(table.name for table in metadata.tables.values() if "space_id" in table.c))
"""The tables whose rows belong to spaces."""

_LOGS: Final = tuple(table.name for table in APPEND_ONLY)
_QUEUES: Final = tuple(table.name for table in QUEUES)
_CHANGEABLE: Final = tuple(sorted(set(metadata.tables) - {*_LOGS, *_QUEUES}))
_POWERS: Final = """
SELECT coalesce(bool_or(rolsuper OR rolbypassrls), false) AS sees_all,
       coalesce(bool_or(rolcreaterole OR rolreplication), false) AS could_become_more
FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')
"""
"""What the role may do, or any role that it could become by SET ROLE."""

_TABLES: Final = """
SELECT c.relname AS name,
       c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid) AS guarded,
       pg_has_role(session_user, c.relowner, 'MEMBER') AS owned,
       has_table_privilege(c.oid, 'TRUNCATE') AS can_truncate,
       has_any_column_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE') AS can_change
FROM pg_class c WHERE c.oid = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
ORDER BY c.relname
"""
_VISIBLE: Final = "SELECT true FROM {table} WHERE ctid < '(64,0)' LIMIT 1"
"""Whether anything is seen in the first pages of a table; the whole of it could take longer than anybody waits."""

_WRITING: Final = """
SELECT DISTINCT tablename AS name, condition
FROM pg_policies, unnest(ARRAY[qual, with_check]) AS condition
WHERE schemaname = current_schema() AND tablename = ANY ($1::text[])
  AND permissive = 'PERMISSIVE' AND cmd <> 'SELECT' AND condition IS NOT NULL
ORDER BY tablename
"""
_THIS_SPACE: Final = "space_id=NULLIFcurrent_setting'app.space_id',true,''::uuid"
"""What every policy that lets something be written must say, without what versions of PostgreSQL spell differently.

Nor does it matter whether the setting is read in a subquery, once for the statement, or without one, as Citus wants it.
"""

_SPELLING: Final = re.compile(r"::text|[()\s]|SELECT\s|AS\s+\"?nullif\"?")


async def faults(connection: Any) -> list[str]:
    """Why this connection could see or do too much: a sentence for each reason, none if it could not."""
    powers = await connection.fetchrow(_POWERS)
    if powers["sees_all"]:
        return ["the role of TASKWARD_DATABASE_URL is a superuser or bypasses row-level security, or could become so"]
    found = [fault for table in await connection.fetch(_TABLES, list(OWNED)) for fault in _faults_of(table)]
    found += [
        f"a query that names no space sees rows of the table {name}"
        for name in OWNED
        if await connection.fetchval(_VISIBLE.format(table=name))
    ]
    found += [
        f"a policy of the table {policy['name']} lets more be written than what is in the space"
        for policy in await connection.fetch(_WRITING, list(OWNED))
        if _SPELLING.sub("", policy["condition"]) != _THIS_SPACE
    ]
    if powers["could_become_more"]:
        found.append("the role of TASKWARD_DATABASE_URL may make roles or replicate")
    return found


def _faults_of(table: Any) -> Iterator[str]:
    name = table["name"]
    if table["owned"]:
        yield f"the role of TASKWARD_DATABASE_URL owns the table {name}, and could lift its guard"
    if not table["guarded"]:
        yield f"row-level security is not forced on the table {name}, or has no policy"
    if table["can_truncate"]:
        yield f"the role of TASKWARD_DATABASE_URL can TRUNCATE the table {name}"
    if table["can_change"] and name in _LOGS:
        yield f"the role of TASKWARD_DATABASE_URL can change what is written in {name}"


def statements(owner: URL, service: URL) -> list[str]:
    """The SQL that gives the service's role what it needs and nothing else. The role must exist."""
    role, database = identifier(service.username), identifier(owner.database)
    return [
        f"GRANT CONNECT ON DATABASE {database} TO {role}",
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        f"GRANT SELECT ON alembic_version TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(_CHANGEABLE)} TO {role}",
        f"GRANT SELECT, INSERT ON {', '.join(_LOGS)} TO {role}",
        f"GRANT SELECT, INSERT, DELETE ON {', '.join(_QUEUES)} TO {role}",
    ]


async def create_role(owner: URL, service: URL) -> None:
    """Make the service's role, with the name and the password of its URL, and give it what it needs.

    Raises Unavailable if the server does not answer or the owner may not make roles.
    """
    password = "NULL" if service.password is None else _literal(service.password)
    found = await dsn.run(owner, [], f"SELECT FROM pg_roles WHERE rolname = {_literal(service.username)}")
    safe = "" if found else "NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
    make = f"{'ALTER' if found else 'CREATE'} ROLE {identifier(service.username)} LOGIN {safe} PASSWORD {password}"
    await dsn.run(owner, [make, *statements(owner, service)])


async def grant(owner: URL, service: URL) -> None:
    """Give the service's role what it needs of tables that a migration has added. Raises Unavailable."""
    await dsn.run(owner, statements(owner, service))


def _literal(text: str | None) -> str:
    """An SQL string. Backslashes are plain characters in it: standard_conforming_strings is on since 9.1."""
    return "'{}'".format(str(text or "").replace("'", "''"))


def identifier(text: str | None) -> str:
    """A name as it stands in SQL."""
    return '"{}"'.format((text or "").replace('"', '""'))
