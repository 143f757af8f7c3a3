"""What the contenders are asked to do."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.contenders.contender import READER, WRITER, Contender, Request
from benchmarks.cores import cores

SIGNERS: Final = tuple(f"signer-{number}" for number in range(4))
"""Who signs in, again and again."""

MIX: Final = {"get": 65, "list": 23, "filtered list": 9, "create": 3}
"""What a hundred requests of a real mix ask for."""

AT_THE_DOOR: Final = 16
"""How many sign in at once in a flood: more than a machine has cores for, fewer than Taskward lets wait."""

_HUNDREDS: Final = 10
_PACED: Final = 8
_REST: Final = 20


def _nothing(_: Contender) -> Sequence[Request]:
    return []


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Requests that are sent again and again, in turn."""

    name: str
    requests: Callable[[Contender], Sequence[Request]]
    connections: int | None = None
    """How many are kept busy; None: as many as the run is asked for."""
    rest: int = 0
    """Milliseconds that a connection rests between two requests."""
    length: int = 1
    """How many times as long as the others it is measured."""
    is_warmed_up: bool = True
    """Whether it is applied for a second before."""
    signs_in: bool = False
    """Whether there are sign-ins in it, which not every contender knows."""
    others: Callable[[Contender], Sequence[Request]] = _nothing
    """What others send at the same time, as many of them as there are at the door."""


def _get(contender: Contender) -> Sequence[Request]:
    return [contender.get_one(READER, task_id) for task_id in contender.ids[READER]]


def _list(contender: Contender) -> Sequence[Request]:
    return [contender.list_newest(READER)]


def _list_some(contender: Contender) -> Sequence[Request]:
    return [contender.list_some(READER)]


def _create(contender: Contender) -> Sequence[Request]:
    return [contender.create(WRITER)]


def _mix(contender: Contender) -> Sequence[Request]:
    """A thousand requests in an order that is random, and always the same."""
    chance = random.Random(_HUNDREDS)
    kinds = {"get": _get, "list": _list, "filtered list": _list_some, "create": _create}
    mixed = [
        chance.choice(requests)
        for name, share in MIX.items()
        for requests in [kinds[name](contender)]
        for _ in range(share * _HUNDREDS)
    ]
    chance.shuffle(mixed)
    return mixed


def _sign_in(contender: Contender) -> Sequence[Request]:
    return [contender.sign_in_request(person) for person in SIGNERS]


WORKLOADS: Final = (
    Workload(name="get", requests=_get),
    Workload(name="list", requests=_list),
    Workload(name="filtered list", requests=_list_some),
    Workload(name="create", requests=_create),
    Workload(name="mix", requests=_mix),
    Workload(name="calm get", requests=_get, connections=_PACED, rest=_REST),
    Workload(name="get in a flood", requests=_get, connections=_PACED, rest=_REST, signs_in=True, others=_sign_in),
    Workload(name="sign-in", requests=_sign_in, connections=2 * cores(), length=2, signs_in=True, is_warmed_up=False),
)
"""In the order in which each contender goes through them in its turn.

Few sign in at once where sign-ins are counted: what is under way when the time is over counts for nothing.
"""

PEOPLE: Final = (READER, WRITER, *SIGNERS)
