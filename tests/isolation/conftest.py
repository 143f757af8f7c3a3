"""The service that the matrix is run against: once on SQLite, once on PostgreSQL as the service's own role."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import URL, make_url

from adapters.sql import migrations


@pytest.fixture(scope="session", autouse=True)
def _quiet_log() -> Iterator[None]:
    """Thousands of requests are served; only what went wrong is worth a line."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the service keeps the key that it makes for itself."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
async def migrated_sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> URL:
    url = make_url(f"sqlite:///{tmp_path_factory.mktemp('isolation') / 'taskward.db'}")
    await migrations.upgrade(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> URL:
    """A database with its tables."""
    found: URL = request.getfixturevalue("migrated_sqlite_url" if request.param == "sqlite" else "service_url")
    return found
