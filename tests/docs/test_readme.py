"""The README is true: what it tells people to do is done here, and what it lists is compared with the code."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from pydantic import SecretStr

from entrypoints.settings import PREFIX, LaterFlag, LaterText, Settings
from tests.support import serving
from tests.support.serving import COMMANDS

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
LATER: Final = {get_args(LaterFlag)[1], get_args(LaterText)[1]}


def section(heading: str) -> str:
    """What stands under the heading."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"the README has no section '{heading}'"
    return found[1]


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of this language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def first_cells(heading: str) -> list[str]:
    """What the first column of the section's table names."""
    return re.findall(r"^\| `([^`]+)` \|", section(heading), re.MULTILINE)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service that runs as the README says, in a folder of its own."""
    with serving.service(tmp_path_factory.mktemp("service")) as started:
        yield started.url


def walk(script: str, service: str) -> str:
    """What the shell prints."""
    done = subprocess.run(
        ["sh", "-eu", "-c", script],
        env=os.environ | {"BASE": service, "PATH": f"{COMMANDS}:{os.environ['PATH']}", "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


@pytest.mark.skipif(not (shutil.which("curl") or "CI" in os.environ), reason="the walk needs curl")
def test_the_walk_through_the_api_prints_what_the_readme_says(service: str) -> None:
    text = section("A walk through the API")
    script, (expected,) = "\n".join(blocks(text, "sh")), blocks(text, "text")
    printed = walk(script, service)
    assert re.fullmatch(re.escape(expected).replace("…", "[0-9a-f]{32}"), printed), printed
    assert re.findall(r" -> (\d+)$", printed, re.MULTILINE) == ["404", "404", "403", "401"]


async def test_the_use_case_without_a_database_passes() -> None:
    (block,) = blocks(section("A use case without a database"), "python")
    names: dict[str, Any] = {}
    exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - our own README
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert tests
    for test in tests:
        await test()


def test_every_make_target_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"(?:^|`)make ([^\s`]+)", README, re.MULTILINE))
    targets = re.findall(r"^([^\s:=#]+(?: [^\s:=#]+)*):(?!=)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {"run", "test", "check"} <= named
    assert named <= {target for line in targets for target in line.split()}


def test_every_folder_on_the_map_exists_and_none_is_missing() -> None:
    listed = {name.rstrip("/") for name in first_cells("Where things are")}
    tracked = {"domain", "application", "adapters", "entrypoints", "alembic", "tests", "benchmarks", "docs", "findings"}
    assert listed == tracked
    assert [name for name in listed if not (ROOT / name).is_dir()] == []


def test_the_table_of_settings_holds_every_setting_that_works_with_its_default() -> None:
    usable = {
        PREFIX + name.upper(): _shown(field.default)
        for name, field in Settings.model_fields.items()
        if not LATER & set(field.metadata)
    }
    listed = dict(re.findall(r"^\| `(\w+)` \| `?([^|`]+?)`? \|", section("Settings"), re.MULTILINE))
    assert listed == usable


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    return "unset" if default in {None, ""} else str(default)
