"""What repositories of one space have in common, in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from application.ports.paging import Onward, Page, Stretch
from domain.errors import StaleVersion
from domain.ids import SpaceId
from domain.place import Place

Item = TypeVar("Item")


class _Versioned(Protocol):
    @property
    def version(self) -> int: ...


Entity = TypeVar("Entity", bound=_Versioned)


class OwnedItems(Generic[Entity]):
    """The items of one kind in one space, by their keys."""

    def __init__(self, kept: dict[Any, Entity], space_id: SpaceId) -> None:
        self._kept = kept
        self._space_id = space_id

    def all(self) -> Iterator[Entity]:
        """Every item of the space."""
        return (item for (space_id, _), item in self._kept.items() if space_id == self._space_id)

    def add(self, key: object, item: Entity) -> None:
        """Keep a new item."""
        self._kept[self._space_id, key] = item

    def get(self, key: object) -> Entity | None:
        """The item with this key."""
        return self._kept.get((self._space_id, key))

    def save(self, key: object, item: Entity, *, was: Entity) -> None:
        """Replace an item if it is still the one read. Raises StaleVersion."""
        if item != was:
            self._require_as_read(key, was)
            self._kept[self._space_id, key] = item

    def remove(self, key: object, item: Entity) -> None:
        """Remove an item if it is still the one read. Raises StaleVersion."""
        self._require_as_read(key, item)
        del self._kept[self._space_id, key]

    def _require_as_read(self, key: object, was: Entity) -> None:
        kept = self.get(key)
        if kept is None or kept.version != was.version:
            raise StaleVersion


def page_of(
    found: Iterable[Item], stretch: Stretch, place: Callable[[Item], Place], *, descending: bool = False
) -> Page[Item]:
    """A stretch of what was found, by where it stands, and the total where it was asked for."""
    everything = list(found)
    ahead = items_of(everything, replace(stretch, limit=len(everything)), place, descending=descending)
    items = ahead[stretch.skip : stretch.skip + stretch.limit]
    return Page(items, len(everything) if stretch.is_counted else None)


def items_of(
    found: Iterable[Item], page: Onward, place: Callable[[Item], Place], *, descending: bool = False
) -> Sequence[Item]:
    """A page of the items, by their places."""
    ordered = sorted(found, key=place, reverse=descending)
    return [item for item in ordered if _is_behind(place(item), page.after, descending=descending)][: page.limit]


def _is_behind(here: Place, after: Place | None, *, descending: bool) -> bool:
    if after is None:
        return True
    return here < after if descending else here > after
