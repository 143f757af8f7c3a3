"""A service that runs as the README says, as a process of its own in a folder of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest

from entrypoints.settings import PREFIX
from tests.support.redis import free_port

COMMANDS: Final = Path(sys.executable).parent
SECONDS_TO_START: Final = 30


@dataclass(frozen=True)
class ServiceProcess:
    """A service that answers, and the means of its operator."""

    url: str
    folder: Path
    environment: Mapping[str, str]

    def command(self, *words: str, typed: str = "") -> None:
        """Have the operator enter a command."""
        command = [str(COMMANDS / "taskward"), *words]
        subprocess.run(command, cwd=self.folder, env=self.environment, input=typed, text=True, check=True, timeout=60)


@contextmanager
def service(folder: Path, **settings: str) -> Iterator[ServiceProcess]:
    """Serve with these settings, and stop in the end."""
    port = free_port()
    given = {"ENVIRONMENT": "test", "BCRYPT_COST": "4", "PORT": str(port)} | settings
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment |= {PREFIX + name: value for name, value in given.items()}
    command = [str(COMMANDS / "taskward"), "serve"]
    log = folder / "log"
    with (
        log.open("wb") as out,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out) as server,
    ):
        try:
            _wait_for(f"http://127.0.0.1:{port}/readyz", server, log)
            yield ServiceProcess(f"http://127.0.0.1:{port}", folder, environment)
        finally:
            server.terminate()


def _wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    give_up = time.monotonic() + SECONDS_TO_START
    with httpx.Client(trust_env=False) as client:
        while server.poll() is None and time.monotonic() < give_up:
            try:
                if client.get(url).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
    pytest.fail(f"the service did not start:\n{log.read_text(encoding='utf-8')}")
