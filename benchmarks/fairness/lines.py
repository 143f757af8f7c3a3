"""The lines: what one account, or a stranger, sends to take more than its share.

Only sizes, numbers and slowness press here. Texts are plain, names are counted, and nothing is malformed: an input that
hurts by its content would tell more about a parser than about shares.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.contenders.contender import Contender, new_task
from benchmarks.fairness import people
from benchmarks.fairness.plans import Stream, request_bytes
from benchmarks.fairness.stocks import EXPIRED_TOKEN, Stock

_LONG: Final = 160_000
_NEARLY_1_MIB: Final = 1_000_000
_MEMBERS: Final = 60_000
_FIELDS: Final = 20_000
_PACE_OF_PROBES: Final = 0.25


@dataclass(frozen=True)
class Scene:
    """What an attack is made from."""

    contender: Contender
    stock: Stock
    tokens: Mapping[str, str]
    source: str

    def request(self, method: str, path: str, person: str = "", body: Any = None) -> bytes:
        """A request in somebody's name."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        return request_bytes(method, path, token=self.tokens.get(person, ""), body=content)

    def stream(self, *requests: bytes, **options: Any) -> Stream:
        """A stream from the attacker's address."""
        return Stream(source=self.source, requests=requests, **options)


Streams = Callable[[Scene], Sequence[Stream]]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One way to take more than one's share."""

    name: str
    what: str
    taskward: Streams
    pocketbase: Streams | None = None
    signs_in: bool = False
    """Whether the victims sign in meanwhile, too."""
    seals: bool = False
    """Whether the victims also write, and their seals are waited for."""

    def streams(self, scene: Scene, *, is_pocketbase: bool) -> Sequence[Stream]:
        """What is sent; nothing where the contender lacks the operation."""
        make = self.pocketbase if is_pocketbase else self.taskward
        return [] if make is None else make(scene)


def _text(length: int) -> str:
    """Long text. Not all of it is ASCII, or normalising it would be skipped; what it says does not matter."""
    return "é" + "a" * (length - 1)


