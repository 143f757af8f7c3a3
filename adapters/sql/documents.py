"""The documents of one space, on SQL databases."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select

from adapters.sql.connection import Connection
from adapters.sql.owned import OwnedRows, Statements, as_kept, in_this_space
from adapters.sql.pages import Order
from adapters.sql.query import Query, Row
from adapters.sql.tables import documents
from adapters.sql.types import is_any_id_of, size_of
from application.ports.paging import Page, Stretch
from domain.document import Content, Document, DocumentSummary
from domain.errors import DocumentNotFound
from domain.ids import DocumentId, SpaceId
from domain.task import Title

_NEWEST_FIRST: Final = Order((documents.c.created_at, documents.c.id), descending=True)
_SUMMARY: Final = tuple(column for column in documents.c if column is not documents.c.content)
_DOCUMENTS: Final = Statements.about(documents, _NEWEST_FIRST, listed=_SUMMARY)
_THESE: Final = (in_this_space(documents), is_any_id_of(documents.c.id, "ids"))
_SIZES: Final = Query(select(documents.c.id, size_of(documents.c.content)).where(*_THESE), is_slow=True)
_READ_ALL: Final = Query(
    select(*documents.c).where(*_THESE).order_by(*_NEWEST_FIRST.directed(_NEWEST_FIRST.columns)), is_slow=True
)


def _from_row(row: Row) -> Document:
    space_id, id_, title, created_by, version, created_at, updated_at, content = row
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


def _summary_from(row: Row) -> DocumentSummary:
    space_id, id_, title, created_by, version, created_at, updated_at = row
    return DocumentSummary(
        id=id_,
        space_id=space_id,
        title=as_kept(Title, title),
        created_by=created_by,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
    )


class SqlDocuments:
    """The documents of one space."""

    def __init__(self, connection: Connection, space_id: SpaceId) -> None:
        self._connection = connection
        self._space_id = space_id
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

    async def find(self, stretch: Stretch) -> Page[DocumentSummary]:
        rows, total = await _DOCUMENTS.find.fetch(self._connection, stretch, space_id=self._space_id)
        return Page([_summary_from(row) for row in rows], total)

    async def sizes(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, int]:
        rows = await self._connection.fetch_all(_SIZES, space_id=self._space_id, ids=document_ids)
        return {document_id: size or 0 for document_id, size in rows}

    async def read_all(self, document_ids: Sequence[DocumentId]) -> Sequence[Document]:
        rows = await self._connection.fetch_all(_READ_ALL, space_id=self._space_id, ids=document_ids)
        return [_from_row(row) for row in rows]
