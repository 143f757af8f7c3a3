"""A server with our protocol in a thread, and clients that speak to it byte by byte."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import uvicorn
from starlette.types import Receive, Scope, Send

from entrypoints.http.middleware import Envelope
from entrypoints.server.limits import Limits
from entrypoints.server.protocol import BoundedProtocol
from entrypoints.server.reception import Reception

PATIENCE: Final = 30
"""Seconds that a test waits for what must happen, on however busy a machine."""

FOR_EVER: Final = 3600
PATIENT: Final = Limits(head_seconds=FOR_EVER, idle_seconds=FOR_EVER, body_seconds=FOR_EVER, write_seconds=FOR_EVER)
"""No deadline passes in a test that is not about it."""


@dataclass
class Application:
    """An application that tells what it has seen of each request."""

    answers: dict[str, bytes] = field(default_factory=dict)
    """What it answers, by path; else what it has seen."""
    ended: list[str] = field(default_factory=list)
    """How each request ended: 'served' or 'given up'."""
    proceed: threading.Event = field(default_factory=threading.Event)
    """Until then, a request to /wait is served."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/early":
            await _answer(send, b"early")
            return
        if scope["path"] == "/wait":
            await asyncio.to_thread(self.proceed.wait, PATIENCE)
        body, message = b"", await receive()
        body += message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        while scope["path"] == "/until-gone" and message["type"] != "http.disconnect":
            message = await receive()
        is_gone = message["type"] == "http.disconnect"
        self.ended.append("given up" if is_gone else "served")
        await _answer(send, self.answers.get(scope["path"]) or json.dumps(_seen(scope, body)).encode())


def _seen(scope: Scope, body: bytes) -> dict[str, Any]:
    headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
    target = scope["path"] + ("?" + scope["query_string"].decode() if scope["query_string"] else "")
    return {"method": scope["method"], "target": target, "headers": headers, "body": body.decode("latin-1")}


async def _answer(send: Send, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Listening:
    """A server, what it serves, and where."""

    application: Application
    server: uvicorn.Server
    port: int
    thread: threading.Thread

    @contextmanager
    def client(self, address: str = "127.0.0.1", receive_buffer: int | None = None) -> Iterator["Client"]:
        """A connection from an address of this machine."""
        with socket.socket() as raw:
            if receive_buffer is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            raw.settimeout(PATIENCE)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.bind((address, 0))
            raw.connect(("127.0.0.1", self.port))
            yield Client(raw)

    def ask(self, request: bytes, address: str = "127.0.0.1") -> "Answer":
        """The first answer on a connection of its own."""
        with self.client(address) as client:
            client.send(request)
            return client.answer()


@dataclass
class Answer:
    """A response, parsed far enough for tests."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


class Client:
    """One connection."""

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw
        self._came = b""

    def send(self, data: bytes) -> None:
        """Send something; the server may have closed meanwhile."""
        try:
            self._raw.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def takes(self, data: bytes, *, within: float) -> bool:
        """Whether the server takes all of it in so many seconds. The connection is of no use afterwards if not."""
        self._raw.settimeout(within)
        try:
            self._raw.sendall(data)
        except TimeoutError:
            return False
        return True

    def answer(self) -> Answer:
        """The next response."""
        while b"\r\n\r\n" not in self._came:
            self._more()
        head, _, self._came = self._came.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(self._came) < length:
            self._more()
        body, self._came = self._came[:length], self._came[length:]
        return Answer(int(status.split()[1]), headers, body)

    def _more(self) -> None:
        came = self._raw.recv(1 << 16)
        assert came, f"closed after {self._came!r}"
        self._came += came

    def is_closed(self) -> bool:
        """Wait until the server closes. Anything else that comes is a mistake."""
        try:
            return not self._came and self._raw.recv(1 << 16) == b""
        except ConnectionResetError:
            return True

    def is_finished(self) -> bool:
        """Wait until the server says that nothing more comes. A reset is a mistake."""
        return not self._came and self._raw.recv(1 << 16) == b""

    def is_open(self) -> bool:
        """Whether a request is answered on it."""
        self.send(get("/still-there"))
        return bool(self.answer().json["target"] == "/still-there")


def get(path: str, *fields: str) -> bytes:
    """A request without a body."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *fields, "", ""]).encode("latin-1")


def post(path: str, body: bytes, *fields: str) -> bytes:
    """A request with a body."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", *fields, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


@contextmanager
def listening(limits: Limits = PATIENT, proxies: str = "", loop: str = "auto", finish: int = 5) -> Iterator[Listening]:
    """Serve the application on a free port, in a thread, as ``taskward serve`` does."""
    application = Application()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        config = uvicorn.Config(
            Envelope(application, https_only=False),
            http=partial(BoundedProtocol, Reception(limits, proxies)),  # type: ignore[arg-type] # it is called
            ws="none",
            loop=loop,
            lifespan="off",
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_keep_alive=FOR_EVER,
            timeout_graceful_shutdown=finish,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield Listening(application, server, listener.getsockname()[1], thread)
        finally:
            application.proceed.set()
            server.should_exit = True
            thread.join(PATIENCE)
    assert not thread.is_alive()


def eventually(holds: Callable[[], object]) -> bool:
    """Whether something holds before the patience ends."""
    give_up = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < give_up:
        time.sleep(0.01)
    return bool(holds())
