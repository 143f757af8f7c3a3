"""No statement reads more than it has to: each finds its rows through an index, under row-level security too."""

import re
import sqlite3
from collections.abc import AsyncIterator
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import ForeignKeyConstraint

from adapters.sql import roles
from adapters.sql.connection import WHO_ENTERS
from adapters.sql.distribution import without_subqueries
from adapters.sql.query import Compiled
from adapters.sql.tables import metadata
from tests.plans.allowed import EXCEPTIONS
from tests.plans.plans import Plan, plans, too_much, too_much_on_sqlite
from tests.plans.values import values_for
from tests.walls.entrance import FUNCTION
from tests.walls.ground import Ground, connected, undone
from tests.walls.statements import all_statements

BY_NAME: Final = {name: list(found) for name, found in groupby(all_statements(), lambda statement: statement.name)}

every_statement = pytest.mark.parametrize("name", BY_NAME)


@pytest.fixture
async def connection(crowded: Ground) -> AsyncIterator[Any]:
    """The service's connection, in somebody's name."""
    async with crowded.as_service(crowded.context) as found:
        yield found


async def faults_on_postgresql(name: str, connection: Any, crowded: Ground) -> set[str]:
    found = set()
    # PostgreSQL looks at the setting when it plans: without one the policy shows nothing.
    unsealed_before = UUID(int=2**128 - 1) if name == "audit._NEXT_UNSEALED" else ""
    await connection.execute(f"SET LOCAL app.unsealed_before = '{unsealed_before}'")
    for statement in BY_NAME[name]:
        compiled = statement.query.on_postgres
        arguments = compiled.arguments(values_for(statement.query, crowded.here))
        for plan in await plans(connection, compiled.sql, arguments):
            found |= set(too_much(plan))
    return found


def faults_on_sqlite(name: str, opened: sqlite3.Connection, crowded: Ground) -> set[str]:
    found = set()
    for statement in BY_NAME[name]:
        compiled = statement.query.on_sqlite
        arguments = compiled.arguments(values_for(statement.query, crowded.here))
        found |= set(too_much_on_sqlite(opened, compiled, arguments))
    return found


def allowed(name: str) -> set[str]:
    return set(EXCEPTIONS[name].faults) if name in EXCEPTIONS else set()


@every_statement
async def test_on_postgresql_a_statement_finds_its_rows_through_an_index(
    name: str, connection: Any, crowded: Ground
) -> None:
    assert await faults_on_postgresql(name, connection, crowded) - allowed(name) == set()


@every_statement
def test_on_sqlite_a_statement_finds_its_rows_through_an_index(
    name: str, opened: sqlite3.Connection, crowded: Ground
) -> None:
    assert faults_on_sqlite(name, opened, crowded) - allowed(name) == set()


@pytest.mark.parametrize("name", EXCEPTIONS)
async def test_no_exception_is_left_over(
    name: str, connection: Any, opened: sqlite3.Connection, crowded: Ground
) -> None:
    found = await faults_on_postgresql(name, connection, crowded) | faults_on_sqlite(name, opened, crowded)
    assert found & allowed(name)


async def test_under_the_policies_of_a_cluster_statements_find_their_rows_alike(crowded: Ground) -> None:
    async with connected(crowded.superuser) as superuser, undone(superuser, crowded.context):
        owned = [metadata.tables[table] for table in roles.OWNED]
        await superuser.execute(";".join([*without_subqueries(owned), f"SET LOCAL ROLE {crowded.service.username}"]))
        for name in BY_NAME:
            assert await faults_on_postgresql(name, superuser, crowded) - allowed(name) == set(), name


# What the service sends besides.


async def test_whoever_comes_in_is_looked_up_through_indexes(connection: Any, crowded: Ground) -> None:
    """The statement inside the function, with parameters in the place of its arguments."""
    found = await connection.fetchrow("SELECT prosrc, proargnames FROM pg_proc WHERE proname = $1", FUNCTION)
    statement = "SELECT " + found["prosrc"].partition("PERFORM")[2].partition(";")[0]
    kinds = ("uuid", "uuid", "uuid", "text", "timestamptz")
    for number, (name, kind) in enumerate(zip(found["proargnames"], kinds, strict=True), start=1):
        statement = re.sub(rf"\b{name}\b", f"${number}::{kind}", statement)
    values = values_for(WHO_ENTERS, crowded.here)
    arguments = [values["session_id"], values["user_id"], values["space_id"], "owner", values["at"]]
    for plan in await plans(connection, statement, arguments):
        assert set(too_much(plan)) == set()


@pytest.mark.parametrize("name", roles.OWNED)
async def test_the_look_for_rows_that_should_be_hidden_is_short(name: str, crowded: Ground) -> None:
    """It is made at every ``/readyz``."""
    async with crowded.as_service("BEGIN") as nobody:
        for plan in await plans(nobody, roles._VISIBLE.format(table=name), []):
            assert set(too_much(plan)) == set()


REFERRING: Final = [key for table in metadata.sorted_tables for key in table.foreign_key_constraints]

