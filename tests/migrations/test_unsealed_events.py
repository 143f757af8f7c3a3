"""Events that were there before the queue of those without a seal."""

import uuid
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import URL, bindparam, column, insert, select, table

from adapters.sql.migrations import move, upgrade
from adapters.sql.query import Query
from adapters.sql.tables import audit_events, audit_seals, unsealed_events
from adapters.sql.url import database_at
from tests.support.postgres import execute
from tests.support.stores import NOON

SPACES = [UUID(int=number) for number in (1, 2, 3)]
EVENTS = [UUID(int=number) for number in range(10, 15)]
_BEFORE = table("audit_events", *(column(c.name, c.type) for c in audit_events.c if c.name != "source"))
OF_SPACE = Query(select(unsealed_events.c.event_id).where(unsealed_events.c.space_id == bindparam("space_id")))


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


def an_event(space_id: UUID, event_id: UUID) -> dict[str, Any]:
    """A row as it was before the migration."""
    row: dict[str, Any] = dict.fromkeys(_BEFORE.c.keys())
    return row | {
        "space_id": space_id,
        "id": event_id,
        "at": NOON,
        "action": "READ",
        "outcome": "success",
        "resource_type": "task",
        "changes": "{}",
    }


async def test_events_without_a_seal_are_queued_and_others_are_not(url: URL) -> None:
    await move(url, "0014")
    database = database_at(url)
    await database.open()
    for space_id in SPACES[:2]:
        async with database.begin(read_only=False) as connection:
            await connection.step_into(space_id)  # type: ignore[arg-type] # any id will do
            rows = [an_event(space_id, event_id) for event_id in EVENTS]
            await connection.execute_many(Query(insert(_BEFORE)), rows)
            sealed = EVENTS[:3] if space_id == SPACES[0] else []
            seals = [
                {"space_id": space_id, "position": position, "event_id": event_id, "digest": b"x"}
                for position, event_id in enumerate(sealed, start=1)
            ]
            await connection.execute_many(Query(insert(audit_seals)), seals)
    await database.close()
    await upgrade(url)
    await database.open()
    for space_id, expected in zip(SPACES, (EVENTS[3:], EVENTS, []), strict=True):
        async with database.begin(read_only=True) as connection:
            await connection.step_into(space_id)  # type: ignore[arg-type] # the same
            assert sorted(row[0] for row in await connection.fetch_all(OF_SPACE, space_id=space_id)) == expected
    await database.close()
