"""What is written down of what people do, and of what they are refused."""

import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any, Final, NoReturn
from uuid import UUID

import pytest

from adapters.memory.application import application_in_memory
from adapters.memory.audit import MemoryAuditLog
from adapters.memory.organizations import MemoryMembers
from adapters.memory.store import MemoryStore
from adapters.system.clock import SetClock
from adapters.system.ids import CountingIdGenerator
from application.organizations import Invited
from application.ports.audit import AuditQuery
from application.ports.identity import Credentials
from application.ports.tasks import TaskQuery
from domain.access import Actor, Origin, Role
from domain.audit import Action, AuditEvent, Outcome, Resource, Source
from domain.errors import (
    CursorRefused,
    DomainError,
    EmailTaken,
    InvalidValue,
    InvitationNotFound,
    InvitationRefused,
    LastOwner,
    MemberNotFound,
    NotAnAdministrator,
    NotAuthenticated,
    RecipientNotFound,
    RefreshRefused,
    RoleTooLow,
    SpaceForbidden,
    TaskNotFound,
    WrongCredentials,
)
from domain.ids import NOBODY, InvitationId, SessionId, SpaceId, TaskId, UserId, personal_space
from domain.organization import OrganizationName
from domain.task import Description, Task, TaskStatus, Title
from domain.user import Email, FullName, Password, User, UserRole
from tests.unit.application.organizations_builders import LATER, NOON, PASSWORD, TICK, Office, a_draft

ORIGIN: Final = Origin("192.0.2.7", "a browser", "a request")
UNKNOWN: Final = UUID("0190f000-0000-7000-8000-00000000000f")
NEW_NAME: Final = OrganizationName("New")
NEW_TITLE: Final = Title("new")


class Interrupted(Exception):
    """Something goes wrong behind a door."""


class Scene(Office):
    """An organisation, a task to do and one that is done in it, an invitation, and a refresh token used up."""

    todo: Task
    done: Task
    invited: Invited
    refresh_token: str

    async def open(self) -> None:
        await super().open()
        self.todo = await self.a_task("member")
        self.done = await self.a_task("member", status=TaskStatus.COMPLETED)
        self.invited = await self.app.invite(self["owner"], self.id, Role.MEMBER)
        self.refresh_token = (await self.app.sign_in("viewer@example.org", PASSWORD)).refresh_token
        await self.app.refresh(self.refresh_token)
        self.clock.now = LATER

    async def sign_in(self, name: str) -> Actor:
        return replace(await super().sign_in(name), origin=ORIGIN)

    async def news(self, work: Awaitable[object]) -> list[AuditEvent]:
        """What is written down of something, oldest first."""
        before = (await self.contents()).audit_events
        await work
        after = (await self.contents()).audit_events
        assert before.items() <= after.items()
        return sorted((after[key] for key in after.keys() - before.keys()), key=lambda event: event.id)


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    await scene.open()
    return scene


async def refused(work: Awaitable[object], why: type[Exception]) -> None:
    with pytest.raises(why):
        await work


# What is done

