"""What people do with tags, in their own space or in one they share.

Every use case raises NotAuthenticated if the caller's session has ended, SpaceForbidden if the space is not one
of theirs, and Unavailable if the store cannot answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from application.listing import Bookmarks, Listing, bound, list_stretch
from application.ports.clock import Clock
from application.ports.cursors import Cursors
from application.ports.ids import IdGenerator
from application.ports.paging import Stretch
from application.ports.spaces import OpenSpace, Space
from application.ports.tasks import FIRST
from application.retrying import retried
from application.room import Room
from application.stretches import STRETCH, in_stretches
from domain.access import Actor, Permission
from domain.ids import TagId, TaskId
from domain.quotas import Quota
from domain.tag import Tag, TagChanges, TagDraft, TagName
from domain.versions import Versions, require_version


@retried
@dataclass(frozen=True, slots=True)
class ListTags:
    """List the tags of a space by name, without regard to case. Every member may. Raises CursorRefused."""

    open_space: OpenSpace
    cursors: Cursors

    async def __call__(
        self, actor: Actor, owner_id: str | None, stretch: Stretch, *, cursor: str | None = None
    ) -> Listing[Tag]:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.READ_ITEMS)
            bookmarks = Bookmarks(self.cursors, bound(actor.user_id, space.access.space_id, "tags"))
            return await list_stretch(space.tags.find, stretch, cursor, bookmarks)


@retried
@dataclass(frozen=True, slots=True)
class GetTag:
    """Show one tag. Every member of its space may. Raises TagNotFound."""

    open_space: OpenSpace

    async def __call__(self, actor: Actor, owner_id: str | None, tag_id: TagId) -> Tag:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.READ_ITEMS)
            return await space.tags.get(tag_id)


@retried
@dataclass(frozen=True, slots=True)
class CreateTag:
    """Add a tag to a space. Every member but a viewer may.

    A name is there once in a space, without regard to case. Raises RoleTooLow, TagTaken, QuotaReached.
    """

    open_space: OpenSpace
    clock: Clock
    new_id: IdGenerator
    room: Room

    async def __call__(self, actor: Actor, owner_id: str | None, draft: TagDraft) -> Tag:
        async with self.open_space(actor, owner_id) as space:
            tag = Tag.create(draft, id=TagId(self.new_id()), by=space.access, at=self.clock())
            await space.tags.add(tag)
            await self.room.require(space.usage, Quota.TAGS, is_added=True)
        return tag


@retried
@dataclass(frozen=True, slots=True)
class ChangeTag:
    """Change a tag; with another name it is renamed on its tasks, too.

    Every member but a viewer may. Raises TagNotFound, RoleTooLow, TagTaken, PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace
    clock: Clock

    async def __call__(
        self, actor: Actor, owner_id: str | None, tag_id: TagId, changes: TagChanges, expected: Versions = None
    ) -> Tag:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            tag, at = await space.tags.get(tag_id), self.clock()
            changed = tag.change(changes, by=space.access, at=at)
            require_version(tag.version, expected)
            await space.tags.save(changed, was=tag)
            if changed.name != tag.name:
                await _rename(space, tag.name, changed.name, at=at)
        return changed


async def _take_off(space: Space, name: TagName, *, at: datetime, after: TaskId) -> Sequence[TaskId]:
    """Take the tag off some tasks behind one; at the end also off those in front that have got it meanwhile."""
    changed = await space.tasks.retag(name, None, at=at, limit=STRETCH, after=after)
    if len(changed) == STRETCH or after == FIRST:
        return changed
    return [*changed, *await space.tasks.retag(name, None, at=at, limit=STRETCH)]


async def _rename(space: Space, was: TagName, now: TagName, *, at: datetime) -> None:
    """Give the tag another name on every task: all in one transaction, some hundreds with each statement."""
    last = FIRST
    while changed := await space.tasks.retag(was, now, at=at, limit=STRETCH, after=last):
        last = changed[-1]


@dataclass(frozen=True, slots=True)
class DeleteTag:
    """Delete a tag and take it off its tasks, which stay. Its maker and the space's admins may.

    It is taken off some hundreds of tasks at a time, and deleted with the last of them. Raises TagNotFound, RoleTooLow,
    PreconditionFailed, StaleVersion, and PartlyDone, after which it may be repeated.
    """

    open_space: OpenSpace
    clock: Clock

    async def __call__(self, actor: Actor, owner_id: str | None, tag_id: TagId, expected: Versions = None) -> None:
        last = FIRST

        async def delete_or_take_off() -> int:
            nonlocal last
            async with self.open_space(actor, owner_id) as space:
                space.access.require(Permission.EDIT_ITEMS)
                tag = await space.tags.get(tag_id)
                tag.require_deletion(by=space.access)
                require_version(tag.version, expected)
                changed = await _take_off(space, tag.name, at=self.clock(), after=last)
                if len(changed) < STRETCH:
                    await space.tags.remove(tag)
            last = max(changed, default=last)
            return len(changed)

        await in_stretches(delete_or_take_off)
