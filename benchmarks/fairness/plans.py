"""What the load generators are told: plans that go to processes of their own as one line of JSON."""

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from entrypoints.proof.wire import Server

FOR_EVER: Final = 3600.0
HOST: Final = "127.0.0.1"
_ANY: Final = Server(HOST, 80)


def request_bytes(method: str, path: str, *, token: str = "", body: bytes = b"", fields: Sequence[str] = ()) -> bytes:
    """Spell a request for a contender, whatever its port."""
    return _ANY.request(method, path, token=token, body=body, fields=fields)


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Connections from one source address that send the same requests in turn."""

    source: str
    requests: Sequence[bytes]
    connections: int = 1
    pause: float = 0.0
    """Seconds between an answer and the next request of the connection."""
    piece: int = 0
    """Bytes that are sent at a time; 0: all of them."""
    gap: float = 0.0
    """Seconds between two pieces."""
    reads: bool = True
    """Whether answers are read."""
    patience: float = FOR_EVER
    """Seconds after which the client gives an answer up and closes the connection."""
    once: bool = False
    """Whether each request is sent by one connection only, and only once."""


@dataclass(frozen=True, kw_only=True)
class Attack:
    """What an attacker sends, and for how long."""

    port: int
    seconds: float
    streams: Sequence[Stream]

    @property
    def server(self) -> Server:
        """Where they go."""
        return Server(HOST, self.port)

    def as_line(self) -> str:
        """The plan as one line."""
        plan = asdict(self)
        for stream in plan["streams"]:
            stream["requests"] = [b64encode(request).decode() for request in stream["requests"]]
        return json.dumps(plan)

    @staticmethod
    def from_line(line: str) -> "Attack":
        """Read such a line."""
        plan = json.loads(line)
        streams = [
            Stream(**stream | {"requests": [b64decode(request) for request in stream["requests"]]})
            for stream in plan.pop("streams")
        ]
        return Attack(**plan, streams=streams)


@dataclass(frozen=True, kw_only=True)
class Routine:
    """What a calm client repeats: requests in turn, at a pace that does not depend on the answers."""

    name: str
    requests: Sequence[str]
    interval: float
    connections: int = 1


@dataclass(frozen=True, kw_only=True)
class Calm:
    """What the victims do until they are told to stop."""

    port: int
    source: str
    routines: Sequence[Routine]

    @property
    def server(self) -> Server:
        """Where it goes."""
        return Server(HOST, self.port)

    def as_line(self) -> str:
        """The plan as one line."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_line(line: str) -> "Calm":
        """Read such a line."""
        plan = json.loads(line)
        return Calm(**plan | {"routines": [Routine(**routine) for routine in plan["routines"]]})
