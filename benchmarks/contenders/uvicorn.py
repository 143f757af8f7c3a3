"""How the contenders of a few lines are started."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_ROOT: Final = str(Path(__file__).parents[2])


def uvicorn(factory: str, port: int) -> Sequence[str]:
    """One worker, with the fast event loop and parser, as Taskward has them, and without a line for each request."""
    return [
        sys.executable, "-m", "uvicorn", factory, "--factory", "--app-dir", _ROOT,
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--loop", "uvloop", "--http", "httptools",
        "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip
