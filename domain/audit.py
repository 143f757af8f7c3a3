"""What is written down about who did what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.ids import EventId, SpaceId, UserId
from domain.place import Place


class Action(StrEnum):
    """What was done, or tried."""

    CREATE = "CREATE"
    READ = "READ"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    RESTORE = "RESTORE"
    PURGE = "PURGE"
    COMPLETE = "COMPLETE"
    TRANSFER = "TRANSFER"
    LOGIN = "LOGIN"
    LOGOUT = "LOGOUT"
    REFRESH_REUSE = "REFRESH_REUSE"
    PASSWORD_CHANGE = "PASSWORD_CHANGE"  # noqa: S105 - the name of an action
    ROLE_CHANGE = "ROLE_CHANGE"
    INVITE = "INVITE"
    JOIN = "JOIN"
    LEAVE = "LEAVE"


class Outcome(StrEnum):
    """What came of it."""

    SUCCESS = "success"
    DENIED = "denied"
    FAILED = "failed"


class Source(StrEnum):
    """On whose behalf it was done."""

    USER = "user"
    """Of the account that the event names, or of somebody unknown, by a request."""
    OPERATOR = "operator"
    """Of the operator, at the command line."""
    SERVICE = "service"
    """Of the service itself, by a rule of its own."""


class Resource(StrEnum):
    """What kind of thing it was done to."""

    TASK = "task"
    TAG = "tag"
    DOCUMENT = "document"
    SETTING = "setting"
    ORGANIZATION = "organization"
    MEMBER = "member"
    INVITATION = "invitation"
    SESSION = "session"
    ACCOUNT = "account"
    SPACE = "space"


Changes = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What somebody did or tried: an event before it is written down."""

    action: Action
    resource_type: Resource
    resource_id: str | None = None
    outcome: Outcome = Outcome.SUCCESS
    changes: Changes = field(default_factory=dict)
    source: Source | None = None
    """On whose behalf, where that does not follow from where the request came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One line of a space's log. Never changed, never removed."""

    id: EventId
    space_id: SpaceId
    at: datetime
    actor_id: UserId | None
    action: Action
    outcome: Outcome
    resource_type: Resource
    resource_id: str | None
    ip_address: str | None
    user_agent: str | None
    request_id: str | None
    changes: Changes
    source: Source | None = None
    """None in events from before it was recorded."""

    @property
    def place(self) -> Place:
        """Where it stands in its log: by its id alone, the newest first."""
        return Place(0, self.id)


def plain(value: Any) -> Any:
    """The value of a field as JSON has it. What is neither text, number, moment nor id holds several of them."""
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return [plain(part) for part in value]
