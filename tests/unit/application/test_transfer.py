"""Handing a task over: who may, to whom, and what comes of it."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, Final, NoReturn
from uuid import UUID

import pytest

from adapters.memory.audit import MemoryAuditLog
from adapters.memory.tasks import MemoryTasks
from domain.access import Actor, Role
from domain.audit import Action, AuditEvent, Outcome, Resource
from domain.errors import NotAuthenticated, RecipientNotFound, RoleTooLow, SpaceForbidden, TaskNotFound
from domain.ids import NOBODY, SpaceId, TaskId, UserId, personal_space
from domain.tag import TagName
from domain.task import Task
from tests.unit.application.organizations_builders import Office, a_draft

UNKNOWN: Final = SpaceId(UUID("0190f000-0000-7000-8000-00000000000f"))
MINUTE: Final = timedelta(minutes=1)

# Who hands over, and whose task: what the contract's table says about deleting it.
HERE: Final = {
    ("viewer", "owner"): False,
    ("member", "member"): True,
    ("member", "colleague"): False,
    ("admin", "admin"): True,
    ("admin", "member"): True,
    ("owner", "owner"): True,
    ("owner", "viewer's"): True,
}
# What the one who hands over is to the space there: what the contract says about creating there.
THERE: Final = {
    "own space": True,
    "viewer there": False,
    "member there": True,
    "admin there": True,
    "owner there": True,
    "acquaintance": True,
    "acquaintance, a viewer": True,
    "stranger": False,
    "acquaintance once": False,
    "foreign organization": False,
    "unknown": False,
    "nobody": False,
}


class Interrupted(Exception):
    """Something goes wrong on the way."""


@pytest.fixture
async def office() -> Office:
    """An organisation with somebody in every role."""
    office = Office()
    await office.open()
    return office


async def refused(work: Awaitable[object], why: type[Exception]) -> None:
    with pytest.raises(why):
        await work


async def organization_with(office: Office, *guests: tuple[Actor, Role]) -> SpaceId:
    """Another organisation, founded by somebody new, and the guests in it."""
    founder = await office.somebody("founder")
    id_ = await office.another(founder)
    for guest, role in guests:
        invited = await office.app.invite(founder, id_, role)
        await office.app.accept_invitation(guest, invited.token)
    return SpaceId(UUID(id_))


async def place(office: Office, there: str, who: Actor) -> SpaceId:
    """The space that a relation leads to."""
    if there.endswith(" there"):
        return await organization_with(office, (who, Role(there.removesuffix(" there"))))
    if there == "foreign organization":
        return await organization_with(office)
    if there == "acquaintance":
        return personal_space((await acquaintance(office)).user_id)
    return {
        "own space": personal_space(who.user_id),
        "acquaintance, a viewer": personal_space(office["viewer"].user_id),
        "stranger": personal_space(office["stranger"].user_id),
        "acquaintance once": personal_space(office["removed"].user_id),
        "unknown": UNKNOWN,
        "nobody": SpaceId(NOBODY),
    }[there]


async def acquaintance(office: Office) -> Actor:
    """Somebody who shares the organisation, and nothing else, with everybody in it."""
    somebody = await office.somebody("acquaintance")
    await office.let_in(somebody, Role.MEMBER)
    return somebody


async def task_of(office: Office, maker: str) -> Task:
    """A task in the organisation, made by somebody who may be less now than they were then."""
    if maker != "viewer's":
        return await office.a_task(maker)
    someone = office["viewer"]
    await office.app.change_member_role(office["owner"], office.id, someone.user_id, Role.MEMBER)
    task = await office.a_task("viewer")
    await office.app.change_member_role(office["owner"], office.id, someone.user_id, Role.VIEWER)
    return task


async def events_about(office: Office, task: Task) -> list[AuditEvent]:
    """What is written about the task from its transfer on."""
    kept = (await office.contents()).audit_events.values()
    return [event for event in kept if event.resource_id == str(task.id) and event.action is Action.TRANSFER]


@pytest.mark.parametrize("there", THERE)
@pytest.mark.parametrize(("who", "maker"), HERE)
async def test_it_takes_the_right_to_delete_here_and_to_create_there(
    office: Office, who: str, maker: str, there: str
) -> None:
    task = await task_of(office, maker)
    to = await place(office, there, office[who])
    before = await office.kept()
    work = office.app.transfer_task(office[who], office.id, task.id, to)
    if not HERE[who, maker]:
        await refused(work, RoleTooLow)
    elif not THERE[there]:
        await refused(work, RecipientNotFound)
    else:
        transferred = await work
        assert await office.task(transferred) == transferred
        assert transferred.space_id == to
        await refused(office.app.get_task(office["owner"], office.id, task.id), TaskNotFound)
        return
    assert await office.kept() == before
    assert await events_about(office, task) == []


@pytest.mark.parametrize("there", THERE)
async def test_everybody_may_hand_over_what_is_in_their_own_space(office: Office, there: str) -> None:
    who = office["member"]
    task = await office.app.create_task(who, None, a_draft())
    to = await place(office, there, who)
    before = await office.kept()
    work = office.app.transfer_task(who, None, task.id, to)
    if THERE[there]:
        assert (await work).space_id == to
    else:
        await refused(work, RecipientNotFound)
        assert await office.kept() == before


@pytest.mark.parametrize(("who", "why"), [("stranger", SpaceForbidden), ("removed", SpaceForbidden)])
async def test_nobody_hands_over_what_is_not_theirs(office: Office, who: str, why: type[Exception]) -> None:
    task = await office.a_task()
    to = personal_space(office[who].user_id)
    before = await office.kept()
    await refused(office.app.transfer_task(office[who], office.id, task.id, to), why)
    await refused(office.app.transfer_task(office[who], None, task.id, UNKNOWN), TaskNotFound)
    assert await office.kept() == before


async def test_a_task_in_the_trash_and_one_that_is_nowhere_are_not_found(office: Office) -> None:
    owner, task = office["owner"], await office.a_task()
    await office.app.delete_task(owner, office.id, task.id)
    for task_id in (task.id, TaskId(UNKNOWN)):
        work = office.app.transfer_task(owner, office.id, task_id, personal_space(owner.user_id))
        await refused(work, TaskNotFound)


async def test_whoever_is_signed_out_hands_nothing_over(office: Office) -> None:
    owner, task = office["owner"], await office.a_task()
    await office.app.sign_out(owner)
    to = personal_space(owner.user_id)
    await refused(office.app.transfer_task(owner, office.id, task.id, to), NotAuthenticated)


async def test_a_task_goes_with_everything_it_is(office: Office) -> None:
    tags = (TagName("x"), TagName("Y"))
    task = await office.a_task("member", tags=tags)
    office.clock.advance(MINUTE)
    to = personal_space(office["admin"].user_id)
    transferred = await office.app.transfer_task(office["member"], office.id, task.id, to)
    expected: dict[str, Any] = {"space_id": to, "version": task.version + 1, "updated_at": task.updated_at + MINUTE}
    for name in Task.__slots__:
        assert getattr(transferred, name) == expected.get(name, getattr(task, name))
    assert transferred.tags == tags
    assert await office.app.get_task(office["admin"], None, task.id) == transferred


@pytest.mark.parametrize(
    ("there", "assignee", "kept"),
    [
        ("organization", "colleague", True),
        ("organization", "viewer", False),
        ("colleague", "colleague", True),
        ("admin", "colleague", False),
        ("owner", "owner", True),
        ("owner", "colleague", False),
    ],
)
async def test_the_assignee_goes_along_only_where_they_are_a_member(
    office: Office, there: str, assignee: str, *, kept: bool
) -> None:
    user_id = office[assignee].user_id
    task = await office.a_task(assignee_id=user_id)
    if there == "organization":
        to = await organization_with(office, (office["owner"], Role.MEMBER), (office["colleague"], Role.VIEWER))
    else:
        to = personal_space(office[there].user_id)
    transferred = await office.app.transfer_task(office["owner"], office.id, task.id, to)
    assert transferred.assignee_id == (user_id if kept else None)


@pytest.mark.parametrize("owner_id", ["organization", "own"])
async def test_a_transfer_to_where_it_is_changes_nothing(office: Office, owner_id: str) -> None:
    owner = office["owner"]
    named = office.id if owner_id == "organization" else None
    task = await office.app.create_task(owner, named, a_draft(assignee_id=owner.user_id))
    office.clock.advance(MINUTE)
    before = await office.contents()
    assert await office.app.transfer_task(owner, named, task.id, task.space_id) == task
    assert await office.contents() == before


async def test_strangers_and_nobody_are_the_same_to_everyone(office: Office) -> None:
    owner, task = office["owner"], await office.a_task(assignee_id=office["member"].user_id)
    strangers = [
        personal_space(office["stranger"].user_id),
        await organization_with(office),
        UNKNOWN,
        SpaceId(NOBODY),
        SpaceId(task.id),
    ]
    answers: list[RecipientNotFound] = []
    for to in strangers:
        with pytest.raises(RecipientNotFound) as caught:
            await office.app.transfer_task(owner, office.id, task.id, to)
        answers.append(caught.value)
    assert len({(type(one), str(one), one.code, one.args) for one in answers}) == 1
    kept = (await office.contents()).audit_events.values()
    refusals = [event for event in kept if event.outcome is Outcome.DENIED]
    noted = {(event.space_id, event.action, event.resource_id, str(event.changes)) for event in refusals}
    assert len(refusals) == len(strangers)
    assert len(noted) == 1
    assert await office.task(task) == task


async def test_who_shared_an_organization_once_is_a_stranger(office: Office) -> None:
    owner, colleague = office["owner"], office["colleague"]
    task = await office.app.create_task(owner, None, a_draft())
    await office.app.dissolve_organization(owner, office.id, "Firm")
    work = office.app.transfer_task(owner, None, task.id, personal_space(colleague.user_id))
    await refused(work, RecipientNotFound)


async def test_a_transfer_is_written_down_at_both_ends_and_what_became_of_it_only_there(office: Office) -> None:
    member, admin = office["member"], office["admin"]
    await office.app.create_tag(admin, None, {"name": TagName("WORK")})
    task = await office.a_task("member", assignee_id=member.user_id, tags=(TagName("work"),))
    to = personal_space(admin.user_id)
    await office.app.transfer_task(member, office.id, task.id, to)
    events = await events_about(office, task)
    for event in events:
        assert (event.actor_id, event.resource_type, event.outcome) == (member.user_id, Resource.TASK, Outcome.SUCCESS)
    spaces = {"from": str(task.space_id), "to": str(to)}
    changed = {
        "assignee_id": {"from": str(member.user_id), "to": None},
        "tags": {"from": ["work"], "to": ["WORK"]},
    }
    assert [(event.space_id, event.changes) for event in events] == [
        (task.space_id, {"owner_id": spaces}),
        (to, {"owner_id": spaces, **changed}),
    ]


@pytest.mark.parametrize(("there", "told"), [("member there", "WORK"), ("acquaintance", "work")])
async def test_only_whoever_is_in_a_space_is_told_how_it_spells_tags(office: Office, there: str, told: str) -> None:
    who = office["member"]
    task = await office.app.create_task(who, None, a_draft(tags=(TagName("work"),)))
    if there == "acquaintance":
        maker = await acquaintance(office)
        to = personal_space(maker.user_id)
    else:
        to, maker = await place(office, there, who), who
    await office.app.create_tag(maker, str(to), {"name": TagName("WORK")})
    answered = await office.app.transfer_task(who, None, task.id, to)
    assert answered.tags == (told,)
    kept = await office.app.get_task(maker, str(to), task.id)
    assert kept == answered.with_tags((TagName("WORK"),))


async def test_a_fault_half_way_leaves_everything_where_it_was(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await office.a_task()
    before = await office.contents()

    async def fail(tasks: MemoryTasks, added: Task) -> NoReturn:
        assert (tasks._space_id, added.id) not in tasks._tasks
        assert (task.space_id, task.id) not in tasks._tasks
        raise Interrupted

    monkeypatch.setattr(MemoryTasks, "add", fail)
    to = personal_space(office["admin"].user_id)
    await refused(office.app.transfer_task(office["owner"], office.id, task.id, to), Interrupted)
    assert await office.contents() == before


@pytest.mark.parametrize("written", [0, 1])
async def test_what_cannot_be_written_down_at_both_ends_does_not_happen(
    office: Office, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    task = await office.a_task()
    before = await office.contents()
    append, events = MemoryAuditLog.append, list[AuditEvent]()

    async def fail_later(log: MemoryAuditLog, *both: AuditEvent) -> None:
        for event in both:
            if len(events) == written:
                raise Interrupted
            events.append(event)
            await append(log, event)

    monkeypatch.setattr(MemoryAuditLog, "append", fail_later)
    to = personal_space(office["admin"].user_id)
    await refused(office.app.transfer_task(office["owner"], office.id, task.id, to), Interrupted)
    assert len(events) == written
    assert await office.contents() == before


async def test_the_receiver_owns_what_they_were_given(office: Office) -> None:
    member, admin = office["member"], office["admin"]
    task = await office.a_task("member")
    given = await office.app.transfer_task(member, office.id, task.id, personal_space(admin.user_id))
    assert given.created_by == UserId(member.user_id)
    await refused(office.app.get_task(member, str(admin.user_id), task.id), SpaceForbidden)
    await refused(office.app.get_task(member, None, task.id), TaskNotFound)
    await office.app.delete_task(admin, None, task.id)
