"""Work on a thousand tasks pauses: between two turns of others there is a bounded amount of it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from types import FrameType

import httpx
import pytest
from sqlalchemy import URL

from application import pausing
from application.bulk import MOST_AT_ONCE
from entrypoints.http.app import create_app
from tests.http.people import Json, Person, somebody
from tests.http.service import running, settings_for
from tests.support.targets import ExactTransport

LONGEST = 15_000
"""Calls of Python functions between two turns of others: some ten milliseconds."""

TASKS = [
    {
        "title": f"Task {number}",
        "description": "x" * 500,
        "tags": [f"tag {number}.{tag}" for tag in range(2)],
        "due_date": "2026-05-01T12:00:00Z",
    }
    for number in range(MOST_AT_ONCE)
]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> URL:
    found: URL = request.getfixturevalue("migrated_sqlite_url" if request.param == "sqlite" else "service_url")
    return found


@pytest.fixture
async def http(url: URL) -> AsyncIterator[httpx.AsyncClient]:
    async with running(settings_for(url)) as service:
        transport = ExactTransport(create_app(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://taskward.test") as http:
            yield http


@pytest.fixture
async def ann(http: httpx.AsyncClient) -> Person:
    return await somebody(http)


class Stretches:
    """How many functions were called between two turns of somebody else."""

    def __init__(self) -> None:
        self.longest = self._calls = 0

    async def of(self, work: Awaitable[httpx.Response]) -> httpx.Response:
        other = asyncio.create_task(self._take_turns())
        await asyncio.sleep(0)
        sys.setprofile(self._count)
        try:
            return await work
        finally:
            sys.setprofile(None)
            other.cancel()
            self._end()

    def _count(self, _: FrameType, event: str, __: object) -> None:
        self._calls += event == "call"

    async def _take_turns(self) -> None:
        while True:
            self._end()
            await asyncio.sleep(0)

    def _end(self) -> None:
        self.longest, self._calls = max(self.longest, self._calls), 0


async def create(person: Person) -> httpx.Response:
    return await person.post("/api/tasks/bulk", json={"items": TASKS})


async def ids(person: Person) -> list[str]:
    return [task["id"] for task in (await create(person)).json()["items"]]


async def test_making_a_thousand_tasks_lets_others_go_on(ann: Person) -> None:
    await create(ann)  # What is made once in a process is there then.
    found = Stretches()
    assert (await found.of(create(ann))).status_code == 201
    assert found.longest < LONGEST


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("PATCH", "/api/tasks/bulk", {"status": "completed"}),
        ("DELETE", "/api/tasks/bulk", {}),
        ("POST", "/api/tasks/bulk/delete", {}),
    ],
)
async def test_changing_a_thousand_tasks_lets_others_go_on(method: str, path: str, more: Json, ann: Person) -> None:
    body, found = {"ids": await ids(ann)} | more, Stretches()
    assert (await found.of(ann.send(method, path, json=body))).status_code == 200
    assert found.longest < LONGEST


# The mechanism is taken out, and missed


async def test_work_without_pauses_is_seen(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pausing, "PART", MOST_AT_ONCE)
    tests: list[Callable[[], Awaitable[None]]] = [
        lambda: test_making_a_thousand_tasks_lets_others_go_on(ann),
        lambda: test_changing_a_thousand_tasks_lets_others_go_on("DELETE", "/api/tasks/bulk", {}, ann),
    ]
    for test in tests:
        with pytest.raises(AssertionError):
            await test()
