"""Rules of the house that no linter knows: who makes an actor, and how things are called."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

import pytest

from tests.architecture.source import PACKAGES, files_of, syntax_of

VAGUE: Final = frozenset({"base", "common", "helper", "helpers", "impl", "manager", "util", "utils"})
"""Words that say nothing about what is in a class or a file."""

DATA: Final = {PurePath("adapters/security/common_passwords.txt")}
"""Files that are named after what they list."""


def _makers_of(name: str, tree: ast.Module) -> Iterator[ast.AST]:
    """Where the class is called, renamed or subclassed, or one of its objects is copied with changes."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=called) if _last_word(called) == name:
                yield node
            case ast.Call(func=called, args=[copied, *_]) if _last_word(called) == "replace":
                if _last_word(copied) == name.lower():
                    yield node
            case ast.ImportFrom(names=aliases) if any(a.name == name and a.asname not in {None, name} for a in aliases):
                yield node
            case ast.Assign(value=named) | ast.AnnAssign(value=ast.expr() as named) if _last_word(named) == name:
                yield node
            case ast.ClassDef(bases=bases) if name in map(_last_word, bases):
                yield node


def _last_word(node: ast.expr) -> str:
    """``Actor`` for ``access.Actor``; nothing for what is no name."""
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return word
    return ""


def _is_vague(name: str) -> bool:
    """Look at each word of the name, however the words are put together."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return any(word.lower() in VAGUE for word in words)


def _classes(tree: ast.Module) -> list[str]:
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def _files_that_make(name: str) -> set[str]:
    return {file for file, tree in syntax_of(*PACKAGES).items() if any(_makers_of(name, tree))}


def test_only_authentication_makes_an_actor() -> None:
    assert _files_that_make("Actor") == {"application/authentication.py"}


def test_only_admission_gives_access() -> None:
    assert _files_that_make("Access") == {"domain/access.py"}


@pytest.mark.parametrize(
    "planted",
    [
        "Actor(user_id, session_id)",
        "access.Actor(user_id, session_id)",
        "me = replace(actor, user_id=other)",
        "me = dataclasses.replace(call.actor, user_id=other)",
        "from domain.access import Actor as Somebody",
        "Somebody = Actor",
        "Somebody: type[Actor] = access.Actor",
        "class Somebody(Actor): pass",
    ],
)
def test_another_maker_of_an_actor_is_seen(planted: str) -> None:
    assert any(_makers_of("Actor", ast.parse(planted)))


@pytest.mark.parametrize(
    "plain",
    ["def act(actor: Actor) -> Actor: ...", "from domain.access import Actor", "act(actor)", "text.replace('a', 'b')"],
)
def test_to_name_an_actor_is_not_to_make_one(plain: str) -> None:
    assert not any(_makers_of("Actor", ast.parse(plain)))


def test_no_class_has_a_vague_name() -> None:
    classes = {(file, name) for file, tree in syntax_of(*PACKAGES).items() for name in _classes(tree)}
    assert {(file, name) for file, name in classes if _is_vague(name)} == set()


def test_classes_inside_classes_are_looked_at() -> None:
    assert _classes(ast.parse("class Task:\n    class Manager: ...")) == ["Task", "Manager"]


def test_no_file_or_folder_has_a_vague_name() -> None:
    assert {file for file in files_of(*PACKAGES) if any(map(_is_vague, file.parts))} == DATA


def _patterns(tree: ast.Module) -> set[str]:
    """Regular expressions that repeat a set of characters, without their anchors."""
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text.removeprefix("^").removesuffix("$") for text in texts if re.search(r"\[[^]]+\]\{\d", text)}


def test_no_pattern_is_written_in_two_files() -> None:
    where: dict[str, set[str]] = {}
    for file, tree in syntax_of(*PACKAGES).items():
        for pattern in _patterns(tree):
            where.setdefault(pattern, set()).add(file)
    assert where
    assert {pattern: files for pattern, files in where.items() if len(files) > 1} == {}


def test_a_pattern_is_the_same_with_its_anchors() -> None:
    assert _patterns(ast.parse("A = '[a-z]{1,9}'")) == _patterns(ast.parse("f(pattern='^[a-z]{1,9}$')")) != set()


@pytest.mark.parametrize(
    "name",
    ["TasksImpl", "BaseTasks", "TaskManager", "SQLHelper", "HTTPUtils", "utils.py", "task_helpers.py", "common_words"],
)
def test_a_vague_name_is_seen(name: str) -> None:
    assert _is_vague(name)


@pytest.mark.parametrize("name", ["SqliteDatabase", "Implicit", "Commons", "Community", "SqlTasks", "utility_bills.py"])
def test_a_name_that_only_sounds_vague_is_none(name: str) -> None:
    assert not _is_vague(name)
