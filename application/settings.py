"""What people do with settings, of their own space or of one they share.

Every use case raises NotAuthenticated if the caller's session has ended, SpaceForbidden if the space is not one
of theirs, and Unavailable if the store cannot answer.
"""

from dataclasses import dataclass

from application.listing import Bookmarks, Listing, bound, list_stretch
from application.ports.clock import Clock
from application.ports.cursors import Cursors
from application.ports.paging import Stretch
from application.ports.spaces import OpenSpace
from application.retrying import retried
from application.room import Room
from domain.access import Actor, Permission
from domain.quotas import Quota
from domain.setting import Setting, SettingKey, SettingValue
from domain.versions import ANYTHING, Expectation, Versions, require_version


@dataclass(frozen=True, slots=True)
class Put:
    """A setting as it is now, and whether it is new."""

    setting: Setting
    is_new: bool


@retried
@dataclass(frozen=True, slots=True)
class ListSettings:
    """List the settings of a space, by key. Every member may. Raises CursorRefused."""

    open_space: OpenSpace
    cursors: Cursors

    async def __call__(
        self, actor: Actor, owner_id: str | None, stretch: Stretch, *, cursor: str | None = None
    ) -> Listing[Setting]:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.READ_SPACE)
            bookmarks = Bookmarks(self.cursors, bound(actor.user_id, space.access.space_id, "settings"))
            return await list_stretch(space.settings.find, stretch, cursor, bookmarks)


@retried
@dataclass(frozen=True, slots=True)
class GetSetting:
    """Show one setting. Every member of the space may. Raises SettingNotFound."""

    open_space: OpenSpace

    async def __call__(self, actor: Actor, owner_id: str | None, key: SettingKey) -> Setting:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.READ_SPACE)
            return await space.settings.get(key)


@retried
@dataclass(frozen=True, slots=True)
class PutSetting:
    """Give a key a value, whether it has one or not, unless something else is expected.

    Admins and owners may. Raises RoleTooLow, QuotaReached for a new key, PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace
    clock: Clock
    room: Room

    async def __call__(
        self,
        actor: Actor,
        owner_id: str | None,
        key: SettingKey,
        value: SettingValue,
        expected: Expectation = ANYTHING,
    ) -> Put:
        async with self.open_space(actor, owner_id) as space:
            at = self.clock()
            new = Setting.create(key, value, by=space.access, at=at)
            kept = await space.settings.add_unless_there(new)
            changed = kept.change(value, by=space.access, at=at)
            put = Put(changed, is_new=kept is new)
            expected.require(kept.version, is_new=put.is_new)
            if put.is_new:
                await self.room.require(space.usage, Quota.SETTINGS, is_added=True)
            await space.settings.save(changed, was=kept)
        return put


@retried
@dataclass(frozen=True, slots=True)
class DeleteSetting:
    """Delete a setting. Admins and owners may. Raises SettingNotFound, RoleTooLow, PreconditionFailed, StaleVersion."""

    open_space: OpenSpace

    async def __call__(self, actor: Actor, owner_id: str | None, key: SettingKey, expected: Versions = None) -> None:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.MANAGE_SPACE)
            setting = await space.settings.get(key)
            require_version(setting.version, expected)
            await space.settings.remove(setting)
