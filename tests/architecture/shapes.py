"""Which class fits which port: what mypy proves where they are wired, asked of all classes there are."""

import dis
import inspect
from collections.abc import Callable
from typing import Any, get_args, get_origin, get_type_hints

from typing_extensions import get_protocol_members, is_protocol


def fits(kind: type, port: type) -> bool:
    """Tell whether the class has what the protocol asks for: the same names, taking and giving the same."""
    return all(_has(kind, port, name) for name in get_protocol_members(port))


def method_of(kind: type, name: str) -> Callable[..., Any] | None:
    """The function that the class or one of its parents has under this name."""
    found = next((vars(parent)[name] for parent in kind.__mro__ if name in vars(parent)), None)
    function = getattr(found, "__func__", found)
    return function if inspect.isfunction(function) else None


def _has(kind: type, port: type, name: str) -> bool:
    wanted = method_of(port, name)
    if wanted is None:
        return name in _attributes(kind)
    method = method_of(kind, name)
    return method is not None and _alike(method, wanted)


def _attributes(kind: type) -> set[str]:
    """The names that the class defines, declares, or gives its instances when it makes them."""
    make = method_of(kind, "__init__")
    assigned = {step.argval for step in dis.get_instructions(make) if step.opname == "STORE_ATTR"} if make else set()
    return {*dir(kind), *inspect.get_annotations(kind), *assigned}


def _alike(method: Callable[..., Any], wanted: Callable[..., Any]) -> bool:
    return (
        inspect.iscoroutinefunction(method) == inspect.iscoroutinefunction(wanted)
        and _parameters(method) == _parameters(wanted)
        and _gives(get_type_hints(method).get("return"), get_type_hints(wanted).get("return"))
    )


def _parameters(function: Callable[..., Any]) -> list[tuple[str, bool]]:
    """What is passed, and whether by name only."""
    parameters = inspect.signature(function).parameters.values()
    return [(p.name, p.kind is p.KEYWORD_ONLY) for p in parameters if p.name not in {"self", "cls"}]


def _gives(offered: Any, wanted: Any) -> bool:
    """Tell whether a result is the one wanted; of one that is a port, whether it fits it."""
    if get_origin(wanted) is not None and len(get_args(wanted)) == len(get_args(offered)):
        return all(_gives(*pair) for pair in zip(get_args(offered), get_args(wanted), strict=True))
    return fits(offered, wanted) if is_protocol(wanted) and isinstance(offered, type) else bool(offered == wanted)