Use = Callable[[Scene], Awaitable[object]]
T, O, M, I, S, A = (  # noqa: E741 - a column of the table below
    Resource.TASK,
    Resource.ORGANIZATION,
    Resource.MEMBER,
    Resource.INVITATION,
    Resource.SESSION,
    Resource.ACCOUNT,
)
# What somebody does, who that is, and in whose logs it is written down as what.
DONE: Final[dict[str, tuple[Use, str, list[str], Action, Resource]]] = {
    "create": (lambda s: s.a_task("member"), "member", ["firm"], Action.CREATE, T),
    "create at home": (
        lambda s: s.app.create_task(s["member"], None, a_draft()),
        "member",
        ["member"],
        Action.CREATE,
        T,
    ),
    "create, done": (
        lambda s: s.a_task("member", status=TaskStatus.COMPLETED),
        "member",
        ["firm"],
        Action.CREATE,
        T,
    ),
    "change": (
        lambda s: s.app.change_task(s["admin"], s.id, s.todo.id, {"title": NEW_TITLE}),
        "admin",
        ["firm"],
        Action.UPDATE,
        T,
    ),
    "replace": (
        lambda s: s.app.replace_task(s["admin"], s.id, s.todo.id, {"title": NEW_TITLE}),
        "admin",
        ["firm"],
        Action.UPDATE,
        T,
    ),
    "change to completed": (
        lambda s: s.app.change_task(s["admin"], s.id, s.todo.id, {"status": TaskStatus.COMPLETED}),
        "admin",
        ["firm"],
        Action.COMPLETE,
        T,
    ),
    "complete": (
        lambda s: s.app.complete_task(s["member"], s.id, s.todo.id),
        "member",
        ["firm"],
        Action.COMPLETE,
        T,
    ),
    "toggle": (lambda s: s.app.toggle_task(s["member"], s.id, s.todo.id), "member", ["firm"], Action.COMPLETE, T),
    "toggle back": (lambda s: s.app.toggle_task(s["member"], s.id, s.done.id), "member", ["firm"], Action.UPDATE, T),
    "delete": (lambda s: s.app.delete_task(s["admin"], s.id, s.todo.id), "admin", ["firm"], Action.DELETE, T),
    "transfer": (
        lambda s: s.app.transfer_task(s["member"], s.id, s.todo.id, personal_space(s["admin"].user_id)),
        "member",
        ["firm", "admin"],
        Action.TRANSFER,
        T,
    ),
    "found": (lambda s: s.another(s["stranger"]), "stranger", ["new"], Action.CREATE, O),
    "rename": (
        lambda s: s.app.rename_organization(s["admin"], s.id, NEW_NAME),
        "admin",
        ["firm"],
        Action.UPDATE,
        O,
    ),
    "dissolve": (
        lambda s: s.app.dissolve_organization(s["owner"], s.id, "Firm"),
        "owner",
        ["firm", "owner"],
        Action.DELETE,
        O,
    ),
    "change a role": (
        lambda s: s.app.change_member_role(s["owner"], s.id, s["member"].user_id, Role.ADMIN),
        "owner",
        ["firm"],
        Action.ROLE_CHANGE,
        M,
    ),
    "remove": (
        lambda s: s.app.remove_member(s["admin"], s.id, s["viewer"].user_id),
        "admin",
        ["firm"],
        Action.LEAVE,
        M,
    ),
    "leave": (
        lambda s: s.app.remove_member(s["viewer"], s.id, s["viewer"].user_id),
        "viewer",
        ["firm"],
        Action.LEAVE,
        M,
    ),
    "invite": (lambda s: s.app.invite(s["admin"], s.id, Role.VIEWER), "admin", ["firm"], Action.INVITE, I),
    "revoke": (
        lambda s: s.app.revoke_invitation(s["admin"], s.id, s.invited.invitation.id),
        "admin",
        ["firm"],
        Action.DELETE,
        I,
    ),
    "join": (
        lambda s: s.app.accept_invitation(s["stranger"], s.invited.token),
        "stranger",
        ["firm"],
        Action.JOIN,
        M,
    ),
    "register": (
        lambda s: s.app.register(Email("new@example.org"), PASSWORD, None, ORIGIN),
        "new",
        ["new"],
        Action.CREATE,
        A,
    ),
    "change oneself": (
        lambda s: s.app.change_me(s["viewer"], {"full_name": FullName("New")}),
        "viewer",
        ["viewer"],
        Action.UPDATE,
        A,
    ),
    "sign in": (
        lambda s: s.app.sign_in("viewer@example.org", PASSWORD, ORIGIN),
        "viewer",
        ["viewer"],
        Action.LOGIN,
        S,
    ),
    "sign out": (lambda s: s.app.sign_out(s["viewer"]), "viewer", ["viewer"], Action.LOGOUT, S),
    "use a refresh token twice": (
        lambda s: refused(s.app.refresh(s.refresh_token, ORIGIN), RefreshRefused),
        "viewer",
        ["viewer"],
        Action.REFRESH_REUSE,
        S,
    ),
}


@pytest.mark.parametrize("what", DONE)
async def test_whatever_is_done_is_written_down_once_where_it_belongs(scene: Scene, what: str) -> None:
    use, who, logs, action, resource = DONE[what]
    events = await scene.news(use(scene))
    places = {"firm": scene.space_id} | {name: personal_space(one.user_id) for name, one in scene.people.items()}
    expected = [places.get(name, events[0].space_id) for name in logs]
    assert [event.space_id for event in events] == expected
    for event in events:
        assert (event.action, event.resource_type, event.outcome) == (action, resource, Outcome.SUCCESS)
        by = scene[who].user_id if who in scene.people else event.space_id
        is_theirs = action is not Action.REFRESH_REUSE
        assert (event.actor_id, event.source is Source.USER) == (by if is_theirs else None, is_theirs)
        origin = Origin(event.ip_address, event.user_agent, event.request_id)
        assert (event.at, origin) == (LATER, ORIGIN)


