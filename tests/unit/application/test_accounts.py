"""Accounts: opening one, and what people see and change of their own."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from application.authentication import TokenPair
from application.facade import Application
from domain.access import Actor
from domain.errors import EmailTaken, InvalidValue, NotAuthenticated
from domain.ids import SessionId
from domain.user import Email, FullName, Password, User, UserChanges, UserRole
from tests.unit.builders import (
    ANN,
    LATER,
    NOON,
    PASSWORD,
    House,
    Interrupted,
    InterruptedIdentity,
    WatchedStore,
    unhindered,
)

ANNS = Email("ann@example.org")

Opening = Callable[[Application, Email, Password, FullName | None], Awaitable[User]]
OPENINGS: dict[str, Opening] = {
    "register": lambda app, *account: app.register(*account),
    "create_admin": lambda app, *account: app.create_admin(*account),
}
opening_an_account = pytest.mark.parametrize("opening", OPENINGS.values(), ids=OPENINGS)


@pytest.mark.parametrize(
    ("opening", "role"), [(OPENINGS["register"], UserRole.USER), (OPENINGS["create_admin"], UserRole.ADMIN)]
)
async def test_a_new_account_is_kept(house: House, opening: Opening, role: UserRole) -> None:
    user = await opening(house.app, ANNS, PASSWORD, FullName("Ann"))
    assert user == User(
        id=user.id,
        email=ANNS,
        full_name=FullName("Ann"),
        role=role,
        is_active=True,
        created_at=NOON,
        updated_at=NOON,
    )
    assert (await house.contents()).accounts[user.id].user == user


@opening_an_account
async def test_a_new_account_has_a_new_id(house: House, opening: Opening) -> None:
    users = [await opening(house.app, Email(f"{name}@example.org"), PASSWORD, None) for name in ("ann", "ben")]
    assert len({user.id for user in users} | (await house.contents()).accounts.keys()) == 2


@opening_an_account
async def test_a_password_is_kept_as_its_hash(house: House, opening: Opening) -> None:
    user = await opening(house.app, ANNS, PASSWORD, None)
    assert house.passwords.hashed == [PASSWORD]
    assert (await house.contents()).accounts[user.id].password_hash == f"1:{PASSWORD}"


@opening_an_account
async def test_a_kept_hash_shows_itself_to_nobody(house: House, opening: Opening) -> None:
    user = await opening(house.app, ANNS, PASSWORD, None)
    assert PASSWORD not in repr((await house.contents()).accounts[user.id])


@opening_an_account
async def test_a_new_account_can_be_signed_in_to(house: House, opening: Opening) -> None:
    user = await opening(house.app, ANNS, PASSWORD, None)
    assert house.app.authenticate((await house.sign_in("ann")).access_token).user_id == user.id


@opening_an_account
@pytest.mark.parametrize("address", ["ann@example.org", "ANN@Example.ORG"])
async def test_an_address_that_somebody_has_is_refused(house: House, opening: Opening, address: str) -> None:
    await house.register("ann")
    before = await house.contents()
    with pytest.raises(EmailTaken):
        await opening(house.app, Email(address), PASSWORD, None)
    assert await house.contents() == before


@opening_an_account
@pytest.mark.parametrize("password", ["password", "PassWord"])
async def test_a_common_password_is_refused(house: House, opening: Opening, password: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        await opening(house.app, ANNS, Password(password), None)
    assert (refused.value.reason, refused.value.field) == ("common_password", "password")
    assert house.passwords.hashed == []
    assert not (await house.contents()).accounts


@opening_an_account
async def test_no_account_is_opened_with_a_short_password(house: House, opening: Opening) -> None:
    with pytest.raises(InvalidValue):
        await opening(house.app, ANNS, Password("too few"), None)
    assert not (await house.contents()).accounts


@opening_an_account
async def test_no_transaction_is_open_while_a_password_is_hashed(opening: Opening) -> None:
    store = WatchedStore()
    house, seen = House(store), list[int]()

    async def look() -> None:
        seen.append(store.open)

    house.passwords.meanwhile = look
    await opening(house.app, ANNS, PASSWORD, None)
    assert seen == [0]


async def test_an_interrupted_registration_leaves_nothing_behind(house: House) -> None:
    door = InterruptedIdentity(house.store, house.clock)
    register = replace(house.app.register, open_account=replace(house.app.register.open_account, open_identity=door))
    before = await house.contents()
    with pytest.raises(Interrupted):
        await register(ANNS, PASSWORD, None)
    assert await house.contents() == before


async def test_everybody_sees_their_own_account(house: House) -> None:
    for name in ("ann", "ben"):
        actor = await house.somebody(name)
        assert (await house.app.get_me(actor)).email == f"{name}@example.org"


async def test_looking_waits_for_nobody_who_writes(house: House) -> None:
    ann = await house.somebody("ann")
    async with house.store.begin(read_only=False):
        assert await unhindered(house.app.get_me(ann))


@pytest.mark.parametrize(
    "changes",
    [
        UserChanges(full_name=FullName("Ann")),
        UserChanges(email=Email("other@example.org")),
        UserChanges(email=Email("Ann@example.org")),
        UserChanges(email=Email("other@example.org"), full_name=FullName("Ann")),
    ],
)
async def test_a_change_of_ones_account_is_kept(house: House, changes: UserChanges) -> None:
    ann = await house.somebody("ann")
    before = await house.app.get_me(ann)
    house.clock.now = LATER
    changed = await house.app.change_me(ann, changes, PASSWORD)
    assert changed == replace(before, **changes, updated_at=LATER)
    assert await house.app.get_me(ann) == changed


async def test_a_name_can_be_taken_away(house: House) -> None:
    ann = await house.somebody("ann")
    await house.app.change_me(ann, {"full_name": FullName("Ann")})
    assert (await house.app.change_me(ann, {"full_name": None})).full_name is None


async def test_a_change_of_nothing_changes_nothing(house: House) -> None:
    ann = await house.somebody("ann")
    before = await house.contents()
    house.clock.now = LATER
    await house.app.change_me(ann, {})
    assert await house.contents() == before


@pytest.mark.parametrize("address", ["ben@example.org", "BEN@Example.ORG"])
async def test_nobody_takes_anothers_address(house: House, address: str) -> None:
    ann = await house.somebody("ann")
    await house.register("ben")
    before = await house.contents()
    with pytest.raises(EmailTaken):
        await house.app.change_me(ann, {"email": Email(address), "full_name": FullName("Ben")}, PASSWORD)
    assert await house.contents() == before


async def test_an_address_that_was_given_up_is_free_again(house: House) -> None:
    ann = await house.somebody("ann")
    await house.app.change_me(ann, {"email": Email("other@example.org")}, PASSWORD)
    assert (await house.register("ann")).id != ann.user_id


async def test_a_change_of_ones_account_touches_no_other(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    before = await house.app.get_me(ben)
    await house.app.change_me(ann, {"full_name": FullName("Ann"), "email": Email("other@example.org")}, PASSWORD)
    assert await house.app.get_me(ben) == before


async def test_the_password_stays_when_the_address_changes(house: House) -> None:
    ann = await house.somebody("ann")
    await house.app.change_me(ann, {"email": Email("other@example.org")}, PASSWORD)
    assert isinstance(await house.sign_in("other"), TokenPair)


async def test_an_interrupted_change_leaves_nothing_behind(house: House) -> None:
    ann = await house.somebody("ann")
    before = await house.contents()
    change_me = replace(house.app.change_me, open_identity=InterruptedIdentity(house.store, house.clock))
    with pytest.raises(Interrupted):
        await change_me(ann, {"full_name": FullName("Ann")})
    assert await house.contents() == before


async def test_without_a_living_session_there_is_no_account(house: House) -> None:
    ann = await house.somebody("ann")
    before = await house.contents()
    for stranger in (Actor(ann.user_id, SessionId(ANN)), Actor(ANN, ann.session_id)):
        with pytest.raises(NotAuthenticated):
            await house.app.get_me(stranger)
        with pytest.raises(NotAuthenticated):
            await house.app.change_me(stranger, {"full_name": FullName("Eve")})
    assert await house.contents() == before
