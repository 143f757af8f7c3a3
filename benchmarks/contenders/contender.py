"""What is known of a contender: how it is started, how one signs in, and how its requests are spelt."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import urlencode

import httpx

READER: Final = "reader"
"""Whose space holds the tasks that are read. Nobody adds to it while the clock runs."""

WRITER: Final = "writer"
"""Whose space the new tasks go to."""

NOBODY: Final = ""
"""Who sends a request without a token."""

PASSWORD: Final = "three wise green owls"  # noqa: S105 - of people who exist for some minutes
PRIORITIES: Final = ("low", "medium", "high", "urgent")
STATUSES: Final = ("pending", "in_progress")
FILTER: Final = {"status": "pending", "priority": "high"}
"""What one task in eight fits."""


class Request(NamedTuple):
    """One request of a workload, in somebody's name."""

    method: str
    path: str
    person: str
    body: str = ""


def new_task(number: int = 0) -> dict[str, Any]:
    """A task to be made. Their numbers tell them apart, and spread them over priorities and statuses."""
    return {
        "title": f"Write the quarterly report {number}",
        "description": "Collect the figures, write two pages, send them round before the meeting.",
        "priority": PRIORITIES[number % len(PRIORITIES)],
        "status": STATUSES[number // len(PRIORITIES) % len(STATUSES)],
        "tags": ["work", "writing"],
    }


def fits_filter(number: int) -> bool:
    """Whether the task of this number fits the filter."""
    task = new_task(number)
    return all(task[name] == value for name, value in FILTER.items())


def email_of(person: str) -> str:
    """The address that somebody signs in with."""
    return f"{person}@example.org"


def account_of(person: str) -> dict[str, str]:
    """What somebody registers and signs in with."""
    return {"email": email_of(person), "password": PASSWORD}


class Contender(ABC):
    """A task service under test. What is said here holds unless a contender says otherwise."""

    tasks: ClassVar[str] = "/tasks"
    login: ClassVar[str] = "/auth/login"
    register: ClassVar[str] = "/auth/register"
    ready: ClassVar[str] = "/readyz"
    token: ClassVar[str] = "access_token"  # noqa: S105 - the field that holds one
    total: ClassVar[str] = "total"
    has_passwords: ClassVar[bool] = True
    uses_postgres: ClassVar[bool] = False

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder / name
        self.folder.mkdir()
        self.ids: dict[str, list[str]] = {}
        """The tasks that somebody has, as far as workloads ask for them."""
        self.cursors: dict[str, str] = {}
        """Where somebody's last page begins, for workloads that ask for it."""

    def set_up(self) -> None:  # noqa: B027 - not everyone has something to do
        """Whatever has to be done once, before it is first started."""

    def configure(self, client: httpx.Client) -> None:  # noqa: B027 - the same
        """Whatever has to be done once, when it runs for the first time."""

    def settle(self) -> None:  # noqa: B027 - the same
        """Whatever is to be done once, when its tasks are in it."""

    @abstractmethod
    def command(self, port: int) -> Sequence[str]:
        """What starts it, listening on 127.0.0.1 at this port."""

    @abstractmethod
    def environment(self, port: int) -> Mapping[str, str]:
        """The settings that it takes from the environment."""

    def sign_in(self, client: httpx.Client, person: str) -> str:
        """Give a token of this person, who has an account."""
        return str(self.ask(client, self.sign_in_request(person), "")[self.token])

    def ask(self, client: httpx.Client, request: Request, token: str) -> Any:
        """Send one request with a token, or with none if that is empty. Raises HTTPStatusError if it is refused."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        answer = client.request(request.method, request.path, content=request.body, headers=headers)
        return answer.raise_for_status().json()

    def open_account(self, client: httpx.Client, person: str) -> None:
        """Register this person."""
        client.post(self.register, json=account_of(person)).raise_for_status()

    def sign_in_request(self, person: str) -> Request:
        """Ask for a token, with the right password."""
        return Request("POST", self.login, NOBODY, json.dumps(account_of(person)))

    def get_one(self, person: str, id: str) -> Request:
        """Ask for one task."""
        return Request("GET", f"{self.tasks}/{id}", person)

    def list_newest(self, person: str) -> Request:
        """Ask for the 20 newest tasks and how many there are."""
        return Request("GET", self.tasks, person)

    def list_some(self, person: str) -> Request:
        """Ask for the 20 newest that fit the filter, and how many do."""
        return Request("GET", f"{self.tasks}?{urlencode(FILTER)}", person)

    def create(self, person: str, number: int = 0) -> Request:
        """Add a task."""
        return Request("POST", self.tasks, person, json.dumps(new_task(number)))
