"""What is written down about who did what, and how a log shows that nobody has touched it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final
from uuid import UUID

from domain.document import Document
from domain.ids import EventId, SpaceId, TaskId, UserId
from domain.organization import Invitation, Membership, Organization
from domain.place import Place
from domain.session import Session
from domain.setting import Setting
from domain.tag import Tag, TagName
from domain.task import Task, TaskStatus
from domain.user import User

_LONGEST_VALUE: Final = 200
_CANONICAL_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_BOOKKEEPING: Final = frozenset({"id", "space_id", "key", "version", "created_at", "updated_at"})


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

    @property
    def place(self) -> Place:
        """Where it stands in its log: by its id alone, the newest first."""
        return Place(0, self.id)


_SAID: Final = tuple(part.name for part in fields(AuditEvent) if part.name != "changes")


def task_deed(was: Task | None, now: Task) -> Deed:
    """What a change of a task amounts to, derived from the task before and after."""
    return Deed(
        action=_task_action(was, now),
        resource_type=Resource.TASK,
        resource_id=str(now.id),
        changes=difference(was, now),
    )


def deleted_deed(task_id: TaskId, at: datetime) -> Deed:
    """A task was moved to the trash, as one of many."""
    changes = {"deleted_at": {"from": None, "to": at.isoformat()}}
    return Deed(action=Action.DELETE, resource_type=Resource.TASK, resource_id=str(task_id), changes=changes)


def purged_deed(task_id: TaskId) -> Deed:
    """A task in the trash was removed for good. What it was is in the log already."""
    return Deed(action=Action.PURGE, resource_type=Resource.TASK, resource_id=str(task_id))


def unassigned_deed(task_id: TaskId, user_id: UserId) -> Deed:
    """A task was taken from whoever it was assigned to."""
    changes = {"assignee_id": {"from": str(user_id), "to": None}}
    return Deed(action=Action.UPDATE, resource_type=Resource.TASK, resource_id=str(task_id), changes=changes)


def retagged_deed(task_id: TaskId, was: TagName, now: TagName | None) -> Deed:
    """A tag of a task was given another name, or is gone."""
    changes = {"tags": {"from": [was], "to": [] if now is None else [now]}}
    return Deed(action=Action.UPDATE, resource_type=Resource.TASK, resource_id=str(task_id), changes=changes)


def tag_deed(was: Tag | None, now: Tag | None) -> Deed:
    """A tag was made, changed or deleted."""
    one = now or was
    return _deed(Resource.TAG, one and one.id, was, now)


def document_deed(was: Document | None, now: Document | None) -> Deed:
    """A document was made, changed or deleted."""
    one = now or was
    return _deed(Resource.DOCUMENT, one and one.id, was, now)


def setting_deed(was: Setting | None, now: Setting | None) -> Deed:
    """A setting was made, changed or deleted."""
    one = now or was
    return _deed(Resource.SETTING, one and one.key, was, now)


def _deed(resource_type: Resource, resource_id: object, was: object, now: object) -> Deed:
    """Something was made, if there was nothing before; deleted, if there is nothing now; or changed."""
    action = Action.CREATE if was is None else Action.DELETE if now is None else Action.UPDATE
    changes = difference(was, now)
    return Deed(action=action, resource_type=resource_type, resource_id=str(resource_id), changes=changes)


def sent_deed(was: Task, now: Task) -> Deed:
    """A task went to another space. What became of it on the way tells of what is there, and is only told there."""
    spaces = {"from": str(was.space_id), "to": str(now.space_id)}
    return Deed(
        action=Action.TRANSFER,
        resource_type=Resource.TASK,
        resource_id=str(now.id),
        changes={"owner_id": spaces},
    )


def received_deed(was: Task, now: Task) -> Deed:
    """A task came from another space."""
    sent = sent_deed(was, now)
    return replace(sent, changes={**sent.changes, **difference(was, now)})


def member_deed(action: Action, was: Membership | None, now: Membership | None) -> Deed:
    """A coming, a going, or a change of role."""
    one = now or was
    return Deed(
        action=action,
        resource_type=Resource.MEMBER,
        resource_id=str(one.user_id) if one else None,
        changes=difference(was, now),
    )


def organization_deed(action: Action, was: Organization | None, now: Organization | None) -> Deed:
    """An organisation was founded, changed or dissolved."""
    one = now or was
    return Deed(
        action=action,
        resource_type=Resource.ORGANIZATION,
        resource_id=str(one.id) if one else None,
        changes=difference(was, now),
    )


def invitation_deed(action: Action, invitation: Invitation) -> Deed:
    """An invitation was made or taken back. The hash of its token is nobody's business."""
    changes = {"role": {"to": invitation.role}} if action is Action.INVITE else {}
    return Deed(
        action=action,
        resource_type=Resource.INVITATION,
        resource_id=str(invitation.id),
        changes=changes,
    )


