"""How much a space holds, in memory."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters.memory.store import Contents
from domain.ids import SpaceId
from domain.quotas import Quota

_KEPT: Final[Mapping[Quota, Callable[[Contents], Mapping[Any, Any]]]] = {
    Quota.TASKS: lambda contents: contents.tasks,
    Quota.TAGS: lambda contents: contents.tags,
    Quota.DOCUMENTS: lambda contents: contents.documents,
    Quota.SETTINGS: lambda contents: contents.settings,
    Quota.MEMBERS: lambda contents: contents.memberships,
}


class MemoryUsage:
    """How much one space holds."""

    def __init__(self, contents: Contents, space_id: SpaceId) -> None:
        self._contents = contents
        self.space_id = space_id

    async def of(self, quota: Quota, at_most: int) -> int:
        """Count it."""
        if quota is Quota.DOCUMENT_BYTES:
            mine = (one for (space_id, _), one in self._contents.documents.items() if space_id == self.space_id)
            return sum(document.size for document in mine)
        kept = _KEPT[quota](self._contents)
        found = [key for key in kept if key[0] == self.space_id]
        return min(at_most, len(found))
