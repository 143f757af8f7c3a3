"""The proof of fair shares notices connections without bounds: heads, targets, silent and slow clients."""

from dataclasses import replace
from functools import partial
from typing import Any, Final

import pytest

from entrypoints.server.connections import Connections
from entrypoints.server.limits import Limits
from entrypoints.server.protocol import BoundedProtocol
from entrypoints.server.reception import Reception
from tests.isolation.pressed import pressed
from tests.isolation.services import MemoryService

FOR_EVER: Final = 3600
PATIENT: Final = Limits(head_seconds=FOR_EVER, idle_seconds=FOR_EVER, body_seconds=FOR_EVER, write_seconds=FOR_EVER)
"""Limits without a deadline."""


def bounded(limits: Limits) -> Any:
    """The protocol of connections, with these limits."""
    return partial(BoundedProtocol, Reception(limits))


@pytest.mark.parametrize("mechanism", ["heads", "targets"])
async def test_bounded_heads_are_held(mechanism: str) -> None:
    assert (await pressed(mechanism, MemoryService(), http=bounded(PATIENT))).wrong == []


@pytest.mark.parametrize(("mechanism", "status"), [("heads", 431), ("targets", 414)])
async def test_heads_without_a_bound_are_noticed(mechanism: str, status: int) -> None:
    found = await pressed(mechanism, MemoryService(), http="httptools")
    assert found.wrong == [f"came to 4 x 200 instead of {status}"]


FEW: Final = replace(PATIENT, connections=16, per_address=8)


async def test_silent_connections_that_make_room_are_held() -> None:
    assert (await pressed("connections", MemoryService(), http=bounded(FEW))).wrong == []


async def test_silent_connections_that_keep_their_room_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connections, "_close_one", lambda *_: False)
    found = await pressed("connections", MemoryService(), http=bounded(FEW))
    assert "requests of another account were refused" in "; ".join(found.wrong)


async def test_slow_clients_whose_connections_are_closed_are_held() -> None:
    impatient = replace(PATIENT, head_seconds=0.5, body_seconds=0.5, tick=0.05)
    assert (await pressed("slow clients", MemoryService(), http=bounded(impatient))).wrong == []


async def test_slow_clients_without_a_deadline_are_noticed() -> None:
    found = await pressed("slow clients", MemoryService(), http=bounded(PATIENT))
    assert found.wrong == ["came to 9 x still open instead of 408 or closed"]
