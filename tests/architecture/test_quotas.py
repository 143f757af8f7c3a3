"""Whatever adds something to a space asks for room first, in the same function."""

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.architecture.source import syntax_of

ADDING: Final = frozenset({"add", "add_all", "add_unless_there", "take"})
KEPT: Final = frozenset(
    {"tasks", "tags", "documents", "settings", "members", "invitations", "organizations", "neighbour"}
)
"""What a use case calls the repositories of things that are limited."""
ASKING: Final = frozenset({"require", "require_of", "require_invitation", "allow"})
IN_STEP: Final = frozenset({"spelt", "spelt_in_secret"})
"""Functions of application/tagging.py whose parameter ``tags`` is a repository."""


def _adding_without_room(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _adds(node) and not _asks(node):
            yield node.name


def _adds(function: ast.AST) -> bool:
    for call in ast.walk(function):
        match call:
            case ast.Call(func=ast.Attribute(value=kept, attr=verb)) if verb in ADDING and _name(kept) in KEPT:
                return True
    return False


def _asks(function: ast.AST) -> bool:
    return any(isinstance(call, ast.Call) and _name(call.func) in ASKING for call in ast.walk(function))


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return word
    return ""


def _use_cases() -> dict[str, ast.Module]:
    """The files of use cases: what records them passes on what they do."""
    found = syntax_of("application")
    return {file: tree for file, tree in found.items() if "/recording/" not in file and "/ports/" not in file}


@pytest.mark.parametrize("file", _use_cases())
def test_what_adds_something_asks_for_room(file: str) -> None:
    assert list(_adding_without_room(_use_cases()[file])) == []


def test_what_adds_something_is_found() -> None:
    adding = {
        node.name
        for tree in _use_cases().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef) and _adds(node)
    }
    assert {"_create", "__call__"} | IN_STEP <= adding


@pytest.mark.parametrize(
    "planted",
    [
        "async def f(self):\n    await space.tasks.add(task)",
        "async def f(self):\n    await space.settings.add_unless_there(new)",
        "async def f(self):\n    await neighbour.take(task, was=task)",
        "async def f(tags):\n    return await tags.add_unless_there(made)",
    ],
)
def test_what_adds_something_without_asking_is_seen(planted: str) -> None:
    assert list(_adding_without_room(ast.parse(planted))) == ["f"]


@pytest.mark.parametrize(
    "planted",
    [
        "async def f(self):\n    await self.room.require(space.usage, Quota.TASKS)\n    await space.tasks.add(task)",
        "async def f(self):\n    self.seen.add(task)",
    ],
)
def test_what_asks_or_adds_nothing_to_a_space_is_in_order(planted: str) -> None:
    assert list(_adding_without_room(ast.parse(planted))) == []