OPERATED: Final[dict[str, Callable[[Scene], Awaitable[object]]]] = {
    "an administrator is made": lambda s: s.app.create_admin(Email("new@example.org"), PASSWORD, None),
    "a role is given": lambda s: s.app.manage_account(Email("viewer@example.org"), {"role": UserRole.ADMIN}),
    "an account is deactivated": lambda s: s.app.manage_account(Email("owner@example.org"), {"is_active": False}),
}


@pytest.mark.parametrize("what", OPERATED)
async def test_what_the_operator_does_names_no_account(scene: Scene, what: str) -> None:
    events = await scene.news(OPERATED[what](scene))
    assert events
    assert {(event.actor_id, event.source) for event in events} == {(None, Source.OPERATOR)}


async def test_the_end_of_a_session_whose_token_was_used_again_names_no_account(scene: Scene) -> None:
    (event,) = await scene.news(refused(scene.app.refresh(scene.refresh_token, ORIGIN), RefreshRefused))
    assert (event.actor_id, event.source, event.resource_type) == (None, Source.SERVICE, S)
    contents = await scene.contents()
    assert contents.sessions[SessionId(UUID(event.resource_id or ""))].revoked_at == LATER


async def test_what_the_operator_does_comes_from_nowhere(scene: Scene) -> None:
    (event,) = await scene.news(scene.app.create_admin(Email("new@example.org"), PASSWORD, None))
    assert (event.action, event.resource_type, event.resource_id) == (Action.CREATE, A, str(event.space_id))
    assert (event.ip_address, event.user_agent, event.request_id) == (None, None, None)
    assert event.changes["role"] == {"to": "admin"}


async def test_a_failed_sign_in_is_in_the_log_of_the_account_it_was_tried_on(scene: Scene) -> None:
    work = scene.app.sign_in("viewer@example.org", "a wrong one", ORIGIN)
    (event,) = await scene.news(refused(work, WrongCredentials))
    assert event.space_id == personal_space(scene["viewer"].user_id)
    assert (event.action, event.resource_type, event.outcome) == (Action.LOGIN, S, Outcome.FAILED)
    assert (event.resource_id, event.changes) == (None, {})
    assert event.source is Source.USER
    assert event.actor_id is None, "whoever it was, the password says it was not the viewer"
    assert (event.at, Origin(event.ip_address, event.user_agent, event.request_id)) == (LATER, ORIGIN)


async def test_a_change_is_written_down_with_both_sides(scene: Scene) -> None:
    text = "x" * 201
    changes: Any = {"title": NEW_TITLE, "description": Description(text), "assignee_id": scene["viewer"].user_id}
    (event,) = await scene.news(scene.app.change_task(scene["member"], scene.id, scene.todo.id, changes))
    assert event.resource_id == str(scene.todo.id)
    assert event.changes == {
        "title": {"from": scene.todo.title, "to": "new"},
        "description": {"from": None, "to": f"{text[:200]}…"},
        "assignee_id": {"from": None, "to": str(scene["viewer"].user_id)},
    }


async def test_the_tasks_that_lose_their_assignee_are_written_down_too(scene: Scene) -> None:
    user_id = scene["viewer"].user_id
    for task in (scene.todo, scene.done):
        await scene.app.change_task(scene["member"], scene.id, task.id, {"assignee_id": user_id})
    taken, left = await scene.news(scene.app.remove_member(scene["owner"], scene.id, user_id))
    assert (taken.space_id, taken.actor_id) == (scene.space_id, scene["owner"].user_id)
    assert (taken.action, taken.resource_type, taken.resource_id) == (Action.UPDATE, T, None)
    assert taken.changes == {"assignee_id": {"from": str(user_id), "to": None}, "count": 2}
    assert (left.action, left.resource_type) == (Action.LEAVE, M)


async def test_a_change_of_role_is_written_down_with_both_sides(scene: Scene) -> None:
    user_id = scene["member"].user_id
    (event,) = await scene.news(scene.app.change_member_role(scene["owner"], scene.id, user_id, Role.ADMIN))
    assert (event.resource_id, event.changes) == (str(user_id), {"role": {"from": "member", "to": "admin"}})


# What changes nothing

