"""Where the tags of one space are kept."""

from collections.abc import Sequence
from typing import Protocol

from application.ports.paging import Page, Stretch
from domain.ids import TagId
from domain.tag import Tag, TagName


class TagNames(Protocol):
    """The names of tags in a space, as far as tasks need them."""

    async def spelt(self, names: Sequence[TagName]) -> Sequence[TagName]:
        """Those of the names that tags have, as these spell them. Nobody renames or removes these meanwhile."""
        ...

    async def add_unless_there(self, tags: Sequence[Tag]) -> Sequence[Tag]:
        """Keep new tags and return them; instead of some, those that have their names. Nobody changes these meanwhile.

        They come in the order of their names' keys. It takes the same statements, however many are there already.
        """
        ...


class Tags(TagNames, Protocol):
    """The tags of the space they were reached through."""

    async def add(self, tag: Tag) -> None:
        """Keep a new tag. Raises TagTaken if there is one of this name, whatever its capitals."""
        ...

    async def get(self, tag_id: TagId) -> Tag:
        """The tag. In a space opened for writing nobody else changes it until the space closes.

        Raises TagNotFound.
        """
        ...

    async def save(self, tag: Tag, *, was: Tag) -> None:
        """Replace ``was``, as it was read, by ``tag``. Raises StaleVersion if it has changed since, and TagTaken."""
        ...

    async def remove(self, tag: Tag) -> None:
        """Remove the tag. Raises StaleVersion if it has changed since it was read."""
        ...

    async def find(self, stretch: Stretch) -> Page[Tag]:
        """The tags by name, without regard to case."""
        ...
