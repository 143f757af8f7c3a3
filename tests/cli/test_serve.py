"""``taskward serve``: the real server, on a free port of this machine, with its data in an empty folder."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

SCRIPT = str(Path(sys.executable).with_name("taskward"))
PASSWORD = "four random words here"
SECONDS_TO_START = 60
SECONDS_TO_STOP = 30


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Running:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    http: httpx.Client
    origin: str

    def stop(self) -> tuple[str, str]:
        """Ask it to finish; what it has printed, and what it has logged."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=SECONDS_TO_STOP)


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Running]:
    """Serve until the end of the block."""
    port = free_port()
    cheap = {"PORT": str(port), "ENVIRONMENT": "test", "BCRYPT_COST": "4"}
    environment = os.environ | {f"TASKWARD_{name}": value for name, value in (cheap | settings).items()}
    process = subprocess.Popen(
        [SCRIPT, "serve"], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    origin = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=origin, trust_env=False) as http:
            _wait_until_ready(process, http)
            yield Running(process, http, origin)
    finally:
        process.kill()
        process.communicate()


def _wait_until_ready(process: subprocess.Popen[str], http: httpx.Client) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        try:
            if http.get("/readyz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise TimeoutError


def test_it_serves_finishes_and_goes_on_where_it_was(folder: Path) -> None:
    ann = {"email": "ann@example.org", "password": PASSWORD}
    with serving(folder) as first:
        answer = first.http.get("/readyz")
        assert answer.json() == {"status": "ok"}
        assert "server" not in answer.headers
        assert first.http.post("/api/auth/register", json=ann).status_code == 201
        token = {"Authorization": f"Bearer {first.http.post('/api/auth/login', json=ann).json()['access_token']}"}
        task = first.http.post("/api/tasks", json={"title": "x"}, headers=token).json()
        printed, logged = first.stop()
        assert first.process.returncode == 0
    assert printed.splitlines() == [
        f"Taskward listens on {first.origin}",
        f"Documentation:      {first.origin}/docs",
        f"The data lies in    {folder / 'var' / 'taskward.db'}",
    ]
    for secret in (PASSWORD, token["Authorization"].removeprefix("Bearer "), "Traceback"):
        assert secret not in logged
    assert logged.count("path=/api/auth/login") == 1
    with serving(folder) as second:
        assert second.http.get("/api/tasks", headers=token).json()["items"] == [task]
        assert second.http.post("/api/auth/login", json=ann).status_code == 200


def test_several_workers_share_data_and_keys_and_believe_the_trusted_proxy_only(folder: Path) -> None:
    https = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    ann = {"email": "ann@example.org", "password": PASSWORD}
    with serving(folder, WORKERS="2", REQUIRE_HTTPS="on", TRUSTED_PROXIES="127.0.0.1") as server:
        assert server.http.get("/api/tasks").status_code == 403
        assert server.http.get("/api/tasks", headers=https).status_code == 401
        assert server.http.post("/api/auth/register", json=ann, headers=https).status_code == 201
        tokens = server.http.post("/api/auth/login", json=ann, headers=https).json()
        headers = https | {"Authorization": f"Bearer {tokens['access_token']}"}
        for number in range(20):  # each on a connection of its own, and so on either worker
            sent = {"title": str(number)}
            answer = httpx.post(f"{server.origin}/api/tasks", json=sent, headers=headers, trust_env=False)
            assert answer.status_code == 201
            assert answer.headers["strict-transport-security"]
        assert server.http.get("/api/tasks", headers=headers).json()["total"] == 20
        server.stop()
        assert server.process.returncode == 0


def test_many_clients_of_several_workers_write_and_read_one_file_without_an_error(folder: Path) -> None:
    ann = {"email": "ann@example.org", "password": PASSWORD}
    with serving(folder, WORKERS="2", RATE_LIMITS="off", LOG_LEVEL="warning") as server:  # Nobody reads the log yet.
        assert server.http.post("/api/auth/register", json=ann).status_code == 201
        token = server.http.post("/api/auth/login", json=ann).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}

        def work(client: int) -> list[int]:
            """What one client is answered, on a connection of its own."""
            with httpx.Client(base_url=server.origin, headers=headers, trust_env=False, timeout=60) as http:
                statuses = []
                for number in range(5):
                    made = http.post("/api/tasks", json={"title": f"{client}.{number}", "tags": ["shared"]})
                    statuses += [made.status_code, http.get(made.headers["location"]).status_code]
                return statuses

        with ThreadPoolExecutor(64) as clients:
            assert list(clients.map(work, range(64))) == [[201, 200] * 5] * 64
        assert server.http.get("/api/tasks", headers=headers).json()["total"] == 64 * 5
        server.stop()
        assert server.process.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="Who the workers are is looked up in /proc.")
