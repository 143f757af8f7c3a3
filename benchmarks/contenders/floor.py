"""The floor: the least that can be done. What it does stands in ``benchmarks/services/floor.py``."""

import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid5

import httpx
import jwt

from benchmarks.contenders.contender import Contender
from benchmarks.contenders.uvicorn import uvicorn
from benchmarks.databases import Database, text


class Floor(Contender):
    """Starlette and one statement. It knows no passwords: whoever has its secret is in."""

    has_passwords = False
    uses_postgres = True

    def __init__(self, name: str, folder: Path, database: Database) -> None:
        super().__init__(name, folder)
        self._database = database
        self._secret = secrets.token_urlsafe(32)

    def settle(self) -> None:
        self._database.settle()

    def command(self, port: int) -> Sequence[str]:
        return uvicorn("benchmarks.services.floor:create_app", port)

    def environment(self, port: int) -> Mapping[str, str]:  # noqa: ARG002 - the port is in the command
        return {"FLOOR_DATABASE_URL": text(self._database.owner), "FLOOR_SECRET": self._secret}

    def open_account(self, client: httpx.Client, person: str) -> None:
        pass

    def sign_in(self, client: httpx.Client, person: str) -> str:  # noqa: ARG002 - the secret does it
        claims = {"sub": str(uuid5(NAMESPACE_DNS, person)), "exp": int(time.time()) + 3600}
        return jwt.encode(claims, self._secret, algorithm="HS256")
