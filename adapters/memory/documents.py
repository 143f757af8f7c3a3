"""The documents of one space, in memory."""

from adapters.memory.owned import OwnedItems, page_of
from adapters.memory.store import Contents
from application.ports.paging import Page, Stretch
from domain.document import Document
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

    async def find(self, stretch: Stretch) -> Page[Document]:
        """The newest first."""
        return page_of(self._items.all(), stretch, lambda document: document.place, descending=True)
