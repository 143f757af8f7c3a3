"""Two ways of using the service: through the use cases in memory, and over HTTP on SQLite. Both answer in statuses."""

from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from uuid import UUID

import httpx
from sqlalchemy import URL

from application.facade import Application
from application.ports.tasks import TaskQuery
from domain.access import Actor, Role
from domain.errors import DomainError
from domain.ids import SpaceId, TaskId, UserId, read_id
from domain.organization import OrganizationName
from domain.task import Task, Title
from domain.user import Email, Password
from entrypoints.http.problems import STATUS_OF
from tests.isolation.services import MemoryService, on_database

PASSWORD = "four random words here"

Answer = tuple[int, Any]
"""A status, and what was answered where it is a success."""


class Driver(Protocol):
    """What people can do. ``space`` is None for one's own."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def register(self, email: str) -> str: ...
    async def sign_out(self, user: str) -> Answer: ...
    async def sign_in(self, user: str) -> None: ...
    async def found(self, user: str) -> Answer: ...
    async def dissolve(self, user: str, space: str) -> Answer: ...
    async def organizations(self, user: str) -> Answer: ...
    async def members(self, user: str, space: str) -> Answer: ...
    async def invite(self, user: str, space: str, role: str) -> Answer: ...
    async def accept(self, user: str, token: str) -> Answer: ...
    async def change_role(self, user: str, space: str, target: str, role: str) -> Answer: ...
    async def remove(self, user: str, space: str, target: str) -> Answer: ...
    async def create(self, user: str, space: str | None, title: str) -> Answer: ...
    async def change(self, user: str, space: str | None, task_id: str, title: str) -> Answer: ...
    async def complete(self, user: str, space: str | None, task_id: str) -> Answer: ...
    async def transfer(self, user: str, space: str | None, task_id: str, to: str) -> Answer: ...
    async def delete(self, user: str, space: str | None, task_id: str) -> Answer: ...
    async def read(self, user: str, space: str | None, task_id: str) -> Answer: ...
    async def list(self, user: str, space: str | None) -> Answer: ...


def _said(task: Task) -> dict[str, str]:
    return {
        "id": str(task.id),
        "owner_id": str(task.space_id),
        "created_by": str(task.created_by),
        "title": task.title,
        "status": task.status,
    }


def _task_id(text: str) -> TaskId:
    return TaskId(read_id(text))


@dataclass
class UseCases:
    """The application on memory adapters, without HTTP."""

    app: Application = field(default_factory=lambda: MemoryService().application)
    _emails: dict[str, str] = field(default_factory=dict)
    _actors: dict[str, Actor] = field(default_factory=dict)

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def register(self, email: str) -> str:
        user = str((await self.app.register(Email(email), Password(PASSWORD), None)).id)
        self._emails[user] = email
        await self.sign_in(user)
        return user

    async def sign_in(self, user: str) -> None:
        pair = await self.app.sign_in(self._emails[user], PASSWORD)
        self._actors[user] = self.app.authenticate(pair.access_token)

    async def sign_out(self, user: str) -> Answer:
        return await self._answer(self.app.sign_out(self._actors[user]))

    async def found(self, user: str) -> Answer:
        status, made = await self._answer(self.app.found_organization(self._actors[user], OrganizationName("An org")))
        return status, made and str(made.id)

    async def dissolve(self, user: str, space: str) -> Answer:
        return await self._answer(self.app.dissolve_organization(self._actors[user], space))

    async def organizations(self, user: str) -> Answer:
        status, found = await self._answer(self.app.list_organizations(self._actors[user]))
        return status, found is not None and {str(one.organization.id): str(one.role) for one in found}

    async def members(self, user: str, space: str) -> Answer:
        status, found = await self._answer(self.app.list_members(self._actors[user], space))
        return status, found and {str(one.user.id): str(one.membership.role) for one in found}

    async def invite(self, user: str, space: str, role: str) -> Answer:
        status, invited = await self._answer(self.app.invite(self._actors[user], space, Role(role)))
        return status, invited and invited.token

    async def accept(self, user: str, token: str) -> Answer:
        return await self._answer(self.app.accept_invitation(self._actors[user], token))

    async def change_role(self, user: str, space: str, target: str, role: str) -> Answer:
        target_id = UserId(read_id(target))
        return await self._answer(self.app.change_member_role(self._actors[user], space, target_id, Role(role)))

    async def remove(self, user: str, space: str, target: str) -> Answer:
        return await self._answer(self.app.remove_member(self._actors[user], space, UserId(read_id(target))))

    async def create(self, user: str, space: str | None, title: str) -> Answer:
        return await self._task(self.app.create_task(self._actors[user], space, {"title": Title(title)}))

    async def change(self, user: str, space: str | None, task_id: str, title: str) -> Answer:
        changes: Any = {"title": Title(title)}
        return await self._task(self.app.change_task(self._actors[user], space, _task_id(task_id), changes))

    async def complete(self, user: str, space: str | None, task_id: str) -> Answer:
        return await self._task(self.app.complete_task(self._actors[user], space, _task_id(task_id)))

    async def transfer(self, user: str, space: str | None, task_id: str, to: str) -> Answer:
        moving = self.app.transfer_task(self._actors[user], space, _task_id(task_id), SpaceId(UUID(to)))
        return await self._task(moving)

    async def delete(self, user: str, space: str | None, task_id: str) -> Answer:
        return await self._answer(self.app.delete_task(self._actors[user], space, _task_id(task_id)))

    async def read(self, user: str, space: str | None, task_id: str) -> Answer:
        return await self._task(self.app.get_task(self._actors[user], space, _task_id(task_id)))

    async def list(self, user: str, space: str | None) -> Answer:
        status, page = await self._answer(self.app.list_tasks(self._actors[user], space, TaskQuery(limit=100)))
        return status, page and ([_said(task) for task in page.items], page.total)

    async def _task(self, doing: Awaitable[Task]) -> Answer:
        status, task = await self._answer(doing)
        return status, task and _said(task)

    @staticmethod
    async def _answer(doing: Awaitable[Any]) -> Answer:
        """200 whatever kind of success it is: the kinds are HTTP's."""
        try:
            return HTTPStatus.OK, await doing
        except DomainError as error:
            return next(status for family, status in STATUS_OF.items() if isinstance(error, family)), None


@dataclass
class OverHttp:
    """The real service on SQLite, in this process."""

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
        return await self._send(user, "DELETE", f"/api/organizations/{space}")

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

    async def create(self, user: str, space: str | None, title: str) -> Answer:
        return await self._send(user, "POST", _tasks(space), {"title": title})

    async def change(self, user: str, space: str | None, task_id: str, title: str) -> Answer:
        return await self._send(user, "PATCH", f"{_tasks(space)}/{task_id}", {"title": title})

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

    async def _send(self, user: str, method: str, path: str, body: Any = None) -> Answer:
        answer = await self._deployment.send(method, path, token=self._tokens[user], body=body)
        return (HTTPStatus.OK, _json(answer)) if answer.is_success else (answer.status_code, None)


def _tasks(space: str | None) -> str:
    return "/api/tasks" if space is None else f"/api/{space}/tasks"


def _json(answer: httpx.Response) -> Any:
    return answer.json() if answer.content else None