NOTHING: Final[dict[str, Use]] = {
    "an empty change": lambda s: s.app.change_task(s["member"], s.id, s.todo.id, {}),
    "the same title": lambda s: s.app.change_task(s["member"], s.id, s.todo.id, {"title": s.todo.title}),
    "a replacement by itself": lambda s: s.app.replace_task(s["member"], s.id, s.todo.id, {"title": s.todo.title}),
    "completed already": lambda s: s.app.complete_task(s["member"], s.id, s.done.id),
    "to where it is": lambda s: s.app.transfer_task(s["member"], s.id, s.todo.id, s.space_id),
    "the same name": lambda s: s.app.rename_organization(s["admin"], s.id, OrganizationName("Firm")),
    "the same role": lambda s: s.app.change_member_role(s["owner"], s.id, s["member"].user_id, Role.MEMBER),
    "the same person": lambda s: s.app.change_me(s["viewer"], {"full_name": None}),
    "a look at a task": lambda s: s.app.get_task(s["viewer"], s.id, s.todo.id),
    "a look at all tasks": lambda s: s.app.list_tasks(s["viewer"], s.id, TaskQuery()),
    "a look at the organisation": lambda s: s.app.get_organization(s["viewer"], s.id),
    "a look at the members": lambda s: s.app.list_members(s["viewer"], s.id),
    "a look at the invitations": lambda s: s.app.list_invitations(s["admin"], s.id),
    "a look at one's organisations": lambda s: s.app.list_organizations(s["viewer"]),
    "a look at oneself": lambda s: s.app.get_me(s["viewer"]),
    "a look at the log": lambda s: s.app.list_events(s["owner"], s.id, AuditQuery()),
    "a look at the session": lambda s: s.app.check_session(s["viewer"]),
}


@pytest.mark.parametrize("what", NOTHING)
async def test_what_changes_nothing_is_not_written_down(scene: Scene, what: str) -> None:
    assert await scene.news(NOTHING[what](scene)) == []


async def test_that_a_trash_is_emptied_is_written_down_once_with_the_number_of_tasks(scene: Scene) -> None:
    tasks = [scene.todo, scene.done]
    for task in tasks:
        await scene.app.delete_task(scene["admin"], scene.id, task.id)
    (event,) = await scene.news(scene.app.empty_trash(scene["admin"], scene.id, everything=True))
    assert (event.space_id, event.actor_id) == (scene.space_id, scene["admin"].user_id)
    assert (event.action, event.resource_type, event.outcome) == (Action.PURGE, T, Outcome.SUCCESS)
    assert (event.resource_id, event.changes) == (None, {"count": 2})


# What is refused


async def _signed_out(scene: Scene, use: Use) -> None:
    await scene.app.sign_out(scene["stranger"])
    await use(scene)


