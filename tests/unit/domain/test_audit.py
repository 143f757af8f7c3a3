"""What an event says, and what a chain of seals notices."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from domain.access import Role
from domain.audit import Action, AuditEvent, Deed, Outcome, Resource, Source
from domain.deeds import (
    account_deed,
    difference,
    invitation_deed,
    member_deed,
    organization_deed,
    received_deed,
    sent_deed,
    session_deed,
    task_deed,
)
from domain.ids import EventId, InvitationId, SessionId, SpaceId, TaskId, UserId
from domain.organization import Invitation, Membership, Organization, OrganizationName
from domain.seals import Seal, Verdict, verify
from domain.session import Session, SessionLimits
from domain.tag import TagName
from domain.task import Description, Priority, Task, TaskStatus, Title
from domain.user import Email, User, UserRole

NOON: Final = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER: Final = NOON + timedelta(hours=1)
HERE, THERE = SpaceId(UUID(int=1)), SpaceId(UUID(int=2))
ANNA, BEN = UserId(UUID(int=3)), UserId(UUID(int=4))
TASK: Final = Task(
    id=TaskId(UUID(int=5)), space_id=HERE, title=Title("a"), created_by=ANNA, created_at=NOON, updated_at=NOON
)
DONE: Final = replace(TASK, status=TaskStatus.COMPLETED, completed_at=LATER, version=2)
BINNED: Final = replace(TASK, deleted_at=LATER, version=2)
FIRM: Final = Organization(id=HERE, name=OrganizationName("Firm"), created_at=NOON, updated_at=NOON)
MEMBER: Final = Membership(space_id=HERE, user_id=BEN, role=Role.MEMBER, joined_at=NOON)
USER: Final = User.register(id=ANNA, email=Email("anna@example.org"), full_name=None, role=UserRole.USER, at=NOON)


def an_event(number: int = 1, **parts: Any) -> AuditEvent:
    """An event with something in every field."""
    whole: dict[str, Any] = {
        "id": EventId(UUID(int=100 + number)),
        "space_id": HERE,
        "at": NOON,
        "actor_id": ANNA,
        "action": Action.UPDATE,
        "outcome": Outcome.SUCCESS,
        "resource_type": Resource.TASK,
        "resource_id": "a thing",
        "ip_address": "192.0.2.1",
        "user_agent": "a browser",
        "request_id": "a request",
        "changes": {"title": {"from": "a", "to": "b"}},
        "source": Source.USER,
    }
    return AuditEvent(**whole | parts)


def a_chain(length: int = 5) -> list[tuple[Seal, AuditEvent | None]]:
    """Events, each with its seal."""
    chain: list[tuple[Seal, AuditEvent | None]] = []
    last: Seal | None = None
    for number in range(length):
        event = an_event(number)
        last = Seal.of(event, after=last)
        chain.append((last, event))
    return chain


# What was done


@pytest.mark.parametrize(
    ("was", "now", "action"),
    [
        (None, TASK, Action.CREATE),
        (None, DONE, Action.CREATE),
        (TASK, replace(TASK, title=Title("b")), Action.UPDATE),
        (TASK, replace(TASK, status=TaskStatus.CANCELLED), Action.UPDATE),
        (TASK, DONE, Action.COMPLETE),
        (replace(TASK, status=TaskStatus.CANCELLED), DONE, Action.COMPLETE),
        (DONE, TASK, Action.UPDATE),
        (DONE, replace(DONE, title=Title("b")), Action.UPDATE),
        (TASK, BINNED, Action.DELETE),
        (DONE, replace(DONE, deleted_at=LATER), Action.DELETE),
        (BINNED, TASK, Action.RESTORE),
        (replace(DONE, deleted_at=LATER), DONE, Action.RESTORE),
        (BINNED, replace(BINNED, title=Title("b")), Action.UPDATE),
    ],
)
def test_what_was_done_to_a_task_follows_from_before_and_after(was: Task | None, now: Task, action: Action) -> None:
    deed = task_deed(was, now)
    assert (deed.action, deed.resource_type, deed.resource_id) == (action, Resource.TASK, str(TASK.id))
    assert deed.outcome is Outcome.SUCCESS


def test_a_transfer_says_at_both_ends_from_where_to_where_and_what_changed_on_the_way_only_there() -> None:
    was = replace(TASK, assignee_id=BEN, tags=(TagName("work"),))
    now = replace(was, space_id=THERE, assignee_id=None, tags=(TagName("WORK"),), version=2, updated_at=LATER)
    sent = Deed(
        action=Action.TRANSFER,
        resource_type=Resource.TASK,
        resource_id=str(TASK.id),
        changes={"owner_id": {"from": str(HERE), "to": str(THERE)}},
    )
    changed = {"assignee_id": {"from": str(BEN), "to": None}, "tags": {"from": ["work"], "to": ["WORK"]}}
    assert sent_deed(was, now) == sent
    assert received_deed(was, now) == replace(sent, changes={**sent.changes, **changed})


@pytest.mark.parametrize(
    ("action", "was", "now", "changes"),
    [
        (Action.ROLE_CHANGE, MEMBER, replace(MEMBER, role=Role.ADMIN), {"role": {"from": "member", "to": "admin"}}),
        (
            Action.JOIN,
            None,
            MEMBER,
            {"user_id": {"to": str(BEN)}, "role": {"to": "member"}, "joined_at": {"to": "2026-05-01T12:00:00Z"}},
        ),
        (
            Action.LEAVE,
            MEMBER,
            None,
            {"user_id": {"from": str(BEN)}, "role": {"from": "member"}, "joined_at": {"from": "2026-05-01T12:00:00Z"}},
        ),
    ],
)
def test_a_membership_is_named_by_its_member(
    action: Action, was: Membership | None, now: Membership | None, changes: dict[str, Any]
) -> None:
    expected = Deed(action=action, resource_type=Resource.MEMBER, resource_id=str(BEN), changes=changes)
    assert member_deed(action, was, now) == expected


@pytest.mark.parametrize(
    ("action", "was", "now", "changes"),
    [
        (Action.CREATE, None, FIRM, {"name": {"to": "Firm"}}),
        (Action.UPDATE, FIRM, replace(FIRM, name=OrganizationName("Co")), {"name": {"from": "Firm", "to": "Co"}}),
        (Action.DELETE, FIRM, None, {"name": {"from": "Firm"}}),
    ],
)
def test_an_organization_is_named_by_its_id(
    action: Action, was: Organization | None, now: Organization | None, changes: dict[str, Any]
) -> None:
    expected = Deed(action=action, resource_type=Resource.ORGANIZATION, resource_id=str(HERE), changes=changes)
    assert organization_deed(action, was, now) == expected


@pytest.mark.parametrize(("action", "changes"), [(Action.INVITE, {"role": {"to": "viewer"}}), (Action.DELETE, {})])
def test_of_an_invitation_the_role_is_told_and_never_the_token(action: Action, changes: dict[str, Any]) -> None:
    invitation = Invitation(
        id=InvitationId(UUID(int=6)),
        space_id=HERE,
        role=Role.VIEWER,
        token_hash=b"a hash",
        created_by=ANNA,
        created_at=NOON,
        expires_at=LATER,
    )
    expected = Deed(action=action, resource_type=Resource.INVITATION, resource_id=str(invitation.id), changes=changes)
    assert invitation_deed(action, invitation) == expected


def test_of_an_account_everything_is_told_that_its_owner_may_see() -> None:
    deed = account_deed(Action.CREATE, None, USER)
    assert (deed.resource_type, deed.resource_id) == (Resource.ACCOUNT, str(ANNA))
    assert deed.changes == {"email": {"to": "anna@example.org"}, "role": {"to": "user"}, "is_active": {"to": True}}


@pytest.mark.parametrize("action", [Action.LOGIN, Action.LOGOUT, Action.REFRESH_REUSE])
def test_of_a_session_only_the_id_is_told(action: Action) -> None:
    limits = SessionLimits(idle=timedelta(days=7), total=timedelta(days=30), grace=timedelta(0))
    session = Session.begin(id=SessionId(UUID(int=7)), user_id=ANNA, limits=limits, at=NOON)
    expected = Deed(action=action, resource_type=Resource.SESSION, resource_id=str(session.id), changes={})
    if action is Action.REFRESH_REUSE:
        expected = replace(expected, source=Source.SERVICE)
    assert session_deed(action, session) == expected


# What changed


def test_a_change_holds_both_sides_as_json_has_them() -> None:
    now = replace(
        TASK,
        title=Title("b"),
        description=Description(""),
        priority=Priority.HIGH,
        due_date=LATER,
        tags=(TagName("x"), TagName("y")),
        assignee_id=BEN,
    )
    changes = difference(TASK, now)
    assert json.loads(json.dumps(changes)) == changes
    assert changes == {
        "title": {"from": "a", "to": "b"},
        "description": {"from": None, "to": ""},
        "priority": {"from": "medium", "to": "high"},
        "due_date": {"from": None, "to": "2026-05-01T13:00:00Z"},
        "tags": {"from": [], "to": ["x", "y"]},
        "assignee_id": {"from": None, "to": str(BEN)},
    }


def test_what_is_new_has_no_from_and_what_is_gone_has_no_to() -> None:
    assert {tuple(sides) for sides in difference(None, TASK).values()} == {("to",)}
    assert {tuple(sides) for sides in difference(TASK, None).values()} == {("from",)}


@pytest.mark.parametrize(
    "bookkeeping",
    [
        {"version": 9},
        {"updated_at": LATER},
        {"created_at": LATER},
        {"space_id": THERE},
        {"id": TaskId(UUID(int=9))},
        {},
    ],
)
def test_bookkeeping_is_no_change(bookkeeping: dict[str, Any]) -> None:
    assert difference(TASK, replace(TASK, **bookkeeping)) == {}


@pytest.mark.parametrize(("length", "kept"), [(199, 199), (200, 200), (201, 200), (10_000, 200)])
def test_long_text_is_cut(length: int, kept: int) -> None:
    text = "é" * length
    told = "é" * kept + ("…" if length > kept else "")
    now = replace(TASK, description=Description(text))
    assert difference(TASK, now) == {"description": {"from": None, "to": told}}
    assert difference(now, TASK) == {"description": {"from": told, "to": None}}


# Seals


def test_seals_count_from_one_and_each_depends_on_the_one_before() -> None:
    chain = [seal for seal, _ in a_chain(3)]
    assert [seal.position for seal in chain] == [1, 2, 3]
    assert len({seal.digest for seal in chain}) == 3
    assert {len(seal.digest) for seal in chain} == {32}
    event = an_event(2)
    assert Seal.of(event, after=chain[0]) != Seal.of(event, after=replace(chain[0], digest=b"another"))


def test_the_same_event_always_gets_the_same_seal() -> None:
    ordered = an_event(changes={"a": {"from": 1, "to": 2}, "b": {"to": "ü\u202e"}})
    turned = an_event(changes={"b": {"to": "ü\u202e"}, "a": {"to": 2, "from": 1}})
    assert Seal.of(ordered, after=None) == Seal.of(turned, after=None)


CHANGED: Final[dict[str, Any]] = {
    "id": EventId(UUID(int=999)),
    "space_id": THERE,
    "at": NOON + timedelta(microseconds=1),
    "actor_id": None,
    "action": Action.DELETE,
    "outcome": Outcome.DENIED,
    "resource_type": Resource.MEMBER,
    "resource_id": None,
    "ip_address": None,
    "user_agent": "None",
    "request_id": None,
    "changes": {"title": {"from": "a", "to": "c"}},
    "source": Source.OPERATOR,
}


def test_every_field_of_an_event_is_tried() -> None:
    assert set(CHANGED) == {part.name for part in fields(AuditEvent)}


@pytest.mark.parametrize("name", CHANGED)
def test_a_seal_depends_on_every_field_of_its_event(name: str) -> None:
    event = an_event()
    changed = replace(event, **{name: CHANGED[name]})
    assert Seal.of(changed, after=None).digest != Seal.of(event, after=None).digest


def test_an_event_from_before_its_source_was_recorded_keeps_its_seal() -> None:
    event = an_event(source=None)
    digest = "971508b4ae5c04683d743bf24603c7d28122fc3c32b773fb984f0518fa07ba42"
    assert Seal.of(event, after=None).digest.hex() == digest
    assert Seal.of(replace(event, source=Source.USER), after=None).digest.hex() != digest


@pytest.mark.parametrize("name", ["resource_id", "ip_address", "user_agent", "request_id"])
def test_a_seal_depends_on_long_text_to_its_end(name: str) -> None:
    sides: list[dict[str, Any]] = [{name: "x" * 499 + end} for end in "ab"]
    event, changed = (an_event(**side) for side in sides)
    assert Seal.of(changed, after=None).digest != Seal.of(event, after=None).digest


# Looking a chain over


def test_an_untouched_chain_is_valid() -> None:
    assert verify(a_chain(5)) == Verdict(5)
    assert verify(a_chain(5)).valid


def test_an_empty_chain_is_valid() -> None:
    assert verify([]) == Verdict(0)


def test_a_stretch_is_looked_over_behind_the_seal_before_it() -> None:
    chain = a_chain(5)
    assert verify(chain[2:], after=chain[1][0]) == Verdict(3)
    assert verify(chain[2:]) == Verdict(0, chain[2][0].event_id)
    assert verify(chain[2:], after=chain[0][0]) == Verdict(0, chain[2][0].event_id)


Chain = list[tuple[Seal, AuditEvent | None]]


def _changed(chain: Chain) -> Chain:
    return [*chain[:2], (chain[2][0], an_event(2, actor_id=BEN)), *chain[3:]]


def _without_event(chain: Chain) -> Chain:
    return [*chain[:2], (chain[2][0], None), *chain[3:]]


def _without_seal(chain: Chain) -> Chain:
    return [*chain[:1], *chain[2:]]


def _with_events_swapped(chain: Chain) -> Chain:
    return [*chain[:2], (chain[2][0], chain[3][1]), (chain[3][0], chain[2][1]), *chain[4:]]


def _with_seals_swapped(chain: Chain) -> Chain:
    third, fourth = (replace(chain[n][0], position=n2 + 1) for n, n2 in ((3, 2), (2, 3)))
    return [*chain[:2], (third, chain[3][1]), (fourth, chain[2][1]), *chain[4:]]


def _with_another_digest(chain: Chain) -> Chain:
    return [*chain[:2], (replace(chain[2][0], digest=bytes(32)), chain[2][1]), *chain[3:]]


def _with_one_pushed_in(chain: Chain) -> Chain:
    foreign = an_event(9)
    return [*chain[:2], (Seal.of(foreign, after=chain[1][0]), foreign), *chain[2:]]


@pytest.mark.parametrize(
    ("touch", "checked"),
    [
        (_changed, 2),
        (_without_event, 2),
        (_without_seal, 1),
        (_with_events_swapped, 2),
        (_with_seals_swapped, 2),
        (_with_another_digest, 2),
        (_with_one_pushed_in, 3),
    ],
)
def test_the_first_that_was_touched_is_found(touch: Callable[[Chain], Chain], checked: int) -> None:
    touched = touch(a_chain(5))
    verdict = verify(touched)
    assert verdict == Verdict(checked, touched[checked][0].event_id)
    assert not verdict.valid
