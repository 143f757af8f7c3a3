"""The container puts the right thing in every place: the tool that it is made with does not check."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass, replace
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from typing_extensions import is_protocol

from application.authentication import SignOut
from entrypoints.container import Service
from tests.architecture.shapes import fits
from tests.architecture.source import ROOT


def _misfits(part: object, where: str = "application") -> Iterator[str]:
    """The places, at any depth, where something else lies than their annotation says."""
    for name, wanted in get_type_hints(type(part)).items():
        value, place = getattr(part, name), f"{where}.{name}"
        if not _suits(value, wanted):
            yield f"{place} is a {type(value).__name__}"
        elif is_dataclass(value) and type(value).__module__.startswith("application."):
            yield from _misfits(value, place)


def _suits(value: object, wanted: Any) -> bool:
    if get_origin(wanted) in {Union, UnionType}:
        return any(_suits(value, kind) for kind in get_args(wanted))
    return fits(type(value), wanted) if is_protocol(wanted) else isinstance(value, get_origin(wanted) or wanted)


async def test_the_container_fills_every_place_with_what_belongs_there(service: Service) -> None:
    async with service.running() as application:
        assert list(_misfits(application)) == []


async def test_a_use_case_in_the_place_of_another_is_seen(service: Service) -> None:
    async with service.running() as application:
        mixed_up = replace(application, get_me=application.list_tasks)  # type: ignore[arg-type] # on purpose
    assert list(_misfits(mixed_up)) == ["application.get_me is a ListTasks"]


async def test_ports_in_the_wrong_order_are_seen(service: Service) -> None:
    async with service.running() as application:
        right = application.sign_out
        wrong = SignOut(right.clock, right.open_identity)  # type: ignore[arg-type] # on purpose
        mixed_up = replace(application, sign_out=wrong)
    assert list(_misfits(mixed_up)) == [
        "application.sign_out.open_identity is a SystemClock",
        "application.sign_out.clock is a RecordingOpenIdentity",
    ]


def test_the_client_of_redis_is_imported_only_where_there_is_one() -> None:
    program = "import entrypoints.http.app, sys; print(sorted({'redis', 'limits'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