def account_deed(action: Action, was: User | None, now: User | None) -> Deed:
    """An account was opened, changed or removed."""
    one = now or was
    return Deed(
        action=action,
        resource_type=Resource.ACCOUNT,
        resource_id=str(one.id) if one else None,
        changes=difference(was, now),
    )


def password_deed(user_id: UserId) -> Deed:
    """The password of an account was replaced by another one."""
    return Deed(action=Action.PASSWORD_CHANGE, resource_type=Resource.ACCOUNT, resource_id=str(user_id))


def session_deed(action: Action, session: Session) -> Deed:
    """A session began or ended."""
    return Deed(action=action, resource_type=Resource.SESSION, resource_id=str(session.id))


def _task_action(was: Task | None, now: Task) -> Action:
    if was is None:
        return Action.CREATE
    if (was.deleted_at is None) != (now.deleted_at is None):
        return Action.RESTORE if now.deleted_at is None else Action.DELETE
    finished = now.status is TaskStatus.COMPLETED and was.status is not TaskStatus.COMPLETED
    return Action.COMPLETE if finished else Action.UPDATE


def difference(was: Any, now: Any) -> Changes:
    """Which fields of an entity changed: ``{name: {"from": …, "to": …}}``. A new one has no from, a gone one no to."""
    kind: Any = type(now or was)
    names = _compared(kind)
    if was is None or now is None:
        side, one = ("to", now) if was is None else ("from", was)
        said = ((name, getattr(one, name)) for name in names)
        return {name: {side: _cut(_plain(value))} for name, value in said if value is not None}
    sides = ((name, getattr(was, name), getattr(now, name)) for name in names)
    return {
        name: {"from": _cut(_plain(before)), "to": _cut(_plain(after))}
        for name, before, after in sides
        if before != after
    }


@cache
def _compared(kind: type) -> tuple[str, ...]:
    """The fields of an entity that say something about it."""
    return tuple(part.name for part in fields(kind) if part.name not in _BOOKKEEPING)


def _plain(value: Any) -> Any:
    """The value of a field as JSON has it. What is neither text, number, moment nor id holds several of them."""
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return [_plain(part) for part in value]


def _cut(value: Any) -> Any:
    """The value, and long text cut short."""
    is_long = isinstance(value, str) and len(value) > _LONGEST_VALUE
    return f"{value[:_LONGEST_VALUE]}…" if is_long else value


@dataclass(frozen=True, slots=True)
class Seal:
    """A link of a space's chain: it vouches for one event and for every seal before it."""

    position: int
    event_id: EventId
    digest: bytes

    @classmethod
    def of(cls, event: AuditEvent, *, after: "Seal | None") -> "Seal":
        """Seal an event behind the last one sealed."""
        position = after.position + 1 if after else 1
        previous = after.digest if after else event.space_id.bytes
        return cls(position, event.id, hashlib.sha256(previous + _canonical(event)).digest())


def _canonical(event: AuditEvent) -> bytes:
    """The event as bytes, always the same ones."""
    said = {name: _plain(getattr(event, name)) for name in _SAID}
    said["changes"] = event.changes
    return _CANONICAL_JSON.encode(said).encode()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What looking a log over has found: how many events were checked, and the first that is not what it was."""

    checked: int
    first_broken: EventId | None = None

    @property
    def valid(self) -> bool:
        """Whether nothing was changed or removed."""
        return self.first_broken is None


def verify(chain: list[tuple[Seal, AuditEvent | None]], *, after: Seal | None = None) -> Verdict:
    """Look a stretch of a chain over: every seal in order, with the event it vouches for, None if that is gone."""
    for checked, (seal, event) in enumerate(chain):
        if event is None or Seal.of(event, after=after) != seal:
            return Verdict(checked, seal.event_id)
        after = seal
    return Verdict(len(chain))
