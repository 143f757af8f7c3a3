"""Signing in, staying signed in, signing out: and everything that ends a session."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

import pytest

from adapters.memory.application import ACCESS_LIFETIME, LIMITS
from adapters.memory.passwords import MemoryPasswords
from adapters.memory.tokens import MemoryAccessTokens, MemoryRefreshTokens
from application.authentication import Refresh, TokenPair
from domain.access import Actor
from domain.errors import NotAuthenticated, RefreshRefused, WrongCredentials
from domain.ids import SessionId
from domain.session import RefreshToken, Session
from domain.shares import Share
from domain.user import Email, Password, User, UserRole
from tests.unit.builders import (
    ANN,
    LATER,
    NOON,
    PASSWORD,
    SESSION,
    TICK,
    BrokenAccessTokens,
    CrowdedStore,
    House,
    Interrupted,
    InterruptedIdentity,
    WatchedStore,
    unhindered,
)


class NotedAccessTokens(MemoryAccessTokens):
    """Remember whom tokens were issued to, and when."""

    def __init__(self) -> None:
        super().__init__(ACCESS_LIFETIME)
        self.issued: list[tuple[User, SessionId, datetime]] = []

    def issue(self, user: User, session_id: SessionId, *, at: datetime) -> str:
        self.issued.append((user, session_id, at))
        return super().issue(user, session_id, at=at)


class GulliblePasswords(MemoryPasswords):
    """Take every password for the right one."""

    async def verify(self, password: str, password_hash: str | None, share: Share | None = None) -> bool:
        return True


class KeyedRefreshTokens(MemoryRefreshTokens):
    """Successors depend on a key; some keys are in use."""

    def __init__(self, *keys: str) -> None:
        super().__init__()
        self.keys = keys

    def successors(self, token: str) -> Iterable[str]:
        return [f"{token}/{key}" for key in self.keys]


class HashedRefreshTokens(MemoryRefreshTokens):
    """Tokens whose hash is not the token itself."""

    def hash(self, token: str) -> bytes:
        return sha256(token.encode()).digest()


for_every_refusal = pytest.mark.parametrize(
    ("address", "password", "is_active"),
    [
        pytest.param("ben@example.org", PASSWORD, True, id="unknown"),
        pytest.param("not an address", PASSWORD, True, id="malformed"),
        pytest.param("\ud800@example.org", PASSWORD, True, id="unstorable"),
        pytest.param("ann@example.org", "wrong", True, id="wrong password"),
        pytest.param("ann@example.org", "", True, id="no password"),
        pytest.param("ann@example.org", PASSWORD, False, id="inactive"),
    ],
)

# Signing in


async def test_signing_in_starts_a_session(house: House) -> None:
    ann = await house.register("ann")
    pair = await house.sign_in("ann")
    actor = house.app.authenticate(pair.access_token)
    assert actor.user_id == ann.id
    assert await house.session(actor) == Session.begin(id=actor.session_id, user_id=ann.id, limits=LIMITS, at=NOON)


async def test_a_session_starts_with_one_unused_refresh_token(house: House) -> None:
    await house.register("ann")
    pair = await house.sign_in("ann")
    actor = house.app.authenticate(pair.access_token)
    first = RefreshToken(hash=pair.refresh_token.encode(), session_id=actor.session_id, issued_at=NOON)
    assert (await house.contents()).refresh_tokens == {first.hash: first}


async def test_the_answer_says_how_long_the_access_token_lives(house: House) -> None:
    await house.register("ann")
    assert (await house.sign_in("ann")).lifetime == ACCESS_LIFETIME


@pytest.mark.parametrize("address", ["ANN@Example.ORG", "  ann@example.org\n"])
async def test_an_address_may_be_written_as_people_do(house: House, address: str) -> None:
    ann = await house.register("ann")
    pair = await house.app.sign_in(address, PASSWORD)
    assert house.app.authenticate(pair.access_token).user_id == ann.id


async def test_every_sign_in_is_a_session_of_its_own(house: House) -> None:
    await house.register("ann")
    pairs = [await house.sign_in("ann") for _ in range(3)]
    assert len({pair.refresh_token for pair in pairs}) == 3
    assert len({house.app.authenticate(pair.access_token).session_id for pair in pairs}) == 3


@for_every_refusal
async def test_every_refused_sign_in_has_the_same_answer(
    house: House, address: str, password: str, *, is_active: bool
) -> None:
    await house.change_account((await house.register("ann")).id, is_active=is_active)
    with pytest.raises(WrongCredentials) as refused:
        await house.app.sign_in(address, password)
    assert type(refused.value) is WrongCredentials
    assert refused.value.args == ()


@for_every_refusal
async def test_every_refused_sign_in_takes_one_check_of_a_password(
    house: House, address: str, password: str, *, is_active: bool
) -> None:
    await house.change_account((await house.register("ann")).id, is_active=is_active)
    with pytest.raises(WrongCredentials):
        await house.app.sign_in(address, password)
    assert house.passwords.checked == [f"1:{PASSWORD}" if address == "ann@example.org" else None]


@for_every_refusal
async def test_no_refused_sign_in_leaves_anything_behind(
    house: House, address: str, password: str, *, is_active: bool
) -> None:
    await house.change_account((await house.register("ann")).id, is_active=is_active)
    house.passwords.generation = 2
    house.passwords.hashed.clear()
    before = await house.contents()
    with pytest.raises(WrongCredentials):
        await house.app.sign_in(address, password)
    assert await house.contents() == before
    assert house.passwords.hashed == []


async def test_an_unknown_address_is_refused_whatever_the_check_says(house: House) -> None:
    start_session = replace(house.app.sign_in.start_session, passwords=GulliblePasswords())
    with pytest.raises(WrongCredentials):
        await replace(house.app.sign_in, start_session=start_session)("ann@example.org", PASSWORD)


async def test_an_outdated_hash_is_renewed(house: House) -> None:
    ann = await house.register("ann")
    house.passwords.generation = 2
    await house.sign_in("ann")
    assert (await house.contents()).accounts[ann.id].password_hash == f"2:{PASSWORD}"
    assert await house.sign_in("ann")


async def test_of_two_sign_ins_at_once_both_succeed_though_one_renews_the_hash() -> None:
    house = House(CrowdedStore())
    await house.register("ann")
    house.passwords.generation = 2
    pairs = await asyncio.gather(house.sign_in("ann"), house.sign_in("ann"))
    assert len({house.app.authenticate(pair.access_token).session_id for pair in pairs}) == 2


COMPOSED, DECOMPOSED = "correct horse batt\u00e9ry", "correct horse batte\u0301ry"


@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED])
async def test_a_password_may_be_typed_in_any_form(house: House, typed: str) -> None:
    await house.app.register(Email("ann@example.org"), Password(DECOMPOSED), None)
    before = await house.contents()
    assert await house.app.sign_in("ann@example.org", typed)
    assert (await house.contents()).accounts == before.accounts


async def test_a_hash_of_the_text_as_typed_is_renewed(house: House) -> None:
    ann = await house.register("ann")
    async with house.store.begin(read_only=False) as contents:
        contents.accounts[ann.id] = replace(contents.accounts[ann.id], password_hash=f"1:{DECOMPOSED}")
    with pytest.raises(WrongCredentials):
        await house.app.sign_in("ann@example.org", COMPOSED)
    assert await house.app.sign_in("ann@example.org", DECOMPOSED)
    assert (await house.contents()).accounts[ann.id].password_hash == f"1:{COMPOSED}"
    assert await house.app.sign_in("ann@example.org", COMPOSED)


async def test_a_hash_of_today_stays_as_it_is(house: House) -> None:
    await house.register("ann")
    before = (await house.contents()).accounts
    house.passwords.hashed.clear()
    await house.sign_in("ann")
    assert house.passwords.hashed == []
    assert (await house.contents()).accounts == before


@pytest.mark.parametrize(
    "change",
    [
        {"password_hash": "1:another password"},
        {"is_active": False},
        {"email": Email("other@example.org")},
    ],
    ids=["password", "inactive", "address"],
)
async def test_an_account_that_changes_while_its_password_is_checked_is_not_signed_in_to(
    house: House, change: dict[str, Any]
) -> None:
    ann = await house.register("ann")
    house.passwords.generation = 2
    house.passwords.meanwhile = lambda: house.change_account(ann.id, **change)
    with pytest.raises(WrongCredentials):
        await house.sign_in("ann")
    contents = await house.contents()
    assert not contents.sessions
    assert not contents.refresh_tokens
    assert contents.accounts[ann.id].password_hash == change.get("password_hash", f"1:{PASSWORD}")


async def test_an_account_that_changes_at_every_check_is_not_signed_in_to(house: House) -> None:
    ann = await house.register("ann")
    hashes = (f"{generation}:{PASSWORD}" for generation in count(2))
    house.passwords.meanwhile = lambda: house.change_account(ann.id, password_hash=next(hashes))
    with pytest.raises(WrongCredentials):
        await house.sign_in("ann")
    assert not (await house.contents()).sessions
    assert len(house.passwords.checked) == 2


async def test_a_token_is_issued_for_the_account_as_it_is_after_the_check(house: House) -> None:
    ann = await house.register("ann")
    tokens = NotedAccessTokens()
    house.passwords.meanwhile = lambda: house.change_account(ann.id, role=UserRole.ADMIN)
    await replace(house.app.sign_in, access_tokens=tokens)("ann@example.org", PASSWORD)
    (session_id,) = (await house.contents()).sessions
    assert tokens.issued == [(replace(ann, role=UserRole.ADMIN), session_id, NOON)]


async def test_no_transaction_is_open_while_a_password_is_at_work() -> None:
    store = WatchedStore()
    house, seen = House(store), list[int]()
    await house.register("ann")
    house.passwords.generation = 2

    async def look() -> None:
        seen.append(store.open)

    house.passwords.meanwhile = look
    await house.sign_in("ann")
    assert seen == [0, 0]


async def test_looking_for_an_account_waits_for_nobody_who_writes(house: House) -> None:
    async with house.store.begin(read_only=False):
        with pytest.raises(WrongCredentials):
            await unhindered(house.sign_in("nobody"))


async def test_an_interrupted_sign_in_leaves_nothing_behind(house: House) -> None:
    await house.register("ann")
    house.passwords.generation = 2
    before = await house.contents()
    with pytest.raises(Interrupted):
        await replace(house.app.sign_in, access_tokens=BrokenAccessTokens())("ann@example.org", PASSWORD)
    assert await house.contents() == before


def test_tokens_show_themselves_to_nobody() -> None:
    assert repr(TokenPair("access", "refresh", timedelta(1))) == "TokenPair(lifetime=datetime.timedelta(days=1))"


# Telling who somebody is


async def test_an_access_token_is_good_for_its_lifetime(house: House) -> None:
    ann = await house.register("ann")
    pair = await house.sign_in("ann")
    house.clock.advance(ACCESS_LIFETIME - TICK)
    assert house.app.authenticate(pair.access_token).user_id == ann.id
    house.clock.advance(TICK)
    with pytest.raises(NotAuthenticated):
        house.app.authenticate(pair.access_token)


@pytest.mark.parametrize("which", ["nothing", "refresh token", "made up"])
async def test_what_is_no_access_token_proves_nothing(house: House, which: str) -> None:
    await house.register("ann")
    pair = await house.sign_in("ann")
    with pytest.raises(NotAuthenticated):
        house.app.authenticate({"nothing": "", "refresh token": pair.refresh_token, "made up": "access-9"}[which])


async def test_a_session_that_is_alive_passes(house: House) -> None:
    ann = await house.somebody("ann")
    before = await house.contents()
    house.clock.advance(LIMITS.idle - TICK)
    await house.app.check_session(ann)
    assert await house.contents() == before


async def test_checking_a_session_waits_for_nobody_who_writes(house: House) -> None:
    ann = await house.somebody("ann")
    async with house.store.begin(read_only=False):
        await unhindered(house.app.check_session(ann))


async def test_an_expired_session_does_not_pass(house: House) -> None:
    ann = await house.somebody("ann")
    house.clock.advance(LIMITS.idle)
    await assert_signed_out(house, ann)


async def test_a_session_of_an_inactive_account_does_not_pass(house: House) -> None:
    ann = await house.somebody("ann")
    await house.change_account(ann.user_id, is_active=False)
    await assert_signed_out(house, ann)


async def test_a_session_that_does_not_exist_or_is_anothers_does_not_pass(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    for stranger in (Actor(ann.user_id, SESSION), Actor(ANN, ann.session_id), Actor(ann.user_id, ben.session_id)):
        await assert_signed_out(house, stranger)


async def assert_signed_out(house: House, actor: Actor) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        await house.app.check_session(actor)
    assert type(refused.value) is NotAuthenticated


# Staying signed in


async def signed_in(house: House) -> tuple[Actor, str]:
    """Ann, and her first refresh token."""
    await house.register("ann")
    pair = await house.sign_in("ann")
    return house.app.authenticate(pair.access_token), pair.refresh_token


async def assert_stolen(house: House, actor: Actor, token: str, *, refresh: Refresh | None = None) -> None:
    """The token is refused, and its session is over from now on for whoever holds it."""
    before = await house.contents()
    with pytest.raises(RefreshRefused):
        await (refresh or house.app.refresh)(token)
    session = before.sessions[actor.session_id].revoke(at=house.clock())
    assert await house.contents() == replace(before, sessions=before.sessions | {actor.session_id: session})
    await assert_signed_out(house, actor)
    for kept in before.refresh_tokens:
        with pytest.raises(RefreshRefused):
            await house.app.refresh(kept.decode())


async def assert_refused(house: House, token: str) -> None:
    """The token is refused, and that is all."""
    before = await house.contents()
    with pytest.raises(RefreshRefused):
        await house.app.refresh(token)
    assert await house.contents() == before


async def test_a_refresh_gives_a_new_pair_for_the_same_session(house: House) -> None:
    ann, first = await signed_in(house)
    house.clock.now = LATER
    pair = await house.app.refresh(first)
    assert pair.refresh_token != first
    assert pair.lifetime == ACCESS_LIFETIME
    assert house.app.authenticate(pair.access_token) == ann


async def test_a_refresh_replaces_the_token_and_renews_the_session(house: House) -> None:
    ann, first = await signed_in(house)
    before = await house.contents()
    house.clock.now = LATER
    second = (await house.app.refresh(first)).refresh_token.encode()
    after = await house.contents()
    used = before.refresh_tokens[first.encode()].replaced_by(second, at=LATER)
    following = RefreshToken(hash=second, session_id=ann.session_id, issued_at=LATER)
    renewed = before.sessions[ann.session_id].renew(limits=LIMITS, at=LATER)
    assert after.refresh_tokens == {used.hash: used, second: following}
    assert after.sessions == {ann.session_id: renewed}


async def test_refresh_tokens_are_kept_as_their_hashes(house: House) -> None:
    tokens = HashedRefreshTokens()
    await house.register("ann")
    first = (await replace(house.app.sign_in, refresh_tokens=tokens)("ann@example.org", PASSWORD)).refresh_token
    refresh = replace(house.app.refresh, refresh_tokens=tokens)
    second = (await refresh(first)).refresh_token
    assert (await refresh(first)).refresh_token == second
    kept = (await house.contents()).refresh_tokens
    assert kept.keys() == {tokens.hash(first), tokens.hash(second)}
    assert kept[tokens.hash(first)].successor == tokens.hash(second)


async def test_the_new_access_token_is_good_from_now_on(house: House) -> None:
    ann, first = await signed_in(house)
    house.clock.advance(ACCESS_LIFETIME)
    pair = await house.app.refresh(first)
    house.clock.advance(ACCESS_LIFETIME - TICK)
    assert house.app.authenticate(pair.access_token) == ann


async def test_a_token_is_issued_for_the_account_as_it_is_now(house: House) -> None:
    ann, first = await signed_in(house)
    tokens = NotedAccessTokens()
    await house.change_account(ann.user_id, role=UserRole.ADMIN)
    await replace(house.app.refresh, access_tokens=tokens)(first)
    assert [(user.role, session_id) for user, session_id, _ in tokens.issued] == [(UserRole.ADMIN, ann.session_id)]


async def test_a_session_that_is_used_lives_on_until_its_absolute_end(house: House) -> None:
    ann, token = await signed_in(house)
    for _ in range(4):
        house.clock.advance(LIMITS.idle - TICK)
        token = (await house.app.refresh(token)).refresh_token
    house.clock.now = NOON + LIMITS.total - TICK
    token = (await house.app.refresh(token)).refresh_token
    await house.app.check_session(ann)
    house.clock.advance(TICK)
    await assert_refused(house, token)
    await assert_signed_out(house, ann)


@pytest.mark.parametrize("waited", [timedelta(0), LIMITS.grace - TICK])
async def test_a_lost_answer_is_given_again(house: House, waited: timedelta) -> None:
    ann, first = await signed_in(house)
    house.clock.now = LATER
    lost = await house.app.refresh(first)
    before = await house.contents()
    house.clock.advance(waited)
    again = await house.app.refresh(first)
    assert again.refresh_token == lost.refresh_token
    assert again.lifetime == ACCESS_LIFETIME
    assert house.app.authenticate(again.access_token) == ann
    assert await house.contents() == before


async def test_a_repeated_answer_can_be_used(house: House) -> None:
    ann, first = await signed_in(house)
    await house.app.refresh(first)
    again = await house.app.refresh(first)
    assert house.app.authenticate((await house.app.refresh(again.refresh_token)).access_token) == ann


async def test_a_token_used_again_after_the_grace_period_is_stolen(house: House) -> None:
    ann, first = await signed_in(house)
    await house.app.refresh(first)
    house.clock.advance(LIMITS.grace)
    await assert_stolen(house, ann, first)


async def test_without_a_grace_period_every_second_use_is_theft(house: House) -> None:
    ann, first = await signed_in(house)
    await house.app.refresh(first)
    strict = replace(house.app.refresh, limits=replace(LIMITS, grace=timedelta(0)))
    await assert_stolen(house, ann, first, refresh=strict)


@pytest.mark.parametrize("generation", [0, 1])
async def test_a_token_from_further_back_is_stolen_even_within_the_grace_period(house: House, generation: int) -> None:
    ann, first = await signed_in(house)
    chain = [first]
    for _ in range(3):
        chain.append((await house.app.refresh(chain[-1])).refresh_token)
    await assert_stolen(house, ann, chain[generation])


async def test_a_theft_ends_no_other_session(house: House) -> None:
    ann, first = await signed_in(house)
    other = await house.sign_in("ann")
    await house.app.refresh(first)
    house.clock.advance(LIMITS.grace)
    with pytest.raises(RefreshRefused):
        await house.app.refresh(first)
    await assert_signed_out(house, ann)
    await house.app.check_session(house.app.authenticate(other.access_token))
    assert await house.app.refresh(other.refresh_token)


async def test_an_unknown_token_is_refused(house: House) -> None:
    await signed_in(house)
    for unknown in ("refresh-9.0", "", "\N{PILE OF POO}"):
        await assert_refused(house, unknown)


async def test_an_access_token_is_no_refresh_token(house: House) -> None:
    await house.register("ann")
    await assert_refused(house, (await house.sign_in("ann")).access_token)


async def test_an_inactive_account_is_not_refreshed(house: House) -> None:
    ann, first = await signed_in(house)
    await house.change_account(ann.user_id, is_active=False)
    await assert_refused(house, first)


async def test_an_expired_session_is_not_refreshed(house: House) -> None:
    _, first = await signed_in(house)
    house.clock.advance(LIMITS.idle)
    await assert_refused(house, first)


async def test_a_session_that_was_signed_out_is_not_refreshed(house: House) -> None:
    ann, first = await signed_in(house)
    await house.app.sign_out(ann)
    await assert_refused(house, first)


async def test_a_successor_is_made_with_the_first_key(house: House) -> None:
    _, first = await signed_in(house)
    refresh = replace(house.app.refresh, refresh_tokens=KeyedRefreshTokens("new", "old"))
    assert (await refresh(first)).refresh_token == f"{first}/new"


async def test_a_lost_answer_is_given_again_though_there_is_a_new_key(house: House) -> None:
    _, first = await signed_in(house)
    lost = await replace(house.app.refresh, refresh_tokens=KeyedRefreshTokens("old"))(first)
    again = await replace(house.app.refresh, refresh_tokens=KeyedRefreshTokens("new", "old"))(first)
    assert again.refresh_token == lost.refresh_token == f"{first}/old"


async def test_an_answer_that_a_retired_key_gave_cannot_be_given_again(house: House) -> None:
    ann, first = await signed_in(house)
    await replace(house.app.refresh, refresh_tokens=KeyedRefreshTokens("old"))(first)
    new = replace(house.app.refresh, refresh_tokens=KeyedRefreshTokens("new"))
    await assert_stolen(house, ann, first, refresh=new)


async def test_twenty_refreshes_at_once_have_one_successor() -> None:
    house = House(CrowdedStore())
    ann, first = await signed_in(house)
    pairs = await asyncio.gather(*(house.app.refresh(first) for _ in range(20)))
    (successor,) = {pair.refresh_token for pair in pairs}
    assert (await house.contents()).refresh_tokens.keys() == {first.encode(), successor.encode()}
    assert {house.app.authenticate(pair.access_token) for pair in pairs} == {ann}


async def test_an_interrupted_refresh_leaves_the_token_unused(house: House) -> None:
    _, first = await signed_in(house)
    before = await house.contents()
    with pytest.raises(Interrupted):
        await replace(house.app.refresh, access_tokens=BrokenAccessTokens())(first)
    assert await house.contents() == before
    assert await house.app.refresh(first)


# Signing out


async def test_signing_out_ends_the_session_now(house: House) -> None:
    ann, first = await signed_in(house)
    before = await house.contents()
    house.clock.now = LATER
    await house.app.sign_out(ann)
    session = before.sessions[ann.session_id].revoke(at=LATER)
    assert await house.contents() == replace(before, sessions={ann.session_id: session})
    await assert_signed_out(house, ann)
    await assert_refused(house, first)


async def test_nobody_signs_out_twice(house: House) -> None:
    ann = await house.somebody("ann")
    await house.app.sign_out(ann)
    before = await house.contents()
    with pytest.raises(NotAuthenticated):
        await house.app.sign_out(ann)
    assert await house.contents() == before


async def test_signing_out_ends_no_other_session(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    other = house.app.authenticate((await house.sign_in("ann")).access_token)
    await house.app.sign_out(ann)
    await house.app.check_session(other)
    await house.app.check_session(ben)


async def test_an_interrupted_sign_out_says_so_and_leaves_the_session(house: House) -> None:
    ann = await house.somebody("ann")
    sign_out = replace(house.app.sign_out, open_identity=InterruptedIdentity(house.store, house.clock))
    with pytest.raises(Interrupted):
        await sign_out(ann)
    await house.app.check_session(ann)


async def test_a_password_that_is_too_short_today_still_opens_the_account(house: House) -> None:
    ann = await house.register("ann")
    await house.change_account(ann.id, password_hash="1:short")
    house.passwords.generation = 2
    assert await house.app.sign_in("ann@example.org", "short")
    assert (await house.contents()).accounts[ann.id].password_hash == "1:short"


async def test_a_stolen_token_ends_the_session_of_an_inactive_account_too(house: House) -> None:
    ann = await house.register("ann")
    first = await house.sign_in("ann")
    second = await house.app.refresh(first.refresh_token)
    await house.app.refresh(second.refresh_token)
    await house.change_account(ann.id, is_active=False)
    with pytest.raises(RefreshRefused):
        await house.app.refresh(first.refresh_token)
    (session,) = (await house.contents()).sessions.values()
    assert session.revoked_at == house.clock()
