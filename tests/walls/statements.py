"""Every statement of the SQL adapters, found by looking into their modules."""

import importlib
import inspect
import itertools
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from types import ModuleType
from typing import Any, Final, get_args, get_type_hints

from sqlalchemy import Table

import adapters.sql
from adapters.sql import audit, roles, task_lists
from adapters.sql.connection import Reading
from adapters.sql.owned import Statements
from adapters.sql.pages import Keyset, Stretches
from adapters.sql.query import Query
from adapters.sql.tables import FOR_ADMINISTRATORS, metadata
from domain.task_order import Sort, TaskOrder

OWNED: Final[frozenset[Table]] = frozenset(metadata.tables[name] for name in roles.OWNED)
"""The tables whose rows belong to spaces."""

_FILTERED: Final[Mapping[str, tuple[Any, ...]]] = {
    "no filter": (frozenset[str](),),
    "every filter": (frozenset(task_lists.FILTERS),),
}
_SHAPES: Final[Mapping[str, tuple[Any, ...]]] = {
    f"{which}, by {sort.by}, {'down' if sort.descending else 'up'}": (*filters, sort)
    for which, filters in _FILTERED.items()
    for sort in (Sort(by, descending) for by in TaskOrder for descending in (False, True))
}
EXAMPLES: Final[Mapping[str, Mapping[str, tuple[Any, ...]]]] = {
    "audit._find": {
        "_OF_SPACE, no filter": (audit._OF_SPACE, frozenset()),
        "_OF_SPACE, every filter": (audit._OF_SPACE, frozenset(audit._FILTERS)),
        "FOR_ADMINISTRATORS, no filter": (FOR_ADMINISTRATORS, frozenset()),
        "FOR_ADMINISTRATORS, every filter": (FOR_ADMINISTRATORS, frozenset(audit._FILTERS)),
    },
    "task_lists._in_use": _SHAPES,
    "task_lists._delete": _FILTERED,
}
"""What to call a function with that makes statements, where its parameters are neither flags nor enumerations."""

Factory = Callable[..., Query | Reading | Stretches]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, and where it is made: ``tasks._GET`` or ``tasks._find(by_status=True)``."""

    name: str
    query: Query

    @property
    def place(self) -> str:
        """The name without what a function was called with."""
        return self.name.partition("(")[0]


@cache
def modules() -> tuple[ModuleType, ...]:
    """The modules of the SQL adapters."""
    found = pkgutil.iter_modules(adapters.sql.__path__, "adapters.sql.")
    return tuple(importlib.import_module(module.name) for module in found)


@cache
def all_statements() -> tuple[Statement, ...]:
    """Every statement, named after the first module that holds it."""
    found: dict[int, Statement] = {}
    for module in modules():
        for statement in _in_module(module):
            found.setdefault(id(statement.query), statement)
    return tuple(found.values())


def factories() -> Iterator[tuple[str, ModuleType, Factory]]:
    """The functions that make statements."""
    for module in modules():
        for name, value in vars(module).items():
            if _is_factory(value, module):
                yield f"{_short(module)}.{name}", module, value


def _in_module(module: ModuleType) -> Iterator[Statement]:
    for name, value in vars(module).items():
        yield from statements_in(f"{_short(module)}.{name}", value)
        if inspect.isclass(value) and value.__module__ == module.__name__:
            for attribute, inner in vars(value).items():
                yield from statements_in(f"{_short(module)}.{name}.{attribute}", inner)
        if _is_factory(value, module):
            yield from _made_by(f"{_short(module)}.{name}", value)


def statements_in(name: str, value: object) -> Iterator[Statement]:
    """The statements in something that holds some, named after it."""
    if isinstance(value, Query):
        yield Statement(name, value)
    elif isinstance(value, Reading):
        yield Statement(name, value._plain)
        yield Statement(name, value._holding)
    elif isinstance(value, (Keyset, Statements, Stretches)):
        for part in fields(value):
            yield from statements_in(f"{name}.{part.name}", getattr(value, part.name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from statements_in(f"{name}({key})", inner)
    elif isinstance(value, (tuple, list)):
        for number, inner in enumerate(value):
            yield from statements_in(f"{name}({number})", inner)


def _is_factory(value: object, module: ModuleType) -> bool:
    if not callable(value) or getattr(value, "__module__", None) != module.__name__:
        return False
    function = inspect.unwrap(value)
    return inspect.isfunction(function) and get_type_hints(function).get("return") in (Query, Reading, Stretches)


def _made_by(name: str, factory: Factory) -> Iterator[Statement]:
    if name in EXAMPLES:
        for example, given in EXAMPLES[name].items():
            yield from statements_in(f"{name}({example})", factory(*given))
        return
    hints = get_type_hints(inspect.unwrap(factory))
    choices = {parameter: _choices(name, hints[parameter]) for parameter in inspect.signature(factory).parameters}
    for chosen in itertools.product(*choices.values()):
        arguments = dict(zip(choices, chosen, strict=True))
        written = ", ".join(f"{parameter}={value}" for parameter, value in arguments.items())
        yield from statements_in(f"{name}({written})", factory(**arguments))


def _choices(name: str, hint: Any) -> Iterable[Any]:
    """Every value of a type that has few."""
    if hint is bool:
        return (False, True)
    if hint is type(None):
        return (None,)
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return tuple(hint)
    if get_args(hint):
        return [value for part in get_args(hint) for value in _choices(name, part)]
    raise LookupError(f"Write EXAMPLES for {name} in {__name__}: it cannot be called with every {hint}.")


def _short(module: ModuleType) -> str:
    return module.__name__.removeprefix("adapters.sql.")
