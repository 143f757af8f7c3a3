"""How tags are spelt, as far as this process has seen it. It may be wrong, and is never believed without a look."""

from collections.abc import Iterable, Sequence
from typing import Final

from domain.ids import SpaceId
from domain.tag import TagName

_MOST: Final = 5_000
"""How many names are remembered: three MiB or so."""


class Spellings:
    """The names of tags that were seen in their spaces."""

    def __init__(self, room: int = _MOST) -> None:
        self._room = room
        self._seen: dict[tuple[SpaceId, str], TagName] = {}

    def recall(self, space_id: SpaceId, names: Iterable[TagName]) -> Sequence[TagName] | None:
        """The names as their tags spelt them, in the order of their keys; None unless all of them were seen."""
        found = [self._seen.get((space_id, key)) for key in sorted(name.key for name in names)]
        known = [name for name in found if name is not None]
        return known if len(known) == len(found) else None

    def remember(self, space_id: SpaceId, seen: Iterable[TagName]) -> None:
        """Take note of names as they are spelt. When there is no more room, everything else is forgotten."""
        for name in seen:
            if len(self._seen) >= self._room:
                self._seen.clear()
            self._seen[space_id, name.key] = name

    def forget(self, space_id: SpaceId, names: Iterable[TagName]) -> None:
        """They may be spelt otherwise."""
        for name in names:
            self._seen.pop((space_id, name.key), None)
