"""``taskward distribute`` where there is nothing to spread the tables over: it says so, and changes nothing."""

import asyncio

import pytest
from sqlalchemy import URL

from adapters.sql import migrations
from tests.cli.test_commands import complaint, run
from tests.migrations.databases import everything_in


@pytest.fixture(autouse=True)
def _database(fresh_postgres_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    text = fresh_postgres_url.render_as_string(hide_password=False)
    monkeypatch.setenv("TASKWARD_MIGRATION_DATABASE_URL", text)


async def test_without_the_extension_it_refuses_and_changes_nothing(fresh_postgres_url: URL) -> None:
    await migrations.upgrade(fresh_postgres_url)
    before = await everything_in(fresh_postgres_url)
    said = complaint(await asyncio.to_thread(run, "distribute"))
    assert "citus" in said
    assert "docs/scaling.md" in said
    assert await everything_in(fresh_postgres_url) == before


def test_before_the_last_migration_it_says_what_comes_first() -> None:
    assert "taskward migrate" in complaint(run("distribute"))


def test_sqlite_is_not_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TASKWARD_MIGRATION_DATABASE_URL")
    assert "SQLite" in complaint(run("distribute"))


def test_a_server_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKWARD_MIGRATION_DATABASE_URL", "postgresql://owner:canary-7431@127.0.0.1:1/taskward")
    assert "canary" not in complaint(run("distribute"))
