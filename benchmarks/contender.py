"""What is known of a contender: how it is started, how one signs in, and how its requests are spelt."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

import httpx

_NEW_TASK: Final = {
    "title": "Write the quarterly report",
    "description": "Collect the figures, write two pages, send them round before the meeting.",
    "priority": "high",
    "tags": ["work", "writing"],
}


class Request(NamedTuple):
    """One request of a workload."""

    method: str
    path: str
    body: str = ""


class Contender(ABC):
    """A task service under test. What is said here holds unless a contender says otherwise."""

    name: ClassVar[str]
    tasks: ClassVar[str] = "/tasks"
    ready: ClassVar[str] = "/readyz"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def set_up(self) -> None:  # noqa: B027 - not everyone has something to do
        """Whatever has to be done once, before it is first started."""

    def settle(self) -> None:  # noqa: B027 - the same
        """Whatever is to be done once, when its tasks are in it."""

    @abstractmethod
    def command(self, port: int) -> Sequence[str]:
        """What starts it, listening on 127.0.0.1 at this port."""

    @abstractmethod
    def environment(self, port: int) -> Mapping[str, str]:
        """The settings that it takes from the environment."""

    @abstractmethod
    def sign_in(self, client: httpx.Client, person: str) -> str:
        """Give a token of this person, who gets an account if they have none."""

    def headers(self, token: str) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def get_one(self, id: str) -> Request:
        """Ask for one task."""
        return Request("GET", f"{self.tasks}/{id}")

    def list_newest(self) -> Request:
        """Ask for the 20 newest tasks and how many there are."""
        return Request("GET", self.tasks)

    def create(self) -> Request:
        """Add a task."""
        return Request("POST", self.tasks, json.dumps(_NEW_TASK))
