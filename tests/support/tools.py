"""Programs that are not on every machine."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest


def need(program: Path | str | None, *, without: str) -> None:
    """Skip where there is no such program; never in CI, where that would go unnoticed."""
    if (program is None or not Path(program).exists()) and os.environ.get("CI") != "true":
        pytest.skip(without)


def run(*command: object, folder: Path, seconds: float = 300, **environment: str) -> str:
    """What a program prints. It must succeed."""
    done = attempt(*command, folder=folder, seconds=seconds, environment=environment)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def attempt(
    *command: object, folder: Path, seconds: float = 300, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """What comes of running a program. What it asks of this machine goes through no proxy."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=os.environ | {"no_proxy": "*"} | dict(environment or {}),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
