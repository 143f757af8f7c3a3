"""A contract that cannot fail is worth nothing: each is broken in a copy of the code, and seen to be."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.source import CONTRACTS, CONTRACTS_FILE, PACKAGES, ROOT, copy_to


@dataclass(frozen=True)
class Violation:
    """An import to plant, and the words in which the linter reports it."""

    importer: str
    imported: str
    reported: str

    def plant(self, folder: Path) -> None:
        """Write it at the end of a module, or as a new module."""
        path = folder.joinpath(*self.importer.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        with file.open("a", encoding="utf-8") as stream:
            stream.write(f"\nimport {self.imported}\n")


def _plant(arrow: str, reported: str | None = None) -> Violation:
    importer, _, imported = arrow.partition(" -> ")
    return Violation(importer, imported, reported or arrow)


def _names(contract: str, option: str) -> list[str]:
    return CONTRACTS[contract].get(option, "").split()


def _each_of(importers: Iterable[str], imported: Iterable[str]) -> list[Violation]:
    """Every importer imports everything."""
    return [_plant(f"{importer} -> {module}") for importer, module in product(importers, imported)]


CORE: Final = ("domain", "application")

_FORBIDDEN: Final = frozenset(_names("core", "forbidden_modules"))

_WITH_A_HOME: Final = {name: contract for contract in CONTRACTS for name in _names(contract, "protected_modules")}
"""What one place may import, and the contract that says which."""

VIOLATIONS: Final = {
    "layers": [
        _plant("domain.ids -> application.ports.clock"),
        _plant("domain.text -> entrypoints.version"),
        _plant("application.ports.clock -> entrypoints.version"),
        _plant("adapters.system.clock -> entrypoints.version"),
    ],
    "core": _each_of(CORE, _FORBIDDEN - _WITH_A_HOME.keys()),
    "use_cases": [
        _plant("application.authentication -> application.operations"),
        _plant("application.operations -> application.tasks"),
        _plant("application.limiting -> application.organizations"),
        _plant("application.tasks -> application.accounts"),
        _plant("application.letters -> application.bulk"),
        _plant("application.unlisted -> application.ports", reported="- application.unlisted"),
    ],
    "adapters": [
        _plant("adapters.system.clock -> adapters.memory.store"),
        _plant("adapters.unlisted -> adapters.security.keys"),
        _plant("adapters.sql.sqlite -> adapters.system.admission"),
        _plant("adapters.system.admission -> adapters.memory.store"),
    ],
    "routes": [
        _plant("entrypoints.http.routes.users -> entrypoints.http.routes.auth"),
        _plant("entrypoints.http.routes.unlisted -> entrypoints.http.routes.tasks"),
    ],
    "wiring": [
        _plant("entrypoints.http.app -> adapters.sql.url"),
        _plant("entrypoints.cli.main -> adapters"),
        _plant("adapters.sql.url -> dependency_injector"),
    ],
    "sql": [
        _plant("entrypoints.container -> sqlalchemy"),
        _plant("entrypoints.cli.main -> alembic"),
        _plant("adapters.system.clock -> asyncpg"),
        _plant("adapters.memory.store -> sqlite3"),
    ],
    "secrets": [
        _plant("entrypoints.http.routing -> jwt"),
        _plant("adapters.memory.passwords -> bcrypt"),
    ],
    "mail": [_plant("adapters.system.errands -> aiosmtplib")],
    "redis": [
        _plant("adapters.memory.counters -> limits"),
        _plant("entrypoints.container -> redis"),
    ],
    "http": [
        _plant("entrypoints.container -> fastapi"),
        _plant("adapters.security.tokens -> starlette"),
    ],
    "commands": [_plant("entrypoints.settings -> typer")],
    "server": [
        _plant("entrypoints.http.app -> uvicorn"),
        _plant("entrypoints.cli.main -> httptools"),
    ],
    "cycles": [
        _plant("domain.ids -> domain.session", reported="No cycles are allowed in domain."),
        _plant("application.ports.tasks -> application.ports.spaces", reported="in application.ports."),
        _plant("adapters.sql.query -> adapters.sql.tasks", reported="in adapters.sql."),
        _plant("entrypoints.settings -> entrypoints.keys", reported="in entrypoints."),
    ],
    "shipped": _each_of(PACKAGES, ["tests", "benchmarks"]),
}


def _lint(folder: Path) -> str:
    """Run the linter where it sees no other code of ours than the folder's."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--config", CONTRACTS_FILE, "--no-cache", "--no-logo"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def _lint_with(violations: Iterable[Violation], folder: Path) -> str:
    copy_to(folder)
    for violation in violations:
        violation.plant(folder)
    return _lint(folder)


def _verdicts(report: str) -> dict[str, str]:
    """What the linter says of each contract that it looked at."""
    said = dict(re.findall(r"^(.+?) (KEPT|BROKEN)(?: \(\d+ ignored imports\))?$", report, re.MULTILINE))
    return {key: said[contract["name"]] for key, contract in CONTRACTS.items() if contract["name"] in said}


def _all_kept_but(*broken: str) -> dict[str, str]:
    return {key: "BROKEN" if key in broken else "KEPT" for key in CONTRACTS}


def _unguarded(dependencies: Iterable[str], forbidden: Iterable[str]) -> set[str]:
    """The modules of these distributions, as far as they are installed, that are not forbidden."""
    distributions = {_normal(re.split(r"[^\w.-]", dependency)[0]) for dependency in dependencies}
    return {
        module
        for module, homes in packages_distributions().items()
        if distributions & {_normal(home) for home in homes} and not module.startswith("_")
    } - set(forbidden)


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _project() -> str:
    return (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_a_copy_of_the_code_keeps_every_contract(tmp_path: Path) -> None:
    report = _lint_with([], tmp_path)
    assert _verdicts(report) == _all_kept_but(), report


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_planted_violation_breaks_its_contract_and_no_other(contract: str, tmp_path: Path) -> None:
    report = _lint_with(VIOLATIONS[contract], tmp_path)
    assert _verdicts(report) == _all_kept_but(contract), report
    assert [v for v in VIOLATIONS[contract] if v.reported not in report] == [], report


def test_what_has_a_home_elsewhere_is_forbidden_to_the_core_as_well(tmp_path: Path) -> None:
    libraries = _WITH_A_HOME.keys() - set(PACKAGES)
    violations = _each_of(CORE, libraries)
    report = _lint_with(violations, tmp_path)
    assert _verdicts(report) == _all_kept_but("core", *{_WITH_A_HOME[library] for library in libraries}), report
    assert [v for v in violations if f"{v.importer} is not allowed to import {v.imported}:" not in report] == [], report


def test_every_contract_has_a_planted_violation() -> None:
    assert set(VIOLATIONS) == set(CONTRACTS)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_import_that_a_contract_keeps_to_one_place_is_planted(contract: str) -> None:
    planted = {violation.imported for violation in VIOLATIONS[contract]}
    assert set(_names(contract, "protected_modules")) <= planted


def test_every_package_that_is_shipped_is_under_contract() -> None:
    wheel = tomllib.loads(_project())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(PACKAGES) == set(wheel["packages"])


def test_every_library_of_the_project_is_forbidden_to_the_core() -> None:
    dependencies = tomllib.loads(_project())["project"]["dependencies"]
    assert _unguarded(dependencies, _FORBIDDEN) == set()


def test_a_library_that_is_not_forbidden_yet_is_seen() -> None:
    assert _unguarded(["PyJWT[crypto]>=2", "pydantic-settings"], ["fastapi"]) == {"jwt", "pydantic_settings"}
