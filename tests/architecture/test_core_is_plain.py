"""The core is plain Python: a short part of the standard library, and nothing that differs from call to call."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import grimp
import pytest

from tests.architecture.source import ROOT, copy_to, syntax_of

CORE: Final = ("domain", "application")

STANDARD_LIBRARY: Final = frozenset(
    {
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "enum",
        "functools",
        "hashlib",
        "ipaddress",
        "itertools",
        "json",
        "re",
        "types",
        "typing",
        "unicodedata",
        "uuid",
    }
)
"""What the core may import. Nothing that reaches outside the process, draws lots, waits, or looks at a clock."""

SURPRISES: Final = frozenset({"now", "today", "utcnow", "uuid1", "uuid4", "uuid6", "uuid7"})
"""What gives another value on another day or machine. The ports for the clock and for ids stand in for these."""

OUTSIDE: Final = frozenset({"__import__", "breakpoint", "eval", "exec", "input", "open", "print"})
"""Built-in functions that reach around the ports, or around the import graph."""


def _libraries(root: Path, patch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """What the core in this folder imports that is not the core: each with its importers."""
    with patch.context() as inside:
        inside.setattr(sys, "path", [str(root), *sys.path])
        for package in CORE:
            inside.delitem(sys.modules, package, raising=False)
        graph = grimp.build_graph(*CORE, include_external_packages=True, cache_dir=None)
    return {
        module: graph.find_modules_that_directly_import(module)
        for module in graph.modules
        if module.partition(".")[0] not in CORE
    }


def _surprises(tree: ast.AST) -> Iterator[str]:
    """The names of what the core must not call, wherever they are mentioned: a default factory calls them too."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) if name in SURPRISES:
                yield name
            case ast.Name(id=name) if name in OUTSIDE:
                yield name
            case ast.ImportFrom(module="time", level=0):
                yield "time"
            case ast.ImportFrom(names=aliases) | ast.Import(names=aliases):
                yield from (alias.name for alias in aliases if alias.name in SURPRISES | {"time"})


def test_the_core_imports_a_short_part_of_the_standard_library(monkeypatch: pytest.MonkeyPatch) -> None:
    libraries = _libraries(ROOT, monkeypatch)
    assert {name: importers for name, importers in libraries.items() if name not in STANDARD_LIBRARY} == {}


def test_the_core_needs_everything_that_it_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert STANDARD_LIBRARY - set(_libraries(ROOT, monkeypatch)) == set()


def test_everything_that_the_core_is_allowed_comes_with_python() -> None:
    assert sys.stdlib_module_names >= STANDARD_LIBRARY


@pytest.mark.parametrize(
    ("module", "planted", "library"),
    [
        ("domain.ids", "import random", "random"),
        ("domain.access", "from os.path import join", "os"),
        ("application.tasks", "def later() -> None:\n    import asyncio", "asyncio"),
        ("application.ports.clock", "from nowhere import anything", "nowhere"),
    ],
)
def test_another_import_in_the_core_is_seen(
    module: str, planted: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = copy_to(tmp_path).joinpath(*module.split(".")).with_suffix(".py")
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f"\n{planted}\n")
    assert library not in STANDARD_LIBRARY
    assert _libraries(tmp_path, monkeypatch)[library] == {module}


def test_nothing_in_the_core_reads_a_clock_makes_an_id_or_reaches_outside() -> None:
    found = {file: sorted(_surprises(tree)) for file, tree in syntax_of(*CORE).items()}
    assert {file: names for file, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("planted", "name"),
    [
        ("at = datetime.now(UTC)", "now"),
        ("at = datetime.datetime.utcnow()", "utcnow"),
        ("day = date.today()", "today"),
        ("made: datetime = field(default_factory=datetime.now)", "now"),
        ("from uuid import uuid4 as fresh", "uuid4"),
        ("key = uuid.uuid7()", "uuid7"),
        ("import time\ntime.monotonic()", "time"),
        ("from time import monotonic", "time"),
        ("open('notes')", "open"),
        ("random = __import__('random')", "__import__"),
    ],
)
def test_a_clock_an_id_or_the_outside_in_the_core_is_seen(planted: str, name: str) -> None:
    assert set(_surprises(ast.parse(planted))) == {name}


@pytest.mark.parametrize("plain", ["now = self.clock()", "at = self.clock()"])
def test_a_clock_that_was_handed_in_is_no_surprise(plain: str) -> None:
    assert list(_surprises(ast.parse(plain))) == []
