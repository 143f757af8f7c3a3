"""A service, its document as a file, and the programs that make something of it."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.docs.test_readme import blocks, section
from tests.support import serving
from tests.support.tools import need

HERE: Final = Path(__file__).parent
NODE_PROGRAMS: Final = HERE / "node_modules" / ".bin"


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service."""
    with serving.service(tmp_path_factory.mktemp("service")) as started:
        yield started.url


@pytest.fixture(scope="session")
def document(service: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OpenAPI document that the service gives out."""
    file = tmp_path_factory.mktemp("document") / "openapi.json"
    file.write_bytes(httpx.get(f"{service}/openapi.json", trust_env=False).content)
    return file


@pytest.fixture(scope="session")
def node() -> Path:
    """Where the programs of node are."""
    need(shutil.which("node"), without="node and npm are not installed: apt-get install nodejs npm")
    need(NODE_PROGRAMS, without="the packages of npm are not installed: make test installs them")
    return NODE_PROGRAMS


@pytest.fixture(scope="session")
def told_by_readme() -> list[str]:
    """What the README's walk prints, of problems the status and the type."""
    (printed,) = blocks(section("A walk through the API"), "text")
    return [_in_short(line) for line in printed.splitlines()]


def _in_short(line: str) -> str:
    refused = re.fullmatch(r"(\{.+\}) -> (\d+)", line)
    return f"{refused[2]} {json.loads(refused[1])['type']}" if refused else line
