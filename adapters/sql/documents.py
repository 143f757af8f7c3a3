"""The documents of one space, on SQL databases."""

from typing import Final

from adapters.sql.connection import Connection
from adapters.sql.owned import OwnedRows, Statements, as_kept
from adapters.sql.pages import Order
from adapters.sql.query import Row
from adapters.sql.tables import documents
from application.ports.paging import Page, Stretch
from domain.document import Content, Document
from domain.errors import DocumentNotFound
from domain.ids import DocumentId, SpaceId
from domain.task import Title

_DOCUMENTS: Final = Statements.about(documents, Order((documents.c.created_at, documents.c.id), descending=True))


def _from_row(row: Row) -> Document:
    space_id, id_, title, content, created_by, version, created_at, updated_at = row
    return Document(
        id=id_,
        space_id=space_id,
        title=as_kept(Title, title),
        content=None if content is None else as_kept(Content, content),
        created_by=created_by,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
    )


class SqlDocuments:
    """The documents of one space."""

    def __init__(self, connection: Connection, space_id: SpaceId) -> None:
        self._rows = OwnedRows(_DOCUMENTS, _from_row, connection, space_id)

    async def add(self, document: Document) -> None:
        """Keep a new document."""
        await self._rows.add(document)

    async def get(self, document_id: DocumentId) -> Document:
        """The document, locked where the space was opened for writing."""
        document = await self._rows.get(document_id)
        if document is None:
            raise DocumentNotFound
        return document

    async def save(self, document: Document, *, was: Document) -> None:
        """Replace the document if its version is still the one read."""
        await self._rows.save(document, was=was)

    async def remove(self, document: Document) -> None:
        """Remove the document if its version is still the one read."""
        await self._rows.remove(document)

    async def find(self, stretch: Stretch) -> Page[Document]:
        """The newest first."""
        return await self._rows.find(stretch)
