"""What people do with tags, in their own space or in one they share.

Every use case raises NotAuthenticated if the caller's session has ended, SpaceForbidden if the space is not one
of theirs, and Unavailable if the store cannot answer.
"""

from dataclasses import dataclass

from application.listing import Bookmarks, Listing, bound, list_stretch
from application.ports.clock import Clock
from application.ports.cursors import Cursors
from application.ports.ids import IdGenerator
from application.ports.paging import Stretch
from application.ports.spaces import OpenSpace
from application.retrying import retried
from application.room import Room
from domain.access import Actor, Permission
from domain.ids import TagId
from domain.quotas import Quota
from domain.tag import Tag, TagChanges, TagDraft
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
                await space.tasks.retag(tag.name, changed.name, at=at)
        return changed


@retried
@dataclass(frozen=True, slots=True)
class DeleteTag:
    """Delete a tag and take it off its tasks, which stay. Its maker and the space's admins may.

    Raises TagNotFound, RoleTooLow, PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace
    clock: Clock

    async def __call__(self, actor: Actor, owner_id: str | None, tag_id: TagId, expected: Versions = None) -> None:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            tag = await space.tags.get(tag_id)
            tag.require_deletion(by=space.access)
            require_version(tag.version, expected)
            await space.tags.remove(tag)
            await space.tasks.retag(tag.name, None, at=self.clock())
