"""The application on memory adapters, without HTTP."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from application.facade import Application
from application.ports.tasks import TaskQuery
from domain.access import Actor, Role
from domain.ids import SpaceId, TaskId, UserId, read_id
from domain.organization import OrganizationName
from domain.tag import TagName
from domain.task import Task, Title
from domain.user import Email, Password
from tests.isolation.drivers import PASSWORD, Answer
from tests.isolation.item_use_cases import ItemUseCases, answer
from tests.isolation.services import MemoryService


def _said(task: Task) -> dict[str, Any]:
    return {
        "id": str(task.id),
        "owner_id": str(task.space_id),
        "created_by": str(task.created_by),
        "title": task.title,
        "status": task.status,
        "tags": list(task.tags),
    }


def _task_id(text: str) -> TaskId:
    return TaskId(read_id(text))


@dataclass
class UseCases:
    """Each thing that people do is one use case."""

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
        return await answer(self.app.sign_out(self._actors[user]))

    async def found(self, user: str) -> Answer:
        status, made = await answer(self.app.found_organization(self._actors[user], OrganizationName("An org")))
        return status, made and str(made.id)

    async def dissolve(self, user: str, space: str) -> Answer:
        return await answer(self.app.dissolve_organization(self._actors[user], space, "An org"))

    async def organizations(self, user: str) -> Answer:
        status, found = await answer(self.app.list_organizations(self._actors[user]))
        return status, found is not None and {str(one.organization.id): str(one.role) for one in found.items}

    async def members(self, user: str, space: str) -> Answer:
        status, found = await answer(self.app.list_members(self._actors[user], space))
        return status, found and {str(one.user.id): str(one.membership.role) for one in found.items}

    async def invite(self, user: str, space: str, role: str) -> Answer:
        status, invited = await answer(self.app.invite(self._actors[user], space, Role(role)))
        return status, invited and invited.token

    async def accept(self, user: str, token: str) -> Answer:
        return await answer(self.app.accept_invitation(self._actors[user], token))

    async def change_role(self, user: str, space: str, target: str, role: str) -> Answer:
        target_id = UserId(read_id(target))
        return await answer(self.app.change_member_role(self._actors[user], space, target_id, Role(role)))

    async def remove(self, user: str, space: str, target: str) -> Answer:
        return await answer(self.app.remove_member(self._actors[user], space, UserId(read_id(target))))

    async def create(self, user: str, space: str | None, title: str, tags: Sequence[str]) -> Answer:
        draft: Any = {"title": Title(title), "tags": tuple(map(TagName, tags))}
        return await self._task(self.app.create_task(self._actors[user], space, draft))

    async def change(
        self, user: str, space: str | None, task_id: str, title: str, tags: Sequence[str] | None
    ) -> Answer:
        changes: Any = {"title": Title(title)} | ({} if tags is None else {"tags": tuple(map(TagName, tags))})
        return await self._task(self.app.change_task(self._actors[user], space, _task_id(task_id), changes))

    async def complete(self, user: str, space: str | None, task_id: str) -> Answer:
        return await self._task(self.app.complete_task(self._actors[user], space, _task_id(task_id)))

    async def transfer(self, user: str, space: str | None, task_id: str, to: str) -> Answer:
        moving = self.app.transfer_task(self._actors[user], space, _task_id(task_id), SpaceId(UUID(to)))
        return await self._task(moving)

    async def delete(self, user: str, space: str | None, task_id: str) -> Answer:
        return await answer(self.app.delete_task(self._actors[user], space, _task_id(task_id)))

    async def read(self, user: str, space: str | None, task_id: str) -> Answer:
        return await self._task(self.app.get_task(self._actors[user], space, _task_id(task_id)))

    async def list(self, user: str, space: str | None) -> Answer:
        status, page = await answer(self.app.list_tasks(self._actors[user], space, TaskQuery(limit=100)))
        return status, page and ([_said(task) for task in page.items], page.total)

    @property
    def items(self) -> ItemUseCases:
        return ItemUseCases(self.app, self._actors)

    async def _task(self, doing: Awaitable[Task]) -> Answer:
        status, task = await answer(doing)
        return status, task and _said(task)
