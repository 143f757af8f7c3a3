"""What people do with tasks in the trash of a space.

Every use case raises NotAuthenticated if the caller's session has ended, SpaceForbidden if the space is not one
of theirs, and Unavailable if the store cannot answer.
"""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.spaces import OpenSpace
from application.ports.tasks import FIRST
from application.retrying import retried
from application.stretches import STRETCH, in_stretches
from domain.access import Actor, Permission
from domain.errors import InvalidValue
from domain.ids import TaskId
from domain.task import Task
from domain.versions import Versions, require_version


@retried
@dataclass(frozen=True, slots=True)
class RestoreTask:
    """Bring a task back from the trash. Its maker and the space's admins may.

    Raises TaskNotFound, RoleTooLow, PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace
    clock: Clock

    async def __call__(self, actor: Actor, owner_id: str | None, task_id: TaskId, expected: Versions = None) -> Task:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            task = await space.tasks.trashed(task_id)
            restored = task.restore(by=space.access, at=self.clock())
            require_version(task.version, expected)
            await space.tasks.save(restored, was=task)
        return restored


@retried
@dataclass(frozen=True, slots=True)
class PurgeTask:
    """Remove a task in the trash for good. The space's admins may.

    Raises TaskNotFound, RoleTooLow, PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace

    async def __call__(self, actor: Actor, owner_id: str | None, task_id: TaskId, expected: Versions = None) -> None:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.DELETE_ANY_ITEM)
            task = await space.tasks.trashed(task_id)
            require_version(task.version, expected)
            await space.tasks.purge(task)


@dataclass(frozen=True, slots=True)
class EmptyTrash:
    """Remove everything for good that is in the trash of a space, and tell how many. Its admins may, and say so.

    Some hundreds at a time: others go on meanwhile. Raises RoleTooLow, InvalidValue, and PartlyDone, after which it may
    be repeated.
    """

    open_space: OpenSpace

    async def __call__(self, actor: Actor, owner_id: str | None, *, everything: bool) -> int:
        if not everything:
            raise InvalidValue("missing", "Send all=true where everything in the trash is meant.", field="all")

        last = FIRST

        async def empty_some() -> int:
            nonlocal last
            async with self.open_space(actor, owner_id) as space:
                space.access.require(Permission.DELETE_ANY_ITEM)
                purged = await space.tasks.empty_trash(limit=STRETCH, after=last)
            last = max(purged, default=last)
            return len(purged)

        return await in_stretches(empty_some)
