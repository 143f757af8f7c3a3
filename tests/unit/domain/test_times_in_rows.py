"""Clocks are set back; the times within a row are not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.access import Role
from domain.document import Content, Document
from domain.ids import DocumentId, InvitationId, SessionId, TagId
from domain.organization import Invitation, Organization, OrganizationName
from domain.session import RefreshToken, Session, SessionLimits
from domain.setting import Setting, SettingKey, SettingValue
from domain.tag import Color, Tag, TagName
from domain.task import TaskStatus, Title
from domain.time import not_before
from domain.user import Email, FullName, User, UserRole
from tests.unit.builders import ANN, BEN, HOME, LATER, NOON, SESSION, TASK, a_task, access

EARLIER = NOON - timedelta(seconds=10)
LIMITS = SessionLimits(timedelta(days=7), timedelta(days=30), timedelta(seconds=10))
USER = User.register(id=ANN, email=Email("ann@example.org"), full_name=None, role=UserRole.USER, at=NOON)
SESSION_OF_ANN = Session.begin(id=SESSION, user_id=ANN, limits=LIMITS, at=NOON)
DONE = a_task(status=TaskStatus.COMPLETED, completed_at=NOON)
TAG = Tag.create({"name": TagName("a")}, id=TagId(TASK), by=access(), at=NOON)
DOCUMENT = Document.create({"title": Title("a")}, id=DocumentId(TASK), by=access(), at=NOON)
SETTING = Setting.create(SettingKey("a"), SettingValue.of(1), by=access(), at=NOON)
FIRM = Organization(id=HOME, name=OrganizationName("a"), created_at=NOON, updated_at=NOON)
TOKEN = RefreshToken(hash=b"a", session_id=SESSION, issued_at=NOON)
INVITATION = Invitation.offer(
    Role.MEMBER, id=InvitationId(TASK), token_hash=b"a", valid_for=timedelta(days=1), by=access(), at=NOON
)

CHANGES: dict[str, Callable[[Any], Any]] = {
    "task changed": lambda at: a_task().change({"title": Title("b")}, by=access(), at=at),
    "task completed": lambda at: a_task().complete(by=access(), at=at),
    "task toggled": lambda at: DONE.toggle(by=access(), at=at),
    "task replaced": lambda at: DONE.replace_with({"title": Title("b")}, by=access(), at=at),
    "task deleted": lambda at: a_task().delete(by=access(), at=at),
    "task restored": lambda at: a_task(deleted_at=NOON).restore(by=access(), at=at),
    "task transferred": lambda at: a_task().transfer(HOME, keeps_assignee=False, by=access(), at=at),
    "tag": lambda at: TAG.change({"color": Color("#000000")}, by=access(), at=at),
    "document": lambda at: DOCUMENT.change({"content": Content("b")}, by=access(), at=at),
    "setting": lambda at: SETTING.change(SettingValue.of(2), by=access(), at=at),
    "organisation": lambda at: FIRM.rename(OrganizationName("b"), by=access(), at=at),
    "invitation": lambda at: INVITATION.close(at=at),
    "user": lambda at: USER.change({"full_name": FullName("b")}, at=at),
    "account": lambda at: USER.manage({"is_active": False}, administrators=2, at=at),
    "session renewed": lambda at: SESSION_OF_ANN.renew(limits=LIMITS, at=at),
    "session revoked": lambda at: SESSION_OF_ANN.revoke(at=at),
    "refresh token": lambda at: TOKEN.replaced_by(b"b", at=at),
}
TIMES = ("updated_at", "completed_at", "deleted_at", "closed_at", "last_used_at", "revoked_at", "replaced_at")


def times_of(row: Any) -> set[Any]:
    """The times of changes that a row holds."""
    return {getattr(row, name, None) for name in TIMES} - {None}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_never_before_the_last_one(change: Callable[[Any], Any]) -> None:
    assert times_of(change(EARLIER)) == {NOON}
    assert LATER in times_of(change(LATER))
    assert times_of(change(LATER)) <= {NOON, LATER}


def test_a_session_does_not_get_shorter_where_the_clock_is_set_back() -> None:
    assert SESSION_OF_ANN.renew(limits=LIMITS, at=EARLIER).expires_at == SESSION_OF_ANN.expires_at


def test_the_later_moment_counts() -> None:
    assert not_before(NOON, EARLIER) == not_before(NOON, NOON) == NOON
    assert not_before(NOON, LATER) == LATER
    assert BEN != ANN
    assert isinstance(SESSION_OF_ANN.id, type(SessionId(SESSION)))
