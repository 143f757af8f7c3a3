"""Reading the logs, and finding out who has touched them."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from adapters.memory.store import Contents, MemoryStore
from adapters.security.cursors import SignedCursors
from adapters.security.keys import Key, KeyRing
from application.audit import ListAccountEvents, ListEvents
from application.listing import Listing
from application.ports.audit import AuditQuery
from domain.audit import Action, AuditEvent, Outcome, Resource
from domain.errors import CursorRefused, NotAnAdministrator, NotAuthenticated, RoleTooLow, SpaceForbidden
from domain.ids import SpaceId, UserId, personal_space
from domain.organization import OrganizationName
from domain.seals import Verdict
from domain.task import Description, Title
from domain.user import Email
from tests.unit.application.log_builders import (
    ELSEWHERE,
    HOUR,
    SOMEWHERE,
    a_log,
    an_event,
    inspector,
    refused,
)
from tests.unit.application.organizations_builders import NOON, PASSWORD, TICK, Office, a_draft

SECRET: Final = "a task's content"
CURSORS: Final = SignedCursors(KeyRing((Key("a", bytes(range(32))),)))

Page = Callable[[AuditQuery, str | None], Awaitable[Listing[AuditEvent]]]


@pytest.fixture
async def office() -> Office:
    """An organisation with somebody in every role, and an administrator of accounts who is not in it."""
    office = Office()
    await office.open()
    await office.app.create_admin(Email("administrator@example.org"), PASSWORD, None)
    office.people["administrator"] = await office.sign_in("administrator")
    return office


async def events_in(office: Office, space_id: SpaceId) -> list[AuditEvent]:
    """What a log holds, the newest first."""
    kept = (await office.contents()).audit_events.values()
    return sorted((event for event in kept if event.space_id == space_id), key=lambda event: event.id, reverse=True)


# Who may read


@pytest.mark.parametrize("use", ["list", "verify"])
@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("stranger", SpaceForbidden),
        ("removed", SpaceForbidden),
        ("administrator", SpaceForbidden),
        ("viewer", RoleTooLow),
        ("member", RoleTooLow),
        ("admin", None),
        ("owner", None),
    ],
)
async def test_an_organizations_log_is_for_its_admins_and_owners(
    office: Office, who: str, use: str, why: type[Exception] | None
) -> None:
    work: Awaitable[Listing[AuditEvent] | Verdict]
    if use == "list":
        work = office.app.list_events(office[who], office.id, AuditQuery(limit=100))
    else:
        work = office.app.verify_log(office[who], office.id)
    if why is not None:
        await refused(work, why)
        return
    events = await events_in(office, office.space_id)
    expected = Listing(events, None, None) if use == "list" else Verdict(len(events))
    assert await work == expected


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("who", ["stranger", "removed", "administrator", "viewer", "owner"])
async def test_everybody_reads_their_own_log_and_nothing_else_in_it(office: Office, who: str, *, named: bool) -> None:
    actor = office[who]
    owner_id = str(actor.user_id) if named else None
    page = await office.app.list_events(actor, owner_id, AuditQuery(limit=100))
    assert page.items == await events_in(office, personal_space(actor.user_id))
    assert {event.space_id for event in page.items} == {personal_space(actor.user_id)}
    assert await office.app.verify_log(actor, owner_id) == Verdict(len(page.items))


@pytest.mark.parametrize("owner_id", ["owner", "nobody", "garbage"])
async def test_nobody_reads_somebody_elses_log(office: Office, owner_id: str) -> None:
    named = {"owner": str(office["owner"].user_id), "nobody": str(UUID(int=0)), "garbage": "audit"}[owner_id]
    for who in ("administrator", "admin", "stranger"):
        await refused(office.app.list_events(office[who], named, AuditQuery()), SpaceForbidden)
        await refused(office.app.verify_log(office[who], named), SpaceForbidden)


async def test_whoever_is_signed_out_reads_nothing(office: Office) -> None:
    for who in ("owner", "administrator"):
        await office.app.sign_out(office[who])
    await refused(office.app.list_events(office["owner"], office.id, AuditQuery()), NotAuthenticated)
    await refused(office.app.verify_log(office["owner"], office.id), NotAuthenticated)
    await refused(office.app.list_account_events(office["administrator"], AuditQuery()), NotAuthenticated)


@pytest.mark.parametrize("who", ["stranger", "viewer", "member", "admin", "owner"])
async def test_the_log_of_all_accounts_is_for_administrators(office: Office, who: str) -> None:
    await refused(office.app.list_account_events(office[who], AuditQuery()), NotAnAdministrator)


async def test_administrators_see_sign_ins_accounts_and_refusals_of_everybody(office: Office) -> None:
    await refused(office.app.get_organization(office["stranger"], office.id), SpaceForbidden)
    page = await office.app.list_account_events(office["administrator"], AuditQuery(limit=1000))
    kept = (await office.contents()).audit_events.values()
    about_accounts = {Resource.SESSION, Resource.ACCOUNT}
    expected = [e for e in kept if e.resource_type in about_accounts or e.outcome is not Outcome.SUCCESS]
    assert page.items == sorted(expected, key=lambda event: event.id, reverse=True)
    everybody = {actor.user_id for actor in office.people.values()}
    assert {e.actor_id for e in page.items if e.action is Action.LOGIN} == everybody
    refusal = page.items[0]
    assert (refusal.actor_id, refusal.outcome) == (office["stranger"].user_id, Outcome.DENIED)


async def test_administrators_see_nothing_of_what_is_in_a_space(office: Office) -> None:
    for owner_id in (None, office.id):
        draft = a_draft(SECRET, description=Description(SECRET))
        task = await office.app.create_task(office["owner"], owner_id, draft)
        await office.app.change_task(office["owner"], owner_id, task.id, {"title": Title(f"{SECRET}, changed")})
        await refused(office.app.get_task(office["administrator"], owner_id or office.id, task.id), SpaceForbidden)
        await office.app.transfer_task(office["owner"], owner_id, task.id, personal_space(office["admin"].user_id))
    await office.app.rename_organization(office["owner"], office.id, OrganizationName(SECRET))
    page = await office.app.list_account_events(office["administrator"], AuditQuery(limit=1000))
    assert SECRET not in json.dumps([asdict(event) for event in page.items], default=str)
    assert any(SECRET in str(event.changes) for event in (await office.contents()).audit_events.values())


# Pages


@pytest.fixture(params=["a space's", "the accounts'"])
async def turn(office: Office, request: pytest.FixtureRequest) -> Page:
    """Reads a stretch of a log."""
    if request.param == "a space's":
        list_events = ListEvents(office.app.list_events.open_space, CURSORS)
        return lambda query, cursor: list_events(office["owner"], office.id, query, cursor or "")
    list_account_events = ListAccountEvents(office.app.list_account_events.open_identity, CURSORS)
    return lambda query, cursor: list_account_events(office["administrator"], query, cursor or "")


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
async def test_the_pages_together_are_the_log(turn: Page, limit: int) -> None:
    whole = (await turn(AuditQuery(limit=1000), "")).items
    seen: list[AuditEvent] = []
    cursor: str | None = ""
    while True:
        page = await turn(AuditQuery(limit=limit), cursor)
        assert 0 < len(page.items) <= limit
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
        assert len(page.items) == limit
    assert seen == whole


async def test_a_log_that_fills_its_page_has_no_next_one(turn: Page) -> None:
    count = len((await turn(AuditQuery(limit=1000), "")).items)
    assert (await turn(AuditQuery(limit=count), "")).next_cursor is None
    assert (await turn(AuditQuery(limit=count - 1), "")).next_cursor is not None


async def test_what_is_added_meanwhile_moves_no_page(office: Office, turn: Page) -> None:
    whole = (await turn(AuditQuery(limit=1000), "")).items
    first = await turn(AuditQuery(limit=2), None)
    await office.a_task()
    await office.sign_in("owner")
    second = await turn(AuditQuery(limit=2), first.next_cursor)
    assert [*first.items, *second.items] == whole[:4]


async def test_the_size_of_a_page_may_change_on_the_way(turn: Page) -> None:
    whole = (await turn(AuditQuery(limit=1000), "")).items
    first = await turn(AuditQuery(limit=2), None)
    assert (await turn(AuditQuery(limit=3), first.next_cursor)).items == whole[2:5]


@pytest.mark.parametrize(
    "other",
    [
        {"action": Action.LOGIN},
        {"resource_type": Resource.TASK},
        {"resource_id": "x"},
        {"since": NOON},
        {"until": NOON + HOUR},
    ],
)
async def test_a_cursor_is_bound_to_its_query(turn: Page, other: dict[str, Any]) -> None:
    cursor = (await turn(AuditQuery(limit=1), "")).next_cursor
    await refused(turn(AuditQuery(limit=1, **other), cursor), CursorRefused)


@pytest.mark.parametrize("forged", ["garbage", "é", "0190f000-0000-7000-8000-00000000000f", "A" * 70])
async def test_a_forged_cursor_is_refused(turn: Page, forged: str) -> None:
    await refused(turn(AuditQuery(), forged), CursorRefused)


async def test_a_cursor_is_bound_to_the_caller_and_to_the_space(office: Office) -> None:
    app, query = office.app, AuditQuery(limit=1)
    list_events = ListEvents(app.list_events.open_space, CURSORS)
    list_account_events = ListAccountEvents(app.list_account_events.open_identity, CURSORS)
    owner, admin, administrator = office["owner"], office["admin"], office["administrator"]
    another = await office.another(owner)
    cursor = (await list_events(owner, office.id, query)).next_cursor
    assert cursor
    assert (await list_events(owner, office.id, query, cursor)).items
    await refused(list_events(admin, office.id, query, cursor), CursorRefused)
    for owner_id in (another, None):
        await refused(list_events(owner, owner_id, query, cursor), CursorRefused)
    await refused(list_account_events(administrator, query, cursor), CursorRefused)
    of_accounts = (await list_account_events(administrator, query)).next_cursor
    assert of_accounts
    await refused(list_events(administrator, None, query, of_accounts), CursorRefused)


# Filters


FILTERED: Final[dict[str, tuple[dict[str, Any], list[int]]]] = {
    "nothing": ({}, [5, 4, 3, 2, 1, 0]),
    "an action": ({"action": Action.DELETE}, [4, 1]),
    "an action that was not done": ({"action": Action.PURGE}, []),
    "a kind": ({"resource_type": Resource.MEMBER}, [4, 2]),
    "a thing": ({"resource_id": "x"}, [4, 3]),
    "from a moment on": ({"since": NOON + 3 * HOUR}, [5, 4, 3]),
    "after a moment": ({"since": NOON + 3 * HOUR + TICK}, [5, 4]),
    "before a moment": ({"until": NOON + 3 * HOUR}, [2, 1, 0]),
    "up to a moment": ({"until": NOON + 3 * HOUR + TICK}, [3, 2, 1, 0]),
    "a stretch": ({"since": NOON + HOUR, "until": NOON + 3 * HOUR}, [2, 1]),
    "an empty stretch": ({"since": NOON + HOUR, "until": NOON + HOUR}, []),
    "everything at once": (
        {"action": Action.DELETE, "resource_type": Resource.MEMBER, "resource_id": "x", "since": NOON},
        [4],
    ),
}


@pytest.mark.parametrize("wanted", FILTERED)
async def test_only_what_fits_is_shown(office: Office, wanted: str) -> None:
    actor = office["stranger"]
    space_id = personal_space(actor.user_id)
    async with office.store.begin(read_only=False) as contents:
        contents.audit_events.clear()
    events = await a_log(
        office.store,
        an_event(0, space_id),
        an_event(1, space_id, action=Action.DELETE),
        an_event(2, space_id, resource_type=Resource.MEMBER, resource_id="y"),
        an_event(3, space_id, resource_id="x"),
        an_event(4, space_id, action=Action.DELETE, resource_type=Resource.MEMBER, resource_id="x"),
        an_event(5, space_id, outcome=Outcome.DENIED),
        an_event(6, ELSEWHERE, action=Action.DELETE, resource_id="x"),
    )
    filters, expected = FILTERED[wanted]
    page = await office.app.list_events(actor, None, AuditQuery(**filters))
    assert page.items == [events[number] for number in expected]


# Finding out

LENGTH: Final = 8


def _change(contents: Contents, number: int) -> None:
    event = an_event(number)
    contents.audit_events[SOMEWHERE, event.id] = replace(event, changes={"title": {"to": "something else"}})


def _blame(contents: Contents, number: int) -> None:
    event = an_event(number)
    contents.audit_events[SOMEWHERE, event.id] = replace(event, actor_id=UserId(UUID(int=9)))


def _remove(contents: Contents, number: int) -> None:
    del contents.audit_events[SOMEWHERE, an_event(number).id]


def _swap(contents: Contents, number: int) -> None:
    """Two events that follow each other, each under the other's seal."""
    places = (SOMEWHERE, number + 1), (SOMEWHERE, (number + 1) % LENGTH + 1)
    seals = [contents.audit_seals[place] for place in places]
    for place, seal, other in zip(places, seals, reversed(seals), strict=True):
        contents.audit_seals[place] = replace(other, position=seal.position)


