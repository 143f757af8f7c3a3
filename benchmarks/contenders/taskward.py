"""The project itself, as its own command starts it, with everything on but the rate limits."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

from sqlalchemy import URL

from benchmarks.contenders.contender import Contender
from benchmarks.databases import Database, text

_TASKWARD: Final = str(Path(sys.executable).with_name("taskward"))


class Taskward(Contender):
    """On SQLite; a subclass says what differs on PostgreSQL."""

    tasks: ClassVar[str] = "/api/tasks"
    login: ClassVar[str] = "/api/auth/login"
    register: ClassVar[str] = "/api/auth/register"

    program: str = _TASKWARD
    """The command of the checkout that is measured."""

    def __init__(self, name: str, folder: Path, workers: int = 1) -> None:
        super().__init__(name, folder)
        self._workers = workers

    @property
    def file(self) -> Path:
        """Where the embedded database lies."""
        return self.folder / "taskward.db"

    def command(self, port: int) -> Sequence[str]:  # noqa: ARG002 - the port is in the environment
        return [self.program, "serve"]

    def environment(self, port: int) -> Mapping[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TASKWARD_")}
        return (
            inherited
            | {f"TASKWARD_{name}": value for name, value in self._database_settings().items()}
            | {
                "TASKWARD_PORT": str(port),
                "TASKWARD_WORKERS": str(self._workers),
                "TASKWARD_RATE_LIMITS": "off",
                "TASKWARD_LOG_LEVEL": "warning",
            }
        )

    def run(self, *arguments: str) -> None:
        """Run a command of its own."""
        subprocess.run(
            [self.program, *arguments],
            env=dict(self.environment(port=8000)),
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def _database_settings(self) -> Mapping[str, str]:
        return {"DATABASE_URL": text(URL.create("sqlite", database=str(self.file)))}


class TaskwardOnPostgres(Taskward):
    """On PostgreSQL, as the role that row-level security binds."""

    uses_postgres = True

    def __init__(self, name: str, folder: Path, database: Database, workers: int = 1) -> None:
        super().__init__(name, folder, workers)
        self._database = database

    def set_up(self) -> None:
        """Make that role."""
        self.run("create-roles")

    def settle(self) -> None:
        self._database.settle()

    def _database_settings(self) -> Mapping[str, str]:
        return {
            "DATABASE_URL": text(self._database.service),
            "MIGRATION_DATABASE_URL": text(self._database.owner),
        }
