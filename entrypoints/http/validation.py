"""Validation that stops: what was sent is counted before it is looked at, and errors are collected up to a cap.

Pydantic alone makes an error of each unknown field and of each wrong element, however many there are.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Annotated, Any, Final, NotRequired, get_args, get_origin, get_type_hints

from annotated_types import MaxLen
from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict, is_typeddict

MOST_ERRORS: Final = 50
"""How many errors an answer names. Validation stops there."""

SPARE_MEMBERS: Final = 1000
"""How many members a body may have beyond those that fit, so that small mistakes are named one by one."""

_AT_A_TIME: Final = 50
"""How many elements of a long list are validated before other requests have their turn."""

_ANY_MEMBERS: Final = 65_536
"""The members of a value that may be any JSON: more do not fit into the largest one (``domain.setting``)."""

Location = tuple[str | int, ...]
Errors = list[Any]
Schema = Mapping[str, Any]


class Reader:
    """Reads one value, by its type. Of an object with many unknown fields it looks at the first 50."""

    def __init__(self, kind: Any, location: Location) -> None:
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)
        self._fields = frozenset(get_type_hints(kind)) if is_typeddict(kind) else None
        self.location = location

    def read(self, sent: object, location: Location | None = None) -> Any:
        """The value. Raises RequestValidationError, which names where each error stands in the request."""
        try:
            return self._adapter.validate_python(self._trimmed(sent))
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            raise RequestValidationError(_located(found, location or self.location)) from None

    def _trimmed(self, sent: object) -> object:
        fields = self._fields
        if fields is None or not isinstance(sent, dict) or len(sent) <= len(fields) + MOST_ERRORS:
            return sent
        strays = islice((name for name in sent if name not in fields), MOST_ERRORS)
        return {name: sent[name] for name in chain(fields & sent.keys(), strays)}

    def schema(self) -> Schema:
        """What it reads, as JSON Schema."""
        return self._adapter.json_schema()


class BodyReader:
    """Reads a body: the object first, in which long lists are only counted, and then their elements in batches.

    Other requests have their turn between two batches. Raises TypeError for a body with an array of no fixed length:
    it would have no bound.
    """

    def __init__(self, kind: Any, location: Location) -> None:
        self._lists = dict(_long_lists(kind, location))
        self._body = Reader(_without_elements(kind, self._lists), location)
        schema = Reader(kind, location).schema()
        self.most_members = _members(schema, schema.get("$defs", {})) + SPARE_MEMBERS

    async def read(self, sent: object) -> Any:
        """The value. Raises RequestValidationError with up to 50 errors."""
        value = self._body.read(sent)
        for name, elements in self._lists.items():
            if name in value:
                value[name] = await _read_each(elements, value[name])
        return value


async def _read_each(elements: Reader, sent: list[object]) -> list[Any]:
    read: list[Any] = []
    errors: Errors = []
    for index, element in enumerate(sent):
        if index % _AT_A_TIME == 0:
            await asyncio.sleep(0)
        try:
            read.append(elements.read(element, (*elements.location, index)))
        except RequestValidationError as error:
            errors += error.errors()
        if len(errors) >= MOST_ERRORS:
            break
    if errors:
        raise RequestValidationError(errors[:MOST_ERRORS])
    return read


def _located(errors: Iterable[Any], location: Location) -> Errors:
    """The first errors, with where each stands in the request."""
    return [{**one, "loc": (*location, *one["loc"])} for one in islice(errors, MOST_ERRORS)]


def _long_lists(kind: Any, location: Location) -> Iterator[tuple[str, Reader]]:
    """The lists in a body that may have more elements than an answer names errors, each with its elements' reader."""
    for name, hint in _hints_of(kind).items():
        listed, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        if get_origin(listed) is list and _longest(marks) > MOST_ERRORS:
            yield name, Reader(get_args(listed)[0], (*location, name))


def _longest(marks: list[Any]) -> int:
    rules = chain.from_iterable(mark.metadata for mark in marks if isinstance(mark, FieldInfo))
    return max((rule.max_length for rule in rules if isinstance(rule, MaxLen)), default=0)


def _hints_of(kind: Any) -> dict[str, Any]:
    if not is_typeddict(kind):
        return {}
    hints = get_type_hints(kind, include_extras=True)
    return {name: get_args(hint)[0] if get_origin(hint) is NotRequired else hint for name, hint in hints.items()}


def _without_elements(kind: Any, names: Iterable[str]) -> Any:
    """The same type, with lists of these names in which there may be anything."""
    names = frozenset(names)
    if not names:
        return kind
    members: dict[str, Any] = {}
    for name, hint in _hints_of(kind).items():
        taken = Annotated[list[Any], *get_args(hint)[1:]] if name in names else hint
        members[name] = taken if name in kind.__required_keys__ else NotRequired[taken]
    body: Any = TypedDict(kind.__name__, members)  # type: ignore[misc] # it has the name of the other one
    return with_config(getattr(kind, "__pydantic_config__", ConfigDict()))(body)


def _members(schema: Schema, definitions: Mapping[str, Schema]) -> int:
    """How many members a value of this schema has at most, at all depths. Raises TypeError where it has no bound."""
    if "$ref" in schema:
        return _members(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return max(_members(choice, definitions) for choice in schema["anyOf"])
    if schema.get("type") == "array":
        if "maxItems" not in schema:
            raise TypeError(f"'{schema.get('title')}' has no bound: give it a largest number of elements")
        return int(schema["maxItems"]) * (1 + _members(schema["items"], definitions))
    if "properties" in schema:
        return sum(1 + _members(part, definitions) for part in schema["properties"].values())
    is_open = schema.get("type", "object") == "object" and schema.get("additionalProperties") is not False
    return _ANY_MEMBERS if is_open and not {"enum", "const"} & schema.keys() else 0
