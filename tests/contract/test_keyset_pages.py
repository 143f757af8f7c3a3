"""The exam of lists that have cursors only: pages in order, without a gap and without a repetition."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final

import pytest

from application.listing import own_place
from application.ports.paging import Onward
from domain.access import Actor, Role
from domain.ids import InvitationId, SpaceId
from domain.organization import Invitation, Membership, Organization, OrganizationName
from tests.support.people import People, new_id
from tests.support.stores import NOON, Store

_SECOND: Final = timedelta(seconds=1)
NAMES: Final = ("beta", "Alpha", "alpha", "\u00c9clair", "gamma", "ALPHA", "zeta")

Find = Callable[[Onward], Awaitable[Sequence[Any]]]


async def walk(find: Find, limit: int) -> list[Any]:
    """Everything, page by page. Each page but the last one is full."""
    page = Onward(limit=limit)
    everything: list[Any] = []
    while found := list(await find(page)):
        assert len(found) <= limit
        everything += found
        page = Onward(limit=limit, after=own_place(found[-1]))
    return everything


async def found(store: Store, owner: Actor, name: str = "Firm") -> SpaceId:
    organization = Organization(id=SpaceId(new_id()), name=OrganizationName(name), created_at=NOON, updated_at=NOON)
    first = Membership(space_id=organization.id, user_id=owner.user_id, role=Role.OWNER, joined_at=NOON)
    async with store.open_identity(owner) as identity:
        await identity.organizations.add(organization, first)
    return organization.id


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_organizations_come_by_name_without_regard_to_case(store: Store, people: People, limit: int) -> None:
    owner, other = await people.somebody(), await people.somebody()
    for name in NAMES:
        await found(store, owner, name)
    await found(store, other)
    async with store.open_identity(owner, read_only=True) as identity:
        assert await walk(identity.organizations.find, limit) == list(await identity.organizations.of(owner.user_id))


async def test_organizations_are_counted_of_the_person_alone(store: Store, people: People) -> None:
    owner, other = await people.somebody(), await people.somebody()
    mine = [await found(store, owner) for _ in range(2)]
    theirs = await found(store, other)
    await people.let_in(owner.user_id, theirs, Role.VIEWER)
    async with store.open_identity(owner, read_only=True) as identity:
        assert await identity.organizations.count(owner.user_id, 100) == len(mine) + 1
        assert await identity.organizations.count(owner.user_id, 100, owned=True) == len(mine)
        assert await identity.organizations.count(owner.user_id, 1) == 1
    async with store.open_identity(other, read_only=True) as identity:
        assert await identity.organizations.count(other.user_id, 100) == 1


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_members_come_in_the_order_in_which_they_joined(store: Store, people: People, limit: int) -> None:
    owner = await people.somebody()
    space_id, elsewhere = await found(store, owner), await found(store, owner)
    joined = {owner.user_id: NOON}
    for number in range(5):
        user = await people.register()
        joined[user.id] = NOON + number // 2 * _SECOND
        membership = Membership(
            space_id=space_id, user_id=user.id, role=Role.VIEWER, joined_at=NOON + number // 2 * _SECOND
        )
        async with store.open_space(owner, str(space_id)) as space:
            await space.members.add(membership)
    async with store.open_space(owner, str(space_id), read_only=True) as space:
        members = await walk(space.members.find, limit)
    assert [one.user.id for one in members] == sorted(joined, key=lambda user_id: (joined[user_id], user_id))
    async with store.open_space(owner, str(elsewhere), read_only=True) as space:
        assert [one.user.id for one in await walk(space.members.find, limit)] == [owner.user_id]


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_open_invitations_come_newest_first(store: Store, people: People, limit: int) -> None:
    owner = await people.somebody()
    space_id, elsewhere = await found(store, owner), await found(store, owner)
    kept = [
        an_invitation(space_id, owner, number, expires_at=NOON + timedelta(days=1 if number else -1))
        for number in range(5)
    ]
    closed = an_invitation(space_id, owner, 9).close(at=NOON)
    for one in (*kept, closed):
        async with store.open_space(owner, str(space_id)) as space:
            await space.invitations.add(one)
    async with store.open_space(owner, str(elsewhere)) as space:
        await space.invitations.add(an_invitation(elsewhere, owner, 3))
    async with store.open_space(owner, str(space_id), read_only=True) as space:
        listed = await walk(lambda page: space.invitations.find(page, at=NOON), limit)
    assert listed == sorted(kept[1:], key=lambda one: (one.created_at, one.id), reverse=True)


def an_invitation(space_id: SpaceId, owner: Actor, number: int, **parts: Any) -> Invitation:
    given: dict[str, Any] = {"expires_at": NOON + timedelta(days=1)}
    return Invitation(
        id=InvitationId(new_id()),
        space_id=space_id,
        role=Role.VIEWER,
        token_hash=new_id().bytes,
        created_by=owner.user_id,
        created_at=NOON + number // 2 * _SECOND,
        **given | parts,
    )


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_live_sessions_come_last_used_first(store: Store, people: People, limit: int) -> None:
    user, other = await people.register(), await people.somebody()
    actors = [await people.sign_in(user) for _ in range(5)]
    async with store.open_identity(other, read_only=True) as identity:
        of_user = list(await identity.sessions.of(user.id))
    ended, *live = of_user
    async with store.open_identity(None) as identity:
        await identity.sessions.save(ended.revoke(at=NOON))
    async with store.open_identity(actors[0] if actors[0].session_id != ended.id else actors[1]) as identity:
        listed = await walk(lambda page: identity.sessions.find(user.id, page, at=store.clock()), limit)
        assert listed == live
        expired = live[0].expires_at
        assert await walk(lambda page: identity.sessions.find(user.id, page, at=expired), limit) == []
