"""Closing accounts and dissolving organisations: over at once for everybody, and the rest goes in stretches behind."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.application import application_in_memory
from adapters.system.ids import Uuid7Generator
from application.ports.transactions import TransactionRolledBack
from domain.access import Actor, Role
from domain.audit import Action, Resource, Source
from domain.document import Content
from domain.errors import InvitationRefused, NotAuthenticated, SpaceForbidden, Unavailable
from domain.ids import personal_space
from domain.organization import OrganizationName
from domain.tag import TagName
from domain.task import Title
from tests.unit.application.stores import FailingStore
from tests.unit.builders import PASSWORD, House, a_draft


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows in each stretch."""
    for module in ("accounts", "organizations", "removal"):
        monkeypatch.setattr(f"application.{module}.STRETCH", 3)


@pytest.fixture
def store() -> FailingStore:
    return FailingStore()


@pytest.fixture
def house(store: FailingStore) -> House:
    return House(store)


async def fill(house: House, actor: Actor, owner_id: str | None, many: int, **details: Any) -> None:
    for number in range(many):
        await house.app.create_task(actor, owner_id, a_draft(f"task {number}", **details))


async def join(house: House, owner: Actor, guest: Actor, role: Role = Role.MEMBER, *, name: str = "Firm") -> str:
    """A new organisation of one person, with another one in it."""
    firm = str((await house.app.found_organization(owner, OrganizationName(name))).id)
    await house.app.accept_invitation(guest, (await house.app.invite(owner, firm, role)).token)
    return firm


async def owner_of_much(house: House) -> tuple[Actor, Actor, str]:
    """Two people with an organisation, and ten things in each space of the first."""
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    firm = await join(house, ann, ben, Role.OWNER)
    for owner_id in (None, firm):
        await fill(house, ann, owner_id, 5, tags=(TagName("a"), TagName("b")), assignee_id=ann.user_id)
        for _ in range(3):
            await house.app.create_document(ann, owner_id, {"title": Title("a"), "content": Content("b")})
    return ann, ben, firm


async def left_in(house: House, *space_ids: object) -> list[int]:
    contents = await house.contents()
    found = Counter(str(key[0]) for part in (contents.tasks, contents.tags, contents.documents) for key in part)
    return [found[str(space_id)] for space_id in space_ids]


async def test_an_organisation_is_gone_for_everybody_at_once_and_its_contents_go_behind(house: House) -> None:
    ann, ben, firm = await owner_of_much(house)
    invited = await house.app.invite(ann, firm, Role.MEMBER)
    await house.app.dissolve_organization(ann, firm, "Firm")
    assert await left_in(house, firm) == [7]
    for actor in (ann, ben):
        with pytest.raises(SpaceForbidden):
            await house.app.get_organization(actor, firm)
        assert (await house.app.list_organizations(actor)).items == []
    with pytest.raises(InvitationRefused):
        await house.app.accept_invitation(await house.somebody("cid"), invited.token)
    await house.app.sweep_remains()
    assert await left_in(house, firm, ann.user_id) == [0, 10]
    assert not (await house.contents()).removed_spaces


async def test_an_account_is_gone_for_everybody_at_once_and_its_contents_go_behind(house: House) -> None:
    ann, ben, firm = await owner_of_much(house)
    second = await join(house, ben, ann, name="Second")
    await fill(house, ben, second, 2, assignee_id=ann.user_id)
    await house.app.close_account(ann, PASSWORD)
    contents = await house.contents()
    assert set(contents.accounts) == {session.user_id for session in contents.sessions.values()} == {ben.user_id}
    assert {user_id for _, user_id in contents.memberships} == {ben.user_id}
    with pytest.raises(NotAuthenticated):
        await house.app.get_me(ann)
    again = await house.somebody("ann")
    assert again.user_id != ann.user_id
    assert await left_in(house, ann.user_id) == [10]
    await house.app.sweep_remains()
    assert await left_in(house, ann.user_id, firm, second) == [0, 10, 2]
    contents = await house.contents()
    assert {task.assignee_id for task in contents.tasks.values()} == {None}
    assert not contents.removed_spaces
    assert not contents.departures


