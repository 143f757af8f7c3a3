"""Documents: longer texts that a space keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self, TypedDict

from domain.access import Access, Permission
from domain.ids import DocumentId, SpaceId, UserId
from domain.place import Place
from domain.task import Title
from domain.text import checked_text
from domain.time import microseconds, not_before

MOST_CONTENT_AT_ONCE: Final = 4 * 2**20
"""Bytes of UTF-8: how much content one answer holds at most, if it holds several documents."""


class Content(str):
    """What a document says: at most 100,000 characters. Raises InvalidValue."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        return super().__new__(cls, checked_text(text, what="A content", shortest=0, longest=100_000))


class _Details(TypedDict, total=False):
    content: Content | None


class DocumentDraft(_Details):
    """What a document is made from, or replaced by."""

    title: Title


class DocumentChanges(_Details, total=False):
    """What is to be changed about a document. What is left out stays as it is; None clears the content."""

    title: Title


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSummary:
    """A document without its content, as lists show it."""

    id: DocumentId
    space_id: SpaceId
    title: Title
    created_by: UserId
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def place(self) -> Place:
        """The position among the documents of its space, newest first."""
        return Place(microseconds(self.created_at), self.id)


def fitting(documents: Sequence[DocumentSummary], sizes: Mapping[DocumentId, int]) -> Sequence[DocumentSummary]:
    """The longest run from the first document on whose contents fit into one answer; at least one document.

    ``sizes`` are in bytes. A document without a size has been deleted meanwhile, and takes no room.
    """
    total = 0
    for number, document in enumerate(documents):
        total += sizes.get(document.id, 0)
        if number and total > MOST_CONTENT_AT_ONCE:
            return documents[:number]
    return documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text in one space. Immutable: a change returns a new document with the next version."""

    id: DocumentId
    space_id: SpaceId
    title: Title
    content: Content | None = None
    created_by: UserId
    version: int = 1
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(cls, draft: DocumentDraft, *, id: DocumentId, by: Access, at: datetime) -> Self:
        """Make a document in the space of ``by``. Whoever may edit there may; raises RoleTooLow otherwise."""
        by.require(Permission.EDIT_ITEMS)
        return cls(id=id, space_id=by.space_id, created_by=by.user_id, created_at=at, updated_at=at, **draft)

    @property
    def size(self) -> int:
        """How many bytes its content takes (UTF-8)."""
        return 0 if self.content is None else len(self.content.encode())

    @property
    def summary(self) -> DocumentSummary:
        """The document without its content."""
        return DocumentSummary(
            id=self.id,
            space_id=self.space_id,
            title=self.title,
            created_by=self.created_by,
            version=self.version,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )

    def change(self, changes: DocumentChanges, *, by: Access, at: datetime) -> Self:
        """Apply ``changes``. Whoever may edit may; raises RoleTooLow. Returns itself where nothing changes."""
        by.require(Permission.EDIT_ITEMS)
        changed = replace(self, **changes)
        at = not_before(self.updated_at, at)
        return self if changed == self else replace(changed, version=self.version + 1, updated_at=at)

    def replace_with(self, draft: DocumentDraft, *, by: Access, at: datetime) -> Self:
        """Replace everything that may be changed: without a content in the draft there is none."""
        return self.change({"content": None, **draft}, by=by, at=at)

    def require_deletion(self, *, by: Access) -> None:
        """Raise RoleTooLow unless ``by`` may delete it: its maker, and whoever may delete others' items."""
        by.require_deletion_of_item_by(self.created_by)
