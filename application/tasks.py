"""What people do with tasks, in their own space or in one they share.

Every use case raises NotAuthenticated if the caller's session has ended, SpaceForbidden if the space is not one
of theirs, and Unavailable if the store cannot answer. Those that take ``expected`` raise PreconditionFailed where the
task is in none of these versions; it is held, so of many who expect the same one exactly one succeeds.
"""

from dataclasses import dataclass

from application.assignees import may_be_assigned, not_a_member
from application.ports.clock import Clock
from application.ports.ids import IdGenerator
from application.ports.spaces import OpenSpace, RecallFailed, Space
from application.retrying import retried
from application.room import Room
from application.tagging import allowing_tags, making_tags, spelt_in_secret, with_tags
from domain.access import Actor, Permission
from domain.errors import RecipientNotFound
from domain.ids import SpaceId, TaskId
from domain.quotas import Quota
from domain.task import Task, TaskChanges, TaskDraft
from domain.versions import Versions, require_version


@retried
@dataclass(frozen=True, slots=True)
class GetTask:
    """Show one task. Every member of its space may. Raises TaskNotFound."""

    open_space: OpenSpace

    async def __call__(self, actor: Actor, owner_id: str | None, task_id: TaskId) -> Task:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.READ_ITEMS)
            return await space.tasks.get(task_id)


@retried
@dataclass(frozen=True, slots=True)
class CreateTask:
    """Add a task to a space. Every member but a viewer may. Raises RoleTooLow, InvalidValue, QuotaReached."""

    open_space: OpenSpace
    clock: Clock
    new_id: IdGenerator
    room: Room

    async def __call__(self, actor: Actor, owner_id: str | None, draft: TaskDraft) -> Task:
        try:
            return await self._create(actor, owner_id, draft, recalls=True)
        except RecallFailed:
            return await self._create(actor, owner_id, draft, recalls=False)

    async def _create(self, actor: Actor, owner_id: str | None, draft: TaskDraft, *, recalls: bool) -> Task:
        async with self.open_space(actor, owner_id, recalls=recalls) as space:
            space.access.require(Permission.EDIT_ITEMS)
            at = self.clock()
            await self.room.require(space.usage, Quota.TASKS)
            await _check_assignee(draft, space)
            settled = await with_tags(draft, space, self.room, self.new_id, at)
            task = Task.create(settled, id=TaskId(self.new_id()), by=space.access, at=at)
            await space.tasks.add(task)
        return task


@retried
@dataclass(frozen=True, slots=True)
class ReplaceTask:
    """Replace everything about a task that may be changed; what is left out returns to its default.

    Every member but a viewer may. Raises TaskNotFound, RoleTooLow, InvalidValue, QuotaReached for new tags,
    PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace
    clock: Clock
    new_id: IdGenerator
    room: Room

    async def __call__(
        self, actor: Actor, owner_id: str | None, task_id: TaskId, draft: TaskDraft, expected: Versions = None
    ) -> Task:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            may_hold, at = await may_be_assigned(draft, space.members), self.clock()
            settled = await with_tags(draft, space, self.room, self.new_id, at)
            task = await space.tasks.get(task_id)
            replaced = task.replace_with(settled, by=space.access, at=at)
            if not may_hold and replaced.assignee_id != task.assignee_id:
                raise not_a_member()
            require_version(task.version, expected)
            await space.tasks.save(replaced, was=task)
        return replaced


@retried
@dataclass(frozen=True, slots=True)
class ChangeTask:
    """Change a task; what is left out stays as it is.

    Every member but a viewer may. Raises TaskNotFound, RoleTooLow, InvalidValue, QuotaReached for new tags,
    PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace
    clock: Clock
    new_id: IdGenerator
    room: Room

    async def __call__(
        self, actor: Actor, owner_id: str | None, task_id: TaskId, changes: TaskChanges, expected: Versions = None
    ) -> Task:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            may_hold, at = await may_be_assigned(changes, space.members), self.clock()
            settled = await with_tags(changes, space, self.room, self.new_id, at)
            task = await space.tasks.get(task_id)
            changed = task.change(settled, by=space.access, at=at)
            if not may_hold and changed.assignee_id != task.assignee_id:
                raise not_a_member()
            require_version(task.version, expected)
            await space.tasks.save(changed, was=task)
        return changed


@retried
@dataclass(frozen=True, slots=True)
class CompleteTask:
    """Mark a task as completed; a completed one stays as it is.

    Every member but a viewer may. Raises TaskNotFound, RoleTooLow, PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace
    clock: Clock

    async def __call__(self, actor: Actor, owner_id: str | None, task_id: TaskId, expected: Versions = None) -> Task:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            task = await space.tasks.get(task_id)
            completed = task.complete(by=space.access, at=self.clock())
            require_version(task.version, expected)
            await space.tasks.save(completed, was=task)
        return completed


@retried
@dataclass(frozen=True, slots=True)
class ToggleTask:
    """Flip a task between completed and pending.

    Every member but a viewer may. Raises TaskNotFound, RoleTooLow, PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace
    clock: Clock

    async def __call__(self, actor: Actor, owner_id: str | None, task_id: TaskId, expected: Versions = None) -> Task:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            task = await space.tasks.get(task_id)
            toggled = task.toggle(by=space.access, at=self.clock())
            require_version(task.version, expected)
            await space.tasks.save(toggled, was=task)
        return toggled


@retried
@dataclass(frozen=True, slots=True)
class DeleteTask:
    """Move a task to the trash.

    Its maker and the space's admins may. Raises TaskNotFound, RoleTooLow, PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace
    clock: Clock

    async def __call__(self, actor: Actor, owner_id: str | None, task_id: TaskId, expected: Versions = None) -> None:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            task = await space.tasks.get(task_id)
            deleted = task.delete(by=space.access, at=self.clock())
            require_version(task.version, expected)
            await space.tasks.save(deleted, was=task)


@retried
@dataclass(frozen=True, slots=True)
class TransferTask:
    """Hand a task over to an organisation or a person, in one transaction. Its tags go along by name.

    Whoever may delete it here and create tasks there may; a person can give to those who share an organisation with
    them, and is not told how these spell its tags. Raises TaskNotFound, RoleTooLow, RecipientNotFound (the same for
    those who exist), QuotaReached where there is no room in the space it goes to, PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace
    clock: Clock
    new_id: IdGenerator
    room: Room

    async def __call__(
        self, actor: Actor, owner_id: str | None, task_id: TaskId, to: SpaceId, expected: Versions = None
    ) -> Task:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            task = await space.tasks.get(task_id)
            if to == task.space_id:
                require_version(task.version, expected)
                return task
            neighbour = await space.neighbour(to)
            keeps = task.assignee_id is not None and await neighbour.has_member(task.assignee_id)
            at = self.clock()
            transferred = task.transfer(to, keeps_assignee=keeps, by=space.access, at=at)
            if not neighbour.relation.may_give:
                raise RecipientNotFound
            await self.room.require(neighbour.usage, Quota.TASKS)
            make = making_tags(self.new_id, to, by=space.access.user_id, at=at)
            allow = allowing_tags(self.room, neighbour.usage)
            kept = transferred.with_tags(await spelt_in_secret(task.tags, neighbour.tags, make, allow))
            require_version(task.version, expected)
            await neighbour.take(kept, was=task)
        return kept if neighbour.relation.may_look else transferred


async def _check_assignee(wanted: TaskDraft, space: Space) -> None:
    """Raise InvalidValue unless the assignee is a member."""
    if not await may_be_assigned(wanted, space.members):
        raise not_a_member()
