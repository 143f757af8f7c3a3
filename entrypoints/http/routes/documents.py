"""Documents, in one's own space and in the space that the URL names."""

from datetime import datetime
from typing import Annotated, NotRequired, Self

from fastapi import APIRouter, Body, Query, Response
from pydantic import Field, model_validator, with_config
from typing_extensions import TypedDict

from domain.document import Document, DocumentSummary
from domain.errors import InvalidValue
from domain.ids import DocumentId, read_id
from entrypoints.http.conditions import expected_by_put, expected_versions, tagged, unless_seen
from entrypoints.http.fields import STRICT, ContentField, TitleField, UuidField
from entrypoints.http.idempotency import once
from entrypoints.http.large_answers import LargeAnswers
from entrypoints.http.lists import ListView, listed
from entrypoints.http.openapi import answer, linked, seen_already
from entrypoints.http.paging import CursorParameters, Items
from entrypoints.http.responses import no_content
from entrypoints.http.routing import CurrentCall, SpaceRoute

router = APIRouter(route_class=SpaceRoute, tags=["documents"])


class _Details(TypedDict, total=False):
    content: ContentField | None


@with_config(STRICT)
class DocumentBody(_Details):
    """A document to make, or to put in the place of another. Without a content it has none."""

    title: TitleField


@with_config(STRICT)
class DocumentPatch(_Details, total=False):
    """What is to be changed. What is left out stays as it is, ``null`` clears, ``{}`` changes nothing."""

    title: TitleField


class _DocumentSummary(TypedDict):
    id: UuidField
    owner_id: UuidField
    title: str
    created_by: UuidField
    version: int
    created_at: datetime
    updated_at: datetime


class DocumentView(_DocumentSummary):
    """A document."""

    content: str | None


class ListedDocumentView(_DocumentSummary):
    """A document in a list: with its content where that was asked for."""

    content: NotRequired[str | None]


class DocumentListView(ListView):
    """A stretch of the documents."""

    items: Items[ListedDocumentView]


class DocumentParameters(CursorParameters):
    """Which stretch of the documents, and whether their contents are shown."""

    content: Annotated[
        bool,
        Field(
            description="`true` shows the contents, by cursor: as many documents as have 4 MiB of content together, "
            "at least one. Excludes 'page' and 'skip'."
        ),
    ] = False

    @model_validator(mode="after")
    def _contents_by_cursor(self) -> Self:
        if self.content and (self.page is not None or self.skip is not None):
            raise InvalidValue("paging_twice", "Use 'cursor' with 'content=true', not 'page' or 'skip'.")
        return self


def _summary_view(document: DocumentSummary) -> ListedDocumentView:
    return {
        "id": str(document.id),
        "owner_id": str(document.space_id),
        "title": document.title,
        "created_by": str(document.created_by),
        "version": document.version,
        "created_at": document.created_at,
        "updated_at": document.updated_at,
    }


def view(document: Document) -> DocumentView:
    """What clients see of a document."""
    return {**_summary_view(document.summary), "content": document.content}


def _shown(document: Document) -> Response:
    return tagged(view(document), document.version)


def _document_id(text: str) -> DocumentId:
    return DocumentId(read_id(text))


@router.get("/documents", response_model=DocumentListView, responses=linked())
async def list_documents(call: CurrentCall, parameters: Annotated[DocumentParameters, Query()]) -> Response:
    """List the documents of a space, newest first. Every member may.

    Contents are shown with `content=true` only.
    """
    use_case, stretch, cursor = call.app.list_documents, parameters.stretch, parameters.cursor
    if parameters.content:
        large_answers: LargeAnswers = call.request.app.state.large_answers
        with large_answers.reserve(call.actor.user_id) as reserved:
            full = await use_case.with_contents(call.actor, call.owner_id, stretch, cursor=cursor or "")
            return reserved.until_sent(listed(call.request, parameters, full, view))
    found = await use_case(call.actor, call.owner_id, stretch, cursor=cursor)
    return listed(call.request, parameters, found, _summary_view)


@router.get(
    "/documents/{document_id}",
    response_model=DocumentView,
    responses=answer(200, "ETag") | seen_already(),
)
async def get_document(call: CurrentCall, document_id: str) -> Response:
    """Show one document. Every member of its space may."""
    document = await call.app.get_document(call.actor, call.owner_id, _document_id(document_id))
    return unless_seen(call.request, document.version, lambda: _shown(document))


@router.post(
    "/documents",
    status_code=201,
    response_model=DocumentView,
    responses=answer(201, "Location", "ETag", repeatable=True),
)
async def create_document(call: CurrentCall, body: Annotated[DocumentBody, Body()]) -> Response:
    """Add a document. Every member but a viewer may."""
    return await once(
        call,
        call.app.create_document,
        lambda create: create(call.actor, call.owner_id, body),
        lambda document: tagged(view(document), document.version, 201, call.location("documents", document.id)),
    )


@router.put("/documents/{document_id}", response_model=DocumentView, responses=answer(200, "ETag"))
async def replace_document(call: CurrentCall, document_id: str, body: Annotated[DocumentBody, Body()]) -> Response:
    """Replace a document: without a content it has none. Every member but a viewer may."""
    expected = expected_by_put(call.request)
    return _shown(await call.app.replace_document(call.actor, call.owner_id, _document_id(document_id), body, expected))


@router.patch("/documents/{document_id}", response_model=DocumentView, responses=answer(200, "ETag"))
async def change_document(call: CurrentCall, document_id: str, body: Annotated[DocumentPatch, Body()]) -> Response:
    """Change a document: what is left out stays as it is. Every member but a viewer may."""
    expected = expected_versions(call.request)
    return _shown(await call.app.change_document(call.actor, call.owner_id, _document_id(document_id), body, expected))


@router.delete("/documents/{document_id}", status_code=204)
async def delete_document(call: CurrentCall, document_id: str) -> Response:
    """Delete a document for good. Its maker may, and the admins of its space."""
    expected = expected_versions(call.request)
    await call.app.delete_document(call.actor, call.owner_id, _document_id(document_id), expected)
    return no_content()
