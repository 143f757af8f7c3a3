"""PocketBase: a Go program with an embedded SQLite, set up through its own API."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from benchmarks.contenders.contender import (
    FILTER,
    NOBODY,
    PASSWORD,
    PRIORITIES,
    STATUSES,
    Contender,
    Request,
    account_of,
    email_of,
    new_task,
)

_POCKETBASE: Final = str(Path(sys.executable).with_name("pocketbase"))
_ADMIN: Final = "admin@example.org"
_BCRYPT_COST: Final = 12
"""Taskward's. PocketBase's own default is lower."""

_MINE: Final = "owner = @request.auth.id"
_NEWEST: Final = {"perPage": "20", "sort": "-created,-id"}


class PocketBase(Contender):
    """It uses every core. Its log of requests is off, as it is for the others."""

    tasks = "/api/collections/tasks/records"
    login = "/api/collections/users/auth-with-password"
    register = "/api/collections/users/records"
    ready = "/api/health"
    token = "token"  # noqa: S105 - the field that holds one
    total = "totalItems"

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, folder)
        self._password = secrets.token_hex(16)
        self.people: dict[str, str] = {}

    def set_up(self) -> None:
        """Make the data directory and its administrator."""
        command = [_POCKETBASE, "superuser", "upsert", _ADMIN, self._password, *self._data()]
        subprocess.run(command, cwd=self.folder, stdout=subprocess.DEVNULL, check=True)

    def configure(self, client: httpx.Client) -> None:
        """Make the collection of tasks, where nobody reaches what is not theirs."""
        admin = {"identity": _ADMIN, "password": self._password}
        answer = client.post("/api/collections/_superusers/auth-with-password", json=admin).raise_for_status()
        headers = {"Authorization": f"Bearer {answer.json()['token']}"}
        users = client.get("/api/collections/users", headers=headers).raise_for_status().json()
        for field in users["fields"]:
            if field["type"] == "password":
                field["cost"] = _BCRYPT_COST
        changes = {"fields": users["fields"]}
        client.patch("/api/collections/users", json=changes, headers=headers).raise_for_status()
        client.post("/api/collections", json=_collection(users["id"]), headers=headers).raise_for_status()
        client.patch("/api/settings", json={"logs": {"maxDays": 0}}, headers=headers).raise_for_status()

    def command(self, port: int) -> Sequence[str]:
        return [_POCKETBASE, "serve", "--http", f"127.0.0.1:{port}", *self._data()]

    def environment(self, port: int) -> Mapping[str, str]:  # noqa: ARG002 - the port is in the command
        return os.environ

    def _data(self) -> Sequence[str]:
        return ["--dir", str(self.folder / "data")]

    def open_account(self, client: httpx.Client, person: str) -> None:
        account = account_of(person) | {"passwordConfirm": PASSWORD}
        answer = client.post(self.register, json=account).raise_for_status()
        self.people[person] = answer.json()["id"]

    def sign_in_request(self, person: str) -> Request:
        who = {"identity": email_of(person), "password": PASSWORD}
        return Request("POST", self.login, NOBODY, json.dumps(who))

    def list_newest(self, person: str) -> Request:
        return Request("GET", f"{self.tasks}?{urlencode(_NEWEST)}", person)

    def list_some(self, person: str) -> Request:
        conditions = " && ".join(f"{name} = '{value}'" for name, value in FILTER.items())
        return Request("GET", f"{self.tasks}?{urlencode(_NEWEST | {'filter': conditions})}", person)

    def create(self, person: str, number: int = 0) -> Request:
        task = new_task(number) | {"owner": self.people[person], "version": 1}
        return Request("POST", self.tasks, person, json.dumps(task))


def _collection(users: str) -> dict[str, Any]:
    """The tasks, with the fields that the other contenders have."""
    return {
        "name": "tasks",
        "type": "base",
        **dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"), _MINE),
        "fields": [
            {"name": "owner", "type": "relation", "collectionId": users, "maxSelect": 1, "required": True},
            {"name": "title", "type": "text", "required": True, "max": 200},
            {"name": "description", "type": "text", "max": 5000},
            {"name": "status", "type": "select", "values": list(STATUSES), "maxSelect": 1},
            {"name": "priority", "type": "select", "values": list(PRIORITIES), "maxSelect": 1},
            {"name": "tags", "type": "json"},
            {"name": "due_date", "type": "date"},
            {"name": "completed_at", "type": "date"},
            {"name": "version", "type": "number"},
            {"name": "created", "type": "autodate", "onCreate": True},
            {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
        ],
        "indexes": ["CREATE INDEX tasks_newest_idx ON tasks (owner, created, id)"],
    }