def test_a_worker_that_is_killed_is_replaced(folder: Path) -> None:
    with serving(folder, WORKERS="2") as server:
        first = _workers(server, 2)
        os.kill(first[0], signal.SIGKILL)
        deadline = time.monotonic() + SECONDS_TO_START
        while set(second := _workers(server, 2)) == set(first) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(set(first) & set(second)) == 1
        for _ in range(10):  # each on a connection of its own
            assert httpx.get(f"{server.origin}/readyz", trust_env=False).status_code == 200
        server.stop()
        assert server.process.returncode == 0


def _workers(server: Running, count: int) -> list[int]:
    """The processes under the one that watches, as soon as there are so many that live."""
    pid = server.process.pid
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split())
        alive = [child for child in children if ") Z " not in Path(f"/proc/{child}/stat").read_text(encoding="ascii")]
        if len(alive) == count:
            return alive
        time.sleep(0.05)
    raise TimeoutError


def guess(server: Running, number: int) -> int:
    """Try a wrong password on a connection of its own, and so with either worker."""
    guessed = {"email": "ann@example.org", "password": "wrong"}
    claimed = {"X-Forwarded-For": f"192.0.2.{number}"}
    answer = httpx.post(f"{server.origin}/api/auth/login", json=guessed, headers=claimed, trust_env=False)
    assert ("retry-after" in answer.headers) == (answer.status_code == 429)
    return answer.status_code


def test_workers_count_failed_sign_ins_together_whatever_a_client_says_of_itself(folder: Path) -> None:
    with serving(folder, WORKERS="2") as server:
        statuses = [guess(server, number) for number in range(15)]
        server.stop()
    assert statuses == [401] * 10 + [429] * 5


def test_behind_a_trusted_proxy_its_clients_are_told_apart(folder: Path) -> None:
    with serving(folder, TRUSTED_PROXIES="127.0.0.1") as server:
        assert [guess(server, 1) for _ in range(11)] == [401] * 10 + [429]
        assert guess(server, 2) == 401


def test_a_proxy_that_is_not_trusted_is_not_believed(folder: Path) -> None:
    with serving(folder, REQUIRE_HTTPS="on", TRUSTED_PROXIES="10.0.0.1") as server:
        for value in ("https", "https, https", "wss"):
            assert server.http.get("/api/tasks", headers={"X-Forwarded-Proto": value}).status_code == 403


def test_a_request_under_way_is_finished_before_the_end(folder: Path) -> None:
    """Half of a request is there when the server is asked to finish, the other half comes after."""
    body = b'{"email": "ann@example.org", "password": "' + PASSWORD.encode() + b'"}'
    head = (
        b"POST /api/auth/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    with serving(folder) as server, socket.create_connection(("127.0.0.1", server.http.base_url.port or 0)) as raw:
        raw.settimeout(SECONDS_TO_STOP)
        raw.sendall(head % len(body) + body[:10])
        _wait_until_seen(server)
        server.process.send_signal(signal.SIGTERM)
        _wait_until_closed(server)
        raw.sendall(body[10:])
        assert raw.recv(4096).startswith(b"HTTP/1.1 201 ")
        server.process.communicate(timeout=SECONDS_TO_STOP)
        assert server.process.returncode == 0


def _wait_until_seen(server: Running) -> None:
    """Answers come in order: what was sent before has been read by the time this is answered."""
    for _ in range(3):
        assert server.http.get("/livez").status_code == 200


def _wait_until_closed(server: Running) -> None:
    """The server has heard the signal when it takes no new connection any more."""
    deadline = time.monotonic() + SECONDS_TO_STOP
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{server.origin}/livez", trust_env=False)
        except httpx.TransportError:
            return
        time.sleep(0.02)
    raise TimeoutError


def test_a_port_that_is_taken_is_said_without_a_stack_trace(folder: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        environment = os.environ | {"TASKWARD_PORT": str(listener.getsockname()[1])}
        result = subprocess.run(
            [SCRIPT, "serve"], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    assert result.returncode != 0
    assert "address already in use" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["TASKWARD_PORT", "TASKWARD_SECRET_KEYS"])
def test_a_wrong_setting_ends_it_at_once_with_one_line(name: str, folder: Path) -> None:
    result = subprocess.run(
        [SCRIPT, "serve"],
        cwd=folder,
        env=os.environ | {name: "canary-7431"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"taskward: {name}: ")
    assert "canary" not in line
    assert list(folder.iterdir()) == [], "nothing has been made"
