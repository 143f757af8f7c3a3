"""Changing one's password, and choosing a new one with a token that came by mail."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from adapters.memory.errands import MemoryErrands
from application.letters import Post, changed_letter, reset_letter
from application.ports.mail import Mail
from domain.access import NOWHERE, Actor, Origin
from domain.audit import Action, AuditEvent, Outcome, Resource
from domain.errors import (
    InvalidValue,
    NotAuthenticated,
    PasswordResetRefused,
    TooBusy,
    TooManyRequests,
    WrongCredentials,
    WrongPassword,
)
from domain.ids import SessionId, personal_space
from domain.password_reset import VALIDITY, PasswordReset
from domain.rates import PASSWORD_RESET_CONFIRM
from domain.user import Email, Password
from tests.unit.builders import (
    ANN,
    LATER,
    NOON,
    PASSWORD,
    TICK,
    CrowdedStore,
    House,
    Interrupted,
    InterruptedIdentity,
    WatchedStore,
)

NEW = Password("another horse battery")
COMMON = Password("password")
ANNS = Email("ann@example.org")
ORIGIN = Origin("192.0.2.7", "a browser", "a request")


async def asked(house: House, email: Email = ANNS, origin: Origin = ORIGIN) -> str:
    """The token that somebody gets by mail."""
    await house.app.request_password_reset(email, origin)
    await house.errands.run()
    return token_in(house.mailer.delivered[-1])


def token_in(mail: Mail) -> str:
    (found,) = re.findall(r"^refresh-\d+\.0$", mail.text, re.MULTILINE)
    return str(found)


async def is_signed_in(house: House, actor: Actor) -> bool:
    try:
        await house.app.get_me(actor)
    except NotAuthenticated:
        return False
    return True


async def signs_in_with(house: House, password: str) -> bool:
    try:
        await house.app.sign_in(ANNS, password)
    except WrongCredentials:
        return False
    return True


async def news(house: House, work: Awaitable[object]) -> list[AuditEvent]:
    """What is written down of something, oldest first."""
    async with house.store.begin(read_only=True) as contents:
        before = contents.audit_events
    await work
    async with house.store.begin(read_only=True) as contents:
        after = contents.audit_events
    return sorted((after[key] for key in after.keys() - before.keys()), key=lambda event: event.id)


async def refused(work: Awaitable[object], why: type[Exception]) -> None:
    with pytest.raises(why):
        await work


# Changing it


async def test_a_changed_password_signs_in_and_the_former_one_does_not(house: House) -> None:
    ann = await house.somebody("ann")
    await house.app.change_password(ann, PASSWORD, NEW)
    assert await signs_in_with(house, NEW)
    assert not await signs_in_with(house, PASSWORD)


async def test_a_change_ends_every_other_session_and_nobody_elses(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    others = [house.app.authenticate((await house.sign_in("ann")).access_token) for _ in range(3)]
    await house.app.change_password(ann, PASSWORD, NEW)
    assert [await is_signed_in(house, actor) for actor in (ann, ben, *others)] == [True, True, False, False, False]


async def test_a_change_is_written_down_with_the_sessions_that_it_ends(house: House) -> None:
    ann = replace(await house.somebody("ann"), origin=ORIGIN)
    other = house.app.authenticate((await house.sign_in("ann")).access_token)
    changed, ended = await news(house, house.app.change_password(ann, PASSWORD, NEW))
    assert (changed.action, changed.resource_type) == (Action.PASSWORD_CHANGE, Resource.ACCOUNT)
    assert (changed.resource_id, changed.changes) == (str(ann.user_id), {})
    assert (ended.action, ended.resource_type, ended.resource_id) == (
        Action.LOGOUT,
        Resource.SESSION,
        str(other.session_id),
    )
    for event in (changed, ended):
        home = personal_space(ann.user_id)
        assert (event.space_id, event.actor_id, event.outcome) == (home, ann.user_id, Outcome.SUCCESS)
        assert Origin(event.ip_address, event.user_agent, event.request_id) == ORIGIN


@pytest.mark.parametrize("current", ["wrong", "", PASSWORD.upper()])
async def test_a_wrong_password_changes_nothing_and_is_written_down(house: House, current: str) -> None:
    ann = replace(await house.somebody("ann"), origin=ORIGIN)
    await house.sign_in("ann")
    before = await house.contents()
    (event,) = await news(house, refused(house.app.change_password(ann, current, NEW), WrongPassword))
    assert await house.contents() == before
    assert (event.action, event.outcome) == (Action.PASSWORD_CHANGE, Outcome.DENIED)
    assert (event.resource_type, event.resource_id) == (Resource.ACCOUNT, str(ann.user_id))
    assert event.changes == {"reason": "wrong-password"}
    assert (event.space_id, event.actor_id) == (personal_space(ann.user_id), ann.user_id)
    assert event.ip_address == ORIGIN.ip_address
    assert house.errands.waiting == []


async def test_a_common_password_is_refused_before_anything_is_checked(house: House) -> None:
    ann = await house.somebody("ann")
    before = await house.contents()
    house.passwords.checked.clear()
    with pytest.raises(InvalidValue) as refusal:
        await house.app.change_password(ann, PASSWORD, COMMON)
    assert (refusal.value.reason, refusal.value.field) == ("common_password", "new_password")
    assert house.passwords.checked == []
    assert await house.contents() == before


async def test_without_a_living_session_nothing_is_said_of_passwords(house: House) -> None:
    ann = await house.somebody("ann")
    before, stranger = await house.contents(), Actor(ann.user_id, SessionId(ANN))
    house.passwords.checked.clear()
    for current, new in ((PASSWORD, NEW), ("wrong", NEW), (PASSWORD, COMMON)):
        await refused(house.app.change_password(stranger, current, new), NotAuthenticated)
    assert house.passwords.checked == []
    assert await house.contents() == before


async def test_a_session_that_ends_while_the_password_is_checked_changes_nothing(house: House) -> None:
    ann = await house.somebody("ann")

    async def sign_out() -> None:
        house.passwords.meanwhile = None
        await house.app.sign_out(ann)

    house.passwords.meanwhile = sign_out
    await refused(house.app.change_password(ann, PASSWORD, NEW), NotAuthenticated)
    assert await signs_in_with(house, PASSWORD)


async def test_a_hash_that_is_renewed_meanwhile_is_checked_once_more(house: House) -> None:
    ann = await house.somebody("ann")

    async def renew() -> None:
        house.passwords.meanwhile = None
        await house.change_account(ann.user_id, password_hash=f"2:{PASSWORD}")

    house.passwords.meanwhile = renew
    await house.app.change_password(ann, PASSWORD, NEW)
    assert await signs_in_with(house, NEW)


async def test_a_password_that_is_changed_meanwhile_is_not_changed_again(house: House) -> None:
    ann = await house.somebody("ann")

    async def change() -> None:
        await house.change_account(ann.user_id, password_hash="2:theirs, who were quicker")

    house.passwords.meanwhile = change
    await refused(house.app.change_password(ann, PASSWORD, NEW), WrongPassword)
    house.passwords.meanwhile = None
    assert await signs_in_with(house, "theirs, who were quicker")


async def test_an_account_that_changes_all_the_time_is_not_changed(house: House) -> None:
    ann = await house.somebody("ann")
    generations = iter(range(2, 10))

    async def renew() -> None:
        await house.change_account(ann.user_id, password_hash=f"{next(generations)}:{PASSWORD}")

    house.passwords.meanwhile = renew
    events = await news(house, refused(house.app.change_password(ann, PASSWORD, NEW), WrongPassword))
    assert [event.outcome for event in events] == [Outcome.DENIED]


async def test_no_transaction_is_open_while_a_password_is_checked_or_hashed() -> None:
    store = WatchedStore()
    house, seen = House(store), list[int]()
    ann = await house.somebody("ann")
    token = await asked(house)

    async def look() -> None:
        seen.append(store.open)

    house.passwords.meanwhile = look
    await house.app.confirm_password_reset(token, PASSWORD)
    ann = house.app.authenticate((await house.sign_in("ann")).access_token)
    await house.app.change_password(ann, PASSWORD, NEW)
    assert seen == [0] * 4


async def test_of_two_changes_at_once_one_succeeds() -> None:
    house = House(CrowdedStore())
    ann = await house.somebody("ann")
    work = [house.app.change_password(ann, PASSWORD, Password(f"{NEW} {number}")) for number in range(2)]
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [WrongPassword]


async def test_an_interrupted_change_leaves_nothing_behind_and_writes_to_nobody(house: House) -> None:
    ann = await house.somebody("ann")
    await house.sign_in("ann")
    token = await asked(house)
    before, door = await house.contents(), InterruptedIdentity(house.store, house.clock)
    change = replace(house.app.change_password, open_identity=door)
    confirm = replace(house.app.confirm_password_reset, open_identity=door)
    await refused(change(ann, PASSWORD, NEW), Interrupted)
    await refused(confirm(token, NEW), Interrupted)
    assert await house.contents() == before
    assert house.errands.waiting == []


async def test_the_owner_is_told_of_a_change(house: House) -> None:
    ann = replace(await house.somebody("ann"), origin=ORIGIN)
    house.clock.now = LATER
    await house.app.change_password(ann, PASSWORD, NEW)
    assert [(what, request_id) for what, request_id, _ in house.errands.waiting] == [("mail", ORIGIN.request_id)]
    await house.errands.run()
    assert house.mailer.delivered == [changed_letter(ANNS, origin=ORIGIN, at=LATER)]


async def test_a_change_holds_also_where_nobody_can_be_told(house: House) -> None:
    ann = await house.somebody("ann")
    post = Post(house.mailer, MemoryErrands(room=0))
    await replace(house.app.change_password, post=post)(ann, PASSWORD, NEW)
    assert await signs_in_with(house, NEW)


# Asking for a mail


async def test_the_token_goes_to_the_account_s_address(house: House) -> None:
    ann = await house.register("ann")
    token = await asked(house, Email("ANN@Example.ORG"))
    assert house.mailer.delivered == [reset_letter(ANNS, token, origin=ORIGIN, at=NOON)]
    kept = PasswordReset(user_id=ann.id, token_hash=token.encode(), created_at=NOON, expires_at=NOON + VALIDITY)
    assert (await house.contents()).password_resets == {ann.id: kept}


async def test_nothing_is_looked_up_before_the_answer(house: House) -> None:
    await house.register("ann")
    house.passwords.checked.clear()
    house.passwords.hashed.clear()
    before = await house.contents()
    for address in ("ann@example.org", "nobody@example.org"):
        await house.app.request_password_reset(Email(address), ORIGIN)
    assert [(what, request_id) for what, request_id, _ in house.errands.waiting] == [
        ("password reset", ORIGIN.request_id)
    ] * 2
    assert await house.contents() == before
    await house.errands.run()
    assert house.passwords.checked == house.passwords.hashed == []


@pytest.mark.parametrize("whose", ["nobody's", "an inactive account's"])
async def test_no_mail_goes_where_there_is_no_active_account(house: House, whose: str) -> None:
    if whose != "nobody's":
        await house.change_account((await house.register("ann")).id, is_active=False)
    before = await house.contents()
    await house.app.request_password_reset(ANNS, ORIGIN)
    await house.errands.run()
    assert house.mailer.delivered == []
    assert await house.contents() == before


async def test_where_there_is_no_room_everybody_is_asked_to_come_back(house: House) -> None:
    await house.register("ann")
    house.errands.room = 0
    for address in ("ann@example.org", "nobody@example.org"):
        await refused(house.app.request_password_reset(Email(address)), TooBusy)


async def test_a_mail_that_nobody_takes_is_no_secret_of_the_service(house: House) -> None:
    await house.register("ann")
    house.mailer.closed = True
    await house.app.request_password_reset(ANNS, ORIGIN)
    await house.errands.run()
    assert house.errands.failed == ["mail"]


# Choosing a new password


async def test_a_token_replaces_the_password_once(house: House) -> None:
    await house.register("ann")
    token = await asked(house)
    await house.app.confirm_password_reset(token, NEW)
    assert await signs_in_with(house, NEW)
    assert not await signs_in_with(house, PASSWORD)
    await refused(house.app.confirm_password_reset(token, PASSWORD), PasswordResetRefused)
    assert await signs_in_with(house, NEW)


async def test_a_token_ends_every_session_of_its_account_and_no_other(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    other = house.app.authenticate((await house.sign_in("ann")).access_token)
    await house.app.confirm_password_reset(await asked(house), NEW)
    assert [await is_signed_in(house, actor) for actor in (ann, other, ben)] == [False, False, True]


async def test_a_new_password_is_written_down_with_the_sessions_that_it_ends(house: House) -> None:
    ann, token = await house.somebody("ann"), await asked(house)
    changed, ended = await news(house, house.app.confirm_password_reset(token, NEW, ORIGIN))
    assert (changed.action, changed.resource_type) == (Action.PASSWORD_CHANGE, Resource.ACCOUNT)
    assert (ended.action, ended.resource_id) == (Action.LOGOUT, str(ann.session_id))
    for event in (changed, ended):
        assert (event.space_id, event.actor_id) == (personal_space(ann.user_id), ann.user_id)
        assert Origin(event.ip_address, event.user_agent, event.request_id) == ORIGIN
        assert token not in repr(event)


async def test_the_owner_is_told_of_a_new_password(house: House) -> None:
    await house.register("ann")
    token = await asked(house)
    await house.app.confirm_password_reset(token, NEW, ORIGIN)
    await house.errands.run()
    assert house.mailer.delivered[1:] == [changed_letter(ANNS, origin=ORIGIN, at=NOON)]


async def test_a_token_works_to_its_last_moment(house: House) -> None:
    await house.register("ann")
    token = await asked(house)
    house.clock.now = NOON + VALIDITY - TICK
    await house.app.confirm_password_reset(token, NEW)
    assert await signs_in_with(house, NEW)


async def expire(house: House, actor: Actor) -> None:
    house.clock.now = NOON + VALIDITY


async def ask_again(house: House, actor: Actor) -> None:
    await asked(house)


async def change_password(house: House, actor: Actor) -> None:
    await house.app.change_password(actor, PASSWORD, Password("the third one of them"))


async def change_address(house: House, actor: Actor) -> None:
    await house.app.change_me(actor, {"email": Email("other@example.org")}, PASSWORD)


async def change_address_and_back(house: House, actor: Actor) -> None:
    await change_address(house, actor)
    await house.app.change_me(actor, {"email": ANNS}, PASSWORD)


async def deactivate(house: House, actor: Actor) -> None:
    await house.change_account(actor.user_id, is_active=False)


async def remove(house: House, actor: Actor) -> None:
    async with house.store.begin(read_only=False) as contents:
        del contents.accounts[actor.user_id]
        del contents.password_resets[actor.user_id]


Void = Callable[[House, Actor], Awaitable[None]]
VOIDS: list[Void] = [
    expire,
    ask_again,
    change_password,
    change_address,
    change_address_and_back,
    deactivate,
    remove,
]


@pytest.mark.parametrize("void", VOIDS)
@pytest.mark.parametrize("when", ["before", "while the new one is hashed"])
async def test_a_token_that_is_void_changes_nothing(house: House, void: Void, when: str) -> None:
    ann = await house.somebody("ann")
    token = await asked(house)
    if when == "before":
        await void(house, ann)
        before = await house.contents()
    else:

        async def meanwhile() -> None:
            nonlocal before
            house.passwords.meanwhile = None
            await void(house, ann)
            before = await house.contents()

        before = await house.contents()
        house.passwords.meanwhile = meanwhile
    with pytest.raises(PasswordResetRefused) as refusal:
        await house.app.confirm_password_reset(token, NEW)
    assert refusal.value.args == ()
    assert await house.contents() == before


@pytest.mark.parametrize("token", ["", "refresh-1.0", "nonsense", "\ud800", "x" * 4096])
async def test_a_token_that_nobody_was_given_is_refused_without_hashing(house: House, token: str) -> None:
    await house.register("ann")
    house.passwords.hashed.clear()
    hashed = replace(house.app.confirm_password_reset, tokens=_Digested())
    await refused(hashed(token, NEW), PasswordResetRefused)
    assert house.passwords.hashed == []


async def test_an_expired_token_is_refused_without_hashing(house: House) -> None:
    await house.register("ann")
    token = await asked(house)
    house.clock.advance(VALIDITY)
    house.passwords.hashed.clear()
    await refused(house.app.confirm_password_reset(token, NEW), PasswordResetRefused)
    assert house.passwords.hashed == []


async def test_a_token_for_an_account_that_is_not_active_is_refused_without_hashing(house: House) -> None:
    ann = await house.register("ann")
    token = await asked(house)
    async with house.app.change_me.open_identity(None) as identity:
        await identity.users.save(replace(ann, is_active=False))
    house.passwords.hashed.clear()
    await refused(house.app.confirm_password_reset(token, NEW), PasswordResetRefused)
    assert house.passwords.hashed == []


async def test_an_address_can_present_so_many_tokens() -> None:
    house = House(is_limited=True)
    await house.register("ann")
    token = await asked(house)
    for _ in range(PASSWORD_RESET_CONFIRM.amount):
        await refused(house.app.confirm_password_reset("nonsense", NEW, ORIGIN), PasswordResetRefused)
    house.passwords.hashed.clear()
    with pytest.raises(TooManyRequests) as found:
        await house.app.confirm_password_reset(token, NEW, ORIGIN)
    assert found.value.rate == PASSWORD_RESET_CONFIRM
    assert house.passwords.hashed == []
    await house.app.confirm_password_reset(token, NEW, Origin("198.51.100.9"))


class _Digested:
    def new(self) -> str:
        return "new"

    def hash(self, token: str) -> bytes:
        return token.encode(errors="surrogatepass") * 2


async def test_the_newest_token_works(house: House) -> None:
    await house.register("ann")
    await asked(house)
    await house.app.confirm_password_reset(await asked(house), NEW)
    assert await signs_in_with(house, NEW)


@pytest.mark.parametrize("token", ["the right one", "nonsense"])
async def test_a_common_password_is_refused_and_does_not_use_the_token_up(house: House, token: str) -> None:
    await house.register("ann")
    right = await asked(house)
    with pytest.raises(InvalidValue) as refusal:
        await house.app.confirm_password_reset(right if token == "the right one" else token, COMMON)
    assert (refusal.value.reason, refusal.value.field) == ("common_password", "new_password")
    await house.app.confirm_password_reset(right, NEW)


async def test_another_change_of_ones_account_leaves_the_token_alone(house: House) -> None:
    ann = await house.somebody("ann")
    token = await asked(house)
    await house.app.change_me(ann, {"full_name": None, "email": ANNS}, PASSWORD)
    await house.app.confirm_password_reset(token, NEW)


async def test_of_twenty_at_once_with_one_token_one_succeeds() -> None:
    house = House(CrowdedStore())
    await house.register("ann")
    token = await asked(house)
    work = [house.app.confirm_password_reset(token, Password(f"{NEW} {number}")) for number in range(20)]
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType"] + ["PasswordResetRefused"] * 19


async def test_one_account_s_token_is_no_use_for_another(house: House) -> None:
    await house.register("ann")
    ben = await house.somebody("ben")
    await house.app.confirm_password_reset(await asked(house), NEW)
    assert await is_signed_in(house, ben)
    assert await house.sign_in("ben")


# What is written to people


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7"])
def test_a_letter_says_when_and_from_where(address: str) -> None:
    for mail in letters(Origin(address)):
        assert f"That was on 2026-05-01 at 12:00 UTC, from the address {address}." in mail.text


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "testclient",
        "192.0.2.7\r\nBcc: eve@example.org",
        "192.0.2.7 Click https://evil.example",
        "fe80::1%\r\nBcc: eve@example.org",
        "fe80::1%eve",
    ],
)
def test_nothing_but_an_address_is_repeated_of_where_a_request_comes_from(text: str | None) -> None:
    for mail in letters(Origin(text, "Mozilla\r\nBcc: eve@example.org", "a request\r\n")):
        assert "from an unknown address." in mail.text
        assert mail.text == next(iter(other.text for other in letters(NOWHERE) if other.subject == mail.subject))


def letters(origin: Origin) -> list[Mail]:
    return [reset_letter(ANNS, "the token", origin=origin, at=NOON), changed_letter(ANNS, origin=origin, at=NOON)]


def test_a_letter_is_plain_and_short(house: House) -> None:
    for mail in letters(ORIGIN):
        assert mail.text.isascii()
        assert max(len(line) for line in mail.text.splitlines()) < 78
        assert len(mail.subject.splitlines()) == 1
        assert "Taskward" in mail.subject


def test_only_the_letter_with_the_token_holds_it_and_says_how_long_it_works() -> None:
    reset, changed = letters(ORIGIN)
    assert reset.text.splitlines().count("the token") == 1
    assert "30 minutes" in reset.text
    assert "the token" not in changed.text


def test_a_letter_shows_itself_to_nobody() -> None:
    for mail in letters(ORIGIN):
        assert ANNS not in repr(mail)
        assert "That was" not in repr(mail)
