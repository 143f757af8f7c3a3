"""A client that is generated for TypeScript walks through the API as the README does."""

import shutil
from pathlib import Path

import pytest

from tests.clients.conftest import HERE
from tests.support.tools import attempt, run


@pytest.fixture(scope="module")
def client(document: Path, node: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated types and the walk."""
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "node_modules").symlink_to(node.parent)
    for name in ("package.json", "tsconfig.json", "walk.ts"):
        shutil.copy(HERE / name, folder)
    run(node / "openapi-typescript", document, "--output", "schema.ts", folder=folder)
    return folder


def test_the_walk_is_what_the_readme_says(client: Path, node: Path, service: str, told_by_readme: list[str]) -> None:
    run(
        node / "tsc", "--project", ".", folder=client
    )  # which checks the types first, and writes nothing if one is wrong
    assert run("node", "walk.js", service, folder=client).splitlines() == told_by_readme


def test_what_the_document_does_not_say_is_no_program(client: Path, node: Path) -> None:
    walk = (client / "walk.ts").read_text(encoding="utf-8")
    (client / "walk.ts").write_text(walk.replace('priority: "high" } }', 'priority: "high", user_id: "x" } }'))
    checked = attempt(node / "tsc", "--project", ".", "--noEmit", folder=client)
    (client / "walk.ts").write_text(walk, encoding="utf-8")
    assert checked.returncode != 0
    assert "user_id" in checked.stdout
