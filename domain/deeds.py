"""What people do, as it is written down: which action it was, on what, and what it changed."""

from dataclasses import fields, replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from domain.audit import Action, Changes, Deed, Resource, Source, plain
from domain.document import Document
from domain.ids import TaskId, UserId
from domain.organization import Invitation, Membership, Organization
from domain.session import Session
from domain.setting import Setting
from domain.tag import Tag, TagName
from domain.task import Task, TaskStatus
from domain.user import User

_LONGEST_VALUE: Final = 200
_BOOKKEEPING: Final = frozenset({"id", "space_id", "key", "version", "created_at", "updated_at"})


def task_deed(was: Task | None, now: Task) -> Deed:
    """What a change of a task amounts to, derived from the task before and after."""
    return _deed(Resource.TASK, now.id, was, now, _task_action(was, now))


def all_deleted_deed(count: int, at: datetime) -> Deed:
    """So many tasks were moved to the trash at once."""
    return _of_many(Action.DELETE, count, {"deleted_at": {"from": None, "to": _written(at)}})


def emptied_deed(count: int) -> Deed:
    """So many tasks in the trash were removed for good at once."""
    return _of_many(Action.PURGE, count, {})


def _of_many(action: Action, count: int, changes: Changes) -> Deed:
    """One event for a change of many tasks: their number, and no ids."""
    return Deed(action=action, resource_type=Resource.TASK, changes={**changes, "count": count})


def purged_deed(task_id: TaskId) -> Deed:
    """A task in the trash was removed for good. What it was is in the log already."""
    return Deed(action=Action.PURGE, resource_type=Resource.TASK, resource_id=str(task_id))


def unassigned_deed(count: int, user_id: UserId) -> Deed:
    """So many tasks were taken from the person that they were assigned to."""
    return _of_many(Action.UPDATE, count, {"assignee_id": {"from": str(user_id), "to": None}})


def retagged_deed(count: int, was: TagName, now: TagName | None) -> Deed:
    """A tag of so many tasks was given another name, or is gone."""
    return _of_many(Action.UPDATE, count, {"tags": {"from": [was], "to": [] if now is None else [now]}})


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


def _deed(resource_type: Resource, resource_id: object, was: object, now: object, action: Action | None = None) -> Deed:
    """Something was made, if there was nothing before; deleted, if there is nothing now; or changed. Or the action."""
    if action is None:
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
    return _deed(Resource.MEMBER, one and one.user_id, was, now, action)


def organization_deed(action: Action, was: Organization | None, now: Organization | None) -> Deed:
    """An organisation was founded, changed or dissolved."""
    one = now or was
    return _deed(Resource.ORGANIZATION, one and one.id, was, now, action)


def invitation_deed(action: Action, invitation: Invitation) -> Deed:
    """An invitation was made or taken back. The hash of its token is nobody's business."""
    changes: dict[str, Any] = {"role": {"to": invitation.role}} if action is Action.INVITE else {}
    if action is Action.INVITE and invitation.email is not None:
        changes["email"] = {"to": invitation.email}
    return Deed(
        action=action,
        resource_type=Resource.INVITATION,
        resource_id=str(invitation.id),
        changes=changes,
    )


def account_deed(action: Action, was: User | None, now: User | None) -> Deed:
    """An account was opened, changed or removed."""
    one = now or was
    return _deed(Resource.ACCOUNT, one and one.id, was, now, action)


def password_deed(user_id: UserId) -> Deed:
    """The password of an account was replaced by another one."""
    return Deed(action=Action.PASSWORD_CHANGE, resource_type=Resource.ACCOUNT, resource_id=str(user_id))


def session_deed(action: Action, session: Session) -> Deed:
    """A session began or ended. After a refresh token was used again the service ends it, whoever had the token."""
    source = Source.SERVICE if action is Action.REFRESH_REUSE else None
    return Deed(action=action, resource_type=Resource.SESSION, resource_id=str(session.id), source=source)


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
        return {name: {side: _cut(_written(value))} for name, value in said if value is not None}
    sides = ((name, getattr(was, name), getattr(now, name)) for name in names)
    return {
        name: {"from": _cut(_written(before)), "to": _cut(_written(after))}
        for name, before, after in sides
        if before != after
    }


@cache
def _compared(kind: type) -> tuple[str, ...]:
    """The fields of an entity that say something about it."""
    return tuple(part.name for part in fields(kind) if part.name not in _BOOKKEEPING)


def _written(value: Any) -> Any:
    """The value as an API answer writes it: moments in UTC end in ``Z`` (RFC 3339)."""
    written = plain(value)
    return written.replace("+00:00", "Z") if isinstance(value, datetime) else written


def _cut(value: Any) -> Any:
    """The value, and long text cut short."""
    is_long = isinstance(value, str) and len(value) > _LONGEST_VALUE
    return f"{value[:_LONGEST_VALUE]}…" if is_long else value
