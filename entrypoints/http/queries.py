"""Queries, read for a model: a name for each field, and several values where the model has room for them."""

from collections.abc import Callable, Collection
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError
from starlette.requests import Request


def query_of(model: type[BaseModel]) -> Callable[[Request, object], object]:
    """How the values for a model are read from a query: each one that is repeated, where the model has room for it.

    What is made raises ValidationError for a name that comes twice and has room for one value. Raises TypeError for a
    field that would be misread.
    """
    repeated = {name for name, field in model.model_fields.items() if _is_repeated(name, field)}
    single = model.model_fields.keys() - repeated

    def values(request: Request, _: object) -> object:
        found: dict[str, Any] = {}
        if not request.scope["query_string"]:
            return found
        for name, text in request.query_params.multi_items():
            if name in repeated:
                found.setdefault(name, []).append(text)
            elif name in found and name in single:
                raise _once_only(name, text)
            else:
                found[name] = text
        return found

    return values


def _is_repeated(name: str, field: FieldInfo) -> bool:
    is_repeated = get_origin(field.annotation) is tuple
    has_other_name = field.alias is not None or field.validation_alias is not None
    if has_other_name or (not is_repeated and _holds_several(field.annotation)):
        raise TypeError(f"'{name}' cannot be read from a query: it has its own name, and one value or a 'tuple[…]'")
    return is_repeated


def _holds_several(kind: Any) -> bool:
    """Whether a type, or one that it is made of, has more than one value."""
    whole = get_origin(kind) or kind
    if isinstance(whole, type) and issubclass(whole, Collection) and not issubclass(whole, str):
        return True
    return any(map(_holds_several, get_args(kind)))


def _once_only(name: str, text: str) -> ValidationError:
    error = InitErrorDetails(type=PydanticCustomError("repeated", "Send this once."), loc=(name,), input=text)
    return ValidationError.from_exception_data("query", [error])