every_reference = pytest.mark.parametrize("key", REFERRING, ids=lambda key: key.name)


@every_reference
async def test_postgresql_finds_what_refers_to_a_row_through_all_of_its_key(
    key: ForeignKeyConstraint, crowded: Ground
) -> None:
    """As it asks itself, in ri_triggers.c."""
    refers = " AND ".join(f"${number}::uuid = {name}" for number, name in enumerate(key.column_keys, start=1))
    sql = f"SELECT 1 FROM ONLY {key.table.name} x WHERE {refers} FOR KEY SHARE OF x"  # noqa: S608 - names of ours
    async with connected(crowded.superuser) as superuser:
        for plan in await plans(superuser, sql, [crowded.here.space_id] * len(key.columns)):
            assert set(too_much(plan)) == set()
            assert all(f"({name} = " in _conditions(plan) for name in key.column_keys)


def _conditions(plan: Plan) -> str:
    return " ".join([plan.get("Index Cond", ""), *(_conditions(part) for part in plan.get("Plans", []))])


@every_reference
def test_sqlite_finds_what_refers_to_a_row_through_all_of_its_key(
    key: ForeignKeyConstraint, opened: sqlite3.Connection
) -> None:
    """In the program that deletes a row."""
    pages = dict(opened.execute("SELECT rootpage, name FROM sqlite_master"))
    delete = f"EXPLAIN DELETE FROM {key.referred_table.name} WHERE rowid = 1"  # noqa: S608 - the same
    read = {pages[step[3]] for step in opened.execute(delete) if step[1] == "OpenRead" and step[3] in pages}
    indexes = [row[1:] for row in opened.execute(f"PRAGMA index_list({key.table.name})") if row[1] in read]
    width = len(key.columns)
    led_by = [[row[2] for row in opened.execute(f"PRAGMA index_info({name})")][:width] for name, *_ in indexes]
    assert any(set(columns) == set(key.column_keys) for columns in led_by)


# The check itself.


PLANTED: Final = {
    "a list across spaces": "SELECT title FROM tasks WHERE title = 'x'",
    "a search for a column without an index": "SELECT email FROM users WHERE full_name = 'x'",
    "a count of everything": "SELECT count(*) FROM sessions",
    "a key of which the index knows nothing": "DELETE FROM sessions WHERE upper(ip_address) = 'x'",
}

every_planted = pytest.mark.parametrize("sql", PLANTED.values(), ids=list(PLANTED))


@every_planted
async def test_a_statement_that_reads_too_much_is_seen(sql: str, crowded: Ground, opened: sqlite3.Connection) -> None:
    async with connected(crowded.superuser) as superuser:  # Whom no policy sends to an index.
        assert all(set(too_much(plan)) for plan in await plans(superuser, sql, []))
    assert too_much_on_sqlite(opened, Compiled(sql, (), {}, (), ()), [])


@pytest.mark.parametrize(
    ("index", "name"),
    [
        ("sessions_user_id_idx", "sessions._SESSIONS_OF"),
        ("memberships_user_id_idx", "organizations._BELONGINGS"),
        ("users_administrators_idx", "users._ADMINISTRATORS"),
        ("rate_limits_ends_at_idx", "counters._SOME_OVER"),
        ("sessions_ends_at_idx", "leftovers._ENDED"),
        ("replies_expires_at_idx", "leftovers._WITH_EXPIRED"),
    ],
)
async def test_an_index_that_is_missing_is_seen(index: str, name: str, crowded: Ground) -> None:
    async with connected(crowded.superuser) as superuser, undone(superuser, crowded.context):
        await superuser.execute(f"DROP INDEX {index}; SET LOCAL ROLE {crowded.service.username}")
        assert await faults_on_postgresql(name, superuser, crowded) - allowed(name)


async def test_a_queue_of_unsealed_events_without_its_index_is_seen(crowded: Ground) -> None:
    async with connected(crowded.superuser) as superuser, undone(superuser, crowded.context):
        drop = "ALTER TABLE unsealed_events DROP CONSTRAINT unsealed_events_pkey"
        await superuser.execute(f"{drop}; SET LOCAL ROLE {crowded.service.username}")
        assert await faults_on_postgresql("audit._UNSEALED", superuser, crowded)
        assert await faults_on_postgresql("audit._NEXT_UNSEALED", superuser, crowded)


async def test_unsealed_events_are_read_by_their_ids_and_not_with_the_whole_log(
    connection: Any, opened: sqlite3.Connection, crowded: Ground
) -> None:
    (statement,) = BY_NAME["audit._THESE"]
    values = values_for(statement.query, crowded.here)
    on_postgres, on_sqlite = statement.query.on_postgres, statement.query.on_sqlite
    for plan in await plans(connection, on_postgres.sql, on_postgres.arguments(values)):
        assert "(id = ANY " in _conditions(plan)
    steps = opened.execute(f"EXPLAIN QUERY PLAN {on_sqlite.sql}", on_sqlite.arguments(values)).fetchall()
    assert any("SEARCH audit_events" in step[3] and "(space_id=? AND id=?)" in step[3] for step in steps)
