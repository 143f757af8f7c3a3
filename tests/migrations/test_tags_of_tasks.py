"""The tags that tasks named before there were tags, whoever owns the tables."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import URL

from adapters.sql.migrations import move
from tests.support.postgres import execute

HERE, THERE = UUID(int=1), UUID(int=2)
TASKS = [(HERE, ["Work", "b"]), (HERE, ["WORK", "caf\u00e9"]), (HERE, ["cafe\u0301", "work"]), (THERE, ["work"])]
TAGS = {(HERE, "Work"), (HERE, "b"), (HERE, "caf\u00e9"), (THERE, "work")}
AFTERWARDS = [(["Work", "b"], 1), (["Work", "caf\u00e9"], 2), (["caf\u00e9", "Work"], 2), (["work"], 1)]


async def test_on_sqlite_they_become_tags(fresh_sqlite_url: URL) -> None:
    await move(fresh_sqlite_url, "0007")
    with closing(sqlite3.connect(fresh_sqlite_url.database or "", isolation_level=None)) as file:
        for space in (HERE, THERE):
            file.execute("INSERT INTO spaces VALUES (?, 0)", [space.bytes])
        for number, (space, tags) in enumerate(TASKS):
            file.execute(
                "INSERT INTO tasks (space_id, id, title, status, priority, tags, created_by, version, created_at, "
                "updated_at) VALUES (?, ?, 'x', 'pending', 'low', ?, ?, 1, ?, 0)",
                [space.bytes, UUID(int=number).bytes, json.dumps(tags), space.bytes, number],
            )
        await move(fresh_sqlite_url, "0008")
        found = file.execute("SELECT space_id, name FROM tags").fetchall()
        kept = file.execute("SELECT tags, version FROM tasks ORDER BY id").fetchall()
    assert {(UUID(bytes=space), name) for space, name in found} == TAGS
    assert [(json.loads(tags), version) for tags, version in kept] == AFTERWARDS


@pytest.fixture
async def owner(fresh_postgres_url: URL, postgres_server: URL) -> AsyncIterator[URL]:
    """Who owns the database, and is no superuser: the policies hold them, too."""
    name = f"owner_{uuid4().hex}"
    await execute(postgres_server, f"CREATE ROLE {name} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{name}'")
    await execute(fresh_postgres_url, f'ALTER DATABASE "{fresh_postgres_url.database}" OWNER TO {name}')
    yield fresh_postgres_url.set(username=name, password=name)
    await execute(fresh_postgres_url, f"REASSIGN OWNED BY {name} TO CURRENT_USER")
    await execute(postgres_server, f"DROP ROLE {name}")


async def test_on_postgresql_they_become_tags_for_an_owner_whom_the_policies_hold(
    owner: URL, fresh_postgres_url: URL
) -> None:
    await move(owner, "0007")
    connection = await asyncpg.connect(fresh_postgres_url.render_as_string(hide_password=False))
    try:
        for space in (HERE, THERE):
            await connection.execute("INSERT INTO spaces VALUES ($1, now())", space)
        for number, (space, tags) in enumerate(TASKS):
            await connection.execute(
                "INSERT INTO tasks (space_id, id, title, status, priority, tags, created_by, version, created_at, "
                "updated_at) VALUES ($1, $2, 'x', 'pending', 'low', $3, $1, 1, now(), now())",
                *(space, UUID(int=number), tags),
            )
        await move(owner, "0008")
        assert {tuple(row) for row in await connection.fetch("SELECT space_id, name FROM tags")} == TAGS
        kept = await connection.fetch("SELECT tags, version FROM tasks ORDER BY id")
        assert [tuple(row) for row in kept] == AFTERWARDS
        forced = "SELECT relforcerowsecurity FROM pg_class WHERE relname IN ('tasks', 'tags', 'documents', 'settings')"
        assert [row[0] for row in await connection.fetch(forced)] == [True] * 4
    finally:
        await connection.close()
