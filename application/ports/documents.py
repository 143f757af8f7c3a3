"""Where the documents of one space are kept."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from application.ports.paging import Page, Stretch
from domain.document import Document, DocumentSummary
from domain.ids import DocumentId


class Documents(Protocol):
    """The documents of the space they were reached through."""

    async def add(self, document: Document) -> None:
        """Keep a new document."""
        ...

    async def get(self, document_id: DocumentId) -> Document:
        """The document. In a space opened for writing nobody else changes it until the space closes.

        Raises DocumentNotFound.
        """
        ...

    async def save(self, document: Document, *, was: Document) -> None:
        """Replace ``was``, as it was read, by ``document``. Raises StaleVersion if it has changed since."""
        ...

    async def remove(self, document: Document) -> None:
        """Remove the document for good. Raises StaleVersion if it has changed since it was read."""
        ...

    async def find(self, stretch: Stretch) -> Page[DocumentSummary]:
        """The documents without their contents, newest first; the same creation time is ordered by id."""
        ...

    async def sizes(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, int]:
        """The sizes of these documents' contents in bytes of UTF-8, of those that there are."""
        ...

    async def read_all(self, document_ids: Sequence[DocumentId]) -> Sequence[Document]:
        """Those of these documents that there are, newest first. Not locked."""
        ...
