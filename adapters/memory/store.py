"""What is kept, and how a transaction works on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, NoReturn

from application.ports.identity import Credentials
from application.ports.reading import OpenedForReading
from application.ports.replies import Reply
from domain.audit import AuditEvent
from domain.document import Document
from domain.ids import DocumentId, EventId, InvitationId, SessionId, SpaceId, TagId, TaskId, UserId
from domain.organization import Invitation, Membership, Organization
from domain.password_reset import PasswordReset
from domain.seals import Seal
from domain.session import RefreshToken, Session
from domain.setting import Setting, SettingKey
from domain.tag import Tag
from domain.task import Task


@dataclass(slots=True)
class Contents:
    """Everything, as of one moment. All values are immutable, so shallow copies are snapshots."""

    accounts: dict[UserId, Credentials] = field(default_factory=dict)
    sessions: dict[SessionId, Session] = field(default_factory=dict)
    refresh_tokens: dict[bytes, RefreshToken] = field(default_factory=dict)
    password_resets: dict[UserId, PasswordReset] = field(default_factory=dict)
    organizations: dict[SpaceId, Organization] = field(default_factory=dict)
    memberships: dict[tuple[SpaceId, UserId], Membership] = field(default_factory=dict)
    invitations: dict[tuple[SpaceId, InvitationId], Invitation] = field(default_factory=dict)
    tasks: dict[tuple[SpaceId, TaskId], Task] = field(default_factory=dict)
    replies: dict[tuple[SpaceId, bytes], Reply] = field(default_factory=dict)
    tags: dict[tuple[SpaceId, TagId], Tag] = field(default_factory=dict)
    documents: dict[tuple[SpaceId, DocumentId], Document] = field(default_factory=dict)
    settings: dict[tuple[SpaceId, SettingKey], Setting] = field(default_factory=dict)
    audit_events: dict[tuple[SpaceId, EventId], AuditEvent] = field(default_factory=dict)
    audit_seals: dict[tuple[SpaceId, int], Seal] = field(default_factory=dict)
    unsealed_events: dict[tuple[SpaceId, EventId], None] = field(default_factory=dict)
    removed_spaces: dict[SpaceId, datetime] = field(default_factory=dict)
    departures: dict[tuple[SpaceId, UserId], None] = field(default_factory=dict)

    def copied(self, kind: type[dict[Any, Any]]) -> "Contents":
        """A copy, each part of which is a dictionary of this kind."""
        return Contents(**{part.name: kind(getattr(self, part.name)) for part in fields(self)})


def remove_space(contents: Contents, space_id: SpaceId, *, at: datetime, limit: int) -> None:
    """Remove up to so many things that a space holds; mark it where there may be more."""
    if clear_space(contents, space_id, limit) == limit:
        contents.removed_spaces[space_id] = at


def clear_space(contents: Contents, space_id: SpaceId, limit: int) -> int:
    """Remove up to so many things that a space holds, and it with the last of them; tell how many."""
    kept: tuple[dict[Any, Any], ...] = (
        contents.tasks,
        contents.tags,
        contents.documents,
        contents.settings,
        contents.replies,
    )
    found = [(part, key) for part in kept for key in part if key[0] == space_id][:limit]
    for part, key in found:
        del part[key]
    if len(found) < limit:
        contents.removed_spaces.pop(space_id, None)
        for departure in [departure for departure in contents.departures if departure[0] == space_id]:
            del contents.departures[departure]
    return len(found)


class _Sealed(dict[Any, Any]):
    """A dictionary that is only read."""

    def __setitem__(self, key: object, value: object) -> NoReturn:
        raise OpenedForReading

    def __delitem__(self, key: object) -> NoReturn:
        raise OpenedForReading

    def pop(self, *_: object) -> NoReturn:
        raise OpenedForReading


class MemoryStore:
    """A store in this process. Writers take turns; each works on a copy that replaces the original when it is done."""

    def __init__(self) -> None:
        self._contents = Contents()
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def begin(self, *, read_only: bool) -> AsyncIterator[Contents]:
        """Open a transaction. What is written takes effect on a clean exit only."""
        if read_only:
            yield self._contents.copied(_Sealed)
            return
        async with self._writing:
            contents = self._contents.copied(dict)
            yield contents
            self._contents = contents
