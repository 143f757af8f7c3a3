"""HTTP/1.1 on a socket, as little of it as a load generator needs: its bytes are prepared before the clock runs."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

_FIELD_LIMIT: Final = 1 << 20
_CHUNK: Final = 1 << 16
_HOST: Final = "127.0.0.1"


class Answer(NamedTuple):
    """The status of a response, and whether the connection serves another request."""

    status: int
    reusable: bool


class Wire(NamedTuple):
    """A connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


def request_bytes(method: str, path: str, *, token: str = "", body: bytes = b"", fields: Sequence[str] = ()) -> bytes:
    """Spell a request, with a bearer token, a JSON body and more header fields where they are given."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *fields]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def connect(port: int, source: str, *, limit: int = _FIELD_LIMIT) -> Wire:
    """Connect from a source address on loopback. Raises OSError."""
    return Wire(*await asyncio.open_connection(_HOST, port, local_addr=(source, 0), limit=limit))


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
