"""The usual tutorial style. What it does stands in ``benchmarks/services/tutorial.py``."""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.contenders.contender import Contender
from benchmarks.contenders.uvicorn import uvicorn
from benchmarks.databases import Database, text


class Tutorial(Contender):
    """FastAPI with a session of the ORM for each request, one worker."""

    uses_postgres = True

    def __init__(self, name: str, folder: Path, database: Database) -> None:
        super().__init__(name, folder)
        self._database = database
        self._secret = secrets.token_urlsafe(32)

    def settle(self) -> None:
        self._database.settle()

    def command(self, port: int) -> Sequence[str]:
        return uvicorn("benchmarks.services.tutorial:create_app", port)

    def environment(self, port: int) -> Mapping[str, str]:  # noqa: ARG002 - the port is in the command
        url = self._database.owner.set(drivername="postgresql+asyncpg")
        return {"TUTORIAL_DATABASE_URL": text(url), "TUTORIAL_SECRET": self._secret}
