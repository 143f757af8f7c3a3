"""Who is pressed: the contenders of the other benchmarks, with rate limits on and few descriptors, as in production."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import ClassVar, Final

import httpx
from sqlalchemy import URL

from benchmarks.bulk import BulkOnPostgres, BulkOnSqlite
from benchmarks.contenders.contender import Contender
from benchmarks.contenders.pocketbase import PocketBase
from benchmarks.contenders.taskward import Taskward, TaskwardOnPostgres
from benchmarks.databases import Database, Postgres
from benchmarks.fairness.lags import oldest_unsealed_in_file, oldest_unsealed_on_server
from benchmarks.fairness.lines import Line
from benchmarks.fairness.stocks import Sizes, Stock, stock_pocketbase, stock_taskward

DESCRIPTORS: Final = 1024
"""What a shell or a unit of systemd gives a program as a rule."""

_SETTINGS: Final = {"TASKWARD_RATE_LIMITS": "on", "TASKWARD_ACCESS_TOKEN_MINUTES": "60"}
"""Tokens last for a whole turn, however long lines take to come to rest."""


def _limited(command: Sequence[str]) -> Sequence[str]:
    return ["sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$@"', "sh", *command]


class LimitedTaskward(Taskward):
    """On SQLite."""

    @property
    def url(self) -> URL:
        """Where the database lies."""
        return URL.create("sqlite", database=str(self.file))

    def command(self, port: int) -> Sequence[str]:
        return _limited(super().command(port))

    def environment(self, port: int) -> Mapping[str, str]:
        return {**super().environment(port), **_SETTINGS}


class LimitedTaskwardOnPostgres(TaskwardOnPostgres):
    """On PostgreSQL."""

    def command(self, port: int) -> Sequence[str]:
        return _limited(super().command(port))

    def environment(self, port: int) -> Mapping[str, str]:
        return {**super().environment(port), **_SETTINGS}


class LimitedPocketBase(PocketBase):
    """PocketBase as it comes: without rate limits."""

    def command(self, port: int) -> Sequence[str]:
        return _limited(super().command(port))


class Store(ABC):
    """A kind of database: filled once, and copied for each turn, since attacks leave traces."""

    contender: ClassVar[str]
    workers: ClassVar[Sequence[int]] = ()
    """With how many workers it serves; nothing: as many as the run is asked for. 0 are all cores."""
    is_pocketbase: ClassVar[bool] = False

    def __init__(self, folder: Path, program: str | None = None) -> None:
        self.stock = Stock()
        self._folder = folder
        self._program = program
        self._numbers = count(1)

    def takes(self, line: Line) -> bool:  # noqa: ARG002 - a subclass looks at it
        """Whether the contender has the operations of this line."""
        return True

    @abstractmethod
    def fill(self, sizes: Sizes) -> None:
        """Fill the original."""

    def copied(self, workers: int) -> Contender:
        """A contender on a new copy of the original."""
        return self._copied(f"{self.contender}-{workers}-{next(self._numbers)}", workers)

    @abstractmethod
    def _copied(self, name: str, workers: int) -> Contender:
        """The same, with a name that no other one has."""

    @abstractmethod
    def lag(self, copy: Contender) -> float:
        """How many seconds the oldest change of the victims has been waiting for its seal."""


class SqliteStore(Store):
    """A file."""

    contender = "taskward-sqlite"

    def fill(self, sizes: Sizes) -> None:
        original = self._original = self._made(self.contender, 1)
        self.stock = stock_taskward(original, BulkOnSqlite(original.file), original.url, sizes)

    def _copied(self, name: str, workers: int) -> LimitedTaskward:
        copy = self._made(name, workers)
        for file in self._original.folder.glob(f"{self._original.file.name}*"):
            shutil.copy(file, copy.folder / file.name)
        return copy

    def lag(self, copy: Contender) -> float:
        return oldest_unsealed_in_file(copy.folder / self._original.file.name)

    def _made(self, name: str, workers: int) -> LimitedTaskward:
        made = LimitedTaskward(name, self._folder, workers=workers)
        made.program = self._program or made.program
        return made


class PostgresStore(Store):
    """A database, of which others are made as from a template."""

    contender = "taskward-postgresql"

    def __init__(self, folder: Path, program: str | None, *, server: Postgres) -> None:
        super().__init__(folder, program)
        self._server = server
        self._databases: dict[str, Database] = {}

    def fill(self, sizes: Sizes) -> None:
        original = self._made(self.contender, 1)
        database = self._databases[self.contender]
        self.stock = stock_taskward(original, BulkOnPostgres(database.owner), database.service, sizes)

    def _copied(self, name: str, workers: int) -> LimitedTaskwardOnPostgres:
        return self._made(name, workers, self._databases[self.contender])

    def lag(self, copy: Contender) -> float:
        return oldest_unsealed_on_server(self._databases[copy.name].owner)

    def _made(self, name: str, workers: int, template: Database | None = None) -> LimitedTaskwardOnPostgres:
        database = self._databases[name] = self._server.new_database(name, template)
        made = LimitedTaskwardOnPostgres(name, self._folder, database, workers=workers)
        made.program = self._program or made.program
        return made


class PocketBaseStore(Store):
    """A folder."""

    contender = "pocketbase"
    workers = (0,)
    is_pocketbase = True

    def takes(self, line: Line) -> bool:
        return line.pocketbase is not None

    def fill(self, sizes: Sizes) -> None:
        self._original = LimitedPocketBase(self.contender, self._folder)
        self.stock = stock_pocketbase(self._original, self._original.folder / "data" / "data.db", sizes)

    def _copied(self, name: str, workers: int) -> LimitedPocketBase:  # noqa: ARG002 - it uses every core
        copy = LimitedPocketBase(name, self._folder)
        shutil.copytree(self._original.folder / "data", copy.folder / "data")
        copy.people = self._original.people
        return copy

    def lag(self, copy: Contender) -> float:
        raise NotImplementedError


def client_from(url: httpx.URL, source: str) -> httpx.Client:
    """A client with this source address."""
    transport = httpx.HTTPTransport(local_address=source)
    return httpx.Client(base_url=url, transport=transport, timeout=60, trust_env=False)
