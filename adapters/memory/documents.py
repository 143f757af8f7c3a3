"""The documents of one space, in memory."""

from collections.abc import Mapping, Sequence

from adapters.memory.owned import OwnedItems, page_of
from adapters.memory.store import Contents
from application.ports.paging import Page, Stretch
from domain.document import Document, DocumentSummary
from domain.errors import DocumentNotFound
from domain.ids import DocumentId, SpaceId


class MemoryDocuments:
    """The documents of one space."""

    def __init__(self, contents: Contents, space_id: SpaceId) -> None:
        self._items = OwnedItems(contents.documents, space_id)

    async def add(self, document: Document) -> None:
        """Keep a new document."""
        self._items.add(document.id, document)

    async def get(self, document_id: DocumentId) -> Document:
        """The document."""
        document = self._items.get(document_id)
        if document is None:
            raise DocumentNotFound
        return document

    async def save(self, document: Document, *, was: Document) -> None:
        """Replace the document if it is still the one read."""
        self._items.save(was.id, document, was=was)

    async def remove(self, document: Document) -> None:
        """Remove the document if it is still the one read."""
        self._items.remove(document.id, document)

    async def find(self, stretch: Stretch) -> Page[DocumentSummary]:
        summaries = [document.summary for document in self._items.all()]
        return page_of(summaries, stretch, lambda document: document.place, descending=True)

    async def sizes(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, int]:
        return {found.id: len((found.content or "").encode()) for found in await self.read_all(document_ids)}

    async def read_all(self, document_ids: Sequence[DocumentId]) -> Sequence[Document]:
        found = [document for document in self._items.all() if document.id in document_ids]
        return sorted(found, key=lambda document: document.summary.place, reverse=True)
