"""The real service on SQLite or PostgreSQL, over HTTP in this process."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import httpx
from sqlalchemy import URL

from tests.isolation.drivers import PASSWORD, Answer
from tests.isolation.services import on_database

_TEXTS: Final = {"tags": "name", "documents": "title", "settings": "value"}


@dataclass
class OverHttp:
    """Each thing that people do is one request."""

    url: URL
    _emails: dict[str, str] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self) -> None:
        served = await self._stack.enter_async_context(on_database(self.url))
        self._deployment = served.deployment

    async def close(self) -> None:
        await self._stack.aclose()

    async def register(self, email: str) -> str:
        body = {"email": email, "password": PASSWORD}
        user: str = (await self._deployment.ask(None, "POST", "/api/auth/register", body))["id"]
        self._emails[user] = email
        await self.sign_in(user)
        return user

    async def sign_in(self, user: str) -> None:
        body = {"email": self._emails[user], "password": PASSWORD}
        self._tokens[user] = (await self._deployment.ask(None, "POST", "/api/auth/login", body))["access_token"]

    async def sign_out(self, user: str) -> Answer:
        return await self._send(user, "POST", "/api/auth/logout")

    async def found(self, user: str) -> Answer:
        status, made = await self._send(user, "POST", "/api/organizations", {"name": "An org"})
        return status, made and made["id"]

    async def dissolve(self, user: str, space: str) -> Answer:
        return await self._send(user, "DELETE", f"/api/organizations/{space}?name=An+org")

    async def organizations(self, user: str) -> Answer:
        status, found = await self._send(user, "GET", "/api/organizations")
        return status, found is not None and {one["id"]: one["role"] for one in found["items"]}

    async def members(self, user: str, space: str) -> Answer:
        status, found = await self._send(user, "GET", f"/api/organizations/{space}/members")
        return status, found and {one["user_id"]: one["role"] for one in found["items"]}

    async def invite(self, user: str, space: str, role: str) -> Answer:
        status, made = await self._send(user, "POST", f"/api/organizations/{space}/invitations", {"role": role})
        return status, made and made["token"]

    async def accept(self, user: str, token: str) -> Answer:
        return await self._send(user, "POST", "/api/invitations/accept", {"token": token})

    async def change_role(self, user: str, space: str, target: str, role: str) -> Answer:
        return await self._send(user, "PATCH", f"/api/organizations/{space}/members/{target}", {"role": role})

    async def remove(self, user: str, space: str, target: str) -> Answer:
        return await self._send(user, "DELETE", f"/api/organizations/{space}/members/{target}")

    async def create(self, user: str, space: str | None, title: str, tags: Sequence[str]) -> Answer:
        return await self._send(user, "POST", _tasks(space), {"title": title, "tags": tags})

    async def change(
        self, user: str, space: str | None, task_id: str, title: str, tags: Sequence[str] | None
    ) -> Answer:
        body = {"title": title} | ({} if tags is None else {"tags": tags})
        return await self._send(user, "PATCH", f"{_tasks(space)}/{task_id}", body)

    async def complete(self, user: str, space: str | None, task_id: str) -> Answer:
        return await self._send(user, "POST", f"{_tasks(space)}/{task_id}/complete")

    async def transfer(self, user: str, space: str | None, task_id: str, to: str) -> Answer:
        return await self._send(user, "POST", f"{_tasks(space)}/{task_id}/transfer", {"to": to})

    async def delete(self, user: str, space: str | None, task_id: str) -> Answer:
        return await self._send(user, "DELETE", f"{_tasks(space)}/{task_id}")

    async def read(self, user: str, space: str | None, task_id: str) -> Answer:
        return await self._send(user, "GET", f"{_tasks(space)}/{task_id}")

    async def list(self, user: str, space: str | None) -> Answer:
        status, page = await self._send(user, "GET", f"{_tasks(space)}?page_size=100")
        return status, page and (page["items"], page["total"])

    @property
    def items(self) -> "ItemsOverHttp":
        return ItemsOverHttp(self._send)

    async def _send(self, user: str, method: str, path: str, body: Any = None) -> Answer:
        answer = await self._deployment.send(method, path, token=self._tokens[user], body=body)
        return (HTTPStatus.OK, _json(answer)) if answer.is_success else (answer.status_code, None)


@dataclass(frozen=True)
class ItemsOverHttp:
    """The same for tags, documents and settings."""

    send: Callable[..., Awaitable[Answer]]

    async def make(self, kind: str, user: str, space: str | None, text: str) -> Answer:
        return _said(kind, await self.send(user, "POST", _at(space, kind), {_TEXTS[kind]: text}))

    async def change(self, kind: str, user: str, space: str | None, id: str, text: str) -> Answer:
        method = "PUT" if kind == "settings" else "PATCH"
        return _said(kind, await self.send(user, method, f"{_at(space, kind)}/{id}", {_TEXTS[kind]: text}))

    async def remove(self, kind: str, user: str, space: str | None, id: str) -> Answer:
        return await self.send(user, "DELETE", f"{_at(space, kind)}/{id}")

    async def read(self, kind: str, user: str, space: str | None, id: str) -> Answer:
        return _said(kind, await self.send(user, "GET", f"{_at(space, kind)}/{id}"))

    async def list(self, kind: str, user: str, space: str | None) -> Answer:
        status, page = await self.send(user, "GET", f"{_at(space, kind)}?page_size=100")
        if page is None:
            return status, None
        assert page["total"] == len(page["items"])
        return status, [_said(kind, (status, item))[1] for item in page["items"]]


def _said(kind: str, answered: Answer) -> Answer:
    status, item = answered
    return status, item and item | {"id": item.get("id", item.get("key")), "text": item[_TEXTS[kind]]}


def _at(space: str | None, kind: str) -> str:
    return f"/api/{kind}" if space is None else f"/api/{space}/{kind}"


def _tasks(space: str | None) -> str:
    return _at(space, "tasks")


def _json(answer: httpx.Response) -> Any:
    return answer.json() if answer.content else None
