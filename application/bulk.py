"""What people do with many tasks at once: all of it or nothing.

Every use case raises NotAuthenticated if the caller's session has ended, SpaceForbidden if the space is not one
of theirs, and Unavailable if the store cannot answer.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from application.assignees import may_be_assigned, not_a_member
from application.pausing import in_parts, parts, pause
from application.ports.clock import Clock
from application.ports.ids import IdGenerator
from application.ports.spaces import OpenSpace, Space
from application.ports.tasks import FIRST, TaskFilters
from application.retrying import retried
from application.room import Room
from application.stretches import STRETCH, in_stretches
from application.tagging import all_spelt, allowing_tags, making_tags
from domain.access import Access, Actor, Permission
from domain.due import DueIn
from domain.errors import InvalidValue, TaskNotFound
from domain.ids import TaskId
from domain.quotas import Quota
from domain.task import Task, TaskChanges, TaskDraft

MOST_AT_ONCE: Final = 1000
"""How many tasks one call may be about."""


@retried
@dataclass(frozen=True, slots=True)
class CreateTasks:
    """Add up to 1,000 tasks to a space: all of them or none. Every member but a viewer may.

    Raises RoleTooLow, QuotaReached, and InvalidValue, which names the first task that is wrong by its index.
    """

    open_space: OpenSpace
    clock: Clock
    new_id: IdGenerator
    room: Room

    async def __call__(self, actor: Actor, owner_id: str | None, drafts: Sequence[TaskDraft]) -> Sequence[Task]:
        _require_some(drafts, "items")
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            await self.room.require(space.usage, Quota.TASKS, len(drafts))
            at = self.clock()
            tasks = await in_parts(lambda one: self._made(*one, space.access, at), list(enumerate(drafts)))
            await self._check_assignees(drafts, space)
            make = making_tags(self.new_id, space.access.space_id, by=space.access.user_id, at=at)
            tasks = await all_spelt(tasks, space.tags, make, allowing_tags(self.room, space.usage))
            await space.tasks.add_all(tasks)
        return tasks

    def _made(self, index: int, draft: TaskDraft, by: Access, at: datetime) -> Task:
        try:
            return Task.create(draft, id=TaskId(self.new_id()), by=by, at=at)
        except InvalidValue as wrong:
            field = f"items/{index}/{wrong.field}" if wrong.field else f"items/{index}"
            raise InvalidValue(wrong.reason, wrong.message, field=field) from None

    @staticmethod
    async def _check_assignees(drafts: Sequence[TaskDraft], space: Space) -> None:
        first_named: dict[object, int] = {}
        for index, draft in enumerate(drafts):
            first_named.setdefault(draft.get("assignee_id"), index)
        for part in parts([*first_named.values()]):
            for index in part:
                if not await may_be_assigned(drafts[index], space.members):
                    raise not_a_member(f"items/{index}/assignee_id")
            await pause()


@retried
@dataclass(frozen=True, slots=True)
class ChangeTasks:
    """Change up to 1,000 tasks in the same way, all or none, and tell how many. Every member but a viewer may.

    Raises TaskNotFound if one of them is not in the space, RoleTooLow, InvalidValue.
    """

    open_space: OpenSpace
    clock: Clock

    async def __call__(
        self, actor: Actor, owner_id: str | None, task_ids: Collection[TaskId], changes: TaskChanges
    ) -> int:
        _require_some(task_ids, "ids")
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            if not await may_be_assigned(changes, space.members):
                raise not_a_member()
            tasks = await _all(task_ids, space)
            at = self.clock()
            await space.tasks.save_all(
                await in_parts(lambda task: (task.change(changes, by=space.access, at=at), task), tasks)
            )
        return len(tasks)


@retried
@dataclass(frozen=True, slots=True)
class DeleteTasks:
    """Move up to 1,000 tasks to the trash, all or none, and tell how many. Their makers and the space's admins may.

    Raises TaskNotFound if one of them is not in the space, RoleTooLow if one of them is not the caller's to delete.
    """

    open_space: OpenSpace
    clock: Clock

    async def __call__(self, actor: Actor, owner_id: str | None, task_ids: Collection[TaskId]) -> int:
        _require_some(task_ids, "ids")
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            tasks = await _all(task_ids, space)
            at = self.clock()
            await space.tasks.save_all(await in_parts(lambda task: (task.delete(by=space.access, at=at), task), tasks))
        return len(tasks)


@dataclass(frozen=True, slots=True)
class DeleteFoundTasks:
    """Move every task that fits the filters to the trash, and tell how many. The space's admins may.

    Without a filter it has to be said that every task is meant, and only then.
    Some hundreds at a time, by their ids: others go on meanwhile, and what they make may go, too. Raises RoleTooLow,
    InvalidValue, and PartlyDone, after which it may be repeated.
    """

    open_space: OpenSpace
    clock: Clock

    async def __call__(
        self,
        actor: Actor,
        owner_id: str | None,
        filters: TaskFilters,
        *,
        due: DueIn | None = None,
        everything: bool = False,
    ) -> int:
        _require_extent(everything=everything, is_filtered=due is not None or filters != TaskFilters())
        at, last = self.clock(), FIRST
        narrowed = filters.narrowed(due, at)

        async def delete_some() -> int:
            nonlocal last
            async with self.open_space(actor, owner_id) as space:
                space.access.require(Permission.DELETE_ANY_ITEM)
                deleted = await space.tasks.delete_found(narrowed, at=at, limit=STRETCH, after=last)
            last = max(deleted, default=last)
            return len(deleted)

        return await in_stretches(delete_some)


def _require_extent(*, everything: bool, is_filtered: bool) -> None:
    """Raise InvalidValue unless the caller either names filters or says that every task is meant."""
    if everything and is_filtered:
        raise InvalidValue(
            "not_with_filters", "all=true and filters exclude each other. Send one of them.", field="all"
        )
    if not everything and not is_filtered:
        raise InvalidValue("missing", "Send a filter, or all=true where every task of the space is meant.", field="all")


def _require_some(things: Collection[object], field: str) -> None:
    if not 1 <= len(things) <= MOST_AT_ONCE:
        raise InvalidValue("out_of_range", f"Send 1 to {MOST_AT_ONCE} of them.", field=field)


async def _all(task_ids: Collection[TaskId], space: Space) -> Sequence[Task]:
    """The tasks of these ids, each once. Raises TaskNotFound with the index of the first id that has no task here."""
    wanted = frozenset(task_ids)
    tasks = await space.tasks.get_all(wanted)
    if len(tasks) < len(wanted):
        found = {task.id for task in tasks}
        raise TaskNotFound(next(index for index, task_id in enumerate(task_ids) if task_id not in found))
    return tasks