STRANGER: Final = "stranger"
# What is refused to whom, why, and what is written down of it.
REFUSED: Final[dict[str, tuple[Use, str, type[DomainError], Action, Resource, Callable[[Scene], object]]]] = {
    "another's space": (
        lambda s: s.app.create_task(s[STRANGER], s.id, a_draft()),
        STRANGER,
        SpaceForbidden,
        Action.UPDATE,
        Resource.SPACE,
        lambda s: s.id,
    ),
    "a look into another's space": (
        lambda s: s.app.get_task(s[STRANGER], s.id, s.todo.id),
        STRANGER,
        SpaceForbidden,
        Action.READ,
        Resource.SPACE,
        lambda s: s.id,
    ),
    "a space that is none": (
        lambda s: s.app.get_task(s[STRANGER], "garbage", s.todo.id),
        STRANGER,
        SpaceForbidden,
        Action.READ,
        Resource.SPACE,
        lambda _: NOBODY,
    ),
    "an organisation that is none": (
        lambda s: s.app.get_organization(s[STRANGER], str(s[STRANGER].user_id)),
        STRANGER,
        SpaceForbidden,
        Action.READ,
        Resource.SPACE,
        lambda s: s[STRANGER].user_id,
    ),
    "a viewer's change": (
        lambda s: s.app.create_task(s["viewer"], s.id, a_draft()),
        "viewer",
        RoleTooLow,
        Action.UPDATE,
        Resource.SPACE,
        lambda _: None,
    ),
    "a member's deletion": (
        lambda s: s.app.delete_task(s["colleague"], s.id, s.todo.id),
        "colleague",
        RoleTooLow,
        Action.UPDATE,
        T,
        lambda s: s.todo.id,
    ),
    "a member's look at the log": (
        lambda s: s.app.list_events(s["member"], s.id, AuditQuery()),
        "member",
        RoleTooLow,
        Action.READ,
        Resource.SPACE,
        lambda _: None,
    ),
    "a user's look at the accounts": (
        lambda s: s.app.list_account_events(s["owner"], AuditQuery()),
        "owner",
        NotAnAdministrator,
        Action.READ,
        A,
        lambda _: None,
    ),
    "another space's task": (
        lambda s: s.app.get_task(s["owner"], None, s.todo.id),
        "owner",
        TaskNotFound,
        Action.READ,
        T,
        lambda s: s.todo.id,
    ),
    "nobody's task": (
        lambda s: s.app.complete_task(s["owner"], s.id, TaskId(UNKNOWN)),
        "owner",
        TaskNotFound,
        Action.UPDATE,
        T,
        lambda _: UNKNOWN,
    ),
    "a stranger as a recipient": (
        lambda s: s.app.transfer_task(s["owner"], s.id, s.todo.id, personal_space(s[STRANGER].user_id)),
        "owner",
        RecipientNotFound,
        Action.UPDATE,
        T,
        lambda s: s.todo.id,
    ),
    "a stranger as a member": (
        lambda s: s.app.remove_member(s["owner"], s.id, s[STRANGER].user_id),
        "owner",
        MemberNotFound,
        Action.UPDATE,
        M,
        lambda s: s[STRANGER].user_id,
    ),
    "nobody's invitation": (
        lambda s: s.app.revoke_invitation(s["owner"], s.id, InvitationId(UNKNOWN)),
        "owner",
        InvitationNotFound,
        Action.UPDATE,
        I,
        lambda _: UNKNOWN,
    ),
    "an invitation that there is not": (
        lambda s: s.app.accept_invitation(s[STRANGER], f"{s.id}.garbage"),
        STRANGER,
        InvitationRefused,
        Action.JOIN,
        I,
        lambda _: None,
    ),
    "a change in an ended session": (
        lambda s: _signed_out(s, lambda s: s.app.create_task(s[STRANGER], None, a_draft())),
        STRANGER,
        NotAuthenticated,
        Action.UPDATE,
        Resource.SPACE,
        lambda _: None,
    ),
    "a look in an ended session": (
        lambda s: _signed_out(s, lambda s: s.app.get_me(s[STRANGER])),
        STRANGER,
        NotAuthenticated,
        Action.READ,
        A,
        lambda _: None,
    ),
    "an invitation in an ended session": (
        lambda s: _signed_out(s, lambda s: s.app.accept_invitation(s[STRANGER], s.invited.token)),
        STRANGER,
        NotAuthenticated,
        Action.JOIN,
        I,
        lambda _: None,
    ),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_a_refusal_is_kept_in_the_log_of_the_one_who_was_refused(scene: Scene, what: str) -> None:
    use, who, why, action, resource_type, resource = REFUSED[what]
    before = await scene.kept()
    events = await scene.news(refused(use(scene), why))
    assert [event.outcome for event in events if event.action is not Action.LOGOUT] == [Outcome.DENIED]
    event = events[-1]
    assert (event.space_id, event.actor_id) == (personal_space(scene[who].user_id), scene[who].user_id)
    assert (event.action, event.resource_type) == (action, resource_type)
    assert event.resource_id == (None if resource(scene) is None else str(resource(scene)))
    assert event.changes == {"reason": why.code}
    assert (event.at, Origin(event.ip_address, event.user_agent, event.request_id)) == (LATER, ORIGIN)
    assert await scene.kept() == before


async def test_a_use_of_an_ended_session_is_noted_once_a_minute(scene: Scene) -> None:
    ended, other = scene[STRANGER], scene["viewer"]
    for actor in (ended, other):
        await scene.app.sign_out(actor)

    async def noted(actor: Actor) -> int:
        return len(await scene.news(refused(scene.app.get_me(actor), NotAuthenticated)))

    assert [await noted(ended) for _ in range(3)] == [1, 0, 0]
    assert await noted(other) == 1
    scene.clock.advance(timedelta(minutes=1) - TICK)
    assert await noted(ended) == 0
    scene.clock.advance(TICK)
    assert [await noted(ended) for _ in range(2)] == [1, 0]


async def test_nothing_is_noted_once_the_account_is_closed(scene: Scene) -> None:
    gone = scene[STRANGER]
    await scene.app.close_account(gone, PASSWORD)
    assert await scene.news(refused(scene.app.get_me(gone), NotAuthenticated)) == []


async def test_every_refused_invitation_is_the_same_in_the_log(scene: Scene) -> None:
    owner, admin, stranger = scene["owner"], scene["admin"], scene[STRANGER]
    used, revoked, expired = [
        await scene.app.invite(owner, scene.id, Role.VIEWER, timedelta(seconds=seconds)) for seconds in (9, 9, 1)
    ]
    demoted = await scene.app.invite(admin, scene.id, Role.VIEWER)
    await scene.app.accept_invitation(await scene.somebody("somebody"), used.token)
    await scene.app.revoke_invitation(owner, scene.id, revoked.invitation.id)
    await scene.app.change_member_role(owner, scene.id, admin.user_id, Role.MEMBER)
    scene.clock.advance(timedelta(seconds=1))
    unknown = [f"{scene.id}.garbage", f"{UNKNOWN}.garbage", "garbage", ""]
    noted: set[tuple[object, ...]] = set()
    for token in [*unknown, *(one.token for one in (used, revoked, demoted, expired))]:
        (event,) = await scene.news(refused(scene.app.accept_invitation(stranger, token), InvitationRefused))
        noted.add((event.space_id, event.action, event.resource_type, event.resource_id, str(event.changes)))
    assert noted == {(personal_space(stranger.user_id), Action.JOIN, I, None, "{'reason': 'invitation-refused'}")}


# What goes wrong without being a refusal of somebody known.
FAILED: Final[dict[str, tuple[Use, type[Exception]]]] = {
    "an unknown address": (lambda s: s.app.sign_in("nobody@example.org", PASSWORD), WrongCredentials),
    "no address at all": (lambda s: s.app.sign_in("nobody", PASSWORD), WrongCredentials),
    "an unknown refresh token": (lambda s: s.app.refresh("refresh-99.0"), RefreshRefused),
    "an address that is taken": (
        lambda s: s.app.register(Email("owner@example.org"), PASSWORD, None),
        EmailTaken,
    ),
    "a change to an address that is taken": (
        lambda s: s.app.change_me(s["viewer"], {"email": Email("owner@example.org")}, PASSWORD),
        EmailTaken,
    ),
    "an assignee who is not a member": (
        lambda s: s.a_task("member", assignee_id=s[STRANGER].user_id),
        InvalidValue,
    ),
    "an invitation that lasts too long": (
        lambda s: s.app.invite(s["owner"], s.id, Role.VIEWER, timedelta(days=31)),
        InvalidValue,
    ),
    "the last owner leaves": (
        lambda s: s.app.remove_member(s["owner"], s.id, s["owner"].user_id),
        LastOwner,
    ),
    "a forged cursor": (lambda s: s.app.list_events(s["owner"], s.id, AuditQuery(), "garbage"), CursorRefused),
}


@pytest.mark.parametrize("what", FAILED)
async def test_what_fails_leaves_no_event(scene: Scene, what: str) -> None:
    use, why = FAILED[what]
    before = await scene.contents()
    assert await scene.news(refused(use(scene), why)) == []
    assert await scene.contents() == before


async def test_a_change_that_is_undone_is_not_written_down(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await scene.a_task(assignee_id=scene["viewer"].user_id)

    async def fail(members: MemoryMembers, user_id: UserId) -> NoReturn:
        raise Interrupted

    monkeypatch.setattr(MemoryMembers, "remove", fail)
    before = await scene.contents()
    work = scene.app.remove_member(scene["owner"], scene.id, scene["viewer"].user_id)
    assert await scene.news(refused(work, Interrupted)) == []
    assert await scene.contents() == before


async def test_what_was_done_before_a_refusal_leaves_the_refusal_only(scene: Scene) -> None:
    owner, open_space = scene["owner"], scene.app.create_task.open_space

    async def work() -> None:
        async with open_space(owner, scene.id) as space:
            await space.tasks.add(Task.create(a_draft(), id=TaskId(UNKNOWN), by=space.access, at=LATER))
            await space.tasks.get(TaskId(NOBODY))

    before = await scene.kept()
    (event,) = await scene.news(refused(work(), TaskNotFound))
    assert (event.outcome, event.space_id) == (Outcome.DENIED, personal_space(owner.user_id))
    assert await scene.kept() == before


@pytest.mark.parametrize("what", DONE)
async def test_what_cannot_be_written_down_does_not_happen(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    async def fail(log: MemoryAuditLog, *events: AuditEvent) -> NoReturn:
        raise Interrupted

    before = await scene.contents()
    monkeypatch.setattr(MemoryAuditLog, "append", fail)
    await refused(DONE[what][0](scene), Interrupted)
    assert await scene.contents() == before


# What no use case does yet, and the doors can


async def test_a_change_of_an_accounts_role_is_one_of_role(scene: Scene) -> None:
    async def work() -> None:
        async with scene.app.change_me.open_identity(scene["viewer"]) as identity:
            user = await identity.users.get(scene["viewer"].user_id)
            await identity.users.save(replace(user, role=UserRole.ADMIN))

    (event,) = await scene.news(work())
    assert (event.action, event.resource_type) == (Action.ROLE_CHANGE, A)
    assert event.changes == {"role": {"from": "user", "to": "admin"}}


async def test_an_account_that_was_not_looked_at_is_written_down_whole(scene: Scene) -> None:
    user = await scene.app.get_me(scene["viewer"])

    async def work(changed: User) -> None:
        async with scene.app.change_me.open_identity(scene["viewer"]) as identity:
            await identity.users.save(changed)

    (event,) = await scene.news(work(replace(user, is_active=False)))
    assert event.action is Action.UPDATE
    assert event.changes["is_active"] == {"to": False}


async def test_a_refusal_of_somebody_unknown_is_in_no_log(scene: Scene) -> None:
    async def work() -> None:
        async with scene.app.change_me.open_identity(None) as identity:
            user = await identity.users.get(scene["viewer"].user_id)
            await identity.users.save(replace(user, is_active=False))
            raise WrongCredentials

    assert await scene.news(refused(work(), WrongCredentials)) == []


async def test_an_organization_that_was_not_looked_at_is_dissolved_under_its_name(scene: Scene) -> None:
    async def work() -> None:
        async with scene.app.dissolve_organization.open_space(scene["owner"], scene.id) as space:
            await space.charter.dissolve(at=NOON, limit=99)

    for event in await scene.news(work()):
        assert (event.action, event.changes) == (Action.DELETE, {"name": {"from": "Firm"}})


async def test_a_new_hash_is_not_written_down(scene: Scene) -> None:
    async def work() -> None:
        async with scene.app.change_me.open_identity(None) as identity:
            await identity.users.save_password_hash(scene["viewer"].user_id, "another hash")

    assert await scene.news(work()) == []


async def test_behind_every_door_the_log_of_the_place_can_be_read(scene: Scene) -> None:
    owner, query = scene["owner"], AuditQuery(resource_id=str(scene.todo.id))
    app, hash_ = scene.app, scene.invited.invitation.token_hash
    async with app.get_organization.open_space(owner, scene.id, read_only=True) as space:
        (event,) = await space.audit.find(query)
        assert await space.invitations.with_token(hash_) == scene.invited.invitation
    async with app.accept_invitation.open_reception(owner, scene.space_id) as reception:
        assert list(await reception.audit.find(query)) == [event]
    async with app.get_me.open_identity(owner, read_only=True) as identity:
        assert list(await identity.audit.find(query)) == []


# What nobody may ever read


class Wanderer:
    """Does anything at all, in any order, and remembers every secret that comes by."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office = office
        self.chance = random.Random(seed)  # noqa: S311 - the same walk in every run
        self.secrets: list[str] = ["hidden pass 0"]
        self.people: list[tuple[str, str, Actor]] = []
        self.organizations: list[str] = []
        self.invitations: list[Invited] = []
        self.refresh_tokens: list[str] = []
        self.tasks: list[Task] = []

    async def walk(self, steps: int) -> int:
        """Take so many steps; tell how many were refused."""
        ways = [
            self.register, self.sign_in, self.refresh, self.sign_out, self.found, self.invite, self.accept,
            self.create, self.change, self.delete, self.transfer, self.set_role, self.remove, self.rename,
        ]  # fmt: skip
        await self.register()
        await self.found()
        await self.create()
        refusals = 0
        for _ in range(steps):
            try:
                await self.chance.choice(ways)()
            except DomainError:
                refusals += 1
        return refusals

    @property
    def somebody(self) -> Actor:
        return self.chance.choice(self.people)[2]

    @property
    def somewhere(self) -> str:
        return self.chance.choice(self.organizations)

    def secret(self, kind: str) -> str:
        self.secrets.append(f"hidden {kind} {len(self.secrets)}")
        return self.secrets[-1]

    async def register(self) -> None:
        address, password = f"p{len(self.people)}@example.org", self.secret("pass")
        await self.office.app.register(Email(address), Password(password), FullName("Somebody"), ORIGIN)
        await self._enter(address, password)

    async def sign_in(self) -> None:
        address, password, _ = self.chance.choice(self.people)
        await self._enter(address, self.chance.choice([password, self.secret("wrong")]))

    async def _enter(self, address: str, password: str) -> None:
        pair = await self.office.app.sign_in(address, password, ORIGIN)
        self.secrets += [pair.access_token, pair.refresh_token]
        self.refresh_tokens.append(pair.refresh_token)
        self.people.append((address, password, self.office.app.authenticate(pair.access_token, ORIGIN)))

    async def refresh(self) -> None:
        self.office.clock.advance(timedelta(seconds=self.chance.choice([1, 60])))
        pair = await self.office.app.refresh(self.chance.choice(self.refresh_tokens), ORIGIN)
        self.secrets += [pair.access_token, pair.refresh_token]
        self.refresh_tokens.append(pair.refresh_token)

    async def sign_out(self) -> None:
        if self.chance.random() < 0.1:
            await self.office.app.sign_out(self.somebody)

    async def found(self) -> None:
        self.organizations.append(await self.office.another(self.somebody))

    async def invite(self) -> None:
        role = self.chance.choice(list(Role))
        invited = await self.office.app.invite(self.somebody, self.somewhere, role)
        self.secrets += [invited.token, invited.token.partition(".")[2], invited.invitation.token_hash.hex()]
        self.secrets.append(repr(invited.invitation.token_hash)[2:-1])
        self.invitations.append(invited)

    async def accept(self) -> None:
        tokens = [one.token for one in self.invitations] or [f"{self.somewhere}.{self.secret('token')}"]
        await self.office.app.accept_invitation(self.somebody, self.chance.choice(tokens))

    async def create(self) -> None:
        place = self.chance.choice([None, self.somewhere])
        self.tasks.append(await self.office.app.create_task(self.somebody, place, a_draft()))

    async def change(self) -> None:
        task = self.chance.choice(self.tasks)
        title = Title(f"title {self.chance.random()}")
        await self.office.app.change_task(self.somebody, str(task.space_id), task.id, {"title": title})

    async def delete(self) -> None:
        task = self.chance.choice(self.tasks)
        await self.office.app.delete_task(self.somebody, str(task.space_id), task.id)

    async def transfer(self) -> None:
        task = self.chance.choice(self.tasks)
        to = self.chance.choice([SpaceId(UUID(self.somewhere)), personal_space(self.somebody.user_id)])
        moved = await self.office.app.transfer_task(self.somebody, str(task.space_id), task.id, to)
        self.tasks[self.tasks.index(task)] = moved

    async def set_role(self) -> None:
        role = self.chance.choice(list(Role))
        await self.office.app.change_member_role(self.somebody, self.somewhere, self.somebody.user_id, role)

    async def remove(self) -> None:
        await self.office.app.remove_member(self.somebody, self.somewhere, self.somebody.user_id)

    async def rename(self) -> None:
        await self.office.app.rename_organization(self.somebody, self.somewhere, NEW_NAME)


@pytest.mark.parametrize("seed", range(3))
async def test_no_secret_is_ever_written_down(seed: int) -> None:
    office = Office()
    wanderer = Wanderer(office, seed)
    refusals = await wanderer.walk(1000)
    contents = await office.contents()
    accounts: list[Credentials] = list(contents.accounts.values())
    secrets = {*wanderer.secrets, *(account.password_hash for account in accounts)}
    secrets |= {token.decode() for token in contents.refresh_tokens}
    events = list(contents.audit_events.values())
    done = {event.action for event in events if event.outcome is Outcome.SUCCESS}
    assert done >= {Action.CREATE, Action.UPDATE, Action.LOGIN, Action.REFRESH_REUSE, Action.INVITE, Action.JOIN}
    assert {event.outcome for event in events} == set(Outcome)
    assert refusals > 100
    written = json.dumps([asdict(event) for event in events], default=str)
    assert [secret for secret in sorted(secrets) if secret in written] == []


# Reading


async def reading(*, audit_reads: bool) -> list[AuditEvent]:
    """What is written down of somebody who lists tasks, looks at one and looks for another."""
    store, clock = MemoryStore(), SetClock(NOON)
    app = application_in_memory(clock, CountingIdGenerator(), store=store, audit_reads=audit_reads)
    await app.register(Email("ann@example.org"), PASSWORD, None)
    ann = replace(app.authenticate((await app.sign_in("ann@example.org", PASSWORD)).access_token), origin=ORIGIN)
    task = await app.create_task(ann, None, a_draft())
    await app.list_tasks(ann, None, TaskQuery())
    await app.get_task(ann, str(ann.user_id), task.id)
    async with store.begin(read_only=True) as contents:
        return [event for event in contents.audit_events.values() if event.action is Action.READ]


async def test_reading_is_written_down_only_where_that_is_wanted() -> None:
    assert await reading(audit_reads=False) == []


async def test_reading_is_written_down_with_what_was_read() -> None:
    listed, shown = await reading(audit_reads=True)
    assert listed.space_id == shown.space_id == personal_space(UserId(listed.actor_id or shown.id))
    assert [(event.resource_type, event.outcome) for event in (listed, shown)] == [(T, Outcome.SUCCESS)] * 2
    assert listed.resource_id is None
    assert shown.resource_id is not None
    assert Origin(shown.ip_address, shown.user_agent, shown.request_id) == ORIGIN
