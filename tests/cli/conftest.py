"""An empty folder and a clean environment, as on a new machine."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command runs: nothing is there, and nothing is set."""
    for name in list(os.environ):
        if name.upper().startswith("TASKWARD_") and not name.startswith("TASKWARD_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path
