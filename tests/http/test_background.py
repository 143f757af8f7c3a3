"""What a service that runs does without being asked."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import cast
from unittest.mock import AsyncMock

import pytest
import structlog
from sqlalchemy import URL, select
from structlog.testing import LogCapture

from adapters.sql import migrations
from adapters.sql.query import Query
from adapters.sql.tables import refresh_tokens, replies, sessions, spaces, tasks
from adapters.sql.url import database_at
from adapters.system.clock import SetClock
from application.facade import Application
from domain.errors import Unavailable
from entrypoints import background
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
    monkeypatch.setattr(background, "_SECONDS_BETWEEN_SWEEPS", 0.02)
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


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (Unavailable(), {"event": "put off", "log_level": "warning", "work": "sealing"}),
        (KeyError("a secret"), {"event": "failed", "log_level": "error", "work": "sealing", "reason": "KeyError"}),
    ],
)
async def test_what_fails_is_said_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, error: Exception, line: dict[str, str]
) -> None:
    monkeypatch.setattr(background, "_SECONDS_BETWEEN_SEALS", 0.001)
    tried = asyncio.Queue[int]()

    async def seal_grown_logs() -> None:
        tried.put_nowait(1)
        raise error

    application = SimpleNamespace(
        seal_grown_logs=seal_grown_logs,
        seal_left_events=AsyncMock(),
        sweep_leftovers=AsyncMock(),
        sweep_remains=AsyncMock(),
        purge_expired_trash=AsyncMock(),
    )
    said_so = LogCapture()
    monkeypatch.setattr(background, "log", structlog.wrap_logger(None, [said_so], structlog.BoundLogger))
    async with asyncio.timeout(5), background.background(cast("Application", application)):
        for _ in range(3):
            await tried.get()
    assert len(said_so.entries) >= 3
    for said in said_so.entries:
        assert line.items() <= said.items()
        assert "secret" not in str(said)
    assert tried.qsize() >= 1, "what was done at last is sealed, too"


async def test_what_was_in_the_trash_for_long_is_gone_after_a_while(
    fresh_sqlite_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "_SECONDS_BETWEEN_PURGES", 0.02)
    await migrations.upgrade(fresh_sqlite_url)
    clock = SetClock(NOON)
    async with serving(settings_for(fresh_sqlite_url, trash_days=1, access_token_minutes=1440), clock=clock) as http:
        ann = await somebody(http)
        old, new = await ann.new_task("old"), await ann.new_task("new")
        await ann.delete(f"/api/tasks/{old['id']}")
        clock.advance(timedelta(hours=23))
        await ann.delete(f"/api/tasks/{new['id']}")
        await asyncio.sleep(0.1)
        assert (await ann.get("/api/tasks/trash")).json()["total"] == 2
        clock.advance(timedelta(minutes=59, seconds=59))
        async with asyncio.timeout(10):
            clock.advance(timedelta(seconds=1))
            again = await ann.sign_in_again()
            left = (await again.get("/api/tasks/trash")).json()
            while left["total"] != 1:
                await asyncio.sleep(0.02)
                left = (await again.get("/api/tasks/trash")).json()
        (event,) = (await again.get("/api/audit?action=PURGE")).json()["items"]
        assert (event["actor_id"], event["source"], event["changes"]) == (None, "service", {"count": 1})


KEPT = [Query(select(*table.primary_key)) for table in (spaces, tasks)]


async def kept_in(url: URL) -> list[int]:
    """How many spaces and tasks there are."""
    database = database_at(url)
    async with database.begin(read_only=True) as connection:
        found = [len(await connection.fetch_all(query)) for query in KEPT]
    await database.close()
    return found


@pytest.mark.parametrize("way", ["account", "organisation"])
async def test_what_is_removed_is_gone_at_once_and_its_contents_after_a_restart(
    fresh_sqlite_url: URL, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    await migrations.upgrade(fresh_sqlite_url)
    settings = settings_for(fresh_sqlite_url)
    async with serving(settings) as http:
        ann = await somebody(http)
        firm = await ann.new_organization("Firm")
        where = "/api" if way == "account" else f"/api/{firm}"
        for _ in range(2):
            await ann.post(f"{where}/tasks/bulk", json={"items": [{"title": "x"}] * 600})
        if way == "account":
            await ann.delete(f"/api/organizations/{firm}?name=Firm")
            gone = await ann.delete("/api/users/me", json={"password": ann.password})
        else:
            gone = await ann.delete(f"/api/organizations/{firm}?name=Firm")
        assert gone.status_code == 204
        assert (await ann.get(f"{where}/tasks")).status_code == (401 if way == "account" else 403)
        assert await kept_in(fresh_sqlite_url) == ([1, 700] if way == "account" else [2, 700])
    monkeypatch.setattr(background, "_SECONDS_BETWEEN_REMOVALS", 0.02)
    async with serving(settings), asyncio.timeout(10):
        found = await kept_in(fresh_sqlite_url)
        while found[1]:
            await asyncio.sleep(0.02)
            found = await kept_in(fresh_sqlite_url)
    assert await kept_in(fresh_sqlite_url) == ([0, 0] if way == "account" else [1, 0])
