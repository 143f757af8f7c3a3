"""The real server and clients that send it anything but tidy requests."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.test_serve import PASSWORD, SECONDS_TO_STOP, Running, serving

ANN = json.dumps({"email": "ann@example.org", "password": PASSWORD}).encode()
AS_THE_JDK = (
    b"POST /api/auth/register HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Content-Length: %d\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\n\r\n"
)


@contextmanager
def connected(server: Running) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.http.base_url.port or 0), SECONDS_TO_STOP) as raw:
        yield raw


def answered(server: Running, request: bytes) -> bytes:
    """Everything that comes until the server closes."""
    with connected(server) as raw:
        raw.sendall(request)
        return b"".join(iter(lambda: raw.recv(65536), b""))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_offers_are_ignored_and_refusals_are_problems(workers: str, folder: Path) -> None:
    with serving(folder, WORKERS=workers) as server:
        with connected(server) as raw:
            raw.sendall(AS_THE_JDK % len(ANN) + ANN)
            assert raw.recv(4096).startswith(b"HTTP/1.1 201 ")
        refusals = {
            b"GET /livez HTTP/1.1\r\n\r\n": (400, "malformed-host"),
            b"no request\r\n\r\n": (400, "malformed-request"),
            b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n": (414, "target-too-long"),
            b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 100 + b"\r\n": (431, "head-too-large"),
        }
        for request, (status, code) in refusals.items():
            head, _, body = answered(server, request).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 %d " % status)
            assert b"\r\nx-request-id: " in head
            assert json.loads(body)["type"] == f"/docs/problems#{code}"
            assert f'<dt id="{code}">' in server.http.get("/docs/problems").text
        server.stop()
        assert server.process.returncode == 0


def test_an_idle_connection_is_kept_as_long_as_it_is_set(folder: Path) -> None:
    with serving(folder, KEEP_ALIVE_SECONDS="1") as server:
        came = answered(server, b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
    assert came.startswith(b"HTTP/1.1 200 ")
    assert came.count(b"HTTP/1.1 ") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit.")
def test_silent_connections_do_not_use_up_what_the_process_may_open(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are more of them than descriptors. The database is still opened, and a client from there still served."""
    limited = folder / "limited"
    limited.write_text(f'#!/bin/sh\nulimit -n 256\nexec {sys.executable.rpartition("/")[0]}/taskward "$@"\n', "utf-8")
    limited.chmod(0o755)
    monkeypatch.setattr("tests.cli.test_serve.SCRIPT", str(limited))
    with serving(folder) as server, ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(connected(server))
        with httpx.Client(base_url=server.origin, trust_env=False) as newcomer:
            assert newcomer.get("/readyz").json() == {"status": "ok"}
            headers = {"Content-Type": "application/json"}
            assert newcomer.post("/api/auth/register", content=ANN, headers=headers).status_code == 201
        _, logged = server.stop()
        assert server.process.returncode == 0
    assert "Traceback" not in logged


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_ends_in_time_whatever_its_clients_do(workers: str, folder: Path) -> None:
    beginnings = [
        b"",
        b"GET / HTTP/1.1\r\n",
        AS_THE_JDK % len(ANN) + ANN[:10],
        b"GET /docs/assets/swagger-ui-bundle.js",
    ]
    with serving(folder, WORKERS=workers) as server, ExitStack() as stack:
        for beginning in beginnings:
            for _ in range(5):
                raw = stack.enter_context(connected(server))
                raw.sendall(beginning)
        assert server.http.get("/livez").status_code == 200
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        try:
            server.process.communicate(timeout=SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still there after {time.monotonic() - began:.0f} s")
        assert server.process.returncode == 0
