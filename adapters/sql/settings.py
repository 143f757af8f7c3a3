"""The settings of one space, on SQL databases."""

from typing import Final

from sqlalchemy.dialects.postgresql import insert

from adapters.sql.connection import Connection
from adapters.sql.owned import OwnedRows, Statements, as_kept
from adapters.sql.pages import Order
from adapters.sql.query import Query, Row
from adapters.sql.tables import settings
from application.ports.paging import Page, Stretch
from domain.errors import SettingNotFound
from domain.ids import SpaceId
from domain.setting import Setting, SettingKey, SettingValue

_SETTINGS: Final = Statements.about(settings, Order((settings.c.key,)), key="key")
_ADD_UNLESS_THERE: Final = Query(insert(settings).on_conflict_do_nothing(index_elements=["space_id", "key"]))


def _from_row(row: Row) -> Setting:
    space_id, key, value, created_by, version, created_at, updated_at = row
    return Setting(
        space_id=space_id,
        key=as_kept(SettingKey, key),
        value=as_kept(SettingValue, value),
        created_by=created_by,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
    )


class SqlSettings:
    """The settings of one space."""

    def __init__(self, connection: Connection, space_id: SpaceId) -> None:
        self._rows = OwnedRows(_SETTINGS, _from_row, connection, space_id)

    async def add_unless_there(self, setting: Setting) -> Setting:
        """Add it or find the one that is there; again if that one was removed in between."""
        while not await self._rows.add(setting, _ADD_UNLESS_THERE):
            kept = await self._rows.get(setting.key)
            if kept is not None:
                return kept
        return setting

    async def get(self, key: SettingKey) -> Setting:
        """The setting, locked where the space was opened for writing."""
        setting = await self._rows.get(key)
        if setting is None:
            raise SettingNotFound
        return setting

    async def save(self, setting: Setting, *, was: Setting) -> None:
        """Replace the setting if its version is still the one read."""
        await self._rows.save(setting, was=was)

    async def remove(self, setting: Setting) -> None:
        """Remove the setting if its version is still the one read."""
        await self._rows.remove(setting)

    async def find(self, stretch: Stretch) -> Page[Setting]:
        """By key."""
        return await self._rows.find(stretch)
