"""Where the settings of one space are kept."""

from typing import Protocol

from application.ports.paging import Page, Stretch
from domain.setting import Setting, SettingKey


class Settings(Protocol):
    """The settings of the space they were reached through."""

    async def add_unless_there(self, setting: Setting) -> Setting:
        """Keep a new setting and return it; or return the one that has its key. Nobody else changes that meanwhile."""
        ...

    async def get(self, key: SettingKey) -> Setting:
        """The setting. In a space opened for writing nobody else changes it until the space closes.

        Raises SettingNotFound.
        """
        ...

    async def save(self, setting: Setting, *, was: Setting) -> None:
        """Replace ``was``, as it was read, by ``setting``. Raises StaleVersion if it has changed since."""
        ...

    async def remove(self, setting: Setting) -> None:
        """Remove the setting. Raises StaleVersion if it has changed since it was read."""
        ...

    async def find(self, stretch: Stretch) -> Page[Setting]:
        """The settings by key."""
        ...