def _forge(contents: Contents, number: int) -> None:
    seal = contents.audit_seals[SOMEWHERE, number + 1]
    contents.audit_seals[SOMEWHERE, number + 1] = replace(seal, digest=bytes(32))


async def a_sealed_log() -> MemoryStore:
    store = MemoryStore()
    await a_log(store, *map(an_event, range(LENGTH)))
    assert await inspector(store)(SOMEWHERE) == Verdict(LENGTH)
    return store


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("number", range(LENGTH))
@pytest.mark.parametrize("touch", [_change, _blame, _remove, _forge])
async def test_the_first_event_that_was_touched_is_found(touch: Callable[[Contents, int], None], number: int) -> None:
    store = await a_sealed_log()
    async with store.begin(read_only=False) as contents:
        touch(contents, number)
        if number < LENGTH - 1:
            touch(contents, LENGTH - 1)
    assert await inspector(store)(SOMEWHERE) == Verdict(number, an_event(number).id)


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("number", range(LENGTH - 1))
async def test_swapped_seals_are_found(number: int) -> None:
    store = await a_sealed_log()
    async with store.begin(read_only=False) as contents:
        _swap(contents, number)
    assert await inspector(store)(SOMEWHERE) == Verdict(number, an_event(number + 1).id)


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("with_event", [True, False])
@pytest.mark.parametrize("number", range(LENGTH - 1))
async def test_a_seal_that_is_missing_in_the_middle_is_found(number: int, *, with_event: bool) -> None:
    store = await a_sealed_log()
    async with store.begin(read_only=False) as contents:
        del contents.audit_seals[SOMEWHERE, number + 1]
        if with_event:
            _remove(contents, number)
    assert await inspector(store)(SOMEWHERE) == Verdict(number, an_event(number + 1).id)


async def test_what_was_found_is_told_to_whoever_may_read_the_log(office: Office) -> None:
    owner = office["owner"]
    untouched = await office.app.verify_log(owner, office.id)
    assert untouched.valid
    first = (await events_in(office, office.space_id))[-1]
    async with office.store.begin(read_only=False) as contents:
        contents.audit_events[office.space_id, first.id] = replace(first, outcome=Outcome.FAILED)
    office.clock.advance(timedelta(minutes=10))
    assert await office.app.verify_log(owner, office.id) == Verdict(0, first.id)
    assert await office.app.inspect_log(office.space_id) == Verdict(0, first.id)
    assert (await office.app.verify_log(owner, None)).valid


async def test_a_log_that_nobody_has_is_empty_and_valid() -> None:
    assert await inspector(MemoryStore())(SOMEWHERE) == Verdict(0)
