"""The exam of the port OpenIdentity: accounts, sessions and ways back."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from application.ports.identity import Credentials
from application.ports.reading import OpenedForReading
from domain.access import Actor
from domain.errors import EmailTaken, NotAuthenticated, NotFound
from domain.ids import SessionId, UserId
from domain.password_reset import PasswordReset
from domain.user import Email, FullName, User, UserRole
from tests.support.people import LIMITS, People, new_email, new_id
from tests.support.stores import NOON, Store


async def test_an_account_comes_back_as_it_was(store: Store, people: People) -> None:
    user = replace(
        people.a_user(), full_name=FullName("Ann 'O\u202e' \U0001f600"), role=UserRole.ADMIN, is_active=False
    )
    async with store.open_identity(None) as identity:
        await identity.users.add(Credentials(user, "a hash"))
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.users.get(user.id) == user
        assert await identity.users.with_email(user.email) == Credentials(user, "a hash")


async def test_an_address_is_found_without_regard_to_case(store: Store, people: People) -> None:
    user = await people.register()
    async with store.open_identity(None, read_only=True) as identity:
        found = await identity.users.with_email(Email(user.email.upper()))
        assert found is not None
        assert found.user == user
        assert await identity.users.with_email(new_email()) is None


async def test_an_address_belongs_to_one_account(store: Store, people: People) -> None:
    user = await people.register()
    with pytest.raises(EmailTaken):
        await people.register(email=Email(user.email.upper()))
    other = await people.register()
    with pytest.raises(EmailTaken):
        await save(store, people, other.id, Email(user.email.title()))
    async with store.open_identity(None, read_only=True) as identity:
        assert (await identity.users.get(other.id)).email == other.email


async def save(store: Store, people: People, user_id: UserId, email: Email) -> None:
    async with store.open_identity(None) as identity:
        user = await identity.users.get(user_id)
        await identity.users.save(user.change({"email": email}, at=NOON))


async def test_of_ten_who_register_one_address_at_once_one_succeeds(store: Store, people: People) -> None:
    email = new_email()
    outcomes = await asyncio.gather(*(people.register(email=email) for _ in range(10)), return_exceptions=True)
    taken = [outcome for outcome in outcomes if isinstance(outcome, EmailTaken)]
    assert len(taken) == 9


async def test_every_change_of_an_account_is_kept(store: Store, people: People) -> None:
    user = await people.register()
    changed = replace(
        user,
        email=new_email(),
        full_name=FullName("New"),
        role=UserRole.ADMIN,
        is_active=False,
        updated_at=NOON + timedelta(days=1),
    )
    async with store.open_identity(None) as identity:
        await identity.users.save(changed)
        await identity.users.save_password_hash(user.id, "another hash")
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.users.with_email(changed.email) == Credentials(changed, "another hash")
        assert await identity.users.with_email(user.email) is None


async def test_what_nobody_has_is_not_found(store: Store) -> None:
    async with store.open_identity(None, read_only=True) as identity:
        with pytest.raises(NotFound):
            await identity.users.get(UserId(new_id()))
        with pytest.raises(NotFound):
            await identity.sessions.get(SessionId(new_id()))
        assert await identity.sessions.token(b"unknown") is None


async def test_a_session_and_its_token_come_back_as_they_were(store: Store, people: People) -> None:
    session, token = people.a_session(await people.register())
    session = replace(session, revoked_at=NOON)
    async with store.open_identity(None) as identity:
        await identity.sessions.add(session, token)
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.sessions.get(session.id) == session
        assert await identity.sessions.token(token.hash) == token


async def test_a_renewed_and_a_revoked_session_are_kept(store: Store, people: People) -> None:
    session, token = people.a_session(await people.register())
    later = NOON + timedelta(days=3)
    changed = session.renew(limits=LIMITS, at=later).revoke(at=later)
    async with store.open_identity(None) as identity:
        await identity.sessions.add(session, token)
        await identity.sessions.save(changed)
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.sessions.get(session.id) == changed


async def test_a_replaced_token_knows_its_successor(store: Store, people: People) -> None:
    session, token = people.a_session(await people.register())
    successor = replace(token, hash=b"next of " + token.hash)
    used = token.replaced_by(successor.hash, at=NOON)
    async with store.open_identity(None) as identity:
        await identity.sessions.add(session, token)
        await identity.sessions.replace_token(used, successor)
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.sessions.token(token.hash) == used
        assert await identity.sessions.token(successor.hash) == successor


@pytest.mark.parametrize("read_only", [True, False])
async def test_somebody_signed_in_comes_in(store: Store, people: People, *, read_only: bool) -> None:
    somebody = await people.somebody()
    async with store.open_identity(somebody, read_only=read_only) as identity:
        assert (await identity.users.get(somebody.user_id)).id == somebody.user_id


@pytest.mark.parametrize("reason", ["revoked", "expired", "inactive", "unknown", "somebody else's"])
async def test_nobody_else_comes_in(store: Store, people: People, reason: str) -> None:
    user, other = await people.register(), await people.somebody()
    somebody = await people.sign_in(user)
    if reason == "revoked":
        async with store.open_identity(somebody) as identity:
            session = await identity.sessions.get(somebody.session_id)
            await identity.sessions.save(session.revoke(at=NOON))
    elif reason == "expired":
        store.clock.advance(timedelta(days=7))
    elif reason == "inactive":
        await people.deactivate(user)
    elif reason == "unknown":
        somebody = Actor(somebody.user_id, SessionId(new_id()))
    else:
        somebody = Actor(somebody.user_id, other.session_id)
    for read_only in (True, False):
        with pytest.raises(NotAuthenticated):
            async with store.open_identity(somebody, read_only=read_only):
                pytest.fail("the door has opened")


async def test_a_door_opened_for_reading_takes_nothing(store: Store, people: People) -> None:
    user = people.a_user()
    with pytest.raises(OpenedForReading):
        async with store.open_identity(None, read_only=True) as identity:
            await identity.users.add(Credentials(user, "a hash"))
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.users.with_email(user.email) is None


async def test_a_failure_undoes_everything(store: Store, people: People) -> None:
    taken, user = await people.register(), people.a_user()
    with pytest.raises(EmailTaken):
        await add_both(store, Credentials(user, ""), Credentials(people.a_user(email=taken.email), ""))
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.users.with_email(user.email) is None


async def add_both(store: Store, first: Credentials, second: Credentials) -> None:
    async with store.open_identity(None) as identity:
        await identity.users.add(first)
        await identity.users.add(second)


async def test_what_one_reads_to_change_it_nobody_else_changes_meanwhile(store: Store, people: People) -> None:
    somebody = await people.somebody()

    async def renew(days: int) -> None:
        async with store.open_identity(None) as identity:
            session = await identity.sessions.get(somebody.session_id)
            await asyncio.sleep(0.01)
            longer = replace(session, expires_at=session.expires_at + timedelta(days=days))
            await identity.sessions.save(longer)

    async with store.open_identity(None, read_only=True) as identity:
        before = await identity.sessions.get(somebody.session_id)
    await asyncio.gather(*(renew(1) for _ in range(8)))
    async with store.open_identity(None, read_only=True) as identity:
        after = await identity.sessions.get(somebody.session_id)
    assert after.expires_at - before.expires_at == timedelta(days=8)


async def put(store: Store, user: User, token_hash: bytes, *, at: datetime = NOON) -> PasswordReset:
    reset = PasswordReset.offer(user, token_hash=token_hash, at=at)
    async with store.open_identity(None) as identity:
        assert await identity.users.with_email(user.email)
        await identity.password_resets.put(reset)
    return reset


async def with_token(store: Store, token_hash: bytes) -> PasswordReset | None:
    async with store.open_identity(None, read_only=True) as identity:
        return await identity.password_resets.with_token(token_hash)


async def test_a_way_back_comes_back_as_it_was(store: Store, people: People) -> None:
    token_hash = new_id().bytes * 2
    reset = await put(store, await people.register(), token_hash)
    assert await with_token(store, token_hash) == reset
    assert await with_token(store, b"unknown") is None


async def test_an_account_has_one_way_back(store: Store, people: People) -> None:
    user, other = await people.register(), await people.register()
    hashes = [new_id().bytes * 2 for _ in range(3)]
    await put(store, user, hashes[0])
    newest = await put(store, user, hashes[1], at=NOON + timedelta(minutes=1))
    theirs = await put(store, other, hashes[2])
    assert [await with_token(store, token_hash) for token_hash in hashes] == [None, newest, theirs]


async def test_a_way_back_that_is_void_is_gone_and_no_other(store: Store, people: People) -> None:
    user, other = await people.register(), await people.register()
    hashes = [new_id().bytes * 2 for _ in range(2)]
    await put(store, user, hashes[0])
    theirs = await put(store, other, hashes[1])
    for _ in range(2):
        async with store.open_identity(None) as identity:
            await identity.password_resets.void(user.id)
        assert [await with_token(store, token_hash) for token_hash in hashes] == [None, theirs]


async def test_of_ten_who_ask_at_once_the_newest_has_the_way_back(store: Store, people: People) -> None:
    user = await people.register()
    hashes = [new_id().bytes * 2 for _ in range(10)]
    await asyncio.gather(*(put(store, user, token_hash) for token_hash in hashes))
    assert len([token_hash for token_hash in hashes if await with_token(store, token_hash)]) == 1


async def test_ways_back_are_not_written_behind_a_door_opened_for_reading(store: Store, people: People) -> None:
    user, token_hash = await people.register(), new_id().bytes * 2
    reset = await put(store, user, token_hash)
    with pytest.raises(OpenedForReading):
        async with store.open_identity(None, read_only=True) as identity:
            await identity.password_resets.put(reset)
    with pytest.raises(OpenedForReading):
        async with store.open_identity(None, read_only=True) as identity:
            await identity.password_resets.void(user.id)
    assert await with_token(store, token_hash) == reset


async def test_a_changed_password_is_kept(store: Store, people: People) -> None:
    user = await people.register()
    async with store.open_identity(None) as identity:
        assert await identity.users.credentials(user.id) == Credentials(user, "a hash")
        await identity.users.change_password(user.id, "another hash")
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.users.credentials(user.id) == Credentials(user, "another hash")
        with pytest.raises(NotFound):
            await identity.users.credentials(UserId(new_id()))
