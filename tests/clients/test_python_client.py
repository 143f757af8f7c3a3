"""A client that is generated for Python walks through the API as the README does."""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.clients.conftest import HERE
from tests.support.serving import COMMANDS
from tests.support.tools import need, run

GENERATOR: Final = Path(sys.prefix) / "clients" / "bin"
"""The generator's own environment: it wants other versions than the service."""


@pytest.fixture(scope="module")
def client(document: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated package and the walk."""
    need(GENERATOR, without="the generator is not installed: make test installs it")
    folder = tmp_path_factory.mktemp("python")
    shutil.copy(HERE / "walk.py", folder)
    run(
        *(GENERATOR / "openapi-python-client", "generate", "--path", document, "--meta", "none"),
        *("--output-path", folder / "taskward_client", "--fail-on-warning"),
        folder=folder,
        PATH=f"{GENERATOR}:{os.environ['PATH']}",
    )
    return folder


def test_the_walk_is_what_the_readme_says(client: Path, service: str, told_by_readme: list[str]) -> None:
    assert run(GENERATOR / "python", "walk.py", service, folder=client).splitlines() == told_by_readme


def test_the_walk_has_the_types_of_the_client(client: Path) -> None:
    options = ("--strict", "--config-file=", "--follow-imports=silent", "--python-executable", GENERATOR / "python")
    run(COMMANDS / "mypy", *options, "walk.py", folder=client)
