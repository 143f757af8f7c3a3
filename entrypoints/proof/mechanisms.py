"""The mechanisms that keep shares fair, and how each is pressed: by plain requests, few enough for any deployment."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import httpx

from entrypoints.proof.deployment import Deployment, Person
from entrypoints.proof.pressing import Gauge, Idle, Pressure
from entrypoints.proof.shares import CLOSED, Limit, Share
from entrypoints.proof.wire import Server

_AT_ONCE: Final = 40
_SEARCHES: Final = 160
_PROBES: Final = 160
_SIGN_INS: Final = 24
_SIGN_INS_AT_ONCE: Final = 12
_MEMBERS: Final = 4_000
_BODIES: Final = 8
_FIELDS: Final = 200
_TARGET: Final = 9_000
_HEADS: Final = 4
_ANNOUNCED: Final = 1_000
_EACH: Final = 3
_FEW: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a run allows; tests allow less."""

    patience: float = 30.0
    """Seconds within which a service has to close a connection that stands still."""
    floor: float = 0.25
    """Seconds that an answer may always take."""
    sign_in: float = 2.5
    """Seconds that a sign-in may always take: up to two of waiting, and the check of the password."""
    connections: int = 300
    """How many silent connections are opened: more than a service takes from one address by default."""
    times: int = 30
    """How often the account that measures asks for its tasks before, and again under pressure."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Two accounts on a deployment: one presses, the other one measures."""

    server: Server
    presser: Person
    other: Person
    bounds: Bounds = field(default_factory=Bounds)

    def request(self, method: str, path: str, person: Person | None = None, body: Any = None) -> bytes:
        """A request in the name of an account."""
        token = (person.access_token if person else "") or ""
        return self.server.request(method, path, token=token, body=b"" if body is None else json.dumps(body).encode())

    def gauge(self, *, reconnects: bool = False) -> Gauge:
        """The other account reads its own tasks."""
        request = self.request("GET", "/api/tasks", self.other)
        return Gauge(self.server, request, self.bounds.times, reconnects=reconnects)

    def limit(self, *expected: str) -> Limit:
        """Get within the usual time, while everything else comes to what is expected."""
        return Limit(floor=self.bounds.floor, expected=frozenset(expected))

    def pressure(self, *requests: bytes, connections: int, most: int) -> Pressure:
        """The first account sends these in turn."""
        return Pressure(self.server, requests, connections, most, Counter())


async def _database(scene: Scene) -> Share:
    search = scene.request("GET", "/api/tasks?q=nothing+has+this+title", scene.presser)
    pressure = scene.pressure(search, connections=_AT_ONCE, most=_SEARCHES)
    calm = await scene.gauge().take()
    async with pressure.applied():
        attacked = await scene.gauge().take()
    sent = f"up to {_SEARCHES} searches, {_AT_ONCE} at a time"
    return Share(mechanism="database", sent=sent, calm=calm, attacked=attacked, limit=scene.limit())


async def _passwords(scene: Scene) -> Share:
    sign_in = scene.request("POST", "/api/auth/login", body=scene.presser.credentials)
    pressure = scene.pressure(sign_in, connections=_SIGN_INS_AT_ONCE, most=_SIGN_INS)
    gauge = Gauge(scene.server, scene.request("POST", "/api/auth/login", body=scene.other.credentials), times=_FEW)
    calm = await gauge.take()
    async with pressure.applied():
        attacked = await gauge.take()
    sent = f"up to {_SIGN_INS} sign-ins, {_SIGN_INS_AT_ONCE} at a time"
    limit = Limit(floor=scene.bounds.sign_in)
    return Share(mechanism="passwords", sent=sent, calm=calm, attacked=attacked, limit=limit)


async def _readiness(scene: Scene) -> Share:
    pressure = scene.pressure(scene.request("GET", "/readyz"), connections=_AT_ONCE, most=_PROBES)
    calm = await scene.gauge().take()
    async with pressure.applied():
        attacked = await scene.gauge().take()
    sent = f"up to {_PROBES} probes of /readyz, {_AT_ONCE} at a time"
    return Share(mechanism="readiness", sent=sent, calm=calm, attacked=attacked, limit=scene.limit())


async def _bodies(scene: Scene) -> Share:
    body = scene.presser.credentials | {f"field{number:04}": 0 for number in range(_MEMBERS)}
    requests = [scene.request("POST", "/api/auth/login", body=body)] * _BODIES
    sent = f"{_BODIES} sign-ins with {_MEMBERS:,} unknown fields"
    return await _each("bodies", sent, scene, requests, scene.limit("413"))


async def _heads(scene: Scene) -> Share:
    fields = [f"X-Field-{number:03}: value" for number in range(_FIELDS)]
    requests = [scene.server.request("GET", "/livez", fields=fields)] * _HEADS
    sent = f"{_HEADS} heads of {_FIELDS} fields"
    return await _each("heads", sent, scene, requests, scene.limit("431"))


async def _targets(scene: Scene) -> Share:
    requests = [scene.request("GET", f"/livez?{'a' * _TARGET}")] * _HEADS
    sent = f"{_HEADS} targets of {_TARGET:,} characters"
    return await _each("targets", sent, scene, requests, scene.limit("414"))


async def _each(mechanism: str, sent: str, scene: Scene, requests: Sequence[bytes], limit: Limit) -> Share:
    """Send each request once. Every answer counts."""
    pressure = scene.pressure(*requests, connections=len(requests), most=len(requests))
    calm = await scene.gauge().take()
    async with pressure.applied(to_the_end=True):
        attacked = await scene.gauge().take()
    return Share(mechanism=mechanism, sent=sent, calm=calm, attacked=attacked, outcomes=pressure.outcomes, limit=limit)


async def _connections(scene: Scene) -> Share:
    idle, gauge = Idle(scene.server, [b""] * scene.bounds.connections, Counter()), scene.gauge(reconnects=True)
    calm = await gauge.take()
    async with idle.held():
        attacked = await gauge.take()
    sent = f"{scene.bounds.connections} silent connections"
    return Share(mechanism="connections", sent=sent, calm=calm, attacked=attacked, limit=scene.limit())


async def _slow_clients(scene: Scene) -> Share:
    body = b"x" * _ANNOUNCED
    beginnings = [
        b"",
        scene.request("GET", "/livez")[:-2],
        scene.server.request("POST", "/api/tasks", token=scene.presser.access_token or "", body=body)[:-1],
    ] * _EACH
    idle = Idle(scene.server, beginnings, Counter())
    calm = await scene.gauge().take()
    async with idle.held(scene.bounds.patience):
        attacked = await scene.gauge().take()
    return Share(
        mechanism="slow clients",
        sent=f"{len(beginnings)} connections that stand still",
        calm=calm,
        attacked=attacked,
        outcomes=idle.outcomes,
        limit=scene.limit(CLOSED, "408"),
    )


Mechanism = Callable[[Scene], Awaitable[Share]]

MECHANISMS: Final[Mapping[str, Mechanism]] = MappingProxyType(
    {
        "database": _database,
        "passwords": _passwords,
        "readiness": _readiness,
        "bodies": _bodies,
        "heads": _heads,
        "targets": _targets,
        "connections": _connections,
        "slow clients": _slow_clients,
    }
)
"""In the order in which they are pressed."""


async def press(deployment: Deployment, url: httpx.URL, bounds: Bounds) -> AsyncIterator[Share]:
    """Open two accounts and press each mechanism. Raises CannotRun."""
    scene = Scene(Server.at(url), await deployment.register(), await deployment.register(), bounds)
    for mechanism in MECHANISMS.values():
        yield await mechanism(scene)
