"""Large bodies and answers: how much of them a process holds and reads at the same time, and who is refused."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import URL

from adapters.system.long_work import TaskLongWork
from domain.errors import TooBusy
from entrypoints.http.app import create_app
from entrypoints.http.bodies import LARGEST_BODY, LARGEST_PUBLIC_BODY
from entrypoints.http.buffers import LARGE_ANSWER, LARGE_BODY, Buffers
from entrypoints.http.validation import BodyReader
from tests.http.people import Person, bearer, somebody
from tests.http.service import client, running, settings_for

ROOM = 8 * LARGEST_BODY
JSON = {"Content-Type": "application/json"}
LARGE = json.dumps({"title": "x", "description": "x" * 9_000, "tags": []}).encode() + b" " * LARGE_BODY


@pytest.fixture
async def app(migrated_sqlite_url: URL) -> AsyncIterator[FastAPI]:
    async with running(settings_for(migrated_sqlite_url, max_buffered_bytes=ROOM)) as service:
        yield create_app(service)


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client(app) as http:
        yield http


@pytest.fixture
async def ann(http: httpx.AsyncClient) -> Person:
    return await somebody(http)


@pytest.fixture
async def ben(http: httpx.AsyncClient) -> Person:
    return await somebody(http)


async def post(person: Person, content: Any, **headers: str) -> httpx.Response:
    return await person.post("/api/tasks", content=content, headers=JSON | headers)


class Uploads:
    """Bodies of which the first part was sent, and the rest comes when they are let go."""

    def __init__(self) -> None:
        self._go = asyncio.Event()
        self.tasks: list[asyncio.Task[httpx.Response]] = []

    async def come(self, person: Person, times: int, **headers: str) -> None:
        self.tasks += [asyncio.create_task(post(person, self._body(), **headers)) for _ in range(times)]
        for _ in range(20):
            await asyncio.sleep(0)

    async def _body(self) -> AsyncIterator[bytes]:
        yield LARGE
        await self._go.wait()

    async def statuses(self) -> list[int]:
        self._go.set()
        return [answer.status_code for answer in await asyncio.gather(*self.tasks)]


def assert_busy(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.headers.get("retry-after")) == (503, "1")
    assert answer.json()["type"] == "/docs/problems#too-busy"


# The rule


def refused(buffers: Buffers, share: str, size: int) -> bool:
    try:
        buffers.reserve(share, size)
    except TooBusy:
        return True
    return False


def test_one_share_fills_half_of_the_room_and_the_next_one_finds_some() -> None:
    buffers = Buffers(16)
    assert [refused(buffers, "a", 4) for _ in range(3)] == [False, False, True]
    assert [refused(buffers, "b", 2) for _ in range(3)] == [False, False, True]
    assert [refused(buffers, "c", 4), buffers.total] == [False, 16]
    assert [refused(buffers, share, 1) for share in "abcd"] == [True] * 4


def test_what_is_released_can_be_held_again() -> None:
    buffers = Buffers(16)
    buffers.hold("a", 20)
    assert refused(buffers, "b", 1)
    buffers.release("a", 20)
    assert buffers.total == 0
    assert not buffers._held
    assert not refused(buffers, "a", 8)


def test_no_body_is_large_where_no_account_is_needed() -> None:
    assert LARGEST_PUBLIC_BODY <= LARGE_BODY


# Bodies


@pytest.mark.parametrize("headers", [{"Content-Length": str(LARGEST_BODY)}, {}], ids=["announced", "chunked"])
async def test_an_account_that_fills_the_room_is_refused_and_others_are_not(
    headers: dict[str, str], app: FastAPI, ann: Person, ben: Person
) -> None:
    uploads = Uploads()
    try:
        await uploads.come(ann, 4, **headers)
        assert app.state.buffers.total == ROOM // 2
        assert_busy(await post(ann, LARGE))
        assert (await ann.post("/api/tasks", json={"title": "small"})).status_code == 201
        assert (await post(ben, LARGE)).status_code == 201
    finally:
        assert await uploads.statuses() == [201] * 4
    assert app.state.buffers.total == 0
    assert (await post(ann, LARGE)).status_code == 201


@pytest.mark.parametrize(
    "body", [LARGE, LARGE[1:], b" " * LARGEST_BODY + LARGE], ids=["fine", "malformed", "too large"]
)
async def test_whatever_becomes_of_a_body_its_room_is_free_again(body: bytes, app: FastAPI, ann: Person) -> None:
    for _ in range(2):
        assert (await post(ann, body)).status_code in {201, 400, 413}
        assert app.state.buffers.total == 0


class Reading:
    """How many bodies are read at the same time, of one account and of all, and in which order."""

    def __init__(self) -> None:
        self.most = self.now = 0
        self.order: list[str] = []

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read = BodyReader.read

        async def watched(reader: BodyReader, sent: object) -> Any:
            self.now += 1
            self.most = max(self.most, self.now)
            self.order.append(sent["title"])  # type: ignore[index] # it is a task
            for _ in range(50):
                await asyncio.sleep(0)
            self.now -= 1
            return await read(reader, sent)

        monkeypatch.setattr(BodyReader, "read", watched)


def titled(title: str) -> bytes:
    return LARGE.replace(b'"x"', json.dumps(title).encode())


async def test_of_many_large_bodies_one_is_read_for_each_account_and_few_in_all(
    ann: Person, ben: Person, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, cat = Reading(), await somebody(http)
    reading.patch(monkeypatch)
    sent = [asyncio.create_task(post(ann, titled("ann"))) for _ in range(20)]
    while not reading.order:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0)
    sent += [asyncio.create_task(post(person, titled(name))) for person, name in ((ben, "ben"), (cat, "cat"))]
    assert {answer.status_code for answer in await asyncio.gather(*sent)} == {201}
    assert reading.most == 2
    assert reading.order[1] == "ben"
    assert "cat" in reading.order[2:4]


async def test_small_bodies_wait_for_nobody(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Reading()
    reading.patch(monkeypatch)
    sent = [asyncio.create_task(ann.post("/api/tasks", json={"title": "x"})) for _ in range(5)]
    assert {answer.status_code for answer in await asyncio.gather(*sent)} == {201}
    assert reading.most == 5


# Answers


@pytest.fixture
async def long_list(ann: Person) -> str:
    items = [{"title": "x", "description": "x" * 9_000}] * 10
    assert (await ann.post("/api/tasks/bulk", json={"items": items})).status_code == 201
    return "/api/tasks"


async def test_a_large_answer_is_refused_where_the_room_is_full_and_a_small_one_is_not(
    long_list: str, app: FastAPI, ann: Person
) -> None:
    buffers: Buffers = app.state.buffers
    whole = await ann.get(long_list)
    assert (whole.status_code, len(whole.content) > LARGE_ANSWER, buffers.total) == (200, True, 0)
    buffers.hold("others", ROOM)
    assert_busy(await ann.get(long_list))
    assert (await ann.get(f"{long_list}?page_size=2")).status_code == 200
    buffers.release("others", ROOM)
    assert (await ann.get(long_list)).content == whole.content


async def test_a_large_answer_holds_room_until_it_is_sent(long_list: str, app: FastAPI, ann: Person) -> None:
    buffers: Buffers = app.state.buffers
    held: list[int] = []

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        async def send_on(message: Any) -> None:
            held.append(buffers.total)
            await send(message)

        await app(scope, receive, send_on)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(noting), base_url="http://taskward.test") as http:
        answer = await http.get(long_list, headers=bearer(ann.access_token))
    assert set(held) == {len(answer.content)}
    assert buffers.total == 0


async def test_what_was_changed_is_answered_also_where_the_room_is_full(app: FastAPI, ann: Person) -> None:
    document = {"title": "x", "content": "x" * 99_000}
    made = (await ann.post("/api/documents", json=document)).json()
    app.state.buffers.hold("others", ROOM)
    changed = await ann.send("PATCH", f"/api/documents/{made['id']}", json={"title": "y"})
    assert (changed.status_code, len(changed.content) > LARGE_ANSWER) == (200, True)
    assert app.state.buffers.total == ROOM


# Each mechanism is taken out, and missed


async def test_missing_bounds_are_seen(
    long_list: str, app: FastAPI, ann: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Buffers, "reserve", Buffers.hold)
    tests: list[Callable[[], Awaitable[None]]] = [
        lambda: test_an_account_that_fills_the_room_is_refused_and_others_are_not({}, app, ann, ben),
        lambda: test_a_large_answer_is_refused_where_the_room_is_full_and_a_small_one_is_not(long_list, app, ann),
    ]
    for test in tests:
        with pytest.raises(AssertionError):
            await test()


async def test_bodies_that_are_all_read_at_once_are_seen(
    ann: Person, ben: Person, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TaskLongWork, "turn", lambda *_: nullcontext())
    with pytest.raises(AssertionError):
        await test_of_many_large_bodies_one_is_read_for_each_account_and_few_in_all(ann, ben, http, monkeypatch)
