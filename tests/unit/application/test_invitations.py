"""Invitations end with the right that they rest on, and lead into a new account."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from adapters.memory.application import application_in_memory
from adapters.system.ids import CountingIdGenerator
from application.organizations import Invited
from application.ports.paging import Onward
from application.ports.spaces import OpenSpace, Space
from domain.access import Actor, Role
from domain.errors import AlreadyMember, CursorRefused, InvitationRefused, LastOwner, RegistrationRefused, RoleTooLow
from domain.ids import UserId
from domain.organization import Invitation
from domain.registration import RegistrationMode, RegistrationPolicy
from domain.user import Email
from tests.unit.application.organizations_builders import PASSWORD, Office

NEW = Email("new@example.org")


@pytest.fixture
async def office() -> Office:
    """An organisation with a person in every role."""
    office = Office()
    await office.open()
    return office


async def invite(office: Office, role: Role = Role.MEMBER, *, by: str = "owner", email: str | None = None) -> Invited:
    bound = None if email is None else Email(email)
    return await office.app.invite(office[by], office.id, role, email=bound)


async def set_role(office: Office, who: str, role: Role) -> None:
    await office.app.change_member_role(office["owner"], office.id, office[who].user_id, role)


async def set_active(office: Office, who: str, *, is_active: bool) -> None:
    await office.app.manage_account(Email(f"{who}@example.org"), {"is_active": is_active})


async def is_refused(office: Office, who: str, invited: Invited) -> bool:
    try:
        await office.app.accept_invitation(office[who], invited.token)
    except InvitationRefused:
        return True
    return False


# The maker loses the right


async def test_demotion_and_promotion_do_not_bring_an_invitation_back(office: Office) -> None:
    invited = await invite(office, by="admin")
    await set_role(office, "admin", Role.MEMBER)
    assert (await office.app.list_invitations(office["owner"], office.id)).items == []
    await set_role(office, "admin", Role.ADMIN)
    assert await is_refused(office, "stranger", invited)


async def test_a_demotion_leaves_the_invitations_that_the_maker_could_still_make(office: Office) -> None:
    await set_role(office, "admin", Role.OWNER)
    invited = await invite(office, Role.ADMIN, by="admin")
    await set_role(office, "admin", Role.ADMIN)
    assert not await is_refused(office, "stranger", invited)


async def test_leaving_closes_what_the_maker_has_offered(office: Office) -> None:
    invited = await invite(office, by="admin")
    await office.app.remove_member(office["admin"], office.id, office["admin"].user_id)
    assert (await office.invitation(invited.invitation.id)).closed_at is not None
    await office.let_in(office["admin"], Role.ADMIN)
    assert await is_refused(office, "stranger", invited)


async def test_deactivation_closes_what_the_maker_has_offered_for_good(office: Office) -> None:
    invited, others = await invite(office, by="admin"), await invite(office, by="owner")
    await set_active(office, "admin", is_active=False)
    await set_active(office, "admin", is_active=True)
    assert await is_refused(office, "stranger", invited)
    assert not await is_refused(office, "stranger", others)


async def test_closing_the_account_closes_what_the_maker_has_offered(office: Office) -> None:
    invited = await invite(office, by="admin")
    await office.app.close_account(office["admin"], PASSWORD)
    assert (await office.invitation(invited.invitation.id)).closed_at is not None


async def test_an_inactive_maker_invites_to_nothing_even_where_an_invitation_is_left_open(office: Office) -> None:
    invited = await invite(office, by="admin")
    await set_active(office, "admin", is_active=False)
    await put_back(office, invited.invitation)
    assert await is_refused(office, "stranger", invited)


async def put_back(office: Office, invitation: Invitation) -> None:
    """Store the invitation as it was, past every use case."""
    async with office.store.begin(read_only=False) as contents:
        contents.invitations[invitation.space_id, invitation.id] = invitation


async def demote(space: Space, who: UserId) -> None:
    await space.members.save(replace(await space.members.get(who), role=Role.VIEWER))


async def remove(space: Space, who: UserId) -> None:
    await space.members.get(who)
    await space.members.remove(who)


async def deactivate(space: Any, who: UserId) -> None:
    accounts = space.space.members._contents.accounts
    accounts[who] = replace(accounts[who], user=replace(accounts[who].user, is_active=False))


@dataclass(frozen=True)
class Overtaken:
    """Opens spaces in which the actor loses a right directly after the opening."""

    open_space: OpenSpace
    change: Callable[[Any, UserId], Awaitable[None]]

    @asynccontextmanager
    async def __call__(self, actor: Actor, owner_id: str | None, **options: bool) -> AsyncIterator[Space]:
        async with self.open_space(actor, owner_id, **options) as space:
            await self.change(space, actor.user_id)
            yield space


@pytest.mark.parametrize("change", [demote, remove, deactivate])
async def test_an_invitation_is_not_made_behind_the_loss_of_the_right(
    office: Office, change: Callable[[Any, UserId], Awaitable[None]]
) -> None:
    overtaken = replace(office.app.invite, open_space=Overtaken(office.app.invite.open_space, change))
    with pytest.raises(RoleTooLow):
        await overtaken(office["admin"], office.id, Role.MEMBER)


# The invited person loses a role


@pytest.mark.parametrize("change", ["demoted", "removed"])
async def test_a_bound_invitation_ends_with_the_role_that_its_person_loses(office: Office, change: str) -> None:
    invited = await invite(office, Role.ADMIN, email="member@example.org")
    if change == "demoted":
        await set_role(office, "member", Role.VIEWER)
        assert (await office.invitation(invited.invitation.id)).closed_at is not None
    await office.app.remove_member(office["member"], office.id, office["member"].user_id)
    assert await is_refused(office, "member", invited)


async def test_a_promotion_leaves_the_persons_bound_invitations_alone(office: Office) -> None:
    invited = await invite(office, Role.ADMIN, email="member@example.org")
    await set_role(office, "member", Role.ADMIN)
    assert (await office.invitation(invited.invitation.id)).closed_at is None


async def test_a_bound_invitation_is_for_its_address(office: Office) -> None:
    invited = await invite(office, email="STRANGER@example.org")
    assert await is_refused(office, "removed", invited)
    assert not await is_refused(office, "stranger", invited)


async def test_a_member_leaves_an_invitation_to_a_higher_role_unused(office: Office) -> None:
    invited = await invite(office, Role.ADMIN)
    with pytest.raises(AlreadyMember):
        await office.app.accept_invitation(office["viewer"], invited.token)
    assert not await is_refused(office, "stranger", invited)


# Owners whose accounts are not active


async def test_an_owner_whose_account_is_not_active_does_not_count(office: Office) -> None:
    await set_role(office, "admin", Role.OWNER)
    await set_active(office, "admin", is_active=False)
    owner = office["owner"]
    for work in (
        office.app.remove_member(owner, office.id, owner.user_id),
        office.app.change_member_role(owner, office.id, owner.user_id, Role.ADMIN),
        office.app.close_account(owner, PASSWORD),
    ):
        with pytest.raises(LastOwner):
            await work


async def test_an_inactive_owner_may_be_removed_by_the_last_active_one(office: Office) -> None:
    await set_role(office, "admin", Role.OWNER)
    await set_active(office, "admin", is_active=False)
    await office.app.remove_member(office["owner"], office.id, office["admin"].user_id)
    assert office["admin"].user_id not in await office.roles()


async def test_deactivation_names_the_organisations_without_another_active_owner(office: Office) -> None:
    await office.app.create_admin(Email("root@example.org"), PASSWORD, None)
    administrator = await office.sign_in("root")
    another = await office.another(office["owner"])
    invited = await office.app.invite(office["owner"], another, Role.OWNER)
    await office.app.accept_invitation(office["stranger"], invited.token)
    changed = await office.app.change_user(administrator, office["owner"].user_id, {"is_active": False})
    assert changed.ownerless == [office.space_id]
    changed = await office.app.change_user(administrator, office["viewer"].user_id, {"is_active": False})
    assert changed.ownerless == []


# Pages


async def test_pages_of_members_and_organisations_lead_on_by_cursor(office: Office) -> None:
    for name in ("b", "A", "c"):
        await office.another(office["owner"], name)
    owner, two = office["owner"], Onward(limit=2)
    first = await office.app.list_organizations(owner, two)
    second = await office.app.list_organizations(owner, two, first.next_cursor)
    assert [one.organization.name for one in (*first.items, *second.items)] == ["A", "b", "c", "Firm"]
    assert second.next_cursor is None
    members = await office.app.list_members(owner, office.id, two)
    with pytest.raises(CursorRefused):
        await office.app.list_members(office["admin"], office.id, two, members.next_cursor)


# Registration with an invitation


async def test_a_new_account_joins_by_the_invitation_that_it_registers_with(office: Office) -> None:
    invited = await invite(office, Role.ADMIN)
    user = await office.app.register(NEW, PASSWORD, None, invitation=invited.token)
    assert (await office.roles())[user.id] is Role.ADMIN
    assert await is_refused(office, "stranger", invited)


@pytest.mark.parametrize("token", ["", "garbage", "0190f000-0000-7000-8000-00000000000f.secret-1"])
async def test_an_account_is_not_opened_with_a_token_that_leads_nowhere(office: Office, token: str) -> None:
    accounts = (await office.contents()).accounts
    with pytest.raises(InvitationRefused):
        await office.app.register(NEW, PASSWORD, None, invitation=token)
    assert (await office.contents()).accounts == accounts


async def test_an_account_is_not_opened_with_an_invitation_for_another_address(office: Office) -> None:
    invited = await invite(office, email="other@example.org")
    with pytest.raises(InvitationRefused):
        await office.app.register(NEW, PASSWORD, None, invitation=invited.token)


async def test_registration_follows_the_policy(office: Office) -> None:
    invited = RegistrationPolicy(RegistrationMode.INVITED)
    app = application_in_memory(office.clock, CountingIdGenerator(), store=office.store, registration=invited)
    with pytest.raises(RegistrationRefused):
        await app.register(NEW, PASSWORD, None)
    token = (await app.invite(office["owner"], office.id, Role.VIEWER)).token
    await app.register(NEW, PASSWORD, None, invitation=token)
