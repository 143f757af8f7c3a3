"""Clients that disconnect before their answer."""

import asyncio
from typing import Any
from unittest import mock

import pytest
from starlette.requests import Request

from adapters.system.long_work import TaskLongWork
from application.ports.audit import AuditLog
from application.verifying import InspectLog, Look
from domain.seals import Verdict
from entrypoints.container import Service
from entrypoints.http.app import create_app
from entrypoints.http.leaving import CLIENT_LEFT, ClientLeft, while_connected
from tests.http.people import Person


class Client:
    """What a server tells the application of its client."""

    def __init__(self, token: str = "") -> None:
        self.left = asyncio.Event()
        self.sent: list[dict[str, Any]] = []
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": "/api/audit/verify",
            "raw_path": b"/api/audit/verify",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"taskward.test"), (b"authorization", b"Bearer " + token.encode())],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    def request(self) -> Request:
        return Request(self.scope, self.receive)


async def until(event: asyncio.Event) -> None:
    async with asyncio.timeout(10):
        await event.wait()


async def test_what_a_client_waits_for_is_what_comes_of_it() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    async def fail() -> None:
        raise KeyError

    assert await while_connected(Client().request(), work()) == 7
    with pytest.raises(KeyError):
        await while_connected(Client().request(), fail())


class Work:
    """Work that goes on for ever."""

    def __init__(self) -> None:
        self.begun, self.given_up = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.set()


async def test_work_is_given_up_when_its_client_leaves() -> None:
    client, work = Client(), Work()
    waiting = asyncio.create_task(while_connected(client.request(), work()))
    await until(work.begun)
    client.left.set()
    with pytest.raises(ClientLeft):
        await asyncio.wait_for(waiting, 10)
    assert work.given_up.is_set()


async def test_work_is_given_up_with_whoever_waits_for_it() -> None:
    work = Work()
    waiting = asyncio.create_task(while_connected(Client().request(), work()))
    await until(work.begun)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert work.given_up.is_set()


async def test_work_that_fails_while_it_is_given_up_raises_its_error() -> None:
    client, begun = Client(), asyncio.Event()

    async def work() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            raise KeyError

    waiting = asyncio.create_task(while_connected(client.request(), work()))
    await until(begun)
    client.left.set()
    with pytest.raises(KeyError):
        await asyncio.wait_for(waiting, 10)


async def test_a_verification_is_given_up_when_the_last_client_leaves(ann: Person, service: Service) -> None:
    work = Work()

    async def stretch(_: InspectLog, __: AuditLog, ___: Look) -> tuple[Look, Verdict | None]:
        await work()
        raise AssertionError

    app = create_app(service)
    clients = [Client(ann.access_token) for _ in range(2)]
    with mock.patch.object(InspectLog, "_stretch", stretch):
        calls = [asyncio.create_task(app(client.scope, client.receive, client.send)) for client in clients]
        await until(work.begun)
        clients[0].left.set()
        await asyncio.wait_for(calls[0], 10)
        assert clients[0].sent[0]["status"] == CLIENT_LEFT
        assert not work.given_up.is_set()
        clients[1].left.set()
        await asyncio.wait_for(calls[1], 10)
        await until(work.given_up)
    assert (await ann.get("/api/audit/verify")).json()["valid"]


def test_a_process_shares_its_verifications(service: Service) -> None:
    assert isinstance(service.application.inspect_log.long_work, TaskLongWork)
    assert service.application.verify_log.inspect_log is service.application.inspect_log
