"""The load: ``wrk`` keeps a number of connections busy and says how it went."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx

from benchmarks.contenders.contender import Request
from benchmarks.results import Report

_SCRIPT: Final = Path(__file__).with_name("load.lua")
_SECONDS_TO_ANSWER: Final = 10
_SECONDS_TO_END: Final = 30
_UNANSWERED: Final = ("connect", "read", "write", "timeout")
_FOR_EVER: Final = 3600
_IS_MISSING: Final = "The load tool wrk is missing: 'apt install wrk' or 'brew install wrk'."


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is sent, where to, in whose name, and by how many connections for how long."""

    url: httpx.URL
    requests: Sequence[Request]
    tokens: Mapping[str, str]
    connections: int
    seconds: int
    rest: int = 0
    """Milliseconds that a connection waits between an answer and its next request."""


def demand_wrk() -> None:
    """Leave with a message if there is no wrk."""
    if shutil.which("wrk") is None:
        print(_IS_MISSING, file=sys.stderr)
        sys.exit(2)


def wrk_version() -> str:
    """Which wrk this is, if there is one. It says so, and fails."""
    if shutil.which("wrk") is None:
        return "none"
    said = subprocess.run(["wrk", "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout
    return said.split()[1]


def apply(load: Load) -> Report:
    """Apply the load. Raises CalledProcessError if wrk fails."""
    with _command(load) as command:
        timeout = load.seconds + _SECONDS_TO_END
        ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=timeout)
    return read_report(ended.stdout)


@contextmanager
def applied(load: Load) -> Iterator[None]:
    """Apply a load for as long as something else happens."""
    with _command(load, _FOR_EVER) as command:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def read_report(said: str) -> Report:
    """What the last line that wrk wrote means: the script's. Raises ValueError if it is no report."""
    found = json.loads(said.splitlines()[-1])
    errors = found["errors"]
    return Report(
        requests=found["requests"],
        seconds=found["microseconds"] / 1_000_000,
        refused=errors["status"],
        unanswered=sum(errors[kind] for kind in _UNANSWERED),
        **{name: microseconds / 1000 for name, microseconds in found["latency"].items()},
    )


@contextmanager
def _command(load: Load, seconds: int | None = None) -> Iterator[list[str]]:
    """How wrk is called, while the file of its requests is there."""
    with TemporaryDirectory(prefix="taskward-load-") as folder:
        requests = Path(folder) / "requests"
        requests.write_text("".join(_line(request, load.tokens) for request in load.requests), encoding="utf-8")
        yield [
            "wrk", "--threads", "1", "--connections", str(load.connections),
            "--duration", f"{seconds or load.seconds}s", "--timeout", f"{_SECONDS_TO_ANSWER}s",
            "--script", str(_SCRIPT), str(load.url), "--", str(requests), str(load.rest),
        ]  # fmt: skip


def _line(request: Request, tokens: Mapping[str, str]) -> str:
    token = tokens[request.person] if request.person else ""
    return f"{request.method}\t{request.path}\t{token}\t{request.body}\n"