def _long_texts(scene: Scene) -> Sequence[Stream]:
    one = new_task() | {"tags": [_text(_LONG)]}
    several = {"items": [new_task() | {"tags": [_text(_LONG)]} for _ in range(_NEARLY_1_MIB // _LONG)]}
    return [
        scene.stream(
            scene.request("POST", "/api/tasks", people.SENDER, one),
            scene.request("POST", "/api/tasks/bulk", people.SENDER, several),
            scene.request("GET", f"/api/tasks?tag={'a' * 60_000}", people.SENDER),
            connections=4,
        )
    ]


def _long_titles(scene: Scene) -> Sequence[Stream]:
    body = json.loads(scene.contender.create(people.SENDER).body) | {"title": _text(_NEARLY_1_MIB)}
    return [scene.stream(scene.request("POST", scene.contender.tasks, people.SENDER, body), connections=4)]


def _many_members(scene: Scene) -> Sequence[Stream]:
    credentials = json.loads(scene.contender.sign_in_request(people.SENDER).body)
    body = credentials | {f"field{number:05}": 0 for number in range(_MEMBERS)}
    return [scene.stream(scene.request("POST", scene.contender.login, body=body), connections=16)]


def _big_heads(scene: Scene) -> Sequence[Stream]:
    fields = [f"X-Field-{number:05}: value" for number in range(_FIELDS)]
    return [scene.stream(request_bytes("GET", scene.contender.ready, fields=fields), connections=4)]


def _sign_ins(scene: Scene) -> Sequence[Stream]:
    asked = [scene.contender.sign_in_request(person) for person in people.SIGNERS]
    requests = (request_bytes("POST", request.path, body=request.body.encode()) for request in asked)
    return [scene.stream(request, connections=10) for request in requests]


def _expired_resets(scene: Scene) -> Sequence[Stream]:
    body = {"token": EXPIRED_TOKEN, "new_password": "four quick grey geese"}
    return [scene.stream(scene.request("POST", "/api/auth/password-reset/confirm", body=body), connections=50)]


def _dead_token(scene: Scene) -> Sequence[Stream]:
    return [scene.stream(scene.request("GET", "/api/tasks", people.SIGNED_OUT), connections=8)]


def _probes(scene: Scene) -> Sequence[Stream]:
    # Paced: no service carries a hundred clients that never pause, and this is about what one probe costs.
    probe = request_bytes("GET", scene.contender.ready)
    return [scene.stream(probe, connections=100, pause=_PACE_OF_PROBES)]


def _verifications(scene: Scene) -> Sequence[Stream]:
    verify = scene.request("GET", "/api/audit/verify", people.LOGGED)
    return [scene.stream(verify, connections=4), scene.stream(verify, connections=4, patience=0.5)]


def _bursts(scene: Scene) -> Sequence[Stream]:
    body = {"items": [new_task(number) for number in range(1000)]}
    return [scene.stream(scene.request("POST", "/api/tasks/bulk", people.BURSTING, body), connections=4)]


def _mass_changes(scene: Scene) -> Sequence[Stream]:
    requests = (
        scene.request("PATCH", f"/api/tags/{scene.stock.tag}", people.COLLECTOR, {"name": "renamed"}),
        scene.request("DELETE", "/api/tasks?tag=renamed", people.COLLECTOR),
        # One of them is known to this version: deleting everything has to be asked for by name, or has not.
        scene.request("DELETE", "/api/tasks/trash?all=true", people.COLLECTOR),
        scene.request("DELETE", "/api/tasks/trash", people.COLLECTOR),
    )
    return [scene.stream(*requests, once=True)]


def _long_lists(scene: Scene) -> Sequence[Stream]:
    return _lists(scene, scene.request("GET", "/api/documents?limit=100", people.WRITER))


def _long_lists_of_tasks(scene: Scene) -> Sequence[Stream]:
    return _lists(scene, scene.request("GET", f"{scene.contender.tasks}?perPage=1000", people.SEARCHER))


def _lists(scene: Scene, request: bytes) -> Sequence[Stream]:
    return [scene.stream(request, connections=30, reads=False), scene.stream(request, connections=4)]


def _searches(scene: Scene) -> Sequence[Stream]:
    return [scene.stream(scene.request("GET", "/api/tasks?q=zebra", people.SEARCHER), connections=40)]


def _filters(scene: Scene) -> Sequence[Stream]:
    path = f"{scene.contender.tasks}?filter=title~%27zebra%27"
    return [scene.stream(scene.request("GET", path, people.SEARCHER), connections=40)]


def _transfers(scene: Scene) -> Sequence[Stream]:
    task = scene.stock.tasks[people.FOUNDER][0]
    nobody = {"to": "00000000-0000-7000-8000-000000000000"}
    transfer = scene.request("POST", f"/api/tasks/{task}/transfer", people.FOUNDER, nobody)
    return [
        scene.stream(transfer, connections=10),
        scene.stream(scene.request("GET", "/api/organizations", people.FOUNDER), connections=4),
    ]


def _slow_clients(scene: Scene) -> Sequence[Stream]:
    """More connections than the service has descriptors for. The bodies are whole after five seconds."""
    path, token = scene.contender.tasks, scene.tokens[people.SENDER]
    body = json.dumps(new_task() | {"description": "a" * _NEARLY_1_MIB}).encode()
    return [
        scene.stream(b"", connections=600),
        scene.stream(request_bytes("GET", path)[:-2], connections=300),
        scene.stream(request_bytes("POST", path, token=token, body=body), connections=200, piece=1 << 16, gap=0.3),
    ]


LINES: Final = (
    Line(name="long-texts", what="tags of 160 KB", taskward=_long_texts, pocketbase=_long_titles),
    Line(name="many-members", what="880 KB of unknown fields to sign in", taskward=_many_members,
         pocketbase=_many_members),
    Line(name="big-heads", what="20,000 header fields", taskward=_big_heads, pocketbase=_big_heads),
    Line(name="sign-ins", what="5 accounts sign in by 50 connections", taskward=_sign_ins, pocketbase=_sign_ins,
         signs_in=True),
    Line(name="expired-resets", what="an expired token by 50 connections", taskward=_expired_resets, signs_in=True),
    Line(name="dead-token", what="a token after sign-out", taskward=_dead_token),
    Line(name="probes", what="100 callers of /readyz", taskward=_probes, pocketbase=_probes),
    Line(name="verifications", what="a log of 60,000 events verified", taskward=_verifications),
    Line(name="bursts", what="1,000 tasks at a time", taskward=_bursts, seals=True),
    Line(name="mass-changes", what="60,000 tasks renamed, deleted, purged", taskward=_mass_changes),
    Line(name="long-lists", what="lists of 10 MB, of which most are never read", taskward=_long_lists,
         pocketbase=_long_lists_of_tasks),
    Line(name="searches", what="40 searches at a time in 60,000 tasks", taskward=_searches, pocketbase=_filters),
    Line(name="transfers", what="transfers by a member of 2,000 organisations", taskward=_transfers),
    Line(name="slow-clients", what="1,100 silent and slow connections", taskward=_slow_clients,
         pocketbase=_slow_clients),
)  # fmt: skip
