"""Tags: the words that tasks are sorted by."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Final, Self, TypedDict

from domain.access import Access, Permission
from domain.characters import has_unseen, is_visible, without_sequences
from domain.errors import InvalidValue
from domain.ids import SpaceId, TagId, UserId
from domain.place import Place
from domain.text import normalized_text
from domain.time import not_before

MOST_TAGS: Final = 50
_MOST_NAMED: Final = 1000
_COLOR: Final = re.compile("#[0-9a-f]{6}")
_COLOR_LENGTH: Final = 7


class TagName(str):
    """What a tag is called: 1 to 100 characters, one of which can be seen. Raises InvalidValue.

    Text that looks the same is the same name. It is kept in the composed form of Unicode (NFC), without white space at
    its ends, and with one blank for white space inside. Control characters and characters that show nothing are
    refused, but for joiners and variation selectors where writing and emoji need them.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        checked = normalized_text(text, what="A tag", shortest=1, longest=100)
        if has_unseen(checked):
            raise InvalidValue("invisible_character", "A tag may not hold characters that cannot be seen.")
        name = " ".join(checked.split())
        if not is_visible(name):
            raise InvalidValue("blank", "A tag needs at least one character that is not a blank.")
        return super().__new__(cls, name)

    @property
    def key(self) -> str:
        """The name without regard to case, joiners and variation selectors: unique in a space.

        Folding may take a name out of NFC.
        """
        return _key(self)


@lru_cache(4096)
def _key(name: str) -> str:
    """The key of a name. A space has few tags and many tasks that name them, so keys are kept in mind."""
    plain = without_sequences(name).casefold()
    return plain if plain.isascii() else unicodedata.normalize("NFC", plain)


class Color(str):
    """A colour as ``#rrggbb``, kept in lower case. Raises InvalidValue."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if len(text) != _COLOR_LENGTH or not _COLOR.fullmatch(text.lower()):
            raise InvalidValue("not_a_color", "Write a colour as '#' and six hexadecimal digits: '#1e90ff'.")
        return super().__new__(cls, text.lower())


def each_once(names: Iterable[TagName]) -> tuple[TagName, ...]:
    """Each tag once, in the order given and as first spelt."""
    first_spelt: dict[str, TagName] = {}
    for name in names:
        first_spelt.setdefault(name.key, name)
    return tuple(first_spelt.values())


def distinct_tags(names: Iterable[TagName]) -> tuple[TagName, ...]:
    """The tags of one task, each once. Raises InvalidValue for more than 50, and for more than 1,000 repetitions."""
    named = tuple(islice(names, _MOST_NAMED + 1))
    distinct = each_once(named[:_MOST_NAMED])
    if len(distinct) > MOST_TAGS or len(named) > _MOST_NAMED:
        raise InvalidValue("too_many", f"A task may have at most {MOST_TAGS} tags.", field="tags")
    return distinct


class _Details(TypedDict, total=False):
    color: Color | None


class TagDraft(_Details):
    """What a tag is made from."""

    name: TagName


class TagChanges(_Details, total=False):
    """What is to be changed about a tag. What is left out stays as it is; None takes the colour away."""

    name: TagName


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A word that tasks of one space are sorted by. Tasks hold its name, spelt as it is here."""

    id: TagId
    space_id: SpaceId
    name: TagName
    color: Color | None = None
    created_by: UserId
    version: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def name_key(self) -> str:
        """What no other tag of the space has."""
        return self.name.key

    @property
    def place(self) -> Place:
        """Where it stands among the tags of its space, which come by name."""
        return Place(self.name_key)

    @classmethod
    def create(cls, draft: TagDraft, *, id: TagId, by: Access, at: datetime) -> Self:
        """Make a tag in the space of ``by``. Whoever may edit there may; raises RoleTooLow otherwise."""
        by.require(Permission.EDIT_ITEMS)
        named = cls.named(draft["name"], id=id, space_id=by.space_id, created_by=by.user_id, at=at)
        return replace(named, color=draft.get("color"))

    @classmethod
    def named(cls, name: TagName, *, id: TagId, space_id: SpaceId, created_by: UserId, at: datetime) -> Self:
        """The tag of a name that a task has: whoever may put the task there may make it."""
        return cls(id=id, space_id=space_id, name=name, created_by=created_by, created_at=at, updated_at=at)

    def change(self, changes: TagChanges, *, by: Access, at: datetime) -> Self:
        """Apply ``changes``. Whoever may edit may; raises RoleTooLow. Returns itself where nothing changes."""
        by.require(Permission.EDIT_ITEMS)
        changed = replace(self, **changes)
        at = not_before(self.updated_at, at)
        return self if changed == self else replace(changed, version=self.version + 1, updated_at=at)

    def require_deletion(self, *, by: Access) -> None:
        """Raise RoleTooLow unless ``by`` may delete it: its maker, and whoever may delete others' items."""
        by.require_deletion_of_item_by(self.created_by)
