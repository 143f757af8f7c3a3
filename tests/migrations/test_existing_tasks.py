"""Tasks that were there before what they are ordered and searched by was written down."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import URL, bindparam, column, insert, select, table

from adapters.sql.connection import Connection
from adapters.sql.migrations import move, upgrade
from adapters.sql.query import Query
from adapters.sql.tables import DERIVED, spaces, tasks
from adapters.sql.tasks import _to_row
from adapters.sql.url import database_at
from domain.ids import SpaceId, TaskId, UserId
from domain.tag import TagName
from domain.task import Description, Priority, Task, Title
from tests.support.postgres import execute

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
SPACES = [SpaceId(UUID(int=number)) for number in (1, 2)]
_BEFORE = table("tasks", *(column(c.name, c.type) for c in tasks.c if c.name not in DERIVED))
FORMER_SPACES = table("spaces", *(column(c.name, c.type) for c in spaces.c if c.name != "removed_at"))
ADD = Query(insert(_BEFORE))
ALL = Query(select(*tasks.c).where(tasks.c.space_id == bindparam("space_id")).order_by(tasks.c.id))


@pytest.fixture
async def owner_url(fresh_postgres_url: URL) -> AsyncIterator[URL]:
    """An empty database whose owner is no superuser: policies that are forced hold them, too."""
    name = f"owner_{uuid.uuid4().hex}"
    await execute(fresh_postgres_url, f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
    await execute(fresh_postgres_url, f'ALTER DATABASE "{fresh_postgres_url.database}" OWNER TO {name}')
    yield fresh_postgres_url.set(username=name, password="x")
    await execute(fresh_postgres_url, f"REASSIGN OWNED BY {name} TO CURRENT_USER")
    await execute(fresh_postgres_url, f"DROP OWNED BY {name}")
    await execute(fresh_postgres_url, f"DROP ROLE {name}")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> URL:
    found: URL = request.getfixturevalue("fresh_sqlite_url" if request.param == "sqlite" else "owner_url")
    return found


def some_tasks(space_id: SpaceId) -> list[Task]:
    dates = [None, NOON, LATEST, datetime(1, 1, 1, tzinfo=UTC)]
    return [
        Task(
            id=TaskId(UUID(int=number)),
            space_id=space_id,
            title=Title(f"Straße {number}"),
            description=None if number % 2 else Description("ÄRGER"),
            tags=(TagName("Work"),) if number % 3 else (),
            priority=list(Priority)[number % 4],
            due_date=dates[number % 4],
            created_by=UserId(UUID(int=9)),
            created_at=NOON + timedelta(seconds=number),
            updated_at=NOON,
        )
        for number in range(1100)
    ]


async def in_space(connection: Connection, space_id: SpaceId) -> list[dict[str, Any]]:
    await connection.step_into(space_id)
    rows = await connection.fetch_all(ALL, space_id=space_id)
    return [dict(zip(tasks.c.keys(), row, strict=True)) for row in rows]


async def test_a_task_that_was_there_before_is_found_like_one_that_is_made_now(url: URL) -> None:
    await move(url, "0007")
    database = database_at(url)
    await database.open()
    async with database.begin(read_only=False) as connection:
        for space_id in SPACES:
            await connection.step_into(space_id)
            await connection.execute(Query(insert(FORMER_SPACES)), space_id=space_id, created_at=NOON)
            for task in some_tasks(space_id):
                await connection.execute(ADD, **{c.name: getattr(task, c.name) for c in _BEFORE.c})
    await database.close()
    await upgrade(url)
    await database.open()
    async with database.begin(read_only=True) as connection:
        for space_id in SPACES:
            found = await in_space(connection, space_id)
            expected = [_to_row(task) for task in some_tasks(space_id)]
            assert [{name: row[name] for name in DERIVED} for row in found] == [
                {name: row[name] for name in DERIVED} for row in expected
            ]
    await database.close()
