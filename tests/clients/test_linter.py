"""The OpenAPI document, as a linter sees it. The rules are in spectral.yaml."""

import json
from pathlib import Path
from typing import Any

from tests.clients.conftest import HERE
from tests.support.tools import attempt


def found(document: Path, node: Path) -> tuple[int, str]:
    """Whether the linter is content, and what it says."""
    ruleset = HERE / "spectral.yaml"
    linted = attempt(
        node / "spectral", "lint", document, "--ruleset", ruleset, "--fail-severity=hint", folder=document.parent
    )
    return linted.returncode, linted.stdout + linted.stderr


def test_the_linter_finds_neither_an_error_nor_a_warning(document: Path, node: Path) -> None:
    assert found(document, node) == (0, "No results with a severity of 'hint' or higher found!\n")


def test_the_linter_finds_an_example_that_its_schema_forbids(document: Path, node: Path, tmp_path: Path) -> None:
    written: dict[str, Any] = json.loads(document.read_text(encoding="utf-8"))
    written["components"]["examples"]["TaskBody"]["value"]["priority"] = "no priority"
    broken = tmp_path / "openapi.json"
    broken.write_text(json.dumps(written), encoding="utf-8")
    status, said = found(broken, node)
    assert status == 1
    assert "oas3-valid-media-example" in said


def test_the_linter_finds_a_list_without_a_bound(document: Path, node: Path, tmp_path: Path) -> None:
    written: dict[str, Any] = json.loads(document.read_text(encoding="utf-8"))
    del written["components"]["schemas"]["TaskListView"]["properties"]["items"]["maxItems"]
    broken = tmp_path / "openapi.json"
    broken.write_text(json.dumps(written), encoding="utf-8")
    status, said = found(broken, node)
    assert status == 1
    assert "owasp:api4:2023-array-limit" in said