async def test_what_is_small_is_gone_with_it(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    firm = await join(house, ben, ann)
    await fill(house, ben, firm, 1, assignee_id=ann.user_id)
    await fill(house, ann, None, 1)
    await house.app.close_account(ann, PASSWORD)
    contents = await house.contents()
    assert await left_in(house, ann.user_id) == [0]
    assert {task.assignee_id for task in contents.tasks.values()} == {None}
    assert not contents.removed_spaces
    assert not contents.departures


async def events_of(house: House, space_id: object) -> list[Any]:
    async with house.store.begin(read_only=True) as contents:
        found = [event for event in contents.audit_events.values() if str(event.space_id) == str(space_id)]
    return sorted(found, key=lambda event: event.id)


async def test_what_is_taken_from_somebody_who_is_gone_is_written_down(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    firm = await join(house, ben, ann)
    await fill(house, ben, firm, 7, assignee_id=ann.user_id)
    await house.app.close_account(ann, PASSWORD)
    await house.app.sweep_remains()
    events = [event for event in await events_of(house, firm) if event.action in {Action.LEAVE, Action.UPDATE}]
    assert [(event.action, event.actor_id, event.source, event.changes.get("count")) for event in events] == [
        (Action.UPDATE, ann.user_id, Source.USER, 3),
        (Action.LEAVE, ann.user_id, Source.USER, None),
        (Action.UPDATE, None, Source.SERVICE, 3),
        (Action.UPDATE, None, Source.SERVICE, 1),
    ]
    assert {event.resource_type for event in events if event.action is Action.UPDATE} == {Resource.TASK}
    await house.app.seal_grown_logs()
    assert (await house.app.inspect_log(personal_space(ann.user_id))).valid
    assert (await house.app.inspect_log(events[0].space_id)).valid


async def test_of_what_goes_in_a_removed_space_its_log_says_nothing(house: House) -> None:
    ann, _, firm = await owner_of_much(house)
    await house.app.dissolve_organization(ann, firm, "Firm")
    before = await events_of(house, firm)
    await house.app.sweep_remains()
    assert await events_of(house, firm) == before
    assert before[-1].action is Action.DELETE


async def test_a_session_of_a_closed_account_is_written_down_no_more_while_its_space_goes(house: House) -> None:
    ann, _, _ = await owner_of_much(house)
    await house.app.close_account(ann, PASSWORD)
    before = await events_of(house, ann.user_id)
    with pytest.raises(NotAuthenticated):
        await house.app.get_me(ann)
    assert await events_of(house, ann.user_id) == before


async def test_one_transaction_ends_an_organisation(house: House, store: FailingStore) -> None:
    ann, _, firm = await owner_of_much(house)
    store.good_for = 1
    await house.app.dissolve_organization(ann, firm, "Firm")
    assert store.good_for == 0
    assert not (await house.contents()).organizations


async def test_one_transaction_ends_an_account(house: House, store: FailingStore) -> None:
    ann, _, _ = await owner_of_much(house)
    store.good_for = 1
    await house.app.close_account(ann, PASSWORD)
    assert store.good_for == 0
    assert ann.user_id not in (await house.contents()).accounts


async def test_what_the_store_has_undone_is_done_once_more(house: House) -> None:
    ann, _, firm = await owner_of_much(house)
    use, undone = house.app.close_account, [TransactionRolledBack()]

    def open_identity(*whom: Any, read_only: bool = False, **how: Any) -> Any:
        if undone and not read_only:
            raise undone.pop()
        return use.open_identity(*whom, read_only=read_only, **how)

    await replace(use, open_identity=open_identity)(ann, PASSWORD)
    assert not undone
    assert ann.user_id not in (await house.contents()).accounts
    assert await left_in(house, firm) == [10]


async def test_a_sweep_that_is_interrupted_is_resumed_by_the_next_process(house: House, store: FailingStore) -> None:
    ann, ben, firm = await owner_of_much(house)
    second = await join(house, ben, ann, name="Second")
    await fill(house, ben, second, 4, assignee_id=ann.user_id)
    await house.app.close_account(ann, PASSWORD)
    store.good_for = 2
    with pytest.raises(Unavailable):
        await house.app.sweep_remains()
    store.good_for = 10**9
    assert sum(await left_in(house, ann.user_id)) > 0
    later = application_in_memory(house.clock, Uuid7Generator(), store=store)
    await later.sweep_remains()
    assert await left_in(house, ann.user_id, firm, second) == [0, 10, 4]
    contents = await house.contents()
    assert {task.assignee_id for task in contents.tasks.values()} == {None}


async def test_all_spaces_have_their_turn_before_one_has_the_next(house: House) -> None:
    people = [await house.somebody(name) for name in ("ann", "ben", "cid")]
    for actor, many in zip(people, (10, 5, 4), strict=True):
        await fill(house, actor, None, many)
        await house.app.close_account(actor, PASSWORD)
    sweep, turns = house.app.sweep_remains, []

    def open_remains(space_id: Any) -> Any:
        turns.append(space_id)
        return sweep.open_remains(space_id)

    await replace(sweep, open_remains=open_remains)()
    ann, ben, cid = (personal_space(actor.user_id) for actor in people)
    assert turns == [ann, ben, cid, ann, ann]
    assert await left_in(house, ann, ben, cid) == [0, 0, 0]


async def test_somebody_who_has_no_task_left_is_settled_without_a_word(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    firm = await join(house, ben, ann)
    await fill(house, ben, firm, 3, assignee_id=ann.user_id)
    await house.app.close_account(ann, PASSWORD)
    before = await events_of(house, firm)
    assert (await house.contents()).departures
    await house.app.sweep_remains()
    assert await events_of(house, firm) == before
    assert not (await house.contents()).departures
