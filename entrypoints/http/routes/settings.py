"""Settings, of one's own space and of the space that the URL names."""

from datetime import datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Body, Query, Response
from pydantic import with_config
from typing_extensions import TypedDict

from domain.setting import Setting, read_key
from entrypoints.http.conditions import expectation, expected_versions, tagged, unless_seen
from entrypoints.http.fields import STRICT, KeyField, UuidField, ValueField
from entrypoints.http.lists import ListView, listed
from entrypoints.http.openapi import Responses, answer, linked, seen_already
from entrypoints.http.paging import CursorParameters, Items
from entrypoints.http.responses import no_content
from entrypoints.http.routing import CurrentCall, SpaceRoute

router = APIRouter(route_class=SpaceRoute, tags=["settings"])


@with_config(STRICT)
class SettingBody(TypedDict):
    """The value that a key is to have."""

    value: ValueField


class SettingView(TypedDict):
    """A setting."""

    owner_id: UuidField
    key: str
    value: Any
    created_by: UuidField
    version: int
    created_at: datetime
    updated_at: datetime


class SettingListView(ListView):
    """A stretch of the settings."""

    items: Items[SettingView]


def view(setting: Setting) -> SettingView:
    """What clients see of a setting. The value goes out as it is kept, which is JSON already."""
    return {
        "owner_id": str(setting.space_id),
        "key": setting.key,
        "value": orjson.Fragment(setting.value.encode()),
        "created_by": str(setting.created_by),
        "version": setting.version,
        "created_at": setting.created_at,
        "updated_at": setting.updated_at,
    }


_PUT: Final[Responses] = {
    **answer(200, "ETag"),
    201: {**answer(201, "Location", "ETag")[201], "model": SettingView},
}


def _shown(setting: Setting) -> Response:
    return tagged(view(setting), setting.version)


@router.get("/settings", response_model=SettingListView, responses=linked())
async def list_settings(call: CurrentCall, parameters: Annotated[CursorParameters, Query()]) -> Response:
    """List the settings of a space by key. Every member may."""
    found = await call.app.list_settings(call.actor, call.owner_id, parameters.stretch, cursor=parameters.cursor)
    return listed(call.request, parameters, found, view)


@router.get("/settings/{key}", response_model=SettingView, responses=answer(200, "ETag") | seen_already())
async def get_setting(call: CurrentCall, key: str) -> Response:
    """Show one setting. Every member of the space may."""
    setting = await call.app.get_setting(call.actor, call.owner_id, read_key(key))
    return unless_seen(call.request, setting.version, lambda: _shown(setting))


@router.put("/settings/{key}", response_model=SettingView, responses=_PUT)
async def put_setting(call: CurrentCall, key: KeyField, body: Annotated[SettingBody, Body()]) -> Response:
    """Give a key a value: 201 for a new one, 200 for one that is there. The admins and owners of the space may."""
    with expectation(call.request) as expected:
        put = await call.app.put_setting(call.actor, call.owner_id, key, body["value"], expected)
    if not put.is_new:
        return _shown(put.setting)
    return tagged(view(put.setting), put.setting.version, 201, call.location("settings", key))


@router.delete("/settings/{key}", status_code=204)
async def delete_setting(call: CurrentCall, key: str) -> Response:
    """Delete a setting. The admins and owners of the space may."""
    await call.app.delete_setting(call.actor, call.owner_id, read_key(key), expected_versions(call.request))
    return no_content()
