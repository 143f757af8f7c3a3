"""The contract, row by row, and what is said to hold each row."""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

from entrypoints.settings import LaterFlag, LaterText, Settings

ROOT: Final = Path(__file__).parents[2]
CONTRACT: Final = ROOT / "docs" / "contract.md"
COVERAGE: Final = ROOT / "docs" / "contract-coverage.md"
HOLDING: Final = Path(__file__).with_name("contract.toml")
LATER: Final = {get_args(LaterFlag)[1], get_args(LaterText)[1]}


@dataclass(frozen=True)
class Table:
    """A table of the contract: what its columns are called, and its rows by their keys."""

    section: str
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[str, ...]]


def tables(page: str) -> Iterator[Table]:
    """The tables of the page whose first column is a key. Raises ValueError for a key that comes twice."""
    seen: set[str] = set()
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        for found in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
            columns, _, *lines = [_cells(line) for line in found.splitlines()]
            if columns[0] != "Key":
                continue
            keys = [cells[0].strip("`") for cells in lines]
            if len(set(keys)) < len(keys) or seen & set(keys):
                raise ValueError(f"a key comes twice in {section.splitlines()[0]!r}")
            seen.update(keys)
            rows = dict(zip(keys, (cells[1:] for cells in lines), strict=True))
            yield Table(section.splitlines()[0], columns[1:], rows)


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


@dataclass(frozen=True)
class Holding:
    """Which tests hold which row, and which rows nothing holds yet."""

    held: Mapping[str, list[str]]
    open: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls) -> "Holding":
        """What ``contract.toml`` says."""
        return cls(**tomllib.loads(HOLDING.read_text(encoding="utf-8")))

    @property
    def named(self) -> set[str]:
        """Every test that holds a row."""
        return {test for tests in self.held.values() for test in tests}


def collected_in(folder: Path) -> set[str]:
    """The tests below a folder as pytest names them, but for those that are never run."""
    return {
        f"{file.relative_to(folder.parent).as_posix()}::{name}"
        for file in folder.rglob("test_*.py")
        for name in _tests_of(ast.parse(file.read_text(encoding="utf-8")))
    }


def _tests_of(tree: ast.Module | ast.ClassDef) -> Iterator[str]:
    for part in tree.body:
        if isinstance(part, ast.ClassDef):
            yield from (f"{part.name}::{name}" for name in _tests_of(part))
        elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name.startswith("test_"):
            marks = {ast.unparse(mark).partition("(")[0] for mark in part.decorator_list}
            if not marks & {"pytest.mark.skip", "pytest.mark.xfail"}:
                yield part.name


def is_there(absent: Mapping[str, str], document: Mapping[str, Any]) -> bool:
    """Whether what an open row waits for has come: a place in the OpenAPI document, or a setting that works."""
    if "setting" in absent:
        return not LATER & set(Settings.model_fields[absent["setting"].lower()].metadata)
    found: Any = document
    for part in absent["openapi"].removeprefix("/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or name not in found:
            return False
        found = found[name]
    return True
