"""How much a space holds."""

from typing import Protocol

from domain.ids import SpaceId
from domain.quotas import Quota


class Usage(Protocol):
    """How much the space holds that it was reached through, seen in the same transaction."""

    @property
    def space_id(self) -> SpaceId:
        """Which space it is."""
        ...

    async def of(self, quota: Quota, at_most: int) -> int:
        """How much there is of tasks, tags, documents, their bytes, settings or members.

        Rows are counted no further than ``at_most``. Raises KeyError for what no space holds.
        """
        ...
