"""Accounts, for administrators and for the operator."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from application.administration import ManagedAccount
from application.facade import Application
from application.ports.identity import UserQuery
from domain.access import Actor
from domain.errors import LastAdministrator, NotAnAdministrator, NotAuthenticated, UserNotFound
from domain.task import SearchText
from domain.user import AccountChanges, Email, FullName, User, UserRole
from tests.unit.builders import BEN, LATER, PASSWORD, CrowdedStore, House


@pytest.fixture
def house() -> House:
    return House(CrowdedStore())


async def sign_in(house: House, name: str) -> Actor:
    return house.app.authenticate((await house.sign_in(name)).access_token)


@pytest.fixture
async def root(house: House) -> Actor:
    """An administrator."""
    await house.app.create_admin(Email("root@example.org"), PASSWORD, FullName("Root"))
    return await sign_in(house, "root")


@pytest.fixture
async def ann(house: House) -> User:
    return await house.register("ann")


Manage = Callable[[Application, Actor, User, AccountChanges], Awaitable[ManagedAccount]]
MANAGING: dict[str, Manage] = {
    "an administrator": lambda app, root, user, changes: app.change_user(root, user.id, changes),
    "the operator": lambda app, _, user, changes: app.manage_account(user.email, changes),
}
managing = pytest.mark.parametrize("manage", MANAGING.values(), ids=MANAGING)
Find = Callable[[Application, Actor, UserQuery], Awaitable[object]]
FINDING: dict[str, Find] = {
    "an administrator": lambda app, root, query: app.list_users(root, query),
    "the operator": lambda app, _, query: app.find_accounts(query),
}


@pytest.mark.parametrize("find", FINDING.values(), ids=FINDING)
async def test_accounts_are_listed_the_newest_first(house: House, root: Actor, find: Find) -> None:
    users = []
    for name in ("ann", "ben", "cleo"):
        house.clock.now = house.clock.now.replace(second=house.clock.now.second + 1)
        users.append(await house.register(name))
    found = await house.app.list_users(root, UserQuery())
    assert found == await find(house.app, root, UserQuery())
    assert [user.email for user in found.items] == [
        "cleo@example.org", "ben@example.org", "ann@example.org", "root@example.org",
    ]  # fmt: skip
    page = await house.app.list_users(root, UserQuery(skip=1, limit=2))
    assert (page.items, page.total) == ([users[1], users[0]], 4)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ANN", ["ann"]),
        ("example.org", ["ann", "root"]),
        ("root", ["root"]),
        ("oo", ["root"]),
        ("%", []),
        ("", ["ann", "root"]),
    ],
)
async def test_accounts_are_found_by_part_of_address_or_name(
    house: House, root: Actor, ann: User, text: str, found: list[str]
) -> None:
    page = await house.app.list_users(root, UserQuery(text=SearchText(text).key))
    assert sorted(user.email for user in page.items) == [f"{name}@example.org" for name in found]
    assert page.total == len(found)


@managing
async def test_a_deactivated_account_is_refused_at_once(house: House, root: Actor, ann: User, manage: Manage) -> None:
    actors = [await sign_in(house, "ann") for _ in range(2)]
    house.clock.now = LATER
    changed = (await manage(house.app, root, ann, {"is_active": False})).user
    assert (changed.is_active, changed.role, changed.updated_at) == (False, UserRole.USER, LATER)
    for actor in actors:
        with pytest.raises(NotAuthenticated):
            await house.app.get_me(actor)


@managing
async def test_an_account_that_is_active_again_signs_in_anew(
    house: House, root: Actor, ann: User, manage: Manage
) -> None:
    before = await sign_in(house, "ann")
    await manage(house.app, root, ann, {"is_active": False})
    await manage(house.app, root, ann, {"is_active": True})
    with pytest.raises(NotAuthenticated):
        await house.app.get_me(before)
    assert (await house.app.get_me(await sign_in(house, "ann"))).is_active


@managing
async def test_a_change_of_role_counts_from_the_next_request_on(
    house: House, root: Actor, ann: User, manage: Manage
) -> None:
    actor = await sign_in(house, "ann")
    for role, may in ((UserRole.ADMIN, True), (UserRole.USER, False)):
        await manage(house.app, root, ann, {"role": role})
        if may:
            assert (await house.app.list_users(actor, UserQuery())).total == 2
        else:
            with pytest.raises(NotAnAdministrator):
                await house.app.list_users(actor, UserQuery())


@managing
async def test_what_changes_nothing_leaves_the_account_as_it_was(
    house: House, root: Actor, ann: User, manage: Manage
) -> None:
    house.clock.now = LATER
    events = len((await house.contents()).audit_events)
    nothing: list[AccountChanges] = [{}, {"is_active": True}, {"role": UserRole.USER}]
    for changes in nothing:
        assert await manage(house.app, root, ann, changes) == ManagedAccount(ann)
    assert len((await house.contents()).audit_events) == events


@managing
@pytest.mark.parametrize("changes", [{"is_active": False}, {"role": UserRole.USER}])
async def test_the_last_administrator_stays(house: House, root: Actor, manage: Manage, changes: AccountChanges) -> None:
    user = await house.app.get_me(root)
    retired = await house.app.create_admin(Email("retired@example.org"), PASSWORD, None)
    await manage(house.app, root, retired, {"is_active": False})
    before = await house.contents()
    with pytest.raises(LastAdministrator):
        await manage(house.app, root, user, changes)
    assert (await house.contents()).accounts == before.accounts
    assert (await house.contents()).sessions == before.sessions


async def test_of_two_administrators_who_demote_each_other_one_stays(house: House, root: Actor) -> None:
    other = await house.app.create_admin(Email("other@example.org"), PASSWORD, None)
    others = await sign_in(house, "other")
    outcomes = await asyncio.gather(
        house.app.change_user(root, other.id, {"role": UserRole.USER}),
        house.app.change_user(others, root.user_id, {"role": UserRole.USER}),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ManagedAccount", "NotAnAdministrator"]


async def test_nobody_but_administrators_manages_accounts(house: House, root: Actor, ann: User) -> None:
    actor = await sign_in(house, "ann")
    before = await house.contents()
    for work in (
        house.app.list_users(actor, UserQuery()),
        house.app.change_user(actor, ann.id, {"role": UserRole.ADMIN}),
        house.app.change_user(actor, root.user_id, {"is_active": False}),
        house.app.change_user(actor, BEN, {"is_active": False}),
    ):
        with pytest.raises(NotAnAdministrator):
            await work
    assert (await house.contents()).accounts == before.accounts


async def test_an_account_that_there_is_not_is_not_found(house: House, root: Actor) -> None:
    with pytest.raises(UserNotFound):
        await house.app.change_user(root, BEN, {"is_active": False})
    with pytest.raises(UserNotFound):
        await house.app.manage_account(Email("nobody@example.org"), {"is_active": False})
