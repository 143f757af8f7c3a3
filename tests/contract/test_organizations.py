"""The exam of the ports for organisations: what is kept comes back, in its own space only, whoever comes at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from types import NoneType
from typing import Any, Final

import pytest

from adapters.memory.organizations import MemoryOpenReception
from adapters.memory.spaces import MemoryOpenSpace
from adapters.memory.tokens import MemoryRefreshTokens
from adapters.sql.organizations import SqlOpenReception
from adapters.sql.spaces import SqlOpenSpace
from application.organizations import (
    AcceptInvitation,
    ChangeMemberRole,
    DissolveOrganization,
    Invite,
    Invited,
    RemoveMember,
    RevokeInvitation,
)
from application.ports.organizations import Belonging, Invitations, Member, Members, OpenReception
from application.ports.paging import Onward
from application.ports.reading import OpenedForReading
from application.ports.tasks import TaskQuery
from application.tasks import ChangeTask, CreateTask
from domain.access import Actor, Role
from domain.errors import (
    AlreadyMember,
    InvalidValue,
    InvitationNotFound,
    InvitationRefused,
    LastOwner,
    MemberNotFound,
    NotAuthenticated,
    SpaceForbidden,
)
from domain.ids import NOBODY, InvitationId, SessionId, SpaceId, TaskId, UserId, personal_space
from domain.organization import Invitation, Membership, Organization, OrganizationName
from domain.task import Task, TaskChanges, TaskDraft, Title
from tests.support.people import ROOM, People, a_task, new_id
from tests.support.stores import Store

AWKWARD: Final = OrganizationName("'; DROP TABLE organizations; -- \"\\ %_ \U0001f600 é \u202e")
NEW_TITLE: Final = Title("new")
SECOND: Final = timedelta(seconds=1)
TICK: Final = timedelta(microseconds=1)


class Interrupted(Exception):
    """Something goes wrong inside a space."""


@pytest.fixture
def open_reception(store: Store) -> OpenReception:
    """The door for invited people, to the same store."""
    if isinstance(store.open_space, MemoryOpenSpace):
        return MemoryOpenReception(store.open_space._store, store.clock)
    assert isinstance(store.open_space, SqlOpenSpace)
    return SqlOpenReception(store.open_space._database, store.clock)


def an_organization(store: Store, name: str = "Firm", **parts: Any) -> Organization:
    """An organisation that is not kept yet."""
    now = store.clock()
    whole: dict[str, Any] = {"id": SpaceId(new_id()), "created_at": now, "updated_at": now}
    return Organization(name=OrganizationName(name), **whole | parts)


def a_membership(store: Store, space_id: SpaceId, user_id: UserId, role: Role = Role.MEMBER) -> Membership:
    return Membership(space_id=space_id, user_id=user_id, role=role, joined_at=store.clock())


def an_invitation(store: Store, space_id: SpaceId, **parts: Any) -> Invitation:
    """An invitation that is not kept yet."""
    now = store.clock()
    whole: dict[str, Any] = {
        "id": InvitationId(new_id()),
        "role": Role.MEMBER,
        "token_hash": new_id().bytes * 2,
        "created_by": UserId(new_id()),
        "created_at": now,
        "expires_at": now + SECOND,
    }
    return Invitation(space_id=space_id, **whole | parts)


async def found(store: Store, owner: Actor, name: str = "Firm") -> SpaceId:
    """An organisation that is kept, and its only member."""
    organization = an_organization(store, name)
    async with store.open_identity(owner) as identity:
        await identity.organizations.add(organization, a_membership(store, organization.id, owner.user_id, Role.OWNER))
    return organization.id


async def let_in(store: Store, owner: Actor, space_id: SpaceId, guest: Actor, role: Role = Role.MEMBER) -> Membership:
    membership = a_membership(store, space_id, guest.user_id, role)
    async with store.open_space(owner, str(space_id)) as space:
        await space.members.add(membership)
    return membership


async def invite(store: Store, maker: Actor, space_id: SpaceId, **parts: Any) -> Invitation:
    """An invitation that is kept."""
    invitation = an_invitation(store, space_id, created_by=maker.user_id, **parts)
    async with store.open_space(maker, str(space_id)) as space:
        await space.invitations.add(invitation)
    return invitation


@dataclass(frozen=True)
class State:
    """Everything that a space holds, as seen through its door."""

    organization: Organization | None
    members: Sequence[Member]
    owners: int
    invitations: Sequence[Invitation]
    known: Sequence[Invitation | None]
    tasks: Sequence[Task]


async def state(store: Store, actor: Actor, space_id: SpaceId, *hashes: bytes) -> State:
    """What the space holds now; closed invitations only where their hash is given."""
    async with store.open_space(actor, str(space_id), read_only=True) as space:
        return State(
            organization=None if space_id == personal_space(actor.user_id) else await space.charter.get(),
            members=await space.members.find(Onward(limit=100)),
            owners=await space.members.count_other_owners(UserId(NOBODY)),
            invitations=await space.invitations.open(),
            known=[await space.invitations.with_token(one) for one in hashes],
            tasks=(await space.tasks.find(TaskQuery())).items,
        )


# Organizations


async def test_a_new_organization_comes_back_as_it_was_with_its_owner(store: Store, people: People) -> None:
    owner = await people.somebody()
    now = store.clock()
    organization = an_organization(store, AWKWARD, created_at=now + TICK, updated_at=now + 2 * TICK)
    membership = replace(a_membership(store, organization.id, owner.user_id, Role.OWNER), joined_at=now + 3 * TICK)
    async with store.open_identity(owner) as identity:
        await identity.organizations.add(organization, membership)
    for read_only in (True, False):
        async with store.open_space(owner, str(organization.id), read_only=read_only) as space:
            assert space.access.role is Role.OWNER
            assert await space.charter.get() == organization
            assert await space.members.get(owner.user_id) == membership
    async with store.open_identity(owner, read_only=True) as identity:
        assert await identity.organizations.of(owner.user_id) == [Belonging(organization, Role.OWNER)]


async def test_everybody_has_their_own_organizations_with_the_role_they_have_now(store: Store, people: People) -> None:
    owner, guest, stranger = [await people.somebody() for _ in range(3)]
    shared, alone = await found(store, owner), await found(store, owner)
    elsewhere = await found(store, stranger)
    await let_in(store, owner, shared, guest, Role.VIEWER)
    assert await ids_of(store, owner) == {shared: Role.OWNER, alone: Role.OWNER}
    assert await ids_of(store, guest) == {shared: Role.VIEWER}
    assert await ids_of(store, stranger) == {elsewhere: Role.OWNER}
    await people.let_in(guest.user_id, shared, Role.ADMIN)
    assert await ids_of(store, guest) == {shared: Role.ADMIN}
    await people.put_out(guest.user_id, shared)
    assert await ids_of(store, guest) == {}


async def ids_of(store: Store, actor: Actor) -> dict[SpaceId, Role]:
    """The organisations that somebody is in, read in both ways."""
    seen: list[dict[SpaceId, Role]] = []
    for read_only in (True, False):
        async with store.open_identity(actor, read_only=read_only) as identity:
            belongings = await identity.organizations.of(actor.user_id)
        seen.append({one.organization.id: one.role for one in belongings})
        assert len(belongings) == len(seen[-1])
    assert seen[0] == seen[1]
    return seen[0]


async def test_a_personal_space_is_no_organization_to_anybody_in_it(store: Store, people: People) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    await people.let_in(guest.user_id, personal_space(owner.user_id), Role.OWNER)
    assert await ids_of(store, guest) == {}
    for actor in (owner, guest):
        for read_only in (True, False):
            async with store.open_space(actor, str(owner.user_id), read_only=read_only) as space:
                with pytest.raises(SpaceForbidden):
                    await space.charter.get()


async def test_organizations_are_in_the_order_of_their_names_without_regard_to_case(
    store: Store, people: People
) -> None:
    owner = await people.somebody()
    same = sorted([await found(store, owner, "bee") for _ in range(3)])
    zebra, ant = await found(store, owner, "Zebra"), await found(store, owner, "Ant")
    cat = await found(store, owner, "cat")
    async with store.open_identity(owner, read_only=True) as identity:
        belongings = await identity.organizations.of(owner.user_id)
    assert [one.organization.id for one in belongings] == [ant, *same, cat, zebra]


async def test_an_organization_that_is_not_founded_after_all_leaves_nothing(store: Store, people: People) -> None:
    owner = await people.somebody()
    organization = an_organization(store)

    async def found_and_fail() -> None:
        async with store.open_identity(owner) as identity:
            await identity.organizations.add(
                organization, a_membership(store, organization.id, owner.user_id, Role.OWNER)
            )
            raise Interrupted

    with pytest.raises(Interrupted):
        await found_and_fail()
    assert await ids_of(store, owner) == {}
    await assert_shut(store, owner, organization.id)


async def test_whoever_has_closed_their_account_in_the_meantime_becomes_no_member(store: Store, people: People) -> None:
    owner, gone = await people.somebody(), Actor(UserId(new_id()), SessionId(new_id()))
    space_id = await found(store, owner)
    with pytest.raises(NotAuthenticated):
        await let_in(store, owner, space_id, gone)
    async with store.open_space(owner, str(space_id), read_only=True) as space:
        assert [member.user.id for member in await space.members.find(Onward(limit=100))] == [owner.user_id]


async def test_no_organization_is_founded_through_a_door_opened_for_reading(store: Store, people: People) -> None:
    owner = await people.somebody()
    organization = an_organization(store)
    membership = a_membership(store, organization.id, owner.user_id, Role.OWNER)
    with pytest.raises(OpenedForReading):
        async with store.open_identity(owner, read_only=True) as identity:
            await identity.organizations.add(organization, membership)
    assert await ids_of(store, owner) == {}


async def assert_shut(store: Store, actor: Actor, space_id: SpaceId) -> None:
    for read_only in (True, False):
        with pytest.raises(SpaceForbidden):
            async with store.open_space(actor, str(space_id), read_only=read_only):
                pytest.fail("the space has opened")


# Charter


async def test_a_new_name_is_kept(store: Store, people: People) -> None:
    owner = await people.somebody()
    space_id = await found(store, owner)
    async with store.open_space(owner, str(space_id)) as space:
        organization = await space.charter.get()
        renamed = organization.rename(AWKWARD, by=space.access, at=organization.created_at + TICK)
        await space.charter.save(renamed)
    assert (await state(store, owner, space_id)).organization == renamed


async def test_what_is_dissolved_is_gone_with_everything_in_it(store: Store, people: People) -> None:
    twins = await two_alike(store, people)
    owner = twins.owner
    async with store.open_space(owner, str(twins.mine)) as space:
        await space.charter.dissolve(at=store.clock(), limit=99)
    for actor in (owner, twins.guest):
        await assert_shut(store, actor, twins.mine)
        assert twins.mine not in await ids_of(store, actor)
    # Whoever founds a space of the same id finds none of what was there.
    again = an_organization(store, id=twins.mine)
    async with store.open_identity(owner) as identity:
        await identity.organizations.add(again, a_membership(store, again.id, owner.user_id, Role.OWNER))
    left = await state(store, owner, twins.mine, twins.open.token_hash, twins.closed.token_hash)
    assert (left.organization, left.owners, len(left.members)) == (again, 1, 1)
    assert (left.invitations, left.known, left.tasks) == ([], [None, None], [])


@pytest.mark.parametrize("store", ["postgres_as_service", "postgres_bypassing"], indirect=True)
async def test_while_one_organization_is_dissolved_another_ones_members_are_changed(
    store: Store, people: People
) -> None:
    """In the other stores writers take turns, whatever they write."""
    owner, guest = await people.somebody(), await people.somebody()
    space_id, elsewhere = await found(store, owner), await found(store, owner, "Elsewhere")
    await let_in(store, owner, elsewhere, guest)
    async with store.open_space(owner, str(space_id)) as space:
        await space.charter.dissolve(at=store.clock(), limit=99)
        async with asyncio.timeout(3):
            await ChangeMemberRole(store.open_space, store.clock, ROOM)(
                owner, str(elsewhere), guest.user_id, Role.VIEWER
            )
    assert (await ids_of(store, guest))[elsewhere] is Role.VIEWER


async def test_a_personal_space_is_not_dissolved(store: Store, people: People) -> None:
    owner = await people.somebody()
    async with store.open_space(owner, None) as space:
        task = a_task(space)
        await space.tasks.add(task)
    with pytest.raises(SpaceForbidden):
        await DissolveOrganization(store.open_space, store.clock)(owner, str(owner.user_id), "Firm")
    assert (await state(store, owner, personal_space(owner.user_id))).tasks == [task]


# Members


async def test_a_member_comes_back_as_they_were(store: Store, people: People) -> None:
    owner = await people.somebody()
    space_id = await found(store, owner)
    for role in Role:
        guest = await people.somebody()
        membership = replace(
            a_membership(store, space_id, guest.user_id, role), joined_at=store.clock() + timedelta(days=1) + TICK
        )
        async with store.open_space(owner, str(space_id)) as space:
            await space.members.add(membership)
        async with store.open_space(guest, str(space_id), read_only=True) as space:
            assert space.access.role is role
            assert await space.members.get(guest.user_id) == membership


async def test_members_are_listed_with_their_accounts_the_longest_standing_first(store: Store, people: People) -> None:
    users = [await people.register() for _ in range(5)]
    owner = await people.sign_in(users[0])
    space_id = await found(store, owner)
    now = store.clock()
    joined = [now, now - SECOND, now + TICK, now - SECOND, now + TICK]
    memberships = [
        replace(a_membership(store, space_id, user.id), joined_at=at) for user, at in zip(users, joined, strict=True)
    ]
    memberships[0] = replace(memberships[0], role=Role.OWNER)
    async with store.open_space(owner, str(space_id)) as space:
        for membership in reversed(memberships[1:]):
            await space.members.add(membership)
    expected = [Member(membership, user) for membership, user in zip(memberships, users, strict=True)]
    expected.sort(key=lambda one: (one.membership.joined_at, one.user.id))
    for read_only in (True, False):
        async with store.open_space(owner, str(space_id), read_only=read_only) as space:
            assert await space.members.find(Onward(limit=100)) == expected


async def test_a_new_role_is_kept_and_counts_at_the_door(store: Store, people: People) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    space_id = await found(store, owner)
    membership = await let_in(store, owner, space_id, guest)
    for role in (Role.VIEWER, Role.OWNER, Role.ADMIN):
        async with store.open_space(owner, str(space_id)) as space:
            await space.members.save(replace(membership, role=role))
        async with store.open_space(guest, str(space_id)) as space:
            assert space.access.role is role
            assert await space.members.get(guest.user_id) == replace(membership, role=role)
            assert (await space.members.get(owner.user_id)).role is Role.OWNER


async def test_whoever_is_put_out_is_no_member_and_may_come_back(store: Store, people: People) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    space_id = await found(store, owner)
    await let_in(store, owner, space_id, guest)
    async with store.open_space(guest, str(space_id)):
        pass
    async with store.open_space(owner, str(space_id)) as space:
        await space.members.remove(guest.user_id)
        with pytest.raises(MemberNotFound):
            await space.members.get(guest.user_id)
        assert [one.user.id for one in await space.members.find(Onward(limit=100))] == [owner.user_id]
    await assert_shut(store, guest, space_id)
    await let_in(store, owner, space_id, guest, Role.VIEWER)
    async with store.open_space(guest, str(space_id)) as space:
        assert space.access.role is Role.VIEWER


@pytest.mark.parametrize("read_only", [True, False])
async def test_owners_are_counted_and_nobody_else(store: Store, people: People, *, read_only: bool) -> None:
    owner = await people.somebody()
    space_id = await found(store, owner)
    for number, role in enumerate([Role.ADMIN, Role.OWNER, Role.MEMBER, Role.OWNER, Role.VIEWER]):
        await let_in(store, owner, space_id, await people.somebody(), role)
        async with store.open_space(owner, str(space_id), read_only=read_only) as space:
            assert await space.members.count_other_owners(owner.user_id) == [0, 1, 1, 2, 2][number]


@pytest.mark.parametrize("read_only", [True, False])
async def test_an_owner_whose_account_is_not_active_does_not_count(
    store: Store, people: People, *, read_only: bool
) -> None:
    owner, inactive = await people.somebody(), await people.register()
    space_id = await found(store, owner)
    await people.let_in(inactive.id, space_id, Role.OWNER)
    await people.deactivate(inactive)
    async with store.open_space(owner, str(space_id), read_only=read_only) as space:
        assert await space.members.count_other_owners(owner.user_id) == 0
        assert await space.members.count_other_owners(inactive.id) == 1
        assert not (await space.members.profile(inactive.id)).user.is_active


async def test_a_member_is_let_into_the_space_they_were_added_through(store: Store, people: People) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    here, there = await found(store, owner), await found(store, owner)
    async with store.open_space(owner, str(here)) as space:
        await space.members.add(a_membership(store, there, guest.user_id, Role.OWNER))
        assert await space.members.count_other_owners(owner.user_id) == 1
        assert guest.user_id in {one.user.id for one in await space.members.find(Onward(limit=100))}
    async with store.open_space(owner, str(there)) as space:
        assert await space.members.count_other_owners(owner.user_id) == 0
        assert guest.user_id not in {one.user.id for one in await space.members.find(Onward(limit=100))}
    await assert_shut(store, guest, there)


# Invitations


async def test_an_invitation_comes_back_as_it_was(store: Store, people: People) -> None:
    owner = await people.somebody()
    space_id = await found(store, owner)
    for role in Role:
        invitation = await invite(
            store,
            owner,
            space_id,
            role=role,
            token_hash=bytes(range(256)) + new_id().bytes,
            created_at=store.clock() + TICK,
            expires_at=store.clock() + timedelta(days=30) + TICK,
        )
        for read_only in (True, False):
            async with store.open_space(owner, str(space_id), read_only=read_only) as space:
                assert await space.invitations.get(invitation.id) == invitation
                assert await space.invitations.with_token(invitation.token_hash) == invitation


async def test_a_closed_invitation_is_found_by_its_token_only(store: Store, people: People) -> None:
    owner = await people.somebody()
    space_id = await found(store, owner)
    used, kept = await invite(store, owner, space_id), await invite(store, owner, space_id)
    born_closed = await invite(store, owner, space_id, closed_at=store.clock())
    closed = used.close(at=store.clock() + TICK)
    async with store.open_space(owner, str(space_id)) as space:
        await space.invitations.save(closed)
    for read_only in (True, False):
        async with store.open_space(owner, str(space_id), read_only=read_only) as space:
            assert await space.invitations.open() == [kept]
            for invitation in (closed, born_closed):
                assert await space.invitations.with_token(invitation.token_hash) == invitation
                with pytest.raises(InvitationNotFound):
                    await space.invitations.get(invitation.id)


async def test_open_invitations_are_the_newest_first_expired_ones_too(store: Store, people: People) -> None:
    owner = await people.somebody()
    space_id = await found(store, owner)
    now = store.clock()
    made = [now, now - SECOND, now + TICK, now - SECOND, now + TICK]
    invitations = [await invite(store, owner, space_id, created_at=at, expires_at=now) for at in made]
    invitations.sort(key=lambda one: (one.created_at, one.id), reverse=True)
    async with store.open_space(owner, str(space_id), read_only=True) as space:
        assert await space.invitations.open() == invitations


async def test_what_nobody_made_is_not_found(store: Store, people: People) -> None:
    owner = await people.somebody()
    space_id = await found(store, owner)
    async with store.open_space(owner, str(space_id)) as space:
        for invitation_id in (InvitationId(new_id()), InvitationId(NOBODY)):
            with pytest.raises(InvitationNotFound):
                await space.invitations.get(invitation_id)
        for user_id in (UserId(new_id()), UserId(NOBODY)):
            with pytest.raises(MemberNotFound):
                await space.members.get(user_id)
        for token_hash in (b"", b"unknown"):
            assert await space.invitations.with_token(token_hash) is None
        assert await space.invitations.open() == []


async def test_an_invitation_is_to_the_space_it_was_added_through(store: Store, people: People) -> None:
    owner = await people.somebody()
    here, there = await found(store, owner), await found(store, owner)
    strayed = an_invitation(store, there)
    async with store.open_space(owner, str(here)) as space:
        await space.invitations.add(strayed)
        assert [one.id for one in await space.invitations.open()] == [strayed.id]
        assert await space.invitations.with_token(strayed.token_hash) is not None
    async with store.open_space(owner, str(there)) as space:
        assert await space.invitations.open() == []
        assert await space.invitations.with_token(strayed.token_hash) is None
        with pytest.raises(InvitationNotFound):
            await space.invitations.get(strayed.id)


# Nothing of another space


@pytest.mark.parametrize("read_only", [True, False])
async def test_through_one_space_nothing_of_another_is_seen(store: Store, people: People, *, read_only: bool) -> None:
    owner, other = await people.somebody(), await people.somebody()
    here, there = await found(store, owner), await found(store, other)
    await let_in(store, other, there, await people.somebody(), Role.OWNER)
    await let_in(store, other, there, owner, Role.OWNER)
    invitation = await invite(store, other, there)
    async with store.open_space(owner, str(here), read_only=read_only) as space:
        await assert_nothing_of(other, invitation, space.members, space.invitations)
        assert [one.user.id for one in await space.members.find(Onward(limit=100))] == [owner.user_id]
        assert (await space.charter.get()).id == here


async def test_through_a_reception_nothing_of_another_space_is_seen(
    store: Store, people: People, open_reception: OpenReception
) -> None:
    owner, other = await people.somebody(), await people.somebody()
    here, there = await found(store, owner), await found(store, other)
    await let_in(store, other, there, owner, Role.OWNER)
    invitation = await invite(store, other, there)
    async with open_reception(owner, here) as reception:
        await assert_nothing_of(other, invitation, reception.members, reception.invitations)
        assert (await reception.members.get(owner.user_id)).space_id == here


async def assert_nothing_of(member: Actor, invitation: Invitation, members: Members, invitations: Invitations) -> None:
    """Nothing is to be seen of another space that has this member and this invitation, and several owners."""
    with pytest.raises(MemberNotFound):
        await members.get(member.user_id)
    assert member.user_id not in {one.user.id for one in await members.find(Onward(limit=100))}
    assert await members.count_other_owners(UserId(NOBODY)) == 1
    with pytest.raises(MemberNotFound):
        await members.profile(member.user_id)
    with pytest.raises(InvitationNotFound):
        await invitations.get(invitation.id)
    assert await invitations.with_token(invitation.token_hash) is None
    assert await invitations.open() == []


@pytest.mark.parametrize("read_only", [True, False])
async def test_being_a_member_elsewhere_is_not_seen_here(store: Store, people: People, *, read_only: bool) -> None:
    host, guest = await people.somebody(), await people.somebody()
    here = await found(store, host)
    await found(store, guest)
    async with store.open_space(host, str(here), read_only=read_only) as space:
        with pytest.raises(MemberNotFound):
            await space.members.get(guest.user_id)


async def test_ones_own_membership_elsewhere_is_not_seen_at_a_reception(
    store: Store, people: People, open_reception: OpenReception
) -> None:
    host, guest = await people.somebody(), await people.somebody()
    here = await found(store, host)
    await found(store, guest)
    async with open_reception(guest, here) as reception:
        with pytest.raises(MemberNotFound):
            await reception.members.get(guest.user_id)
        assert [one.user.id for one in await reception.members.find(Onward(limit=100))] == [host.user_id]
        assert await reception.members.count_other_owners(host.user_id) == 0


@dataclass(frozen=True)
class Twins:
    """Two organisations that hold the same things under the same ids."""

    store: Store
    owner: Actor
    guest: Actor
    newcomer: UserId
    mine: SpaceId
    theirs: SpaceId
    open: Invitation
    closed: Invitation

    async def here(self) -> State:
        """What the one holds."""
        return await state(self.store, self.owner, self.mine, self.open.token_hash, self.closed.token_hash)

    async def elsewhere(self) -> list[State]:
        """What the other holds, and the personal spaces of those who are in both."""
        return [
            await state(self.store, self.owner, self.theirs, self.open.token_hash, self.closed.token_hash),
            await state(self.store, self.owner, personal_space(self.owner.user_id)),
            await state(self.store, self.guest, personal_space(self.guest.user_id)),
        ]


async def two_alike(store: Store, people: People) -> Twins:
    """Two organisations with the same members, invitations and tasks, but for the space."""
    owner, guest, newcomer = await people.somebody(), await people.somebody(), await people.register()
    mine, theirs = [await found(store, owner) for _ in range(2)]
    open_ = an_invitation(store, mine, created_by=owner.user_id)
    closed = an_invitation(store, mine, created_by=owner.user_id, closed_at=store.clock())
    shared = [TaskId(new_id()) for _ in range(2)]
    for space_id in (mine, theirs):
        await let_in(store, owner, space_id, guest)
        async with store.open_space(owner, str(space_id)) as space:
            for invitation in (open_, closed):
                await space.invitations.add(replace(invitation, space_id=space_id))
            for task_id, assignee in zip(shared, (owner, guest), strict=True):
                await space.tasks.add(a_task(space, at=store.clock(), id=task_id, assignee_id=assignee.user_id))
    async with store.open_space(guest, None) as space:
        await space.tasks.add(a_task(space, at=store.clock(), id=shared[1], assignee_id=guest.user_id))
    return Twins(store, owner, guest, newcomer.id, mine, theirs, open_, closed)


# Every way to write through one of the twins. Whatever is written there says that it belongs to the other.
Write = Callable[[Any, Twins], Awaitable[None]]


async def rename(space: Any, twins: Twins) -> None:
    await space.charter.save(replace(await space.charter.get(), id=twins.theirs, name=AWKWARD))


async def put_out(space: Any, twins: Twins) -> None:
    await space.tasks.unassign(twins.guest.user_id, at=twins.store.clock(), limit=9)
    await space.members.remove(twins.guest.user_id)


AT_A_RECEPTION: Final[dict[str, Write]] = {
    "add a member": lambda space, twins: space.members.add(
        a_membership(twins.store, twins.theirs, twins.newcomer, Role.OWNER)
    ),
    "save a member": lambda space, twins: space.members.save(
        a_membership(twins.store, twins.theirs, twins.guest.user_id, Role.OWNER)
    ),
    "add an invitation": lambda space, twins: space.invitations.add(an_invitation(twins.store, twins.theirs)),
    "save an invitation": lambda space, twins: space.invitations.save(
        replace(twins.open, space_id=twins.theirs, closed_at=twins.store.clock())
    ),
}
WRITES: Final[dict[str, Write]] = AT_A_RECEPTION | {
    "remove a member": put_out,
    "rename": rename,
    "unassign": lambda space, twins: space.tasks.unassign(twins.guest.user_id, at=twins.store.clock(), limit=9),
    "dissolve": lambda space, twins: space.charter.dissolve(at=twins.store.clock(), limit=99),
}


@pytest.mark.parametrize("write", WRITES)
async def test_what_is_written_through_one_space_changes_nothing_elsewhere(
    store: Store, people: People, write: str
) -> None:
    twins = await two_alike(store, people)
    before, elsewhere = await twins.here(), await twins.elsewhere()
    async with store.open_space(twins.owner, str(twins.mine)) as space:
        await WRITES[write](space, twins)
    assert await twins.elsewhere() == elsewhere
    if write == "dissolve":
        await assert_shut(store, twins.owner, twins.mine)
    else:
        assert await twins.here() != before


@pytest.mark.parametrize("write", AT_A_RECEPTION)
async def test_what_is_written_at_a_reception_changes_nothing_elsewhere(
    store: Store, people: People, open_reception: OpenReception, write: str
) -> None:
    twins = await two_alike(store, people)
    before, elsewhere = await twins.here(), await twins.elsewhere()
    async with open_reception(twins.guest, twins.mine) as reception:
        await WRITES[write](reception, twins)
    assert await twins.elsewhere() == elsewhere
    assert await twins.here() != before


@pytest.mark.parametrize("write", WRITES)
async def test_an_exception_undoes_what_was_written(store: Store, people: People, write: str) -> None:
    twins = await two_alike(store, people)
    before, elsewhere = await twins.here(), await twins.elsewhere()

    async def write_and_fail() -> None:
        async with store.open_space(twins.owner, str(twins.mine)) as space:
            await WRITES[write](space, twins)
            raise Interrupted

    with pytest.raises(Interrupted):
        await write_and_fail()
    assert await twins.here() == before
    assert await twins.elsewhere() == elsewhere


@pytest.mark.parametrize("write", AT_A_RECEPTION)
async def test_an_exception_at_a_reception_undoes_what_was_written(
    store: Store, people: People, open_reception: OpenReception, write: str
) -> None:
    twins = await two_alike(store, people)
    before = await twins.here()

    async def write_and_fail() -> None:
        async with open_reception(twins.guest, twins.mine) as reception:
            await WRITES[write](reception, twins)
            raise Interrupted

    with pytest.raises(Interrupted):
        await write_and_fail()
    assert await twins.here() == before


@pytest.mark.parametrize("write", WRITES)
async def test_a_space_opened_for_reading_takes_nothing(store: Store, people: People, write: str) -> None:
    twins = await two_alike(store, people)
    before = await twins.here()
    with pytest.raises(OpenedForReading):
        async with store.open_space(twins.owner, str(twins.mine), read_only=True) as space:
            await WRITES[write](space, twins)
    assert await twins.here() == before


async def test_unassigning_touches_this_person_only_and_what_is_in_the_trash_too(store: Store, people: People) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    space_id = await found(store, owner)
    await let_in(store, owner, space_id, guest)
    later = store.clock() + SECOND
    async with store.open_space(owner, str(space_id)) as space:
        theirs, done = [a_task(space, assignee_id=guest.user_id, version=version) for version in (1, 7)]
        mine, nobodys = a_task(space, assignee_id=owner.user_id), a_task(space)
        thrown_away = a_task(space, assignee_id=guest.user_id, deleted_at=store.clock())
        for task in (theirs, done, mine, nobodys, thrown_away):
            await space.tasks.add(task)
        taken = await space.tasks.unassign(guest.user_id, at=later, limit=9)
        assert sorted(taken) == sorted(task.id for task in (theirs, done, thrown_away))
        assert list(await space.tasks.unassign(guest.user_id, at=later, limit=9)) == []
        for task in (theirs, done):
            unassigned = replace(task, assignee_id=None, version=task.version + 1, updated_at=later)
            assert await space.tasks.get(task.id) == unassigned
        for task in (mine, nobodys):
            assert await space.tasks.get(task.id) == task
        # Where a database insists that only members are assigned, this fails unless the trash was looked through.
        await space.members.remove(guest.user_id)


# Reception


async def test_whoever_was_invited_sees_and_changes_the_space_before_they_are_in(
    store: Store, people: People, open_reception: OpenReception
) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    space_id = await found(store, owner)
    invitation = await invite(store, owner, space_id)
    membership = a_membership(store, space_id, guest.user_id, Role.VIEWER)
    closed = invitation.close(at=store.clock())
    async with open_reception(guest, space_id) as reception:
        assert (await reception.members.get(owner.user_id)).role is Role.OWNER
        assert await reception.invitations.with_token(invitation.token_hash) == invitation
        await reception.members.add(membership)
        await reception.invitations.save(closed)
    async with store.open_space(guest, str(space_id)) as space:
        assert space.access.role is Role.VIEWER
        assert await space.members.get(guest.user_id) == membership
        assert await space.invitations.with_token(invitation.token_hash) == closed


@pytest.mark.parametrize("where", ["nowhere", "in nobody's space", "in a personal space", "in another's space"])
async def test_where_nobody_was_invited_there_is_nothing_to_see(
    store: Store, people: People, open_reception: OpenReception, where: str
) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    space_id = {
        "nowhere": SpaceId(new_id()),
        "in nobody's space": SpaceId(NOBODY),
        "in a personal space": personal_space(somebody.user_id),
        "in another's space": personal_space(other.user_id),
    }[where]
    invitation = await invite(store, other, await found(store, other))
    async with open_reception(somebody, space_id) as reception:
        assert await reception.invitations.open() == []
        assert await reception.invitations.with_token(invitation.token_hash) is None
        with pytest.raises(InvitationNotFound):
            await reception.invitations.get(invitation.id)


@pytest.mark.parametrize("reason", ["revoked", "expired", "inactive", "unknown", "somebody else's"])
async def test_only_those_who_are_signed_in_come_to_a_reception(
    store: Store, people: People, open_reception: OpenReception, reason: str
) -> None:
    user, owner = await people.register(), await people.somebody()
    space_id = await found(store, owner)
    actor = await people.sign_in(user)
    if reason == "revoked":
        async with store.open_identity(actor) as identity:
            session = await identity.sessions.get(actor.session_id)
            await identity.sessions.save(session.revoke(at=store.clock()))
    elif reason == "expired":
        store.clock.advance(timedelta(days=7))
    elif reason == "inactive":
        await people.deactivate(user)
    else:
        stolen = SessionId(new_id()) if reason == "unknown" else owner.session_id
        actor = Actor(user.id, stolen)
    with pytest.raises(NotAuthenticated):
        async with open_reception(actor, space_id):
            pytest.fail("the reception has opened")


# At once


async def outcomes(*work: Awaitable[object]) -> Counter[type]:
    """What came of things done at once: how many returned or raised a thing of each type."""
    return Counter(type(one) for one in await asyncio.gather(*work, return_exceptions=True))


class Stopping:
    """A space or a reception in which somebody stops for a moment behind one step, and others come in."""

    def __init__(self, thing: Any, step: str, stopped: asyncio.Event) -> None:
        self._thing = thing
        self._part, _, self._rest = step.partition(".")
        self._stopped = stopped

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        if name != self._part:
            return found
        return Stopping(found, self._rest, self._stopped) if self._rest else self._and_stop(found)

    def _and_stop(self, step: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def and_stop(*arguments: object, **named: object) -> object:
            result = await step(*arguments, **named)
            self._stopped.set()
            await asyncio.sleep(0.03)
            return result

        return and_stop


class Pause:
    """A moment in one use case, named by a step that it takes, in which others are used."""

    def __init__(self, step: str) -> None:
        self._step = step
        self._stopped = asyncio.Event()

    def at(self, door: Any) -> Any:
        """The door for the one that stops."""

        @asynccontextmanager
        async def stopping(*arguments: object, **named: object) -> AsyncIterator[Stopping]:
            async with door(*arguments, **named) as opened:
                yield Stopping(opened, self._step, self._stopped)

        return stopping

    async def use(self, work: Coroutine[Any, Any, object]) -> object:
        """Do something when the one has stopped. Raises TimeoutError if it never does."""
        try:
            async with asyncio.timeout(10):
                await self._stopped.wait()
        except TimeoutError:
            work.close()
            raise
        return await work


async def with_owners(store: Store, people: People, number: int) -> tuple[SpaceId, list[Actor]]:
    """An organisation with so many owners."""
    owners = [await people.somebody() for _ in range(number)]
    space_id = await found(store, owners[0])
    for owner in owners[1:]:
        await let_in(store, owners[0], space_id, owner, Role.OWNER)
    return space_id, owners


async def owners_left(store: Store, space_id: SpaceId, actors: Sequence[Actor]) -> int:
    """How many of them are still owners."""
    return [(await ids_of(store, actor)).get(space_id) for actor in actors].count(Role.OWNER)


@pytest.mark.parametrize("number", [2, 5])
async def test_of_owners_who_leave_at_once_one_stays(store: Store, people: People, number: int) -> None:
    space_id, owners = await with_owners(store, people, number)
    remove = RemoveMember(store.open_space, store.clock)
    work = [remove(owner, str(space_id), owner.user_id) for owner in owners]
    assert await outcomes(*work) == {NoneType: number - 1, LastOwner: 1}
    assert await owners_left(store, space_id, owners) == 1


@pytest.mark.parametrize("number", [2, 5])
async def test_of_owners_who_step_down_at_once_one_stays(store: Store, people: People, number: int) -> None:
    space_id, owners = await with_owners(store, people, number)
    change = ChangeMemberRole(store.open_space, store.clock, ROOM)
    work = [change(owner, str(space_id), owner.user_id, Role.VIEWER) for owner in owners]
    assert await outcomes(*work) == {Member: number - 1, LastOwner: 1}
    assert await owners_left(store, space_id, owners) == 1


async def test_of_two_owners_who_put_each_other_out_at_once_one_stays(store: Store, people: People) -> None:
    space_id, (one, other) = await with_owners(store, people, 2)
    remove = RemoveMember(store.open_space, store.clock)
    came = await outcomes(remove(one, str(space_id), other.user_id), remove(other, str(space_id), one.user_id))
    # The second may be stopped at the door, for it was put out, or later, for it is the last.
    assert came in ({NoneType: 1, LastOwner: 1}, {NoneType: 1, SpaceForbidden: 1})
    assert await owners_left(store, space_id, [one, other]) == 1


async def test_while_owners_are_counted_nobody_else_changes_their_number(store: Store, people: People) -> None:
    space_id, owners = await with_owners(store, people, 4)

    async def leave_unless_alone(owner: Actor) -> None:
        async with store.open_space(owner, str(space_id)) as space:
            if await space.members.count_other_owners(owner.user_id) > 0:
                await asyncio.sleep(0.01)
                await space.members.remove(owner.user_id)

    assert await outcomes(*(leave_unless_alone(owner) for owner in owners)) == {NoneType: 4}
    assert await owners_left(store, space_id, owners) == 1


@pytest.mark.parametrize("by", ["id", "token"])
async def test_while_an_invitation_is_held_nobody_else_closes_it(store: Store, people: People, by: str) -> None:
    owner = await people.somebody()
    space_id = await found(store, owner)
    invitation = await invite(store, owner, space_id)

    async def close() -> bool:
        async with store.open_space(owner, str(space_id)) as space:
            held = (
                await space.invitations.with_token(invitation.token_hash)
                if by == "token"
                else await space.invitations.get(invitation.id)
            )
            if held is None or held.closed_at is not None:
                return False
            await asyncio.sleep(0.01)
            await space.invitations.save(held.close(at=store.clock()))
            return True

    closed = await asyncio.gather(*(close() for _ in range(4)), return_exceptions=True)
    assert closed.count(True) == 1


@dataclass(frozen=True)
class Desk:
    """The use cases around invitations, on one store."""

    store: Store
    open_reception: OpenReception
    owner: Actor
    space_id: SpaceId
    tokens: MemoryRefreshTokens

    async def invite(self, role: Role = Role.MEMBER, *, by: Actor | None = None) -> Invited:
        use = Invite(self.store.open_space, self.tokens, self.store.clock, new_id, ROOM)
        return await use(by or self.owner, str(self.space_id), role)

    def through(self, pause: Pause) -> "Desk":
        """The same, but for whoever comes in stopping for a moment."""
        return replace(self, open_reception=pause.at(self.open_reception))

    async def accept(self, actor: Actor, token: str) -> Membership:
        return await AcceptInvitation(self.open_reception, self.tokens, self.store.clock, ROOM)(actor, token)

    async def revoke(self, invitation: Invitation) -> None:
        await RevokeInvitation(self.store.open_space, self.store.clock)(self.owner, str(self.space_id), invitation.id)


@pytest.fixture
async def desk(store: Store, people: People, open_reception: OpenReception) -> Desk:
    owner = await people.somebody()
    return Desk(store, open_reception, owner, await found(store, owner), MemoryRefreshTokens())


async def test_an_invitation_lets_one_person_in_once(desk: Desk, people: People) -> None:
    guest, late = await people.somebody(), await people.somebody()
    invited = await desk.invite(Role.ADMIN)
    joined = await desk.accept(guest, invited.token)
    assert await ids_of(desk.store, guest) == {desk.space_id: Role.ADMIN}
    async with desk.store.open_space(guest, str(desk.space_id)) as space:
        assert await space.members.get(guest.user_id) == joined
        assert await space.invitations.open() == []
    for actor in (late, guest):
        with pytest.raises(InvitationRefused):
            await desk.accept(actor, invited.token)
    await assert_shut(desk.store, late, desk.space_id)


async def test_a_token_lets_nobody_into_another_organization(desk: Desk, people: People) -> None:
    guest = await people.somebody()
    other = await found(desk.store, desk.owner)
    invited = await desk.invite()
    for space_id in (other, personal_space(desk.owner.user_id), SpaceId(new_id())):
        with pytest.raises(InvitationRefused):
            await desk.accept(guest, invited.token.replace(str(desk.space_id), str(space_id)))
    assert await ids_of(desk.store, guest) == {}


async def test_of_eight_who_use_one_token_at_once_one_gets_in(desk: Desk, people: People) -> None:
    guests = [await people.somebody() for _ in range(8)]
    invited = await desk.invite()
    came = await outcomes(*(desk.accept(guest, invited.token) for guest in guests))
    assert came == {Membership: 1, InvitationRefused: 7}
    members = (await state(desk.store, desk.owner, desk.space_id)).members
    assert len(members) == 2


async def test_one_person_uses_one_token_twice_at_once_and_is_in_once(desk: Desk, people: People) -> None:
    guest, invited = await people.somebody(), await desk.invite()
    came = await outcomes(*(desk.accept(guest, invited.token) for _ in range(2)))
    assert came == {Membership: 1, InvitationRefused: 1}


async def test_one_person_uses_several_tokens_at_once_and_leaves_all_but_one_open(desk: Desk, people: People) -> None:
    guest, makers = await people.somebody(), [await people.somebody() for _ in range(4)]
    for maker in makers:
        await let_in(desk.store, desk.owner, desk.space_id, maker, Role.ADMIN)
    tokens = [(await desk.invite(by=maker)).token for maker in makers]
    came = await outcomes(*(desk.accept(guest, token) for token in tokens))
    assert came == {Membership: 1, AlreadyMember: 3}
    left = await state(desk.store, desk.owner, desk.space_id)
    assert len(left.members) == 6
    assert len(left.invitations) == 3


async def test_an_invitation_is_used_or_taken_back_and_never_both(desk: Desk, people: People) -> None:
    for _ in range(5):
        guest, invited = await people.somebody(), await desk.invite()
        came = await outcomes(desk.accept(guest, invited.token), desk.revoke(invited.invitation))
        assert came in ({Membership: 1, InvitationNotFound: 1}, {InvitationRefused: 1, NoneType: 1})
        assert (desk.space_id in await ids_of(desk.store, guest)) is bool(came[Membership])


async def test_an_invitation_is_used_before_its_maker_goes_or_not_at_all(desk: Desk, people: People) -> None:
    remove = RemoveMember(desk.store.open_space, desk.store.clock)
    for _ in range(5):
        guest, maker = await people.somebody(), await people.somebody()
        await let_in(desk.store, desk.owner, desk.space_id, maker, Role.ADMIN)
        invited = await desk.invite(by=maker)
        came = await outcomes(desk.accept(guest, invited.token), remove(desk.owner, str(desk.space_id), maker.user_id))
        assert came in ({Membership: 1, NoneType: 1}, {InvitationRefused: 1, NoneType: 1})


# When a use case stops behind one of its steps


LEAVING: Final = ["charter.get", "members.count_other_owners", "members.get", "tasks.unassign", "members.remove"]


@pytest.mark.parametrize("step", LEAVING)
async def test_of_two_owners_one_stays_wherever_the_other_stops(store: Store, people: People, step: str) -> None:
    space_id, owners = await with_owners(store, people, 2)
    pause = Pause(step)
    slow, quick = RemoveMember(pause.at(store.open_space), store.clock), RemoveMember(store.open_space, store.clock)
    came = await outcomes(
        slow(owners[0], str(space_id), owners[0].user_id),
        pause.use(quick(owners[1], str(space_id), owners[1].user_id)),
    )
    assert came == {NoneType: 1, LastOwner: 1}
    assert await owners_left(store, space_id, owners) == 1


ACCEPTING: Final = ["invitations.with_token", "members.add", "invitations.save"]


@pytest.mark.parametrize("step", ACCEPTING)
async def test_one_gets_in_with_a_token_wherever_another_stops(desk: Desk, people: People, step: str) -> None:
    guests, invited, pause = [await people.somebody() for _ in range(2)], await desk.invite(), Pause(step)
    came = await outcomes(
        desk.through(pause).accept(guests[0], invited.token), pause.use(desk.accept(guests[1], invited.token))
    )
    assert came == {Membership: 1, InvitationRefused: 1}


@pytest.mark.parametrize("step", ACCEPTING)
async def test_one_person_comes_in_once_wherever_they_stop(desk: Desk, people: People, step: str) -> None:
    guest, maker, pause = await people.somebody(), await people.somebody(), Pause(step)
    await let_in(desk.store, desk.owner, desk.space_id, maker, Role.ADMIN)
    one, other = await desk.invite(), await desk.invite(Role.VIEWER, by=maker)
    came = await outcomes(desk.through(pause).accept(guest, one.token), pause.use(desk.accept(guest, other.token)))
    assert came == {Membership: 1, AlreadyMember: 1}
    left = await state(desk.store, desk.owner, desk.space_id)
    assert (len(left.members), len(left.invitations)) == (3, 1)


@pytest.mark.parametrize("step", ACCEPTING)
async def test_an_organization_is_dissolved_wherever_somebody_stops_who_accepts(
    desk: Desk, people: People, step: str
) -> None:
    guest, invited, pause = await people.somebody(), await desk.invite(), Pause(step)
    dissolve = DissolveOrganization(desk.store.open_space, desk.store.clock)
    came = await outcomes(
        desk.through(pause).accept(guest, invited.token), pause.use(dissolve(desk.owner, str(desk.space_id), "Firm"))
    )
    assert came == {Membership: 1, NoneType: 1}
    await assert_shut(desk.store, guest, desk.space_id)


@pytest.mark.parametrize("step", ["charter.get", "charter.dissolve"])
async def test_nobody_gets_into_an_organization_that_is_being_dissolved(desk: Desk, people: People, step: str) -> None:
    guest, invited, pause = await people.somebody(), await desk.invite(), Pause(step)
    dissolve = DissolveOrganization(pause.at(desk.store.open_space), desk.store.clock)
    came = await outcomes(
        dissolve(desk.owner, str(desk.space_id), "Firm"), pause.use(desk.accept(guest, invited.token))
    )
    assert came in ({Membership: 1, NoneType: 1}, {InvitationRefused: 1, NoneType: 1})
    await assert_shut(desk.store, guest, desk.space_id)


@pytest.mark.parametrize("step", ["members.get", "tasks.add"])
async def test_an_organization_is_dissolved_wherever_somebody_stops_who_makes_a_task(
    store: Store, people: People, step: str
) -> None:
    owner, pause = await people.somebody(), Pause(step)
    space_id = await found(store, owner)
    dissolve = DissolveOrganization(store.open_space, store.clock)
    create = CreateTask(pause.at(store.open_space), store.clock, new_id, ROOM)
    draft: TaskDraft = {"title": Title("a task"), "assignee_id": owner.user_id}
    came = await outcomes(create(owner, str(space_id), draft), pause.use(dissolve(owner, str(space_id), "Firm")))
    assert came == {Task: 1, NoneType: 1}
    await assert_shut(store, owner, space_id)


@pytest.mark.parametrize("step", ["charter.get", "charter.dissolve"])
async def test_no_task_is_made_in_an_organization_that_is_being_dissolved(
    store: Store, people: People, step: str
) -> None:
    owner, pause = await people.somebody(), Pause(step)
    space_id = await found(store, owner)
    dissolve = DissolveOrganization(pause.at(store.open_space), store.clock)
    create = CreateTask(store.open_space, store.clock, new_id, ROOM)
    came = await outcomes(
        dissolve(owner, str(space_id), "Firm"), pause.use(create(owner, str(space_id), {"title": NEW_TITLE}))
    )
    assert came in ({Task: 1, NoneType: 1}, {SpaceForbidden: 1, NoneType: 1})
    await assert_shut(store, owner, space_id)


async def with_assignee(store: Store, owner: Actor, guest: Actor) -> tuple[SpaceId, Task]:
    """An organisation with two members, and a task that is assigned to the guest."""
    space_id = await found(store, owner)
    await let_in(store, owner, space_id, guest)
    async with store.open_space(owner, str(space_id)) as space:
        task = a_task(space, assignee_id=guest.user_id)
        await space.tasks.add(task)
    return space_id, task


@pytest.mark.parametrize("assigned", ["the same", "nobody", "the owner", "unsaid"])
@pytest.mark.parametrize("step", LEAVING)
async def test_a_task_is_changed_wherever_its_assignees_removal_stops(
    store: Store, people: People, step: str, assigned: str
) -> None:
    owner, guest, pause = await people.somebody(), await people.somebody(), Pause(step)
    space_id, task = await with_assignee(store, owner, guest)
    changes: TaskChanges = {"title": NEW_TITLE}
    if assigned != "unsaid":
        changes["assignee_id"] = {"the same": guest.user_id, "nobody": None, "the owner": owner.user_id}[assigned]
    came = await outcomes(
        RemoveMember(pause.at(store.open_space), store.clock)(owner, str(space_id), guest.user_id),
        pause.use(ChangeTask(store.open_space, store.clock, new_id, ROOM)(owner, str(space_id), task.id, changes)),
    )
    assert came[NoneType] == 1
    # Only who asks for somebody who has just gone is refused.
    assert came[InvalidValue if assigned == "the same" else Task] or came[Task]
    (left,) = (await state(store, owner, space_id)).tasks
    assert left.title == (NEW_TITLE if came[Task] else task.title)
    assert left.assignee_id == (owner.user_id if assigned == "the owner" else None)


@pytest.mark.parametrize("step", ["tasks.get", "members.get", "tasks.save"])
async def test_an_assignee_is_removed_wherever_a_change_of_their_task_stops(
    store: Store, people: People, step: str
) -> None:
    owner, guest, pause = await people.somebody(), await people.somebody(), Pause(step)
    space_id, task = await with_assignee(store, owner, guest)
    changes: TaskChanges = {"title": NEW_TITLE, "assignee_id": guest.user_id}
    came = await outcomes(
        ChangeTask(pause.at(store.open_space), store.clock, new_id, ROOM)(owner, str(space_id), task.id, changes),
        pause.use(RemoveMember(store.open_space, store.clock)(owner, str(space_id), guest.user_id)),
    )
    assert came in ({NoneType: 1, Task: 1}, {NoneType: 1, InvalidValue: 1})
    (left,) = (await state(store, owner, space_id)).tasks
    assert (left.title, left.assignee_id) == (NEW_TITLE if came[Task] else task.title, None)
