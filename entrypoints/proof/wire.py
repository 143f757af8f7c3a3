"""HTTP/1.1 on a socket, as little of it as a load generator needs: its bytes are prepared before the clock runs."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import httpx

FAILURES: Final = (OSError, EOFError, ValueError, asyncio.LimitOverrunError, TimeoutError)
"""What a connection or a response can fail with."""

_FIELD_LIMIT: Final = 1 << 20
_CHUNK: Final = 1 << 16
_HTTPS: Final = 443
_HTTP: Final = 80


class Answer(NamedTuple):
    """The status of a response, and whether the connection serves another request."""

    status: int
    reusable: bool


class Wire(NamedTuple):
    """A connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def close(self) -> None:
        """Close it at once."""
        self.writer.transport.abort()


@dataclass(frozen=True, slots=True)
class Server:
    """Where a service listens."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    prefix: str = ""
    """The path in front of every path of the service."""

    @classmethod
    def at(cls, url: httpx.URL) -> Self:
        """The server that a URL names."""
        is_https = url.scheme == "https"
        port = url.port or (_HTTPS if is_https else _HTTP)
        return cls(url.host, port, httpx.create_ssl_context() if is_https else None, url.path.rstrip("/"))

    async def connect(self, source: str | None = None, *, limit: int = _FIELD_LIMIT) -> Wire:
        """Connect, from a source address if one is given. Raises OSError."""
        local = None if source is None else (source, 0)
        return Wire(*await asyncio.open_connection(self.host, self.port, ssl=self.tls, local_addr=local, limit=limit))

    def request(
        self, method: str, path: str, *, token: str = "", body: bytes = b"", fields: Sequence[str] = ()
    ) -> bytes:
        """Spell a request, with a bearer token, a JSON body and more header fields where they are given."""
        lines = [f"{method} {self.prefix}{path} HTTP/1.1", f"Host: {self.host}:{self.port}", *fields]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """Read a response to its end. Raises OSError, EOFError and ValueError where there is none."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head.split(" ", 2)[1])
    fields = dict(line.partition(":")[::2] for line in head.split("\r\n")[1:] if line)
    if "chunked" in fields.get("transfer-encoding", ""):
        await _skip_chunks(reader)
    else:
        await _skip(reader, int(fields.get("content-length", "0")))
    return Answer(status, "close" not in fields.get("connection", ""))


async def _skip_chunks(reader: asyncio.StreamReader) -> None:
    size = -1
    while size:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        await _skip(reader, size + 2)


async def _skip(reader: asyncio.StreamReader, left: int) -> None:
    while left:
        found = await reader.read(min(left, _CHUNK))
        if not found:
            raise EOFError("the response is shorter than announced")
        left -= len(found)
