"""What one process grants to a connection, and to all of them."""

import sys
from dataclasses import dataclass
from typing import Final

from entrypoints.settings import Settings

if sys.platform != "win32":
    import resource

_RESERVED: Final = 128
"""Descriptors for the database, the log, the listening socket and files."""

_LOBBY: Final = 32


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, durations in seconds. Tests make the durations short."""

    connections: int = 1000
    """How many connections a process has at most."""
    per_address: int = 256
    """How many of them come from one address, which is an IPv4 address or an IPv6 network of 64 bits."""
    lobby: int = _LOBBY
    """How many more are kept open for a moment, to be told that there is no room."""

    head_bytes: int = 64 * 1024
    fields: int = 100
    """How many fields a request head has at most, and how many a trailer section has."""
    target_bytes: int = 8 * 1024

    head_seconds: float = 10
    """From the first byte of a head to its last, and from a new connection to its first byte."""
    idle_seconds: float = 75
    """Between two requests on a connection."""
    body_seconds: float = 10
    body_bytes_per_second: int = 16 * 1024
    """Each such number of bytes that has come gives a body one second more."""
    write_seconds: float = 10
    """How long a client may take none of what was sent to it."""
    linger_seconds: float = 2
    """How long a connection stays open after a refusal, so that the client can read it (RFC 9112, 9.6)."""
    tick: float = 0.5
    """How often the durations are looked at. They are never cut short, and are exceeded by two ticks at most."""


def limits_of(settings: Settings) -> Limits:
    """The limits of a process: as set, and never above what the system lets it open."""
    return Limits(
        connections=min(settings.max_connections, _room(_descriptors())),
        per_address=settings.max_connections_per_address,
        idle_seconds=settings.keep_alive_seconds,
    )


def _room(descriptors: int | None) -> int:
    """How many connections fit beside everything else that a process has open."""
    if descriptors is None:
        return sys.maxsize
    return max(descriptors - _RESERVED - _LOBBY, descriptors // 2)


def _descriptors() -> int | None:
    """How many files this process may have open, where the system says so."""
    if sys.platform == "win32":
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if limit == resource.RLIM_INFINITY else limit
