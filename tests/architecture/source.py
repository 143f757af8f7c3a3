"""The code as these tests see it: its contracts, its syntax, its classes, and copies of it that may be broken."""

import ast
import importlib
import inspect
import pkgutil
import shutil
from collections.abc import Callable, Iterator
from configparser import ConfigParser, SectionProxy
from pathlib import Path
from types import ModuleType
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
CONTRACTS_FILE: Final = "importlinter.ini"

_ini = ConfigParser()
_ini.read(ROOT / CONTRACTS_FILE, encoding="utf-8")

PACKAGES: Final = tuple(_ini["importlinter"]["root_packages"].split())
CONTRACTS: Final[dict[str, SectionProxy]] = {
    section.rpartition(":")[2]: _ini[section] for section in _ini.sections() if ":" in section
}


def copy_to(folder: Path) -> Path:
    """Copy the packages and their contracts, and nothing else."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / CONTRACTS_FILE, folder)
    return folder


def files_of(*packages: str) -> Iterator[Path]:
    """The files in the packages, data included, relative to the root."""
    for package in packages:
        for file in sorted((ROOT / package).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(ROOT)


def syntax_of(*packages: str) -> dict[str, ast.Module]:
    """The parsed Python files in the packages, each under its path from the root."""
    return {
        file.as_posix(): ast.parse((ROOT / file).read_text(encoding="utf-8"))
        for file in files_of(*packages)
        if file.suffix == ".py"
    }


def classes_in(package: ModuleType) -> list[type]:
    """Every class that a module of the package, at any depth, defines at its top level."""
    modules = [importlib.import_module(found.name) for found in _walk(package)]
    return [
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__
    ]


def functions_in(package: ModuleType) -> dict[str, Callable[..., Any]]:
    """Every function that a module of the package defines, methods included, by its name in the package."""
    return {
        f"{module.__name__.partition('.')[2]}.{function.__qualname__}": function
        for module in (importlib.import_module(found.name) for found in _walk(package))
        for owner in (module, *(kind for kind in vars(module).values() if isinstance(kind, type)))
        for function in (getattr(value, "__func__", value) for value in list(vars(owner).values()))
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and function.__code__.co_filename == module.__file__
    }


def _walk(package: ModuleType) -> Iterator[pkgutil.ModuleInfo]:
    return pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
