"""The examples in the OpenAPI document: each body and each answer, put together from its members."""

from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

PERSON: Final = "01970a3c-5e9f-7c21-9b1d-4f0a6c7e8d21"
THING: Final = "01970a41-2b7d-7f08-8c55-d2e19a40b6f3"
_EARLIER: Final = "2026-04-28T08:30:00Z"
_LATER: Final = "2026-05-01T12:00:00Z"
_PASSWORD: Final = "three wise green owls"  # noqa: S105 - an example
_TOKEN: Final = "q3nRkJ0wXb7vT1cY5mZ8sL2dF6gH9pAe"  # noqa: S105 - the same

_MEMBERS: Final[Mapping[str, Any]] = {
    "access_token": "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiYXQrand0In0.e30.c2lnbmF0dXJl",
    "actor_id": PERSON,
    "assignee_id": None,
    "at": _LATER,
    "changes": {"status": {"from": "pending", "to": "completed"}},
    "checked": 128,
    "color": "#1e90ff",
    "completed_at": None,
    "content": "Monday: the board. Tuesday: the rest.",
    "created_at": _EARLIER,
    "created_by": PERSON,
    "csrf_token": _TOKEN,
    "current": True,
    "current_password": _PASSWORD,
    "deleted_at": _LATER,
    "deleted_count": 3,
    "detail": "This organisation has no other owner with an active account.",
    "description": "Two pages, with the figures of April.",
    "due_date": "2026-05-08T16:00:00Z",
    "email": "ann@example.org",
    "expires_at": "2026-05-08T12:00:00Z",
    "expires_in": 900,
    "first_broken": None,
    "full_name": "Ann Example",
    "id": THING,
    "ids": [THING],
    "invitation": _TOKEN,
    "ip_address": "192.0.2.17",
    "is_active": True,
    "joined_at": _EARLIER,
    "key": "editor.theme",
    "last_used_at": _LATER,
    "new_password": "seven slow blue boats",
    "next_cursor": None,
    "organization_id": THING,
    "owner_id": PERSON,
    "page": 1,
    "page_size": 20,
    "password": _PASSWORD,
    "refresh_token": _TOKEN,
    "request_id": "0c5f1f0e6c1e4d0e9a7f3b1d2c4e5f60",
    "resource_id": THING,
    "tags": ["work"],
    "title": "Write the report",
    "to": THING,
    "token": _TOKEN,
    "total": 1,
    "updated_at": _LATER,
    "updated_count": 3,
    "user_agent": "curl/8.14.1",
    "user_id": PERSON,
    "valid": True,
    "value": {"theme": "dark"},
    "version": 1,
}
"""A member of one name means the same in every view and body."""

_OF_ONE: Final[Mapping[tuple[str, str], Any]] = {
    ("BelongingView", "name"): "Acme",
    ("BelongingView", "role"): "owner",
    ("EventView", "action"): "COMPLETE",
    ("EventView", "source"): "user",
    ("InvitationBody", "expires_in"): 86_400,
    ("OrganizationView", "name"): "Acme",
    ("TagView", "name"): "work",
    ("UserView", "id"): PERSON,
}
"""Where the same name would say too little."""


def example_of(name: str, schemas: Mapping[str, Schema]) -> dict[str, Any]:
    """An example of the object with this name. Raises KeyError for a member of which nobody knows one."""
    members: Mapping[str, Schema] = schemas[name]["properties"]
    return {member: _member(name, member, schema, schemas) for member, schema in members.items()}


def _member(owner: str, name: str, schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    if (owner, name) in _OF_ONE:
        return _OF_ONE[owner, name]
    if name in _MEMBERS:
        return _MEMBERS[name]
    return _value(f"{owner}.{name}", schema, schemas)


def _value(asked: str, schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return example_of(name, schemas) if "properties" in schemas[name] else _value(asked, schemas[name], schemas)
    if "const" in schema:
        return schema["const"]
    for keyword in ("examples", "enum"):
        if keyword in schema:
            return schema[keyword][0]
    if schema.get("type") == "array":
        return [_value(asked, schema["items"], schemas)]
    raise KeyError(f"entrypoints/http/examples.py knows no example of {asked}")
