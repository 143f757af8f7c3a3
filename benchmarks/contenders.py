"""Whoever takes part."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_DNS, uuid5

import httpx
import jwt
from contender import Contender
from databases import Database, text

_HERE: Final = Path(__file__).parent
_TASKWARD: Final = str(Path(sys.executable).with_name("taskward"))


class Floor(Contender):
    """The least that can be done: see ``floor.py``."""

    name = "floor"

    def __init__(self, folder: Path, database: Database) -> None:
        super().__init__(folder)
        self._database = database
        self._secret = secrets.token_urlsafe(32)

    def settle(self) -> None:
        self._database.settle()

    def command(self, port: int) -> Sequence[str]:
        return [
            sys.executable, "-m", "uvicorn", "floor:create_app", "--factory", "--app-dir", str(_HERE),
            "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--loop", "uvloop", "--http", "httptools",
            "--no-access-log", "--log-level", "warning",
        ]  # fmt: skip

    def environment(self, port: int) -> Mapping[str, str]:  # noqa: ARG002 - the port is in the command
        return {"FLOOR_DATABASE_URL": text(self._database.owner), "FLOOR_SECRET": self._secret}

    def sign_in(self, client: httpx.Client, person: str) -> str:  # noqa: ARG002 - whoever has the secret is in
        claims = {"sub": str(uuid5(NAMESPACE_DNS, person)), "exp": int(time.time()) + 3600}
        return jwt.encode(claims, self._secret, algorithm="HS256")


class Taskward(Contender):
    """The project itself, one worker, as its own command starts it, with row-level security in force."""

    name = "taskward"
    tasks = "/api/tasks"

    def __init__(self, folder: Path, database: Database) -> None:
        super().__init__(folder)
        self._database = database
        self._password = secrets.token_urlsafe(24)

    def set_up(self) -> None:
        """Make the role that row-level security binds."""
        command = [_TASKWARD, "create-roles"]
        subprocess.run(command, env=self._settings(), cwd=self.folder, stdout=subprocess.DEVNULL, check=True)

    def settle(self) -> None:
        self._database.settle()

    def command(self, port: int) -> Sequence[str]:  # noqa: ARG002 - the port is in the environment
        return [_TASKWARD, "serve"]

    def environment(self, port: int) -> Mapping[str, str]:
        return self._settings() | {"TASKWARD_PORT": str(port)}

    def _settings(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TASKWARD_")}
        return inherited | {
            "TASKWARD_DATABASE_URL": text(self._database.service),
            "TASKWARD_MIGRATION_DATABASE_URL": text(self._database.owner),
            "TASKWARD_ENVIRONMENT": "test",
            "TASKWARD_BCRYPT_COST": "4",
            "TASKWARD_RATE_LIMITS": "off",
            "TASKWARD_LOG_LEVEL": "warning",
        }

    def sign_in(self, client: httpx.Client, person: str) -> str:
        account = {"email": f"{person}@example.org", "password": self._password}
        registered = client.post("/api/auth/register", json=account)
        if registered.status_code != HTTPStatus.CONFLICT:
            registered.raise_for_status()
        signed_in = client.post("/api/auth/login", json=account).raise_for_status()
        token: str = signed_in.json()["access_token"]
        return token
