"""A contender as a program of its own: started, waited for, weighed, and ended by its own pid."""

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
from contender import Contender

_HOST: Final = "127.0.0.1"
_SECONDS_TO_START: Final = 60
_SECONDS_TO_END: Final = 20
_NAP: Final = 0.01


@dataclass(frozen=True)
class Running:
    """A contender that is ready."""

    pid: int
    client: httpx.Client
    cold_start: float

    def memory(self) -> float | None:
        """MiB of its largest process, the worker; None where the system has no /proc."""
        if not Path(f"/proc/{self.pid}").exists():
            return None
        return max(_resident(pid) for pid in _family(self.pid))


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
        with httpx.Client(base_url=f"http://{_HOST}:{port}", timeout=10, trust_env=False) as client:
            _wait(contender, process, client)
            yield Running(process.pid, client, time.perf_counter() - started)
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


def _is_ready(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path).status_code == HTTPStatus.OK
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


def _family(pid: int) -> list[int]:
    """The process and whatever it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
