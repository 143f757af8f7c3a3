"""The parameters in the OpenAPI document: what the framework knows of them, and what it does not."""

from typing import Any, Final

from domain.setting import KEY_PATTERN, KEY_RULE, LONGEST_KEY
from entrypoints.http.examples import PERSON, THING
from entrypoints.http.idempotency import KEY_HEADER
from entrypoints.http.routing import OWNER

Parameter = dict[str, Any]

_PEOPLE: Final = (OWNER, "user_id")
ENTITY_TAGS: Final = r'^(\*|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$'
_CONDITION: Final = {"type": "string", "format": "entity-tags", "pattern": ENTITY_TAGS}
_IDEMPOTENCY_KEY: Final = r'^([!#-~][!-~]{0,254}|"([!#-\[\]-~]|\\["\\]){1,255}")$'
_LONGEST_KEY_AS_SENT: Final = 2 * 255 + len('""')
"""In quotes, with a backslash before each character."""

_DESCRIPTIONS: Final = {
    OWNER: "The space: one's own user id, or an organisation that one is a member of.",
    "key": KEY_RULE,
    "page": "Which page, from 1 on.",
    "page_size": "How many at most on a page.",
    "skip": "How many come before.",
    "limit": "How many at most.",
    "assignee_id": "Assigned to this person.",
    "action": "What was done.",
    "resource_type": "What kind of thing it was done to.",
    "resource_id": "What it was done to, by its id; a setting by its key.",
}
"""Of parameters that mean the same wherever they are taken."""

IF_NONE_MATCH: Final[Parameter] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETags of what the client has, or `*`: the answer is 304 where it is one of these.",
    "schema": {**_CONDITION, "examples": ['"v1"']},
}
ONLY_NEW: Final[Parameter] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "`*`: only where there is none yet; otherwise it is 412. Not together with If-Match.",
    "schema": {"type": "string", "maxLength": 1, "pattern": r"^\*$", "examples": ["*"]},
}
IF_MATCH: Final[Parameter] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETags of the versions for which the change is meant, or `*`: in another version it is 412. "
    "Where the service demands this header, it is 428 without.",
    "schema": {**_CONDITION, "examples": ["*"]},
}
IDEMPOTENCY_KEY: Final[Parameter] = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "Names this request: 1 to 255 visible ASCII characters, best a random UUID, in quotes or without. "
    "Sent again within 24 hours, it is answered as the first time and not done again. With another request it is 422, "
    "while the first is being answered 409. A request that was refused leaves its key free.",
    "schema": {"type": "string", "maxLength": _LONGEST_KEY_AS_SENT, "pattern": _IDEMPOTENCY_KEY},
}


def parameters_of(written: list[Parameter], path: str) -> list[Parameter]:
    """The parameters of an operation: those of the path first, each described."""
    owner = [{"name": OWNER, "in": "path", "required": True}] if f"{{{OWNER}}}" in path else []
    return [_described(parameter) for parameter in (*owner, *written)]


def _described(parameter: Parameter) -> Parameter:
    name: str = parameter["name"]
    described = {"description": _DESCRIPTIONS.get(name) or f"The id of the {_noun(name)}."} | parameter
    if parameter["in"] == "path":
        return described | {"schema": _path_schema(name)}
    schema = _query_schema(parameter["schema"])
    return described | {"required": schema.pop("required", parameter["required"]), "schema": schema}


def _noun(name: str) -> str:
    return name.removesuffix("_id").replace("_", " ")


def _path_schema(name: str) -> dict[str, Any]:
    """What a client should send. Anything else is answered like the id of something that is not there."""
    if name == "key":
        return {
            "type": "string",
            "maxLength": LONGEST_KEY,
            "pattern": f"^{KEY_PATTERN}$",
            "examples": ["editor.theme"],
        }
    return {"type": "string", "format": "uuid", "maxLength": 36, "examples": [PERSON if name in _PEOPLE else THING]}


def _query_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without ``null``, of which a query knows nothing, and without what the parameter says already."""
    own = {keyword: rule for keyword, rule in schema.items() if keyword not in {"anyOf", "description"}}
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) > 1:
        return {"anyOf": choices, **own}
    plain = {**(choices[0] if choices else {}), **own}
    if plain.get("format") == "uuid":
        del plain["format"]  # What is no UUID is the id of nobody, and no mistake.
    return plain
