"""Logs in memory, and who looks them over."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from adapters.memory.audit import MemoryOpenLog
from adapters.memory.long_work import MemoryLongWork
from adapters.memory.store import MemoryStore
from application.sealing import SealLog
from application.verifying import InspectLog
from domain.audit import Action, AuditEvent, Outcome, Resource
from domain.ids import EventId, SpaceId
from domain.seals import Seal
from tests.unit.application.organizations_builders import NOON

HOUR: Final = timedelta(hours=1)
SOMEWHERE: Final = SpaceId(UUID(int=1))
ELSEWHERE: Final = SpaceId(UUID(int=2))


async def refused(work: Awaitable[object], why: type[Exception]) -> None:
    with pytest.raises(why):
        await work


def an_event(number: int, space_id: SpaceId = SOMEWHERE, **parts: Any) -> AuditEvent:
    """The event of this number: every hour one."""
    whole: dict[str, Any] = {
        "id": EventId(UUID(int=100 + number)),
        "space_id": space_id,
        "at": NOON + number * HOUR,
        "actor_id": None,
        "action": Action.UPDATE,
        "outcome": Outcome.SUCCESS,
        "resource_type": Resource.TASK,
        "resource_id": None,
        "ip_address": None,
        "user_agent": None,
        "request_id": None,
        "changes": {},
    }
    return AuditEvent(**whole | parts)


async def a_log(store: MemoryStore, *events: AuditEvent) -> list[AuditEvent]:
    """Write events down."""
    async with MemoryOpenLog(store)(SOMEWHERE) as log:
        for event in events:
            await log.append(event)
    return list(events)


async def seals_in(store: MemoryStore) -> list[Seal]:
    async with store.begin(read_only=True) as contents:
        return [contents.audit_seals[key] for key in sorted(contents.audit_seals)]


def inspector(store: MemoryStore) -> InspectLog:
    open_log = MemoryOpenLog(store)
    return InspectLog(open_log, SealLog(open_log), MemoryLongWork(), lambda: NOON)
