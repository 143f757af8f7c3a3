"""A database with all its walls, and a table of who noticed when one was missing."""

from collections.abc import AsyncIterator
from typing import Final

import pytest
from sqlalchemy import URL

from tests.walls.ground import Ground, ground

NOTICED: Final = pytest.StashKey[list[tuple[str, str, str | None]]]()
"""What was missing, where, and who noticed."""


@pytest.fixture(scope="session", params=["one server", "cluster"])
async def guarded(postgres_server: URL, request: pytest.FixtureRequest) -> AsyncIterator[Ground]:
    """Once with the policies as migrations make them, and once with those that are good for a cluster."""
    async with ground(postgres_server, is_cluster=request.param == "cluster") as found:
        yield found


@pytest.fixture(scope="session")
async def scratch(postgres_server: URL) -> AsyncIterator[Ground]:
    """Another one, for whoever takes a wall away."""
    async with ground(postgres_server) as found:
        yield found


@pytest.fixture(scope="session", autouse=True)
def noticed(pytestconfig: pytest.Config) -> None:
    pytestconfig.stash[NOTICED] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash.get(NOTICED, [])
    if rows and config.get_verbosity() > 0:
        terminalreporter.section("who noticed what was missing")
        for missing, where, who in rows:
            terminalreporter.line(f"{missing} | {where} | {who or 'NOBODY'}")
