"""What people do with organisations: those in them, those no longer in them, and those who never were."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from application.organizations import Invited
from application.ports.organizations import Belonging, Member
from application.ports.tasks import TaskQuery
from domain.access import Actor, Role
from domain.errors import (
    AlreadyMember,
    InvalidValue,
    InvitationNotFound,
    InvitationRefused,
    LastOwner,
    MemberNotFound,
    NotAuthenticated,
    RoleTooLow,
    SpaceForbidden,
    TaskNotFound,
)
from domain.ids import NOBODY, InvitationId, SpaceId, TaskId, UserId
from domain.organization import DEFAULT_VALIDITY, Invitation, Membership, Organization, OrganizationName
from domain.task import Task, Title
from tests.unit.application.organizations_builders import LATER, NOON, TICK, Office, a_draft

NEW_NAME: Final = OrganizationName("New")
UNKNOWN: Final = UUID("0190f000-0000-7000-8000-00000000000f")

INSIDERS: Final = ["viewer", "member", "admin", "owner"]
OUTSIDERS: Final = ["stranger", "removed"]


@pytest.fixture
async def office() -> Office:
    """An organisation with somebody in every role."""
    office = Office()
    await office.open()
    return office


async def refused(work: Awaitable[object], why: type[Exception]) -> None:
    """Make sure that something is refused, and why."""
    with pytest.raises(why):
        await work


async def accepted(office: Office, who: Actor, token: str) -> bool:
    """Tell whether somebody gets in."""
    try:
        await office.app.accept_invitation(who, token)
    except InvitationRefused:
        return False
    return True


async def invite(office: Office, role: Role = Role.MEMBER, *, by: str = "owner", **details: Any) -> Invited:
    return await office.app.invite(office[by], office.id, role, **details)


# Who may do what

# Everything that is about one organisation, done by a caller to the one that they name. The invitation is the owner's.
Use = Callable[[Office, Actor, str, InvitationId], Awaitable[object]]
USES: Final[dict[str, Use]] = {
    "get": lambda office, who, owner_id, _: office.app.get_organization(who, owner_id),
    "rename": lambda office, who, owner_id, _: office.app.rename_organization(who, owner_id, NEW_NAME),
    "dissolve": lambda office, who, owner_id, _: office.app.dissolve_organization(who, owner_id, "Firm"),
    "list members": lambda office, who, owner_id, _: office.app.list_members(who, owner_id),
    "change a role": lambda office, who, owner_id, _: office.app.change_member_role(
        who, owner_id, office["colleague"].user_id, Role.VIEWER
    ),
    "remove": lambda office, who, owner_id, _: office.app.remove_member(who, owner_id, office["colleague"].user_id),
    "invite": lambda office, who, owner_id, _: office.app.invite(who, owner_id, Role.VIEWER),
    "list invitations": lambda office, who, owner_id, _: office.app.list_invitations(who, owner_id),
    "revoke": lambda office, who, owner_id, id_: office.app.revoke_invitation(who, owner_id, id_),
}
READING: Final = {"get", "list members"}
# The lower half of the contract's table.
ALLOWED: Final = {
    "viewer": READING,
    "member": READING,
    "admin": set(USES) - {"dissolve"},
    "owner": set(USES),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("who", INSIDERS)
async def test_a_role_allows_what_the_contract_says(office: Office, who: str, use: str) -> None:
    invited = await invite(office)
    before = await office.kept()
    work = USES[use](office, office[who], office.id, invited.invitation.id)
    if use in ALLOWED[who]:
        await work
    else:
        await refused(work, RoleTooLow)
        assert await office.kept() == before


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("who", OUTSIDERS)
async def test_whoever_is_not_in_an_organization_reaches_nothing_of_it(office: Office, who: str, use: str) -> None:
    invited = await invite(office)
    before = await office.kept()
    await refused(USES[use](office, office[who], office.id, invited.invitation.id), SpaceForbidden)
    assert await office.kept() == before


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("named", ["one's own", "another's", "unknown", "nobody's", "garbage", "empty"])
async def test_only_organizations_are_organizations(office: Office, named: str, use: str) -> None:
    invited = await invite(office)
    owner_id = {
        "one's own": str(office["owner"].user_id),
        "another's": str(office["colleague"].user_id),
        "unknown": str(UNKNOWN),
        "nobody's": str(NOBODY),
        "garbage": f"{office.id} ",
        "empty": "",
    }[named]
    before = await office.kept()
    await refused(USES[use](office, office["owner"], owner_id, invited.invitation.id), SpaceForbidden)
    assert await office.kept() == before


@pytest.mark.parametrize("use", USES)
async def test_a_personal_space_that_somebody_was_let_into_is_no_organization(office: Office, use: str) -> None:
    host, guest = office["owner"].user_id, office["colleague"]
    async with office.store.begin(read_only=False) as contents:
        space_id = SpaceId(host)
        contents.memberships[space_id, guest.user_id] = Membership(
            space_id=space_id, user_id=guest.user_id, role=Role.OWNER, joined_at=NOON
        )
    before = await office.kept()
    await refused(USES[use](office, guest, str(host), InvitationId(UNKNOWN)), SpaceForbidden)
    assert await office.kept() == before


OF_NO_ORGANIZATION: Final[dict[str, Use]] = {
    "found": lambda office, who, *_: office.app.found_organization(who, NEW_NAME),
    "list": lambda office, who, *_: office.app.list_organizations(who),
    "accept": lambda office, who, *_: office.app.accept_invitation(who, "no token"),
}


@pytest.mark.parametrize("use", [*USES, *OF_NO_ORGANIZATION])
async def test_whoever_has_signed_out_does_nothing(office: Office, use: str) -> None:
    invited = await invite(office)
    await office.app.sign_out(office["owner"])
    before = await office.kept()
    work = (USES | OF_NO_ORGANIZATION)[use](office, office["owner"], office.id, invited.invitation.id)
    await refused(work, NotAuthenticated)
    assert await office.kept() == before


@pytest.mark.parametrize("use", ["get", "list members", "list invitations", "list"])
async def test_whoever_only_looks_waits_for_nobody_who_writes(office: Office, use: str) -> None:
    async with office.store.begin(read_only=False):
        work = (USES | OF_NO_ORGANIZATION)[use](office, office["owner"], office.id, InvitationId(UNKNOWN))
        await asyncio.wait_for(work, timeout=1)


# Founding, listing, showing, renaming


async def test_whoever_founds_an_organization_is_its_owner(office: Office) -> None:
    office.clock.now = LATER
    stranger = office["stranger"]
    founded = await office.app.found_organization(stranger, NEW_NAME)
    assert founded == Organization(id=founded.id, name=NEW_NAME, created_at=LATER, updated_at=LATER)
    assert await office.app.get_organization(stranger, str(founded.id)) == founded
    (member,) = (await office.app.list_members(stranger, str(founded.id))).items
    assert member.membership == Membership(
        space_id=founded.id, user_id=stranger.user_id, role=Role.OWNER, joined_at=LATER
    )


async def test_two_organizations_may_have_the_same_name(office: Office) -> None:
    stranger = office["stranger"]
    ids = {await office.another(stranger, "Firm") for _ in range(2)}
    assert len(ids | {office.id}) == 3


@pytest.mark.parametrize(("who", "role"), [(role.value, role) for role in Role])
async def test_everybody_sees_what_they_are_in_their_organizations(office: Office, who: str, role: Role) -> None:
    assert (await office.app.list_organizations(office[who])).items == [Belonging(await office.organization(), role)]


@pytest.mark.parametrize("who", OUTSIDERS)
async def test_nobody_sees_organizations_that_they_are_not_in(office: Office, who: str) -> None:
    assert (await office.app.list_organizations(office[who])).items == []
    mine = await office.another(office[who])
    assert [str(one.organization.id) for one in (await office.app.list_organizations(office[who])).items] == [mine]


async def test_ones_organizations_are_listed_by_name(office: Office) -> None:
    admin = office["admin"]
    for name in ("zebra", "Ant", "bee"):
        await office.another(admin, name)
    found = (await office.app.list_organizations(admin)).items
    assert [(one.organization.name, one.role) for one in found] == [
        ("Ant", Role.OWNER),
        ("bee", Role.OWNER),
        ("Firm", Role.ADMIN),
        ("zebra", Role.OWNER),
    ]


@pytest.mark.parametrize("who", INSIDERS)
async def test_every_member_sees_the_organization(office: Office, who: str) -> None:
    assert await office.app.get_organization(office[who], office.id.upper()) == await office.organization()


async def test_a_new_name_is_kept(office: Office) -> None:
    before = await office.organization()
    office.clock.now = LATER
    renamed = await office.app.rename_organization(office["admin"], office.id, NEW_NAME)
    assert renamed == replace(before, name=NEW_NAME, updated_at=LATER)
    assert await office.organization() == renamed


async def test_the_same_name_changes_nothing(office: Office) -> None:
    before = await office.kept()
    office.clock.now = LATER
    await office.app.rename_organization(office["admin"], office.id, OrganizationName("Firm"))
    assert await office.kept() == before


# Members


@pytest.mark.parametrize("who", INSIDERS)
async def test_the_members_are_listed_the_longest_standing_first(office: Office, who: str) -> None:
    office.clock.now = LATER
    await office.let_in(office["removed"], Role.ADMIN)
    members = (await office.app.list_members(office[who], office.id)).items
    assert members == [await a_member(office, name) for name in ("owner", "viewer", "admin", "member", "colleague")] + [
        await a_member(office, "removed")
    ]
    assert [one.membership.joined_at for one in members] == [NOON] * 5 + [LATER]


async def a_member(office: Office, name: str) -> Member:
    """Somebody as the list of members should show them."""
    user_id = office[name].user_id
    kept = await office.contents()
    return Member(kept.memberships[office.space_id, user_id], kept.accounts[user_id].user)


async def test_a_new_role_is_kept_and_holds_at_once(office: Office) -> None:
    before = await office.roles()
    joined = await a_member(office, "member")
    await refused(invite(office, by="member"), RoleTooLow)
    changed = await office.app.change_member_role(office["admin"], office.id, office["member"].user_id, Role.ADMIN)
    assert changed == replace(joined, membership=replace(joined.membership, role=Role.ADMIN))
    assert await a_member(office, "member") == changed
    assert await office.roles() == {**before, office["member"].user_id: Role.ADMIN}
    await invite(office, by="member")


async def test_an_admin_who_is_made_a_viewer_manages_nothing_any_more(office: Office) -> None:
    invited = await invite(office, by="admin")
    await office.app.change_member_role(office["owner"], office.id, office["admin"].user_id, Role.VIEWER)
    for use in set(USES) - READING:
        await refused(USES[use](office, office["admin"], office.id, invited.invitation.id), RoleTooLow)


@pytest.mark.parametrize(
    ("target", "role"), [("owner", Role.ADMIN), ("owner", Role.OWNER), ("admin", Role.OWNER), ("member", Role.OWNER)]
)
async def test_an_admin_neither_touches_nor_names_owners(office: Office, target: str, role: Role) -> None:
    before = await office.kept()
    admin, user_id = office["admin"], office[target].user_id
    await refused(office.app.change_member_role(admin, office.id, user_id, role), RoleTooLow)
    await refused(office.app.remove_member(admin, office.id, office["owner"].user_id), RoleTooLow)
    assert await office.kept() == before


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.ADMIN])
async def test_the_last_owner_steps_down_only_after_naming_another(office: Office, role: Role) -> None:
    owner, admin = office["owner"], office["admin"]
    await refused(office.app.change_member_role(owner, office.id, owner.user_id, role), LastOwner)
    await office.app.change_member_role(owner, office.id, admin.user_id, Role.OWNER)
    changed = await office.app.change_member_role(owner, office.id, owner.user_id, role)
    assert changed.membership.role is role
    await refused(office.app.change_member_role(admin, office.id, admin.user_id, role), LastOwner)


async def test_owners_of_other_organizations_do_not_count(office: Office) -> None:
    await office.another(office["owner"])
    await office.another(office["stranger"])
    await refused(office.app.remove_member(office["owner"], office.id, office["owner"].user_id), LastOwner)


@pytest.mark.parametrize("who", ["stranger", "removed", "unknown", "nobody"])
async def test_whoever_is_no_member_can_be_neither_changed_nor_removed(office: Office, who: str) -> None:
    others = {"unknown": UserId(UNKNOWN), "nobody": UserId(NOBODY)}
    user_id = others[who] if who in others else office[who].user_id
    before = await office.kept()
    for admin in (office["admin"], office["owner"]):
        await refused(office.app.change_member_role(admin, office.id, user_id, Role.VIEWER), MemberNotFound)
        await refused(office.app.remove_member(admin, office.id, user_id), MemberNotFound)
    assert await office.kept() == before


@pytest.mark.parametrize("who", ["viewer", "member"])
@pytest.mark.parametrize("target", ["colleague", "stranger"])
async def test_whoever_manages_nobody_learns_nothing_of_who_is_a_member(office: Office, who: str, target: str) -> None:
    user_id = office[target].user_id
    await refused(office.app.change_member_role(office[who], office.id, user_id, Role.VIEWER), RoleTooLow)
    await refused(office.app.remove_member(office[who], office.id, user_id), RoleTooLow)


@pytest.mark.parametrize("who", ["viewer", "member", "admin"])
async def test_everyone_may_leave(office: Office, who: str) -> None:
    before = await office.roles()
    await office.app.remove_member(office[who], office.id, office[who].user_id)
    assert await office.roles() == {key: role for key, role in before.items() if key != office[who].user_id}
    await refused(office.app.get_organization(office[who], office.id), SpaceForbidden)


async def test_an_owner_leaves_while_there_is_another(office: Office) -> None:
    owner, admin = office["owner"], office["admin"]
    before = await office.kept()
    await refused(office.app.remove_member(owner, office.id, owner.user_id), LastOwner)
    assert await office.kept() == before
    await office.app.change_member_role(owner, office.id, admin.user_id, Role.OWNER)
    await office.app.remove_member(owner, office.id, owner.user_id)
    await refused(office.app.remove_member(admin, office.id, admin.user_id), LastOwner)
    await refused(office.app.get_organization(owner, office.id), SpaceForbidden)


async def test_of_two_owners_who_leave_at_once_one_stays(office: Office) -> None:
    owners = [office["owner"], office["admin"]]
    await office.app.change_member_role(owners[0], office.id, owners[1].user_id, Role.OWNER)
    outcomes = await asyncio.gather(
        *(office.app.remove_member(owner, office.id, owner.user_id) for owner in owners), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [LastOwner]
    assert list((await office.roles()).values()).count(Role.OWNER) == 1


@pytest.mark.parametrize("who", ["viewer", "member", "admin"])
async def test_a_removed_member_is_refused_at_once_with_the_session_they_hold(office: Office, who: str) -> None:
    task = await office.a_task()
    invited = await invite(office)
    removed = office[who]
    await office.app.remove_member(office["owner"], office.id, removed.user_id)
    for use in USES.values():
        await refused(use(office, removed, office.id, invited.invitation.id), SpaceForbidden)
    for work in TASK_USES.values():
        await refused(work(office, removed, task), SpaceForbidden)
    assert (await office.app.list_organizations(removed)).items == []
    assert (await office.app.list_tasks(removed, None, TaskQuery())).total == 0


async def test_whoever_was_removed_stays_in_their_other_organizations(office: Office) -> None:
    other = await office.another(office["member"])
    await office.app.remove_member(office["owner"], office.id, office["member"].user_id)
    assert [str(one.organization.id) for one in (await office.app.list_organizations(office["member"])).items] == [
        other
    ]


@pytest.mark.parametrize("by", ["owner", "member"])
async def test_whoever_goes_is_assigned_to_nothing_there_any_more(office: Office, by: str) -> None:
    member, colleague = office["member"].user_id, office["colleague"].user_id
    theirs, others, nobodys = [await office.a_task(assignee_id=who) for who in (member, colleague, None)]
    thrown_away = await office.a_task(assignee_id=member)
    await office.app.delete_task(office["owner"], office.id, thrown_away.id)
    thrown_away = await office.task(thrown_away)
    personal = await office.app.create_task(office["member"], None, a_draft(assignee_id=member))
    office.clock.now = LATER
    await office.app.remove_member(office[by], office.id, member)
    assert await office.task(theirs) == replace(theirs, assignee_id=None, version=2, updated_at=LATER)
    assert await office.task(thrown_away) == replace(thrown_away, assignee_id=None, version=3, updated_at=LATER)
    for untouched in (others, nobodys, personal):
        assert await office.task(untouched) == untouched


async def test_whoever_may_not_go_stays_assigned(office: Office) -> None:
    task = await office.a_task(assignee_id=office["owner"].user_id)
    await refused(office.app.remove_member(office["owner"], office.id, office["owner"].user_id), LastOwner)
    assert await office.task(task) == task


async def test_what_a_removed_member_made_stays(office: Office) -> None:
    task = await office.a_task("member")
    await office.app.remove_member(office["owner"], office.id, office["member"].user_id)
    assert await office.app.get_task(office["viewer"], office.id, task.id) == task


# Inviting


@pytest.mark.parametrize("role", Role)
async def test_an_invitation_is_kept(office: Office, role: Role) -> None:
    office.clock.now = LATER
    invited = await invite(office, role, valid_for=timedelta(hours=1))
    kept = await office.invitation(invited.invitation.id)
    assert invited.invitation == kept
    assert kept == Invitation(
        id=kept.id,
        space_id=office.space_id,
        role=role,
        token_hash=office.app.invite.tokens.hash(invited.token),
        created_by=office["owner"].user_id,
        created_at=LATER,
        expires_at=LATER + timedelta(hours=1),
    )


async def test_an_invitation_is_valid_for_seven_days_unless_told(office: Office) -> None:
    assert (await invite(office)).invitation.expires_at == NOON + timedelta(days=7)


@pytest.mark.parametrize("valid_for", [timedelta(0), timedelta(seconds=-1), timedelta(days=30, seconds=1)])
async def test_no_invitation_is_valid_for_less_than_a_second_or_more_than_thirty_days(
    office: Office, valid_for: timedelta
) -> None:
    before = await office.kept()
    await refused(invite(office, valid_for=valid_for), InvalidValue)
    assert await office.kept() == before


@pytest.mark.parametrize("valid_for", [timedelta(seconds=1), timedelta(days=30)])
async def test_an_invitation_is_valid_for_as_long_as_it_says(office: Office, valid_for: timedelta) -> None:
    tokens = [(await invite(office, valid_for=valid_for)).token for _ in range(2)]
    office.clock.now = NOON + valid_for - TICK
    actors = [await office.sign_in(who) for who in OUTSIDERS]
    assert await accepted(office, actors[0], tokens[0])
    office.clock.now += TICK
    assert not await accepted(office, actors[1], tokens[1])


@pytest.mark.parametrize("role", Role)
async def test_an_admin_invites_nobody_as_an_owner(office: Office, role: Role) -> None:
    if role is Role.OWNER:
        await refused(invite(office, role, by="admin"), RoleTooLow)
    else:
        assert (await invite(office, role, by="admin")).invitation.role is role


async def test_a_token_is_shown_once_and_stored_hashed_only(office: Office) -> None:
    invited = await invite(office)
    space_id, _, secret = invited.token.partition(".")
    assert space_id == office.id
    assert secret
    kept = repr(await office.contents())
    assert office.id in kept
    assert secret not in kept
    shown = repr((invited, (await office.app.list_invitations(office["owner"], office.id)).items))
    assert str(invited.invitation.id) in shown
    assert secret not in shown


async def test_every_invitation_has_an_id_and_a_token_of_its_own(office: Office) -> None:
    first, second = await invite(office), await invite(office)
    assert first.invitation.id != second.invitation.id
    assert first.token != second.token
    assert first.invitation.token_hash != second.invitation.token_hash


async def test_open_invitations_are_listed_the_newest_first(office: Office) -> None:
    first = await invite(office)
    office.clock.now = LATER
    second = await invite(office, by="admin")
    assert (await office.app.list_invitations(office["admin"], office.id)).items == [
        second.invitation,
        first.invitation,
    ]


async def test_invitations_that_cannot_be_used_any_more_are_not_listed(office: Office) -> None:
    second = timedelta(seconds=1)
    used, revoked, short, long = [
        await invite(office, valid_for=valid_for)
        for valid_for in (DEFAULT_VALIDITY, DEFAULT_VALIDITY, second, 2 * second)
    ]
    await office.app.accept_invitation(office["stranger"], used.token)
    await office.app.revoke_invitation(office["admin"], office.id, revoked.invitation.id)
    listed = {
        second - TICK: [long.invitation, short.invitation],
        second: [long.invitation],
        2 * second - TICK: [long.invitation],
        2 * second: [],
    }
    for after, invitations in listed.items():
        office.clock.now = NOON + after
        assert (await office.app.list_invitations(office["owner"], office.id)).items == invitations


async def test_invitations_of_other_organizations_are_neither_listed_nor_revoked(office: Office) -> None:
    other = await office.another(office["owner"])
    elsewhere = await office.app.invite(office["owner"], other, Role.MEMBER)
    before = await office.kept()
    assert (await office.app.list_invitations(office["owner"], office.id)).items == []
    await refused(office.app.revoke_invitation(office["owner"], office.id, elsewhere.invitation.id), InvitationNotFound)
    assert await office.kept() == before


async def test_a_revoked_invitation_is_closed_and_not_found_again(office: Office) -> None:
    invited = await invite(office)
    office.clock.now = LATER
    await office.app.revoke_invitation(office["admin"], office.id, invited.invitation.id)
    assert await office.invitation(invited.invitation.id) == replace(invited.invitation, closed_at=LATER)
    for id_ in (invited.invitation.id, InvitationId(UNKNOWN), InvitationId(NOBODY)):
        await refused(office.app.revoke_invitation(office["admin"], office.id, id_), InvitationNotFound)


# Coming in


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("who", OUTSIDERS)
async def test_whoever_holds_a_token_gets_the_role_that_it_was_made_for(office: Office, who: str, role: Role) -> None:
    invited = await invite(office, role)
    office.clock.now = LATER
    joined = await office.app.accept_invitation(office[who], invited.token)
    assert joined == Membership(space_id=office.space_id, user_id=office[who].user_id, role=role, joined_at=LATER)
    assert (await a_member(office, who)).membership == joined
    assert await office.invitation(invited.invitation.id) == replace(invited.invitation, closed_at=LATER)
    assert (await office.app.list_organizations(office[who])).items == [Belonging(await office.organization(), role)]


Spoil = Callable[[Office, Invited], Awaitable[str]]
"""Something that happens after an invitation has been made; tells the token that is tried then."""


async def used(office: Office, invited: Invited) -> str:
    await office.app.accept_invitation(office["removed"], invited.token)
    return invited.token


async def revoked(office: Office, invited: Invited) -> str:
    await office.app.revoke_invitation(office["owner"], office.id, invited.invitation.id)
    return invited.token


async def expired(office: Office, invited: Invited) -> str:
    office.clock.now = invited.invitation.expires_at
    return invited.token


async def maker_gone(office: Office, invited: Invited) -> str:
    await office.app.remove_member(office["owner"], office.id, office["admin"].user_id)
    return invited.token


async def maker_became(role: Role, office: Office, invited: Invited) -> str:
    await office.app.change_member_role(office["owner"], office.id, office["admin"].user_id, role)
    return invited.token


async def dissolved(office: Office, invited: Invited) -> str:
    await office.app.dissolve_organization(office["owner"], office.id, "Firm")
    return invited.token


async def for_another(office: Office, invited: Invited) -> str:
    """The secret under the name of another organisation."""
    return invited.token.replace(office.id, await office.another(office["owner"]))


async def for_a_person(office: Office, invited: Invited) -> str:
    return invited.token.replace(office.id, str(office["owner"].user_id))


async def for_nobody(office: Office, invited: Invited) -> str:
    return invited.token.replace(office.id, str(NOBODY))


async def in_capitals(office: Office, invited: Invited) -> str:
    return invited.token.upper()


async def cut_short(office: Office, invited: Invited) -> str:
    return invited.token[:-1]


async def without_space(office: Office, invited: Invited) -> str:
    return invited.token.partition(".")[2]


async def without_secret(office: Office, invited: Invited) -> str:
    return f"{office.id}."


async def the_hash(office: Office, invited: Invited) -> str:
    """What somebody would find who could read the database."""
    return f"{office.id}.{invited.invitation.token_hash.hex()}"


SPOILED: Final[dict[str, Spoil]] = {
    "used": used,
    "revoked": revoked,
    "expired": expired,
    "its maker gone": maker_gone,
    "its maker a member": lambda office, invited: maker_became(Role.MEMBER, office, invited),
    "its maker a viewer": lambda office, invited: maker_became(Role.VIEWER, office, invited),
    "dissolved": dissolved,
    "of another organisation": for_another,
    "of a personal space": for_a_person,
    "of no space": for_nobody,
    "in capitals": in_capitals,
    "cut short": cut_short,
    "without its space": without_space,
    "without its secret": without_secret,
    "its hash": the_hash,
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
async def test_a_token_that_is_good_for_nothing_is_refused_with_one_answer(office: Office, spoil: Spoil) -> None:
    invited = await invite(office, by="admin")
    token = await spoil(office, invited)
    stranger = await office.sign_in("stranger")
    before = await office.kept()
    with pytest.raises(InvitationRefused) as refusal:
        await office.app.accept_invitation(stranger, token)
    assert refusal.value.args == ()
    assert await office.kept() == before


@pytest.mark.parametrize(
    "token", ["", ".", "..", "garbage", "'; --.", "\x00", f"{UNKNOWN}.secret-1", "\U0001f600." * 500]
)
async def test_garbage_is_refused_with_the_same_answer(office: Office, token: str) -> None:
    await refused(office.app.accept_invitation(office["stranger"], token), InvitationRefused)


async def test_an_invitation_to_be_an_owner_ends_with_its_makers_own_ownership(office: Office) -> None:
    owner, admin = office["owner"], office["admin"]
    as_owner, as_admin = await invite(office, Role.OWNER), await invite(office, Role.ADMIN)
    await office.app.change_member_role(owner, office.id, admin.user_id, Role.OWNER)
    await office.app.change_member_role(admin, office.id, owner.user_id, Role.ADMIN)
    assert not await accepted(office, office["stranger"], as_owner.token)
    assert await accepted(office, office["stranger"], as_admin.token)


@pytest.mark.parametrize("who", INSIDERS)
@pytest.mark.parametrize("offered", Role)
async def test_a_member_stays_what_they_are_and_leaves_the_invitation_open(
    office: Office, who: str, offered: Role
) -> None:
    invited = await invite(office, offered)
    before = await office.kept()
    office.clock.now = LATER
    await refused(office.app.accept_invitation(office[who], invited.token), AlreadyMember)
    assert await office.kept() == before
    assert await accepted(office, office["stranger"], invited.token)


async def test_a_member_with_a_used_token_is_refused_like_anybody_else(office: Office) -> None:
    invited = await invite(office)
    await office.app.accept_invitation(office["stranger"], invited.token)
    for who in ("stranger", "viewer", "removed"):
        await refused(office.app.accept_invitation(office[who], invited.token), InvitationRefused)


async def test_of_two_who_use_one_token_at_once_one_gets_in(office: Office) -> None:
    invited = await invite(office)
    outcomes = await asyncio.gather(*(accepted(office, office[who], invited.token) for who in OUTSIDERS))
    assert sorted(outcomes) == [False, True]
    assert len(set(await office.roles()) & {office[who].user_id for who in OUTSIDERS}) == 1


async def test_a_token_used_twice_at_once_by_one_person_lets_them_in_once(office: Office) -> None:
    tokens = [(await invite(office)).token for _ in range(2)]
    stranger = office["stranger"]
    accepting = (office.app.accept_invitation(stranger, token) for token in tokens)
    outcomes = await asyncio.gather(*accepting, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Membership, AlreadyMember}
    assert len((await office.app.list_invitations(office["owner"], office.id)).items) == 1


async def test_whoever_was_removed_does_not_come_back_with_the_token_that_they_used(office: Office) -> None:
    invited = await invite(office)
    await office.app.accept_invitation(office["stranger"], invited.token)
    await office.app.remove_member(office["owner"], office.id, office["stranger"].user_id)
    assert not await accepted(office, office["stranger"], invited.token)


# The end


async def test_what_is_dissolved_is_gone_with_everything_in_it(office: Office) -> None:
    other = await office.another(office["owner"])
    await office.app.invite(office["owner"], other, Role.MEMBER)
    await office.app.create_task(office["owner"], other, a_draft())
    await office.app.create_task(office["owner"], None, a_draft())
    before = await office.contents()
    await office.a_task(assignee_id=office["member"].user_id)
    await invite(office)
    await office.app.dissolve_organization(office["owner"], office.id, "Firm")
    after = await office.contents()
    assert after.organizations == {key: kept for key, kept in before.organizations.items() if key != office.space_id}
    for part in ("memberships", "invitations", "tasks"):
        assert getattr(after, part) == {
            key: kept for key, kept in getattr(before, part).items() if key[0] != office.space_id
        }
    assert (after.accounts, after.sessions) == (before.accounts, before.sessions)


@pytest.mark.parametrize(("name", "reason"), [(None, "missing"), ("", "another_name"), ("firm", "another_name")])
async def test_only_the_present_name_dissolves_an_organization(office: Office, name: str | None, reason: str) -> None:
    before = await office.kept()
    with pytest.raises(InvalidValue) as wrong:
        await office.app.dissolve_organization(office["owner"], office.id, name)
    assert (wrong.value.reason, wrong.value.field) == (reason, "name")
    assert await office.kept() == before
    await refused(office.app.dissolve_organization(office["admin"], office.id, name), RoleTooLow)
    await refused(office.app.dissolve_organization(office["stranger"], office.id, name), SpaceForbidden)


async def test_a_former_name_dissolves_nothing(office: Office) -> None:
    await office.app.rename_organization(office["owner"], office.id, NEW_NAME)
    await refused(office.app.dissolve_organization(office["owner"], office.id, "Firm"), InvalidValue)
    await office.app.dissolve_organization(office["owner"], office.id, NEW_NAME)
    assert (await office.app.list_organizations(office["owner"])).items == []


@pytest.mark.parametrize("who", INSIDERS + OUTSIDERS)
async def test_everybody_is_refused_once_it_is_dissolved(office: Office, who: str) -> None:
    task = await office.a_task()
    invited = await invite(office)
    await office.app.dissolve_organization(office["owner"], office.id, "Firm")
    for use in USES.values():
        await refused(use(office, office[who], office.id, invited.invitation.id), SpaceForbidden)
    for work in TASK_USES.values():
        await refused(work(office, office[who], task), SpaceForbidden)
    assert (await office.app.list_organizations(office[who])).items == []


# Tasks in an organisation

TaskUse = Callable[[Office, Actor, Task], Awaitable[object]]
TASK_USES: Final[dict[str, TaskUse]] = {
    "list": lambda office, who, _: office.app.list_tasks(who, office.id, TaskQuery()),
    "get": lambda office, who, task: office.app.get_task(who, office.id, task.id),
    "create": lambda office, who, _: office.app.create_task(who, office.id, a_draft("New")),
    "replace": lambda office, who, task: office.app.replace_task(who, office.id, task.id, a_draft("New")),
    "change": lambda office, who, task: office.app.change_task(who, office.id, task.id, {"title": Title("New")}),
    "complete": lambda office, who, task: office.app.complete_task(who, office.id, task.id),
    "toggle": lambda office, who, task: office.app.toggle_task(who, office.id, task.id),
    "delete": lambda office, who, task: office.app.delete_task(who, office.id, task.id),
}
# The upper half of the contract's table, for a task that somebody else made.
TASK_USES_ALLOWED: Final = {
    "viewer": {"list", "get"},
    "member": set(TASK_USES) - {"delete"},
    "admin": set(TASK_USES),
    "owner": set(TASK_USES),
}


@pytest.mark.parametrize("use", TASK_USES)
@pytest.mark.parametrize("who", INSIDERS)
async def test_a_role_allows_with_others_tasks_what_the_contract_says(office: Office, who: str, use: str) -> None:
    task = await office.a_task("colleague")
    before = await office.kept()
    work = TASK_USES[use](office, office[who], task)
    if use in TASK_USES_ALLOWED[who]:
        await work
    else:
        await refused(work, RoleTooLow)
        assert await office.kept() == before


@pytest.mark.parametrize("use", TASK_USES)
@pytest.mark.parametrize("who", OUTSIDERS)
async def test_whoever_is_not_in_an_organization_reaches_none_of_its_tasks(office: Office, who: str, use: str) -> None:
    task = await office.a_task()
    before = await office.kept()
    await refused(TASK_USES[use](office, office[who], task), SpaceForbidden)
    assert await office.kept() == before


@pytest.mark.parametrize("who", ["member", "admin", "owner"])
async def test_whoever_made_a_task_may_delete_it(office: Office, who: str) -> None:
    task = await office.a_task(who)
    assert (task.space_id, task.created_by) == (office.space_id, office[who].user_id)
    await office.app.delete_task(office[who], office.id, task.id)
    await refused(office.app.get_task(office[who], office.id, task.id), TaskNotFound)


async def test_a_member_who_became_a_viewer_only_reads_what_they_made(office: Office) -> None:
    task = await office.a_task("member")
    await office.app.change_member_role(office["owner"], office.id, office["member"].user_id, Role.VIEWER)
    for use, work in TASK_USES.items():
        if use in TASK_USES_ALLOWED["viewer"]:
            await work(office, office["member"], task)
        else:
            await refused(work(office, office["member"], task), RoleTooLow)


@pytest.mark.parametrize("who", INSIDERS)
async def test_the_organizations_tasks_and_ones_own_are_apart(office: Office, who: str) -> None:
    shared = await office.a_task()
    own = await office.app.create_task(office[who], None, a_draft())
    assert (await office.app.list_tasks(office[who], office.id, TaskQuery())).items == [shared]
    assert (await office.app.list_tasks(office[who], None, TaskQuery())).items == [own]
    await refused(office.app.get_task(office[who], office.id, own.id), TaskNotFound)
    await refused(office.app.get_task(office[who], None, shared.id), TaskNotFound)


@pytest.mark.parametrize("who", INSIDERS)
async def test_every_member_may_be_assigned(office: Office, who: str) -> None:
    assert (await office.a_task(assignee_id=office[who].user_id)).assignee_id == office[who].user_id


@pytest.mark.parametrize("who", [*OUTSIDERS, "unknown"])
async def test_nobody_else_can_be_assigned_and_the_answer_is_one(office: Office, who: str) -> None:
    assignee_id = UserId(UNKNOWN) if who == "unknown" else office[who].user_id
    task = await office.a_task()
    before = await office.kept()
    for work in (
        office.app.create_task(office["owner"], office.id, a_draft(assignee_id=assignee_id)),
        office.app.change_task(office["owner"], office.id, task.id, {"assignee_id": assignee_id}),
    ):
        with pytest.raises(InvalidValue) as refusal:
            await work
        assert (refusal.value.reason, refusal.value.field) == ("not_a_member", "assignee_id")
        assert str(assignee_id) not in str(refusal.value)
    assert await office.kept() == before


async def test_a_task_nobody_has_is_not_found_by_any_member(office: Office) -> None:
    for who in INSIDERS:
        await refused(office.app.get_task(office[who], office.id, TaskId(UNKNOWN)), TaskNotFound)
