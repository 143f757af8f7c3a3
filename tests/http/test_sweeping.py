"""A service that runs sweeps what has run out, without being asked."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import URL, select

from adapters.sql import migrations
from adapters.sql.query import Query
from adapters.sql.tables import refresh_tokens, replies, sessions
from adapters.sql.url import database_at
from adapters.system.clock import SetClock
from entrypoints import container
from tests.http.people import somebody
from tests.http.service import serving, settings_for
from tests.support.stores import NOON

LEFT = [Query(select(*table.primary_key)) for table in (sessions, refresh_tokens, replies)]


async def left_in(url: URL) -> list[int]:
    """How many sessions, refresh tokens and answers there are."""
    database = database_at(url)
    async with database.begin(read_only=True) as connection:
        found = [len(await connection.fetch_all(query)) for query in LEFT]
    await database.close()
    return found


async def test_what_has_run_out_is_gone_after_a_while(fresh_sqlite_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "_SECONDS_BETWEEN_SWEEPS", 0.02)
    await migrations.upgrade(fresh_sqlite_url)
    clock = SetClock(NOON)
    settings = settings_for(fresh_sqlite_url)
    async with serving(settings, clock=clock) as http:
        ann = await somebody(http)
        await ann.post("/api/tasks", json={"title": "x"}, headers={"Idempotency-Key": "a"})
        await http.post("/api/auth/refresh", json={"refresh_token": ann.refresh_token})
        await asyncio.sleep(0.1)
        assert await left_in(fresh_sqlite_url) == [1, 2, 1]
        clock.advance(timedelta(hours=24))
        await until_left(fresh_sqlite_url, [1, 2, 0])
        clock.advance(timedelta(days=settings.session_max_days))
        await until_left(fresh_sqlite_url, [0, 0, 0])


async def until_left(url: URL, expected: list[int]) -> None:
    async with asyncio.timeout(10):
        left = await left_in(url)
        while left != expected:
            await asyncio.sleep(0.02)
            left = await left_in(url)
