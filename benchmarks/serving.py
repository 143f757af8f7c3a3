"""A contender as a program of its own: started, waited for, and ended by its own pid."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx

from benchmarks.contenders.contender import Contender
from benchmarks.processes import Family

_HOST: Final = "127.0.0.1"
_SECONDS_TO_START: Final = 60
_SECONDS_TO_END: Final = 20
_SECONDS_TO_ANSWER: Final = 60
_SECONDS_TO_BE_READY: Final = 2
_SECONDS_TO_SETTLE: Final = 10
_NAP: Final = 0.01
_LOOK: Final = 0.5
_IDLE: Final = 0.1
"""Which share of a processor somebody uses at most who has nothing to do."""


@dataclass(frozen=True)
class Running:
    """A contender that is ready."""

    processes: Family
    client: httpx.Client
    cold_start: float


@contextmanager
def serving(contender: Contender) -> Iterator[Running]:
    """Start the contender and end it again, whatever happens in between."""
    port = _free_port()
    with _log(contender).open("ab") as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            contender.command(port),
            env=dict(contender.environment(port)),
            cwd=contender.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C ends it through us, in order
        )
    try:
        with httpx.Client(base_url=f"http://{_HOST}:{port}", timeout=_SECONDS_TO_ANSWER, trust_env=False) as client:
            _wait(contender, process, client)
            running = Running(Family(process.pid), client, time.perf_counter() - started)
            _let_settle(running.processes)
            yield running
    except Exception as error:
        error.add_note(f"The last words of {contender.name}:\n{_last_words(contender)}")
        raise
    finally:
        _end(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(contender: Contender, process: subprocess.Popen[bytes], client: httpx.Client) -> None:
    """Wait until it is ready. Raises RuntimeError if it never is."""
    deadline = time.monotonic() + _SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        if _is_ready(client, contender.ready):
            return
        time.sleep(_NAP)
    raise RuntimeError(f"{contender.name} did not start")


def _let_settle(processes: Family) -> None:
    """Wait for what still starts: one worker answers before the others are there."""
    deadline = time.monotonic() + _SECONDS_TO_SETTLE
    busy = processes.cpu_seconds()
    while time.monotonic() < deadline:
        time.sleep(_LOOK)
        before, busy = busy, processes.cpu_seconds()
        if busy - before < _LOOK * _IDLE:
            return


def _is_ready(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path, timeout=_SECONDS_TO_BE_READY).status_code == HTTPStatus.OK
    except httpx.TransportError:
        return False


def _last_words(contender: Contender) -> str:
    return _log(contender).read_text(encoding="utf-8", errors="replace")[-2000:]


def _log(contender: Contender) -> Path:
    return contender.folder / "output.log"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
