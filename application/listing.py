"""Lists, a stretch at a time: by pages, which are counted, or by cursors, which keep their place meanwhile."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Protocol, Self, TypeVar

from application.ports.cursors import Cursors
from application.ports.paging import Onward, Page, Stretch
from domain.ids import SpaceId, UserId, read_id
from domain.place import Place
from domain.time import EPOCH, MICROSECOND, microseconds


class _Placed(Protocol):
    @property
    def place(self) -> Place: ...


Item = TypeVar("Item")
Wanted = TypeVar("Wanted", bound=Stretch)
Ahead = TypeVar("Ahead", bound=Onward)


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """A stretch of a list, how much there is in all where that was counted, and the cursor to the next stretch."""

    items: Sequence[Item]
    total: int | None
    next_cursor: str | None


def own_place(item: _Placed) -> Place:
    """Where an item stands that knows it."""
    return item.place


@dataclass(frozen=True, slots=True)
class Bookmarks:
    """The cursors of one list, for one reader."""

    cursors: Cursors
    bound_to: str
    place: Callable[[Any], Place] = own_place
    """Where an item of the list stands."""
    began_at: datetime | None = None
    """The moment from which a relative filter is seen on every page; None where there is no such filter."""

    def begun(self, cursor: str | None, now: datetime) -> Self:
        """The same for a walk that begins now, or that the cursor goes on with. Raises CursorRefused."""
        _, _, *began = self._read(cursor) if cursor else (None, None)
        return replace(self, began_at=EPOCH + began[0] * MICROSECOND if began else now)

    def behind(self, items: Sequence[object]) -> str:
        """The cursor that leads on from the last of these."""
        place = self.place(items[-1])
        began = [] if self.began_at is None else [microseconds(self.began_at)]
        position = json.dumps([place.key, str(place.id), *began], ensure_ascii=False)
        return self.cursors.write(position, bound_to=self.bound_to)

    def read(self, cursor: str) -> Place | None:
        """Where a cursor leads on from; nowhere, for the empty one. Raises CursorRefused."""
        if not cursor:
            return None
        key, item_id, *_ = self._read(cursor)
        return Place(key, read_id(item_id))

    def _read(self, cursor: str) -> list[Any]:
        position: list[Any] = json.loads(self.cursors.read(cursor, bound_to=self.bound_to))
        return position


async def list_page(
    find: Callable[[Onward], Awaitable[Sequence[Item]]], page: Onward, cursor: str | None, bookmarks: Bookmarks
) -> Listing[Item]:
    """A page of a list that has cursors only; without one, the first page. Raises CursorRefused."""
    return await list_onward(find, page, cursor or "", bookmarks)


def bound(reader: UserId, space_id: SpaceId | None, *asked: object) -> str:
    """What a cursor is good for: this person's look at this space, or at no single one, with what they asked for."""
    return json.dumps([str(reader), str(space_id), *asked])


async def list_stretch(
    find: Callable[[Wanted], Awaitable[Page[Item]]], wanted: Wanted, cursor: str | None, bookmarks: Bookmarks
) -> Listing[Item]:
    """The stretch that is wanted, or that a cursor leads to, be it the empty one for the beginning.

    By cursor nothing is counted. Raises CursorRefused.
    """
    if cursor is None:
        page = await find(wanted)
        has_more = bool(page.items) and wanted.skip + len(page.items) < (page.total or 0)
        return Listing(page.items, page.total, bookmarks.behind(page.items) if has_more else None)

    async def find_items(ahead: Wanted) -> Sequence[Item]:
        return (await find(ahead)).items

    return await list_onward(find_items, replace(wanted, is_counted=False), cursor, bookmarks)


async def list_onward(
    find: Callable[[Ahead], Awaitable[Sequence[Item]]], wanted: Ahead, cursor: str, bookmarks: Bookmarks
) -> Listing[Item]:
    """The stretch that a cursor leads to, be it the empty one for the beginning. Raises CursorRefused."""
    found = await find(replace(wanted, after=bookmarks.read(cursor), limit=wanted.limit + 1))
    items = found[: wanted.limit]
    return Listing(items, None, bookmarks.behind(items) if len(found) > wanted.limit else None)
