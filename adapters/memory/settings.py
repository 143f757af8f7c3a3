"""The settings of one space, in memory."""

from adapters.memory.owned import OwnedItems, page_of
from adapters.memory.store import Contents
from application.ports.paging import Page, Stretch
from domain.errors import SettingNotFound
from domain.ids import SpaceId
from domain.setting import Setting, SettingKey


class MemorySettings:
    """The settings of one space."""

    def __init__(self, contents: Contents, space_id: SpaceId) -> None:
        self._items = OwnedItems(contents.settings, space_id)

    async def add_unless_there(self, setting: Setting) -> Setting:
        """Add it or find the one that is there."""
        kept = self._items.get(setting.key)
        if kept is not None:
            return kept
        self._items.add(setting.key, setting)
        return setting

    async def get(self, key: SettingKey) -> Setting:
        """The setting."""
        setting = self._items.get(key)
        if setting is None:
            raise SettingNotFound
        return setting

    async def save(self, setting: Setting, *, was: Setting) -> None:
        """Replace the setting if it is still the one read."""
        self._items.save(was.key, setting, was=was)

    async def remove(self, setting: Setting) -> None:
        """Remove the setting if it is still the one read."""
        self._items.remove(setting.key, setting)

    async def find(self, stretch: Stretch) -> Page[Setting]:
        """By key."""
        return page_of(self._items.all(), stretch, lambda setting: setting.place)
