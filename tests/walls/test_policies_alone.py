"""The third wall, alone: the service's role on PostgreSQL, with statements that name no space."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import Column, Table, bindparam, delete, insert, update

from adapters.sql import roles
from adapters.sql.tables import metadata
from tests.support.stores import NOON
from tests.walls.ground import Ground, Key, connected, key_of, keys, send, undone

OWNED: Final = [metadata.tables[name] for name in roles.OWNED]
NO_CONTEXT: Final = "BEGIN"
BOUNDARY: Final = UUID(int=1 << 127)

every_table = pytest.mark.parametrize("table", OWNED, ids=lambda table: table.name)


@dataclass(frozen=True)
class Also:
    """The rows that a policy shows besides those of the space, to somebody ($me), under a setting of its own.

    ``$between`` is an id that comes behind those of some spaces and before those of others.
    """

    rows: str
    setting: str = ""


ALSO_SEEN: Final[Mapping[str, Also]] = {
    "memberships_of_mine": Also("user_id = '$me'"),
    "organizations_of_mine": Also("space_id IN (SELECT space_id FROM memberships WHERE user_id = '$me')"),
    "audit_events_of_accounts": Also(
        "outcome <> 'success' OR resource_type IN ('session', 'account')", "SET LOCAL app.accounts_log = 'on'"
    ),
    "unsealed_events_left": Also(f"event_id < '{BOUNDARY}'", f"SET LOCAL app.unsealed_before = '{BOUNDARY}'"),
    "replies_expired": Also(f"expires_at <= '{NOON}'", f"SET LOCAL app.expired_by = '{NOON}'"),
    "spaces_removed": Also(
        "removed_at IS NOT NULL AND space_id > '$between'", "SET LOCAL app.removals_behind = '$between'"
    ),
    "departures_for_upkeep": Also("space_id > '$between'", "SET LOCAL app.removals_behind = '$between'"),
    "spaces_for_upkeep": Also("space_id > '$between'", "SET LOCAL app.spaces_behind = '$between'"),
}
"""The policies that are wider than one space, as they are meant. All of them are for reading only."""


async def policies(guarded: Ground, table: Table) -> Mapping[str, Any]:
    async with connected(guarded.superuser) as connection:
        rows = await connection.fetch("SELECT * FROM pg_policies WHERE tablename = $1", table.name)
    return {row["policyname"]: row for row in rows}


async def readable(guarded: Ground, table: Table, *, setting: str = "", in_space: bool = True) -> set[Key]:
    """The rows that somebody from here is meant to see, in their space or in none."""
    wider = [ALSO_SEEN[name] for name in await policies(guarded, table) if name in ALSO_SEEN]
    rows = [one.rows for one in wider if one.setting in {"", setting}]
    rows.append(f"space_id = '{guarded.here.space_id}'" if in_space else "false")
    where = " OR ".join(f"({one})" for one in rows)
    return await guarded.all_keys(table, said(guarded, where))


def said(guarded: Ground, text: str) -> str:
    """The text with the ids of this ground in the place of their names."""
    return text.replace("$me", str(guarded.here.user_id)).replace("$between", str(guarded.between))


# Reading.


@every_table
async def test_only_the_rows_of_the_space_are_seen(guarded: Ground, table: Table) -> None:
    expected = await readable(guarded, table)
    async with guarded.as_service(guarded.context) as connection:
        assert await keys(connection, table) == expected
    assert key_of(table, guarded.here.rows[table.name]) in expected
    assert key_of(table, guarded.elsewhere.rows[table.name]) in await guarded.all_keys(table) - expected


@every_table
async def test_a_setting_shows_what_it_is_meant_to_show_and_no_more(guarded: Ground, table: Table) -> None:
    found = await policies(guarded, table)
    for setting in {also.setting for name, also in ALSO_SEEN.items() if name in found} - {""}:
        expected = await readable(guarded, table, setting=setting)
        async with guarded.as_service(said(guarded, f"{guarded.context};{setting}")) as connection:
            assert await keys(connection, table) == expected
        assert await readable(guarded, table) < expected < await guarded.all_keys(table)


@every_table
async def test_no_setting_makes_more_rows_writable(guarded: Ground, table: Table) -> None:
    settings = ";".join(also.setting for also in ALSO_SEEN.values() if also.setting)
    async with guarded.as_service(said(guarded, f"{guarded.context};{settings}")) as connection:
        assert await touched(guarded, connection, table) <= len(await here(guarded, table))
        there = await guarded.somewhere_new(table)
        await assert_row_refused(connection, insert(table), **there.row(table))


@every_table
async def test_without_a_context_nothing_is_seen(guarded: Ground, table: Table) -> None:
    async with guarded.as_service(NO_CONTEXT) as connection:
        assert await keys(connection, table) == set()


@every_table
async def test_a_space_alone_shows_its_rows(guarded: Ground, table: Table) -> None:
    space_id = guarded.elsewhere.space_id
    expected = await guarded.all_keys(table, f"space_id = '{space_id}'")
    async with guarded.as_service(f"BEGIN; SET LOCAL app.space_id = '{space_id}'") as connection:
        assert await keys(connection, table) == expected


@every_table
async def test_a_person_alone_is_shown_what_is_theirs(guarded: Ground, table: Table) -> None:
    async with guarded.as_service(f"BEGIN; SET LOCAL app.user_id = '{guarded.here.user_id}'") as connection:
        assert await keys(connection, table) == await readable(guarded, table, in_space=False)


@every_table
async def test_a_copy_holds_only_the_rows_of_the_space(guarded: Ground, table: Table) -> None:
    expected = await readable(guarded, table)
    async with guarded.as_service(guarded.context) as connection:
        assert await connection.copy_from_table(table.name, output=_nowhere) == f"COPY {len(expected)}"


async def _nowhere(_: bytes) -> None:
    pass


# Writing.


async def changeable(connection: Any, table: Table) -> Column[Any] | None:
    """A column that the role may change, outside the key."""
    for column in table.columns:
        asked = "SELECT has_column_privilege($1, $2, 'UPDATE')"
        if not column.primary_key and await connection.fetchval(asked, table.name, column.name):
            return column
    return None


async def touched(guarded: Ground, connection: Any, table: Table) -> int:
    """How many rows an UPDATE without a WHERE changes. It asks for no column, so only its own policies count."""
    column = await changeable(connection, table)
    if column is None:
        return 0
    value = guarded.here.rows[table.name][column.name]
    return await send(connection, update(table).values({column: bindparam("new", type_=column.type)}), new=value)


async def may(connection: Any, table: Table, privilege: str) -> bool:
    allowed: bool = await connection.fetchval("SELECT has_table_privilege($1, $2)", table.name, privilege)
    return allowed


async def here(guarded: Ground, table: Table) -> set[Key]:
    found = await guarded.all_keys(table, f"space_id = '{guarded.here.space_id}'")
    assert found
    return found


@every_table
async def test_an_update_touches_only_the_rows_of_the_space(guarded: Ground, table: Table) -> None:
    mine = await here(guarded, table)
    async with guarded.as_service(guarded.context) as connection:
        expected = len(mine) if await may(connection, table, "UPDATE") else 0
        assert await touched(guarded, connection, table) == expected


@every_table
async def test_a_delete_touches_only_the_rows_of_the_space(guarded: Ground, table: Table) -> None:
    mine = await here(guarded, table)
    async with guarded.as_service(guarded.context) as connection:
        if await may(connection, table, "DELETE"):
            assert await send(connection, delete(table)) == len(mine)
            await connection.execute(f"SET LOCAL app.space_id = '{guarded.elsewhere.space_id}'")
            assert key_of(table, guarded.elsewhere.rows[table.name]) in await keys(connection, table)
        else:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await send(connection, delete(table))


@every_table
async def test_a_row_can_be_added_here_and_not_elsewhere(guarded: Ground, table: Table) -> None:
    there = await guarded.somewhere_new(table)
    row = there.row(table)
    for opening in (guarded.context, NO_CONTEXT):
        async with guarded.as_service(opening) as connection:
            await assert_row_refused(connection, insert(table), **row)
    async with guarded.as_service(guarded.context_of(there.space_id)) as connection:
        assert await send(connection, insert(table), **row) == 1


@every_table
async def test_a_row_cannot_be_moved_elsewhere(guarded: Ground, table: Table) -> None:
    there = await guarded.somewhere_new(table)
    move = update(table).values(space_id=bindparam("there", type_=table.c.space_id.type))
    async with guarded.as_service(guarded.context) as connection:
        await assert_row_refused(connection, move, there=there.space_id)


async def assert_row_refused(connection: Any, statement: Any, **row: Any) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=r"row-level security policy|permission denied"):
        await send(connection, statement, **row)


@every_table
async def test_without_a_context_nothing_is_changed(guarded: Ground, table: Table) -> None:
    async with guarded.as_service(NO_CONTEXT) as connection:
        assert await touched(guarded, connection, table) == 0
        if await may(connection, table, "DELETE"):
            assert await send(connection, delete(table)) == 0


@every_table
def test_every_reference_to_an_owned_row_leads_with_the_space(table: Table) -> None:
    keyed = [key for key in table.foreign_key_constraints if key.referred_table in OWNED]
    pairs = [(key.elements[0].parent.name, key.elements[0].column.name) for key in keyed]
    assert pairs == [("space_id", "space_id")] * len(keyed)


# The context.


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
async def test_the_context_ends_with_the_transaction(guarded: Ground, end: str) -> None:
    async with connected(guarded.service) as connection:
        settings = ";".join(also.setting for also in ALSO_SEEN.values() if also.setting)
        await connection.execute(said(guarded, f"{guarded.context};{settings}"))
        await connection.execute(end)
        async with undone(connection):
            settings_of_ours = (
                "app.user_id",
                "app.space_id",
                "app.accounts_log",
                "app.expired_by",
                "app.unsealed_before",
                "app.spaces_behind",
                "app.removals_behind",
            )
            for setting in settings_of_ours:
                assert await connection.fetchval("SELECT current_setting($1, true)", setting) == ""
            for table in OWNED:
                assert await keys(connection, table) == set()


@every_table
async def test_whoever_switches_row_level_security_off_gets_an_error(guarded: Ground, table: Table) -> None:
    async with guarded.as_service(guarded.context) as connection:
        await connection.execute("SET LOCAL row_security = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await keys(connection, table)


@pytest.mark.parametrize("space", ["", "nobody", "0", "' OR true --"])
async def test_a_space_that_is_no_id_shows_nothing(guarded: Ground, space: str) -> None:
    async with guarded.as_service(NO_CONTEXT) as connection:
        await connection.execute("SET LOCAL app.space_id = '{}'".format(space.replace("'", "''")))
        try:
            assert await keys(connection, metadata.tables["spaces"]) == set()
        except asyncpg.InvalidTextRepresentationError:
            assert space


# What the tables say of themselves.


@every_table
async def test_row_level_security_holds_for_the_owner_of_the_table_too(guarded: Ground, table: Table) -> None:
    async with connected(guarded.owner) as connection, undone(connection):
        assert await keys(connection, table) == set()


@every_table
async def test_every_policy_is_about_one_space_or_known_to_be_wider(guarded: Ground, table: Table) -> None:
    of_one_space = await _condition_of_one_space(guarded)
    found = await policies(guarded, table)
    assert any(policy["cmd"] == "ALL" and name not in ALSO_SEEN for name, policy in found.items())
    for name, policy in found.items():
        if name in ALSO_SEEN:
            assert (policy["cmd"], policy["with_check"]) == ("SELECT", None)
        else:
            assert {policy["qual"], policy["with_check"]} <= {of_one_space, None}
            assert policy["permissive"] == "PERMISSIVE"


async def _condition_of_one_space(guarded: Ground) -> str:
    """The condition that every owned table needs, as this version of PostgreSQL writes it."""
    setting = "nullif(current_setting('app.space_id', true), '')::uuid"
    space = setting if guarded.is_cluster else f"(SELECT {setting})"
    async with connected(guarded.superuser) as connection, undone(connection):
        await connection.execute(f"""
            CREATE TEMPORARY TABLE planted (space_id uuid);
            CREATE POLICY planted ON planted USING (space_id = {space})
        """)
        written: str = await connection.fetchval("SELECT qual FROM pg_policies WHERE policyname = 'planted'")
        return written


async def test_no_wider_policy_is_left_over(guarded: Ground) -> None:
    found = [name for table in OWNED for name in await policies(guarded, table)]
    assert set(ALSO_SEEN) <= set(found)


async def test_there_are_no_tables_but_these(guarded: Ground) -> None:
    async with connected(guarded.superuser) as connection:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert {row["tablename"] for row in rows} == set(metadata.tables) | {"alembic_version"}


async def test_nothing_in_the_schema_lends_the_rights_of_its_owner(guarded: Ground) -> None:
    async with connected(guarded.superuser) as connection:
        assert not await connection.fetch("""
            SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
            UNION ALL
            SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
                AND (relkind = 'm' OR relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (reloptions), false))
        """)


async def test_the_public_has_no_rights_on_any_table(guarded: Ground) -> None:
    async with connected(guarded.superuser) as connection:
        assert not await connection.fetch("""
            SELECT relname FROM pg_class, aclexplode(relacl) AS granted
            WHERE relnamespace = 'public'::regnamespace AND granted.grantee = 0
        """)


# What the service's role cannot do.

ON_A_TABLE: Final = [
    "TRUNCATE $table",
    "ALTER TABLE $table DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE $table NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE $table ADD COLUMN planted text",
    "ALTER TABLE $table OWNER TO CURRENT_USER",
    "DROP POLICY ${table}_of_this_space ON $table",
    "ALTER POLICY ${table}_of_this_space ON $table USING (true)",
    "CREATE POLICY planted ON $table USING (true)",
    "CREATE RULE planted AS ON INSERT TO $table DO ALSO NOTHING",
    "CREATE TRIGGER planted AFTER INSERT ON $table EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "DROP TABLE $table CASCADE",
]


@pytest.mark.parametrize("statement", ON_A_TABLE)
@every_table
async def test_the_service_cannot_lift_the_guard_of_a_table(guarded: Ground, table: Table, statement: str) -> None:
    await assert_denied(guarded, re.sub(r"\$(table|\{table\})", table.name, statement))


ON_THE_DATABASE: Final = [
    "SET ROLE $owner",
    "SET ROLE $superuser",
    "SET SESSION AUTHORIZATION $owner",
    "SET session_replication_role = replica",
    "CREATE TABLE public.planted (id integer)",
    "CREATE FUNCTION public.planted() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE VIEW public.planted AS SELECT 1",
    "CREATE SCHEMA planted",
    "CREATE ROLE planted",
    "CREATE DATABASE planted",
    "ALTER ROLE $service BYPASSRLS",
    "ALTER ROLE $service SUPERUSER",
    "GRANT $owner TO $service",
    "DROP FUNCTION taskward_expect",
    "UPDATE alembic_version SET version_num = ''",
    "COPY tasks TO PROGRAM 'true'",
    "COPY tasks TO '/dev/null'",
]


@pytest.mark.parametrize("statement", ON_THE_DATABASE)
async def test_the_service_cannot_become_more_than_it_is(guarded: Ground, statement: str) -> None:
    for name in ("owner", "superuser", "service"):
        statement = statement.replace(f"${name}", f'"{getattr(guarded, name).username}"')
    await assert_denied(guarded, statement)


async def assert_denied(guarded: Ground, statement: str) -> None:
    async with connected(guarded.service) as connection, undone_if_possible(connection, statement):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


def undone_if_possible(connection: Any, statement: str) -> Any:
    """A transaction to undo a statement that should have been refused; one for databases runs outside any."""
    return undone(connection, "SELECT" if statement.startswith("CREATE DATABASE") else "BEGIN")
