"""The tags of one space, in memory."""

from collections.abc import Sequence

from adapters.memory.owned import OwnedItems, page_of
from adapters.memory.store import Contents
from application.ports.paging import Page, Stretch
from domain.errors import TagNotFound, TagTaken
from domain.ids import SpaceId, TagId
from domain.tag import Tag, TagName


class MemoryTags:
    """The tags of one space."""

    def __init__(self, contents: Contents, space_id: SpaceId) -> None:
        self._items = OwnedItems(contents.tags, space_id)

    async def spelt(self, names: Sequence[TagName]) -> Sequence[TagName]:
        """Those of the names that tags have."""
        return [tag.name for tag in self._named(names)]

    def _named(self, names: Sequence[TagName]) -> list[Tag]:
        keys = {name.key for name in names}
        return [tag for tag in self._items.all() if tag.name_key in keys]

    async def add_unless_there(self, tags: Sequence[Tag]) -> Sequence[Tag]:
        """Add each or find the one that is there."""
        there = {tag.name_key: tag for tag in self._named([tag.name for tag in tags])}
        for tag in tags:
            if tag.name_key not in there:
                self._items.add(tag.id, tag)
        return [there.get(tag.name_key, tag) for tag in tags]

    async def add(self, tag: Tag) -> None:
        """Keep a new tag."""
        if self._named([tag.name]):
            raise TagTaken
        self._items.add(tag.id, tag)

    async def get(self, tag_id: TagId) -> Tag:
        """The tag."""
        tag = self._items.get(tag_id)
        if tag is None:
            raise TagNotFound
        return tag

    async def save(self, tag: Tag, *, was: Tag) -> None:
        """Replace the tag if it is still the one read."""
        if any(kept.id != tag.id for kept in self._named([tag.name])):
            raise TagTaken
        self._items.save(was.id, tag, was=was)

    async def remove(self, tag: Tag) -> None:
        """Remove the tag if it is still the one read."""
        self._items.remove(tag.id, tag)

    async def find(self, stretch: Stretch) -> Page[Tag]:
        """By name."""
        return page_of(self._items.all(), stretch, lambda tag: tag.place)
