"""Tags, in one's own space and in the space that the URL names."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from pydantic import with_config
from typing_extensions import TypedDict

from domain.ids import TagId, read_id
from domain.tag import Tag
from entrypoints.http.conditions import expected_versions, tagged, unless_seen
from entrypoints.http.fields import STRICT, ColorField, TagField, UuidField
from entrypoints.http.idempotency import once
from entrypoints.http.lists import ListView, listed
from entrypoints.http.openapi import answer, linked, seen_already
from entrypoints.http.paging import CursorParameters, Items
from entrypoints.http.responses import no_content
from entrypoints.http.routing import CurrentCall, SpaceRoute

router = APIRouter(route_class=SpaceRoute, tags=["tags"])


class _Details(TypedDict, total=False):
    color: ColorField | None


@with_config(STRICT)
class TagBody(_Details):
    """A tag to make."""

    name: TagField


@with_config(STRICT)
class TagPatch(_Details, total=False):
    """What is to be changed. What is left out stays as it is, ``null`` clears, ``{}`` changes nothing."""

    name: TagField


class TagView(TypedDict):
    """A tag."""

    id: UuidField
    owner_id: UuidField
    name: str
    color: str | None
    created_by: UuidField
    version: int
    created_at: datetime
    updated_at: datetime


class TagListView(ListView):
    """A stretch of the tags."""

    items: Items[TagView]


def view(tag: Tag) -> TagView:
    """What clients see of a tag."""
    return {
        "id": str(tag.id),
        "owner_id": str(tag.space_id),
        "name": tag.name,
        "color": tag.color,
        "created_by": str(tag.created_by),
        "version": tag.version,
        "created_at": tag.created_at,
        "updated_at": tag.updated_at,
    }


def _shown(tag: Tag) -> Response:
    return tagged(view(tag), tag.version)


def _tag_id(text: str) -> TagId:
    return TagId(read_id(text))


@router.get("/tags", response_model=TagListView, responses=linked())
async def list_tags(call: CurrentCall, parameters: Annotated[CursorParameters, Query()]) -> Response:
    """List the tags of a space by name, without regard to case. Every member may."""
    found = await call.app.list_tags(call.actor, call.owner_id, parameters.stretch, cursor=parameters.cursor)
    return listed(call.request, parameters, found, view)


@router.get("/tags/{tag_id}", response_model=TagView, responses=answer(200, "ETag") | seen_already())
async def get_tag(call: CurrentCall, tag_id: str) -> Response:
    """Show one tag. Every member of its space may."""
    tag = await call.app.get_tag(call.actor, call.owner_id, _tag_id(tag_id))
    return unless_seen(call.request, tag.version, lambda: _shown(tag))


@router.post(
    "/tags",
    status_code=201,
    response_model=TagView,
    responses=answer(201, "Location", "ETag", repeatable=True),
)
async def create_tag(call: CurrentCall, body: Annotated[TagBody, Body()]) -> Response:
    """Add a tag. Every member but a viewer may. A name is there once in a space, without regard to case."""
    return await once(
        call,
        call.app.create_tag,
        lambda create: create(call.actor, call.owner_id, body),
        lambda tag: tagged(view(tag), tag.version, 201, call.location("tags", tag.id)),
    )


@router.patch("/tags/{tag_id}", response_model=TagView, responses=answer(200, "ETag"))
async def change_tag(call: CurrentCall, tag_id: str, body: Annotated[TagPatch, Body()]) -> Response:
    """Change a tag. With another name it is renamed on its tasks, too. Every member but a viewer may."""
    expected = expected_versions(call.request)
    return _shown(await call.app.change_tag(call.actor, call.owner_id, _tag_id(tag_id), body, expected))


@router.delete("/tags/{tag_id}", status_code=204)
async def delete_tag(call: CurrentCall, tag_id: str) -> Response:
    """Delete a tag and take it off its tasks, which stay. Its maker may, and the admins of its space."""
    expected = expected_versions(call.request)
    await call.app.delete_tag(call.actor, call.owner_id, _tag_id(tag_id), expected)
    return no_content()
