"""Queries, read for a model: a name for each field, and several values where the model has room for them."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final, get_args, get_origin
from urllib.parse import unquote_plus

from annotated_types import MaxLen
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.requests import Request

from domain.errors import InvalidValue

MOST_PARAMETERS: Final = 100
"""How many parameters a query may have in all."""

MOST_REPEATED: Final = 20
"""How many values one filter may have."""

Items = list[tuple[str, str]]

_ITEMS: Final = "query_items"


def query_items(request: Request) -> Items:
    """The names and values of a query in the order in which they were sent (URL Standard, section 5.1).

    They are counted before they are decoded, and decoded once for each request. Raises RequestValidationError for too
    many of them, and for names that are not UTF-8.
    """
    items: Items | None = request.scope.get(_ITEMS)
    if items is None:
        items = request.scope[_ITEMS] = _decoded(request.scope["query_string"])
    return items


def _decoded(query: bytes) -> Items:
    if query.count(b"&") >= MOST_PARAMETERS:
        raise _refused(InvalidValue("too_many", f"A query may have at most {MOST_PARAMETERS} parameters."))
    try:
        pairs = [part.partition("=") for part in query.decode().split("&") if part]
        names = [unquote_plus(name, errors="strict") for name, _, _ in pairs]
    except UnicodeDecodeError:
        raise _refused(_not_utf8()) from None
    return [(name, _value(text)) for name, (_, _, text) in zip(names, pairs, strict=True)]


class _NotUtf8(str):
    """A value that is no text: it is refused where it is read, by its place."""

    __slots__ = ()


def _value(text: str) -> str:
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        return _NotUtf8(text)


def _not_utf8() -> InvalidValue:
    return InvalidValue("not_utf8", "Send UTF-8, percent-encoded.")


def query_of(model: type[BaseModel]) -> Callable[[Request], object]:
    """How the values for a model are read from a query: each one that is repeated, where the model has room for it.

    What is made raises RequestValidationError for a name that comes twice and has room for one value. Raises TypeError
    for a field that would be misread, or that takes any number of values.
    """
    repeated = {name for name, field in model.model_fields.items() if _is_repeated(name, field)}
    single = model.model_fields.keys() - repeated

    def values(request: Request) -> object:
        found: dict[str, Any] = {}
        if not request.scope["query_string"]:
            return found
        for name, text in query_items(request):
            if isinstance(text, _NotUtf8):
                raise _refused(_not_utf8(), name, *([len(found.get(name, ()))] if name in repeated else []))
            if name in repeated:
                found.setdefault(name, []).append(text)
            elif name in found and name in single:
                raise _refused(InvalidValue("repeated", "Send this once."), name)
            else:
                found[name] = text
        return found

    return values


@contextmanager
def said_in_query() -> Iterator[None]:
    """Raise RequestValidationError where a use case raises InvalidValue for what was said in the query."""
    try:
        yield
    except InvalidValue as wrong:
        raise _refused(wrong, *filter(None, [wrong.field])) from wrong


def _is_repeated(name: str, field: FieldInfo) -> bool:
    is_repeated = get_origin(field.annotation) is tuple
    has_other_name = field.alias is not None or field.validation_alias is not None
    if has_other_name or (not is_repeated and _holds_several(field.annotation)):
        raise TypeError(f"'{name}' cannot be read from a query: it has its own name, and one value or a 'tuple[…]'")
    if is_repeated and not any(isinstance(rule, MaxLen) for rule in field.metadata):
        raise TypeError(f"'{name}' cannot be read from a query: it takes any number of values")
    return is_repeated


def _holds_several(kind: Any) -> bool:
    """Whether a type, or one that it is made of, has more than one value."""
    whole = get_origin(kind) or kind
    if isinstance(whole, type) and issubclass(whole, Collection) and not issubclass(whole, str):
        return True
    return any(map(_holds_several, get_args(kind)))


def _refused(refusal: InvalidValue, *name: str | int) -> RequestValidationError:
    return RequestValidationError(
        [{"type": refusal.reason, "loc": ("query", *name), "msg": refusal.message, "ctx": {"error": refusal}}]
    )
