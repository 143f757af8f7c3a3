"""Retention: what was in the trash for longer than it is kept goes, a bounded number at a time, from every space."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.access import Actor, Role
from domain.audit import Action, Resource, Source
from domain.errors import InvitationRefused
from domain.ids import personal_space
from domain.organization import OrganizationName
from tests.unit.builders import TICK, House, a_draft

DAY = timedelta(days=1)
DAYS = 30 * DAY


async def trash(house: House, actor: Actor, many: int) -> None:
    for _ in range(many):
        task = await house.app.create_task(actor, None, a_draft())
        await house.app.delete_task(actor, None, task.id)


async def left(house: House, actor: Actor) -> int:
    contents = await house.contents()
    return sum(space_id == personal_space(actor.user_id) for space_id, _ in contents.tasks)


async def test_what_is_kept_long_enough_goes_and_is_written_down_with_the_number() -> None:
    house = House()
    ann = await house.somebody("ann")
    await trash(house, ann, 2)
    await house.app.create_task(ann, None, a_draft())
    house.clock.advance(DAYS - TICK)
    ben = await house.somebody("ben")
    await trash(house, ben, 1)
    await house.app.purge_expired_trash()
    assert (await left(house, ann), await left(house, ben)) == (3, 1)
    house.clock.advance(TICK)
    await house.app.purge_expired_trash()
    assert (await left(house, ann), await left(house, ben)) == (1, 1)
    async with house.store.begin(read_only=True) as contents:
        events = [event for event in contents.audit_events.values() if event.action is Action.PURGE]
    (event,) = events
    assert (event.space_id, event.actor_id, event.source) == (personal_space(ann.user_id), None, Source.SERVICE)
    assert (event.resource_type, event.resource_id, event.changes) == (Resource.TASK, None, {"count": 2})
    await house.app.seal_grown_logs()
    assert (await house.app.inspect_log(event.space_id)).valid


async def test_nothing_goes_where_it_is_kept_for_ever() -> None:
    house = House()
    ann = await house.somebody("ann")
    await trash(house, ann, 1)
    house.clock.advance(1000 * DAYS)
    await replace(house.app.purge_expired_trash, kept=None)()
    assert await left(house, ann) == 1


@pytest.mark.parametrize("kept", [None, DAYS])
async def test_invitations_go_when_they_have_expired_used_or_not(kept: timedelta | None) -> None:
    house = House()
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    firm = str((await house.app.found_organization(ann, OrganizationName("Firm"))).id)
    used, unused, longer = [await house.app.invite(ann, firm, Role.MEMBER, DAY * days) for days in (1, 1, 2)]
    await house.app.accept_invitation(ben, used.token)
    purge = replace(house.app.purge_expired_trash, kept=kept)
    for passing, left in ((DAY - TICK, {used, unused, longer}), (TICK, {longer}), (DAY, set())):
        house.clock.advance(passing)
        await purge()
        assert {key[1] for key in (await house.contents()).invitations} == {one.invitation.id for one in left}
    with pytest.raises(InvitationRefused):
        await house.app.accept_invitation(await house.somebody("cid"), unused.token)


async def test_very_many_invitations_go_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.retention.STRETCH", 2)
    house = House()
    ann = await house.somebody("ann")
    firm = str((await house.app.found_organization(ann, OrganizationName("Firm"))).id)
    for _ in range(5):
        await house.app.invite(ann, firm, Role.MEMBER, DAY)
    house.clock.advance(DAY)
    await house.app.purge_expired_trash()
    assert not (await house.contents()).invitations


async def test_all_spaces_have_their_turn_before_one_has_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.retention.STRETCH", 2)
    monkeypatch.setattr("application.stretches._SPACES_AT_ONCE", 1)
    house = House()
    people = [await house.somebody(name) for name in ("ann", "ben", "cid")]
    for actor, many in zip(people, (5, 1, 2), strict=True):
        await trash(house, actor, many)
    house.clock.advance(DAYS)
    purge, turns = house.app.purge_expired_trash, []

    def open_trash(space_id: Any) -> Any:
        turns.append(space_id)
        return purge.open_trash(space_id)

    await replace(purge, open_trash=open_trash)()
    ann, ben, cid = (personal_space(actor.user_id) for actor in people)
    assert turns == [ann, ben, cid, ann, cid, ann]
    assert [await left(house, actor) for actor in people] == [0, 0, 0]
