"""The load: ``wrk`` keeps a number of connections busy and says how it went."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
from contender import Request

_SCRIPT: Final = Path(__file__).with_name("load.lua")
_SECONDS_TO_ANSWER: Final = 10
_SECONDS_TO_END: Final = 30
_UNANSWERED: Final = ("connect", "read", "write", "timeout")


@dataclass(frozen=True)
class Load:
    """What is sent, where to, and by how many connections for how long."""

    url: httpx.URL
    headers: Mapping[str, str]
    requests: Sequence[Request]
    connections: int
    seconds: int


@dataclass(frozen=True)
class Outcome:
    """How a load went. Latencies are in milliseconds."""

    per_second: float
    failed: float
    p50: float
    p95: float
    p99: float


def apply(load: Load) -> Outcome:
    """Apply the load. Raises CalledProcessError if wrk fails."""
    with TemporaryDirectory(prefix="taskward-load-") as folder:
        requests = Path(folder) / "requests"
        requests.write_text("".join("\t".join(request) + "\n" for request in load.requests), encoding="utf-8")
        ended = subprocess.run(
            _command(load, requests), stdout=subprocess.PIPE, check=True, timeout=load.seconds + _SECONDS_TO_END
        )
    return _outcome(json.loads(ended.stdout.splitlines()[-1]))


def _command(load: Load, requests: Path) -> list[str]:
    headers = [part for name, value in load.headers.items() for part in ("-H", f"{name}: {value}")]
    return [
        "wrk", "--threads", "1", "--connections", str(load.connections), "--duration", f"{load.seconds}s",
        "--timeout", f"{_SECONDS_TO_ANSWER}s", "--script", str(_SCRIPT), *headers, str(load.url), "--", str(requests),
    ]  # fmt: skip


def _outcome(said: Mapping[str, Any]) -> Outcome:
    errors = said["errors"]
    unanswered = sum(errors[kind] for kind in _UNANSWERED)
    asked = said["requests"] + unanswered
    return Outcome(
        per_second=said["requests"] / said["microseconds"] * 1_000_000,
        failed=(errors["status"] + unanswered) / asked if asked else 1.0,
        **{name: microseconds / 1000 for name, microseconds in said["latency"].items()},
    )
