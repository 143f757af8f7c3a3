"""Every port can be met in two ways, says what it does, and cannot be asked for somebody else's data."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from inspect import getattr_static, signature
from typing import Final, Protocol, get_origin, get_type_hints

import pytest
from typing_extensions import get_protocol_members, is_protocol

import adapters
import application.ports
from adapters.memory.tasks import MemoryTasks
from adapters.sql.tasks import SqlTasks
from adapters.system.clock import SetClock, SystemClock
from application.ports.clock import Clock
from application.ports.spaces import OpenSpace
from application.ports.tasks import Tasks
from domain.ids import SpaceId, TaskId
from tests.architecture.shapes import fits, method_of
from tests.architecture.source import classes_in

PORTS: Final = [kind for kind in classes_in(application.ports) if is_protocol(kind)]
ADAPTERS: Final = [kind for kind in classes_in(adapters) if not is_protocol(kind)]
NOON: Final = datetime(2026, 5, 1, 12, tzinfo=UTC)
SPACES: Final = frozenset({"owner_id", "space_id"})

each_port = pytest.mark.parametrize("port", PORTS, ids=[port.__name__ for port in PORTS])


def _met_twice(port: type, kinds: Iterable[type]) -> bool:
    """By an adapter to test with, and by another one that does not forget everything at the end."""
    found = [(kind, kind.__module__.split(".")[1]) for kind in kinds if fits(kind, port)]
    for_tests = {kind for kind, technology in found if technology in {"memory", "system"}}
    for_use = {kind for kind, technology in found if technology != "memory"}
    return any(for_use - {kind} for kind in for_tests)


def _undocumented(port: type) -> list[str]:
    members = {name: getattr_static(port, name, None) for name in get_protocol_members(port)}
    return sorted(name for name, member in members.items() if member is None or not member.__doc__)


INNER_DOORS: Final = {"Identity.inside", "Identity.reception", "Space.neighbour"}
"""Doors between spaces, inside one transaction."""

LOOKS: Final = {"NextUnsealed.__call__"}
"""Looks of the service through all spaces, which begin behind one."""


def _is_door(port: type) -> bool:
    """Whether it opens what lies behind it, and so has to be told which."""
    opened = method_of(port, "__call__")
    return opened is not None and get_origin(get_type_hints(opened)["return"]) is AbstractAsyncContextManager


def _asking_for_a_space(port: type) -> Iterator[str]:
    """The methods that take a space, by their parameters' names or types."""
    for name in get_protocol_members(port):
        method = method_of(port, name)
        if method is None:
            continue
        types = get_type_hints(method)
        if any(p in SPACES or types.get(p) in {SpaceId, SpaceId | None} for p in signature(method).parameters):
            yield name


def test_the_ports_and_their_adapters_are_found() -> None:
    assert {OpenSpace, Tasks, Clock} <= set(PORTS)
    assert {MemoryTasks, SqlTasks, SetClock, SystemClock} <= set(ADAPTERS)


@each_port
def test_a_port_has_an_adapter_to_test_with_and_another_one(port: type) -> None:
    assert _met_twice(port, ADAPTERS), [kind for kind in ADAPTERS if fits(kind, port)]


@pytest.mark.parametrize(
    ("port", "kinds"),
    [(Tasks, [MemoryTasks]), (Tasks, [SqlTasks]), (Tasks, [MemoryTasks, MemoryTasks]), (Clock, [SetClock])],
)
def test_a_port_with_one_adapter_is_seen(port: type, kinds: list[type]) -> None:
    assert not _met_twice(port, kinds)


class _Waits:
    async def __call__(self) -> datetime:
        return NOON


class _Asks:
    def __call__(self, zone: str) -> datetime:
        return NOON


class _GivesText:
    def __call__(self) -> str:
        return "noon"


class _Nothing:
    pass


@pytest.mark.parametrize("kind", [_Waits, _Asks, _GivesText, _Nothing, MemoryTasks])
def test_a_class_of_another_shape_does_not_fit(kind: type) -> None:
    assert fits(SystemClock, Clock)
    assert not fits(kind, Clock)


@each_port
def test_a_port_and_all_its_methods_are_documented(port: type) -> None:
    assert port.__doc__
    assert _undocumented(port) == []


@each_port
def test_only_a_door_is_told_which_space(port: type) -> None:
    asking = {f"{port.__name__}.{name}" for name in _asking_for_a_space(port)}
    assert _is_door(port) or asking <= INNER_DOORS | LOOKS


class _Wide(Protocol):
    async def get(self, task_id: TaskId) -> str:
        """Not wide at all."""

    async def of_owner(self, owner_id: str) -> str: ...

    async def of_space(self, *, space: SpaceId) -> str: ...

    @property
    def size(self) -> int: ...


def test_a_method_that_takes_a_space_is_seen() -> None:
    assert sorted(_asking_for_a_space(_Wide)) == ["of_owner", "of_space"]
    assert not _is_door(_Wide)


def test_a_method_without_a_docstring_is_seen() -> None:
    assert _undocumented(_Wide) == ["of_owner", "of_space", "size"]
