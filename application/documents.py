"""What people do with documents, in their own space or in one they share.

Every use case raises NotAuthenticated if the caller's session has ended, SpaceForbidden if the space is not one
of theirs, and Unavailable if the store cannot answer.
"""

from dataclasses import dataclass

from application.listing import Bookmarks, Listing, bound, list_stretch
from application.ports.clock import Clock
from application.ports.cursors import Cursors
from application.ports.ids import IdGenerator
from application.ports.paging import Stretch
from application.ports.spaces import OpenSpace, Space
from application.retrying import retried
from application.room import Room
from domain.access import Actor, Permission
from domain.document import Document, DocumentChanges, DocumentDraft, DocumentSummary, fitting
from domain.ids import DocumentId
from domain.quotas import Quota
from domain.versions import Versions, require_version


@retried
@dataclass(frozen=True, slots=True)
class ListDocuments:
    """List the documents of a space without their contents, newest first. Every member may. Raises CursorRefused."""

    open_space: OpenSpace
    cursors: Cursors

    async def __call__(
        self, actor: Actor, owner_id: str | None, stretch: Stretch, *, cursor: str | None = None
    ) -> Listing[DocumentSummary]:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            return await list_stretch(space.documents.find, stretch, cursor, self._bookmarks(space))

    async def with_contents(
        self, actor: Actor, owner_id: str | None, stretch: Stretch, *, cursor: str = ""
    ) -> Listing[Document]:
        """The same with contents, by cursor: as many documents as fit into 4 MiB, at least one."""
        async with self.open_space(actor, owner_id, read_only=True) as space:
            bookmarks = self._bookmarks(space)
            found = await list_stretch(space.documents.find, stretch, cursor, bookmarks)
            summaries = fitting(found.items, await space.documents.sizes([one.id for one in found.items]))
            documents = await space.documents.read_all([one.id for one in summaries])
        is_cut = len(summaries) < len(found.items)
        return Listing(documents, None, bookmarks.behind(summaries) if is_cut else found.next_cursor)

    def _bookmarks(self, space: Space) -> Bookmarks:
        space.access.require(Permission.READ_ITEMS)
        return Bookmarks(self.cursors, bound(space.access.user_id, space.access.space_id, "documents"))


@retried
@dataclass(frozen=True, slots=True)
class GetDocument:
    """Show one document. Every member of its space may. Raises DocumentNotFound."""

    open_space: OpenSpace

    async def __call__(self, actor: Actor, owner_id: str | None, document_id: DocumentId) -> Document:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.READ_ITEMS)
            return await space.documents.get(document_id)


@retried
@dataclass(frozen=True, slots=True)
class CreateDocument:
    """Add a document to a space. Every member but a viewer may. Raises RoleTooLow, QuotaReached."""

    open_space: OpenSpace
    clock: Clock
    new_id: IdGenerator
    room: Room

    async def __call__(self, actor: Actor, owner_id: str | None, draft: DocumentDraft) -> Document:
        async with self.open_space(actor, owner_id) as space:
            document = Document.create(draft, id=DocumentId(self.new_id()), by=space.access, at=self.clock())
            await self.room.require(space.usage, Quota.DOCUMENTS)
            await self.room.require(space.usage, Quota.DOCUMENT_BYTES, document.size)
            await space.documents.add(document)
        return document


@retried
@dataclass(frozen=True, slots=True)
class ReplaceDocument:
    """Replace the title and the content of a document; a content that is left out is none.

    Every member but a viewer may. Raises DocumentNotFound, RoleTooLow, QuotaReached, PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace
    clock: Clock
    room: Room

    async def __call__(
        self,
        actor: Actor,
        owner_id: str | None,
        document_id: DocumentId,
        draft: DocumentDraft,
        expected: Versions = None,
    ) -> Document:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            document = await space.documents.get(document_id)
            replaced = document.replace_with(draft, by=space.access, at=self.clock())
            require_version(document.version, expected)
            await self.room.require(space.usage, Quota.DOCUMENT_BYTES, replaced.size - document.size)
            await space.documents.save(replaced, was=document)
        return replaced


@retried
@dataclass(frozen=True, slots=True)
class ChangeDocument:
    """Change a document; what is left out stays as it is.

    Every member but a viewer may. Raises DocumentNotFound, RoleTooLow, QuotaReached, PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace
    clock: Clock
    room: Room

    async def __call__(
        self,
        actor: Actor,
        owner_id: str | None,
        document_id: DocumentId,
        changes: DocumentChanges,
        expected: Versions = None,
    ) -> Document:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            document = await space.documents.get(document_id)
            changed = document.change(changes, by=space.access, at=self.clock())
            require_version(document.version, expected)
            await self.room.require(space.usage, Quota.DOCUMENT_BYTES, changed.size - document.size)
            await space.documents.save(changed, was=document)
        return changed


@retried
@dataclass(frozen=True, slots=True)
class DeleteDocument:
    """Delete a document for good. Its maker and the space's admins may.

    Raises DocumentNotFound, RoleTooLow, PreconditionFailed, StaleVersion.
    """

    open_space: OpenSpace

    async def __call__(
        self, actor: Actor, owner_id: str | None, document_id: DocumentId, expected: Versions = None
    ) -> None:
        async with self.open_space(actor, owner_id) as space:
            space.access.require(Permission.EDIT_ITEMS)
            document = await space.documents.get(document_id)
            document.require_deletion(by=space.access)
            require_version(document.version, expected)
            await space.documents.remove(document)
