"""Documents: longer texts that a space keeps."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self, TypedDict

from domain.access import Access, Permission
from domain.ids import DocumentId, SpaceId, UserId
from domain.place import Place
from domain.task import Title
from domain.text import checked_text
from domain.time import microseconds


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
    def place(self) -> Place:
        """Where it stands among the documents of its space, the newest of which come first."""
        return Place(microseconds(self.created_at), self.id)

    def change(self, changes: DocumentChanges, *, by: Access, at: datetime) -> Self:
        """Apply ``changes``. Whoever may edit may; raises RoleTooLow. Returns itself where nothing changes."""
        by.require(Permission.EDIT_ITEMS)
        changed = replace(self, **changes)
        return self if changed == self else replace(changed, version=self.version + 1, updated_at=at)

    def replace_with(self, draft: DocumentDraft, *, by: Access, at: datetime) -> Self:
        """Replace everything that may be changed: without a content in the draft there is none."""
        return self.change({"content": None, **draft}, by=by, at=at)

    def require_deletion(self, *, by: Access) -> None:
        """Raise RoleTooLow unless ``by`` may delete it: its maker, and whoever may delete others' items."""
        by.require_deletion_of_item_by(self.created_by)
