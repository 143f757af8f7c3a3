"""The tags of one space, on SQL databases."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.connection import Connection, ConstraintViolated
from adapters.sql.owned import OwnedRows, Statements, as_kept, in_this_space
from adapters.sql.pages import Order
from adapters.sql.query import Query, Row
from adapters.sql.spellings import Spellings
from adapters.sql.tables import tags
from adapters.sql.types import is_any_of
from application.pausing import in_parts
from application.ports.paging import Page, Stretch
from application.ports.spaces import RecallFailed
from domain.errors import TagNotFound, TagTaken
from domain.ids import SpaceId, TagId
from domain.tag import Color, Tag, TagName

_TAGS: Final = Statements.about(tags, Order((tags.c.name_key,)))
_ADD_UNLESS_THERE: Final = Query(insert(tags).on_conflict_do_nothing(index_elements=["space_id", "name_key"]))
# Many may share a tag; whoever renames or removes it waits for them, and they for whoever does.
_NAMED: Final = (
    select()
    .where(in_this_space(tags), is_any_of(tags.c.name_key, "keys"))
    .order_by(tags.c.name_key)
    .with_for_update(read=True, key_share=True)
)
_SPELT: Final = Query(_NAMED.add_columns(tags.c.name))
_FOUND: Final = Query(_NAMED.add_columns(*tags.c))


def _from_row(row: Row) -> Tag:
    space_id, id_, name, _, color, created_by, version, created_at, updated_at = row
    return Tag(
        id=id_,
        space_id=space_id,
        name=as_kept(TagName, name),
        color=None if color is None else as_kept(Color, color),
        created_by=created_by,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
    )


@contextmanager
def _taken() -> Iterator[None]:
    try:
        yield
    except ConstraintViolated as violated:
        if violated.name == "tags_space_id_name_key_key":
            raise TagTaken from violated
        raise


class SqlTags:
    """The tags of one space."""

    def __init__(
        self, connection: Connection, space_id: SpaceId, spellings: Spellings, *, recalls: bool = False
    ) -> None:
        self._rows = OwnedRows(_TAGS, _from_row, connection, space_id)
        self._connection = connection
        self._space_id = space_id
        self._spellings = spellings
        self._recalls = recalls

    async def spelt(self, names: Sequence[TagName]) -> Sequence[TagName]:
        """Those of the names that tags have, held until the end."""
        recalled = self._spellings.recall(self._space_id, names) if self._recalls else None
        if recalled is not None:
            await self._expect(recalled)
            return recalled
        found = [as_kept(TagName, row[0]) for row in await self._named(_SPELT, names)]
        self._spellings.remember(self._space_id, found)
        return found

    async def _expect(self, names: Sequence[TagName]) -> None:
        """Hold the tags of these names, at the latest with what is done next, if they are still spelt so."""

        def otherwise() -> RecallFailed:
            self._spellings.forget(self._space_id, names)
            return RecallFailed()

        rows, keys = [(name,) for name in names], [name.key for name in names]
        await self._connection.expect(_SPELT, rows, otherwise, space_id=self._space_id, keys=keys)

    async def add_unless_there(self, tags: Sequence[Tag]) -> Sequence[Tag]:
        """Add them and find what is there now; again if one that was there has been removed in between."""
        there: dict[str, Tag] = {}
        while missing := [tag for tag in tags if tag.name_key not in there]:
            await self._rows.add_all(missing, _ADD_UNLESS_THERE)
            found = await self._named(_FOUND, [tag.name for tag in missing])
            there |= {tag.name_key: tag for tag in await in_parts(_from_row, found)}
        mine = {tag.id: tag for tag in tags}
        return [mine.get(there[tag.name_key].id, there[tag.name_key]) for tag in tags]

    async def _named(self, query: Query, names: Sequence[TagName]) -> list[Row]:
        keys = [name.key for name in names]
        return await self._connection.fetch_all(query, space_id=self._space_id, keys=keys)

    async def add(self, tag: Tag) -> None:
        """Keep a new tag."""
        with _taken():
            await self._rows.add(tag)

    async def get(self, tag_id: TagId) -> Tag:
        """The tag, locked where the space was opened for writing."""
        tag = await self._rows.get(tag_id)
        if tag is None:
            raise TagNotFound
        return tag

    async def save(self, tag: Tag, *, was: Tag) -> None:
        """Replace the tag if its version is still the one read."""
        with _taken():
            await self._rows.save(tag, was=was)

    async def remove(self, tag: Tag) -> None:
        """Remove the tag if its version is still the one read."""
        await self._rows.remove(tag)

    async def find(self, stretch: Stretch) -> Page[Tag]:
        """By name."""
        return await self._rows.find(stretch)


class SqlTagsNextDoor:
    """The names of the tags in another space, seen from an open one under row-level security."""

    def __init__(self, connection: Connection, space_id: SpaceId, *, home: SpaceId) -> None:
        self._connection = connection
        self._there = space_id
        self._home = home
        self._tags = SqlTags(connection, space_id, Spellings())

    async def spelt(self, names: Sequence[TagName]) -> Sequence[TagName]:
        """Those of the names that tags have there."""
        await self._connection.step_into(self._there)
        found = await self._tags.spelt(names)
        await self._connection.step_into(self._home)
        return found

    async def add_unless_there(self, tags: Sequence[Tag]) -> Sequence[Tag]:
        """Add them there or find those that are there."""
        await self._connection.step_into(self._there)
        kept = await self._tags.add_unless_there(tags)
        await self._connection.step_into(self._home)
        return kept
