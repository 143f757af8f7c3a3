"""A pgbouncer of the tests' own, in transaction mode: a process, for as long as it is needed."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.redis import free_port

COMMAND = "pgbouncer"
SECONDS_TO_START = 10
AS_DOCUMENTED = {"pool_mode": "transaction", "query_wait_timeout": "2"}
"""What docs/postgresql.md tells operators to write."""


@contextmanager
def server(behind: URL, *people: URL, **settings: str) -> Iterator[URL]:
    """A pgbouncer before the server, which lets these people in; its URL names no database and nobody.

    Skips where there is none to start; never in CI, where that would go unnoticed.
    """
    command = _command(behind)
    port = free_port()
    # Not in pytest's own folder, which only this user may enter: pgbouncer does not run as root.
    with tempfile.TemporaryDirectory(prefix="taskward-pgbouncer-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "people").write_text("\n".join(_person(url) for url in people), encoding="utf-8")
        given = {
            "listen_addr": "127.0.0.1",
            "listen_port": str(port),
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": str(folder / "people"),
        }
        (folder / "ini").write_text(_ini(behind, {**given, **AS_DOCUMENTED, **settings}), encoding="utf-8")
        with subprocess.Popen(
            [*command, str(folder / "ini")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                _wait(process, port)
                yield URL.create("postgresql", host="127.0.0.1", port=port)
            finally:
                process.kill()


def _command(behind: URL) -> list[str]:
    found = shutil.which(COMMAND, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None and os.environ.get("CI") != "true":
        pytest.skip("pgbouncer is not installed: apt-get install pgbouncer")
    return [found or COMMAND, *(["-u", _somebody(behind)] if os.geteuid() == 0 else [])]


def _somebody(behind: URL) -> str:
    """Whom to run it as instead of root: whoever may enter the folder of the server's socket."""
    return Path(_host(behind)).owner() if _host(behind).startswith("/") else "nobody"


def _host(behind: URL) -> str:
    return behind.host or str(behind.query.get("host", ""))


def _person(url: URL) -> str:
    words = (str(url.username), str(url.password))
    return " ".join('"{}"'.format(word.replace('"', '""')) for word in words)


def _ini(behind: URL, settings: Mapping[str, str]) -> str:
    where = f"host={_host(behind)} port={behind.port or 5432}"
    lines = [f"{name} = {value}" for name, value in settings.items()]
    return "\n".join(["[databases]", f"* = {where}", "[pgbouncer]", *lines, ""])


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        assert process.poll() is None, "pgbouncer did not start"
        assert time.monotonic() < deadline, "pgbouncer does not answer"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
