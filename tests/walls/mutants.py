"""The service with one piece of a wall missing, in memory, for as long as somebody looks."""

import sys
from collections.abc import Callable, Container, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, wraps
from typing import Any
from unittest import mock

from sqlalchemy import Dialect
from sqlalchemy.sql.elements import ClauseElement

from adapters.sql import connection
from adapters.sql.query import Compiled, Query
from domain import access
from domain.access import Access, Actor, Role
from domain.ids import SpaceId
from tests.walls.lacking import conditions_on_space, lacking
from tests.walls.scoping import conjuncts
from tests.walls.statements import all_statements, factories, statements_in
from tests.walls.trusted import EXCEPTIONS

LOADED = ("domain", "application", "adapters")


Applied = Callable[[], AbstractContextManager[None]]


class Piece(StrEnum):
    """What can be missing."""

    SPACE = "a condition on the space"
    CHECK = "a check at the door"
    ENTRANCE = "a check at the door, where PostgreSQL makes it"
    DOOR = "the door"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is missing, the statement that it is missing from if it is one, and how to do without it."""

    name: str
    piece: Piece
    place: str | None
    applied: Applied


def all_mutants() -> list[Mutant]:
    """One for each condition on a space, and those at the door. PostgreSQL's own are in ``entrance``."""
    door = Mutant("the door is open", Piece.DOOR, None, _open_door)
    return [*_without_the_space(), *_without_what_is_trusted(), *_without_a_check(), door]


# Statements.


def _without_the_space() -> Iterator[Mutant]:
    names: dict[tuple[str, int], str] = {}
    for statement in all_statements():
        for index, condition in enumerate(conditions_on_space(statement.query._statement)):
            names.setdefault((statement.place, index), f"{statement.place} without {condition}")
    for (place, index), name in names.items():
        twice = list(names.values()).count(name) > 1
        numbered = f"{name}, number {index + 1}" if twice else name
        yield Mutant(numbered, Piece.SPACE, place, _compiled_without(place, (index,)))


def without_any_space(place: str) -> Mutant:
    """The statement without all of its conditions on a space: one alone may stand behind another."""
    return Mutant(f"{place} without a space", Piece.SPACE, place, _compiled_without(place, range(sys.maxsize)))


def _compiled_without(place: str, missing: Container[int]) -> Applied:
    compile_ = Query._compile

    def changed(query: Query, dialect: Dialect) -> Compiled:
        return compile_(query, lacking(dialect, missing=missing) if place_of(query) == place else dialect)

    return _compiling(place, changed)


def _compiling(place: str, changed: Callable[[Query, Dialect], Compiled]) -> Applied:
    @contextmanager
    def applied() -> Iterator[None]:
        with _compiled_anew(place), mock.patch.object(Query, "_compile", changed):
            yield

    return applied


def _without_what_is_trusted() -> Iterator[Mutant]:
    """What stands in for the space, where a statement does without it."""
    for place in {statement.place for statement in all_statements() if statement.name in EXCEPTIONS}:
        trusted = next(trusted for name, trusted in EXCEPTIONS.items() if name.partition("(")[0] == place)
        for table, condition in trusted.instead.items():
            name = f"{place} without what is trusted of {table}"
            yield Mutant(name, Piece.SPACE, place, _filtered_without(place, condition))


def _without_a_check() -> Iterator[Mutant]:
    """The conditions that the check at the door makes of whoever comes."""
    statement: Any = connection.WHO_ENTERS._statement
    place = "connection.WHO_ENTERS"
    for condition in statement._where_criteria:
        yield Mutant(f"{place} without {condition}", Piece.CHECK, place, _filtered_without(place, condition))


def _filtered_without(place: str, condition: ClauseElement) -> Applied:
    compile_ = Query._compile

    def changed(query: Query, dialect: Dialect) -> Compiled:
        if place_of(query) != place:
            return compile_(query, dialect)
        statement: Any = query._statement
        bare = statement._generate()
        bare._where_criteria = tuple(one for one in conjuncts(statement._where_criteria) if not one.compare(condition))
        return compile_(Query(bare), dialect)

    return _compiling(place, changed)


@contextmanager
def _open_door() -> Iterator[None]:
    def admit(actor: Actor, space_id: SpaceId, role: Role | None) -> Access:
        return Access(user_id=actor.user_id, space_id=space_id, role=role or Role.OWNER)

    with replaced(access.admit, admit):
        yield


@contextmanager
def replaced(function: Any, by: Any) -> Iterator[None]:
    """Call another function wherever one is called by its name."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in LOADED]
    holders = [(module, name) for module in modules for name, value in vars(module).items() if value is function]
    for module, name in holders:
        setattr(module, name, by)
    try:
        yield
    finally:
        for module, name in holders:
            setattr(module, name, function)


# Which statement is which, those included that are made while the exam is sat.


@cache
def _kept() -> dict[int, tuple[str, Query]]:
    return {id(statement.query): (statement.place, statement.query) for statement in all_statements()}


def place_of(query: Query) -> str | None:
    """Where a statement was made."""
    return _kept()[id(query)][0] if id(query) in _kept() else None


@contextmanager
def knowing_every_place() -> Iterator[None]:
    """Keep in mind where statements are made from now on."""
    with mock.patch.dict(_kept()), ExitStack() as stack:
        for name, _, make in list(factories()):
            stack.enter_context(replaced(make, _watched(name, make)))
        yield


def _watched(place: str, make: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(make)
    def watched(*args: Any, **kw: Any) -> Any:
        made = make(*args, **kw)
        for statement in statements_in(place, made):
            _kept()[id(statement.query)] = (place, statement.query)
        return made

    return watched


@contextmanager
def _compiled_anew(place: str) -> Iterator[None]:
    """Compile the statements of a place again, now and afterwards."""
    _forget(place)
    try:
        yield
    finally:
        _forget(place)


def _forget(place: str) -> None:
    for found, query in _kept().values():
        if found == place:
            vars(query).pop("on_postgres", None)
            vars(query).pop("on_sqlite", None)
