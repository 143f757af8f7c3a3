"""Closing one's account: everything of one's own goes, everything shared stays in order."""

from dataclasses import replace
from typing import Any

import pytest

from application.ports.identity import UserQuery
from domain.access import Role
from domain.audit import Action, Resource
from domain.errors import LastAdministrator, LastOwner, NotAuthenticated, WrongPassword
from domain.ids import personal_space
from domain.shares import Share
from domain.user import Email, Password
from tests.unit.application.organizations_builders import PASSWORD, Office, a_draft


@pytest.fixture
async def office() -> Office:
    office = Office()
    await office.open()
    return office


async def test_everything_of_ones_own_is_gone(office: Office) -> None:
    member = office["member"]
    await office.app.create_task(member, None, a_draft())
    second = await office.sign_in("member")
    await office.app.request_password_reset.send(Email("member@example.org"), member.origin)
    assert member.user_id in (await office.contents()).password_resets
    await office.app.close_account(member, PASSWORD)
    contents = await office.contents()
    space_id = personal_space(member.user_id)
    assert member.user_id not in contents.accounts
    assert member.user_id not in contents.password_resets
    assert not [key for key in (*contents.tasks, *contents.memberships) if space_id in key]
    assert not [one for one in contents.sessions.values() if one.user_id == member.user_id]
    assert {token.session_id for token in contents.refresh_tokens.values()} <= contents.sessions.keys()
    for actor in (member, second):
        with pytest.raises(NotAuthenticated):
            await office.app.get_me(actor)


async def test_organizations_are_left_in_order(office: Office) -> None:
    member = office["member"]
    theirs = await office.a_task("member")
    assigned = await office.a_task("owner", assignee_id=member.user_id)
    await office.app.close_account(member, PASSWORD)
    contents = await office.contents()
    assert (office.space_id, member.user_id) not in contents.memberships
    assert contents.tasks[office.space_id, theirs.id] == theirs
    assert contents.tasks[office.space_id, assigned.id].assignee_id is None
    members = (await office.app.list_members(office["owner"], office.id)).items
    assert member.user_id not in {one.user.id for one in members}


async def test_the_address_is_free_again(office: Office) -> None:
    await office.app.close_account(office["member"], PASSWORD)
    again = await office.somebody("member")
    assert again.user_id != office["member"].user_id
    assert ((await office.app.list_organizations(again)).items) == []


async def test_it_is_written_down_where_it_belongs(office: Office) -> None:
    member = office["member"]
    before = (await office.contents()).audit_events
    await office.app.close_account(member, PASSWORD)
    after = (await office.contents()).audit_events
    news = [after[key] for key in sorted(after.keys() - before.keys(), key=lambda key: key[1])]
    assert [(event.space_id, event.action, event.resource_type) for event in news] == [
        (office.space_id, Action.LEAVE, Resource.MEMBER),
        (personal_space(member.user_id), Action.DELETE, Resource.ACCOUNT),
    ]
    assert {event.actor_id for event in news} == {member.user_id}


async def test_a_wrong_password_changes_nothing_and_is_written_down(office: Office) -> None:
    before = await office.contents()
    with pytest.raises(WrongPassword):
        await office.app.close_account(office["member"], "another password")
    after = await office.contents()
    assert (after.accounts, after.memberships, after.sessions) == (before.accounts, before.memberships, before.sessions)
    (key,) = after.audit_events.keys() - before.audit_events.keys()
    assert after.audit_events[key].changes == {"reason": "wrong-password"}


async def test_a_password_that_was_changed_meanwhile_is_wrong(office: Office) -> None:
    use: Any = office.app.close_account

    class Slow:
        """While the password is checked, somebody changes it."""

        async def verify(self, password: str, password_hash: str | None, share: Share | None = None) -> bool:
            known: bool = await use.prove_password.passwords.verify(password, password_hash)
            async with use.open_identity(None) as identity:
                await identity.users.save_password_hash(office["member"].user_id, "another hash")
            return known

    slow = replace(use, prove_password=replace(use.prove_password, passwords=Slow()))
    with pytest.raises(WrongPassword):
        await slow(office["member"], PASSWORD)
    assert office["member"].user_id in (await office.contents()).accounts


async def test_the_last_owner_of_an_organization_stays(office: Office) -> None:
    await office.another(office["member"])
    before = await office.contents()
    for who in ("owner", "member"):
        with pytest.raises(LastOwner):
            await office.app.close_account(office[who], PASSWORD)
    after = await office.contents()
    assert (after.accounts, after.memberships) == (before.accounts, before.memberships)


async def test_one_of_two_owners_may_go(office: Office) -> None:
    await office.app.change_member_role(office["owner"], office.id, office["admin"].user_id, Role.OWNER)
    await office.app.close_account(office["owner"], PASSWORD)
    assert (await office.app.get_organization(office["admin"], office.id)).id == office.space_id


async def test_the_last_administrator_stays(office: Office) -> None:
    await office.app.create_admin(Email("root@example.org"), Password(PASSWORD), None)
    root = await office.sign_in("root")
    with pytest.raises(LastAdministrator):
        await office.app.close_account(root, PASSWORD)
    await office.app.create_admin(Email("other@example.org"), Password(PASSWORD), None)
    await office.app.close_account(root, PASSWORD)
    assert "root@example.org" not in {user.email for user in (await office.app.find_accounts(UserQuery())).items}


async def test_whoever_is_signed_out_closes_nothing(office: Office) -> None:
    await office.app.sign_out(office["member"])
    with pytest.raises(NotAuthenticated):
        await office.app.close_account(office["member"], PASSWORD)
