"""Changing the e-mail address of one's account, which takes the password."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from application.letters import moved_letter
from domain.access import Actor, Origin
from domain.errors import EmailTaken, InvalidValue, TooManyRequests, WrongPassword
from domain.shares import Share
from domain.user import Email, FullName
from tests.unit.builders import NOON, PASSWORD, House

ANNS, OTHER = Email("ann@example.org"), Email("other@example.org")
ORIGIN = Origin("192.0.2.7", "a browser", "a request")


@pytest.fixture
async def ann(house: House) -> Actor:
    return replace(await house.somebody("ann"), origin=ORIGIN)


@pytest.fixture
def limited() -> House:
    return House(is_limited=True)


async def refused(work: Awaitable[object], why: type[Exception]) -> None:
    with pytest.raises(why):
        await work


async def address_of(house: House, actor: Actor) -> str:
    return (await house.app.get_me(actor)).email


async def test_it_takes_the_password_and_a_name_does_not(house: House, ann: Actor) -> None:
    with pytest.raises(InvalidValue) as missing:
        await house.app.change_me(ann, {"email": OTHER, "full_name": FullName("Ann")})
    assert (missing.value.reason, missing.value.field) == ("missing", "current_password")
    await refused(house.app.change_me(ann, {"email": OTHER}, "another password"), WrongPassword)
    assert await address_of(house, ann) == ANNS
    assert (await house.app.change_me(ann, {"full_name": FullName("Ann")})).full_name == "Ann"
    assert (await house.app.change_me(ann, {"email": OTHER}, PASSWORD)).email == OTHER


async def test_the_former_address_is_told_and_not_what_the_new_one_is(house: House, ann: Actor) -> None:
    await house.app.change_me(ann, {"email": OTHER}, PASSWORD)
    await house.errands.run()
    assert house.mailer.delivered == [moved_letter(ANNS, origin=ORIGIN, at=NOON)]
    assert "192.0.2.7" in house.mailer.delivered[0].text
    assert OTHER not in house.mailer.delivered[0].text


async def test_who_keeps_the_address_is_told_nothing(house: House, ann: Actor) -> None:
    await house.app.change_me(ann, {"email": ANNS}, PASSWORD)
    await house.app.change_me(ann, {"full_name": FullName("Ann")})
    await house.errands.run()
    assert house.mailer.delivered == []


async def test_wrong_passwords_are_counted_for_the_account_whatever_its_address(limited: House) -> None:
    house, ann = limited, await limited.somebody("ann")
    for _ in range(5):
        await refused(house.app.change_me(ann, {"email": OTHER}, "another password"), WrongPassword)
    async with house.store.begin(read_only=False) as contents:
        account = contents.accounts[ann.user_id]
        contents.accounts[ann.user_id] = replace(account, user=replace(account.user, email=OTHER))
    for _ in range(5):
        await refused(house.app.change_password(ann, "another password", PASSWORD), WrongPassword)
    await refused(house.app.change_me(ann, {"email": ANNS}, PASSWORD), TooManyRequests)
    await refused(house.app.close_account(ann, PASSWORD), TooManyRequests)


async def test_the_sixth_change_in_an_hour_is_refused_and_those_to_a_taken_address_count(limited: House) -> None:
    house, ann = limited, await limited.somebody("ann")
    await house.register("ben")
    for _ in range(3):
        await refused(house.app.change_me(ann, {"email": Email("ben@example.org")}, PASSWORD), EmailTaken)
    for email in (OTHER, ANNS):
        await house.app.change_me(ann, {"email": email}, PASSWORD)
    await refused(house.app.change_me(ann, {"email": OTHER}, PASSWORD), TooManyRequests)
    assert await address_of(house, ann) == ANNS
    await house.app.change_me(ann, {"full_name": FullName("Ann")})


async def test_a_wrong_password_does_not_count_as_a_change(limited: House) -> None:
    house, ann = limited, await limited.somebody("ann")
    for _ in range(6):
        await refused(house.app.change_me(ann, {"email": OTHER}, "another password"), WrongPassword)
    assert (await house.app.change_me(ann, {"email": OTHER}, PASSWORD)).email == OTHER


async def test_a_password_that_was_changed_meanwhile_is_wrong(house: House, ann: Actor) -> None:
    use: Any = house.app.change_me

    class Slow:
        """While the password is checked, it is changed."""

        async def verify(self, password: str, password_hash: str | None, share: Share | None = None) -> bool:
            known: bool = await use.prove_password.passwords.verify(password, password_hash, share)
            async with use.open_identity(None) as identity:
                await identity.users.save_password_hash(ann.user_id, "another hash")
            return known

    slow = replace(use, prove_password=replace(use.prove_password, passwords=Slow()))
    await refused(slow(ann, {"email": OTHER}, PASSWORD), WrongPassword)
    assert await address_of(house, ann) == ANNS
