"""The exam of the port Leftovers: what has run out is removed, whoever's it is, and nothing else is."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import AsyncMock

import pytest

from adapters.memory.leftovers import MemoryLeftovers
from adapters.memory.spaces import MemoryOpenSpace
from adapters.sql.leftovers import SqlLeftovers
from adapters.sql.spaces import SqlOpenSpace
from application.ports.leftovers import Leftovers
from application.ports.replies import Reply
from domain.access import Actor
from domain.errors import NotFound
from domain.ids import SessionId
from domain.password_reset import PasswordReset
from domain.session import RefreshToken, Session
from tests.support.people import People, new_id
from tests.support.stores import NOON, Store

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
LONG_AGO = NOON - 1000 * DAY


@pytest.fixture
async def leftovers(store: Store) -> Leftovers:
    """What is left in the store, without what other tests have left there."""
    door = store.open_space
    if isinstance(door, MemoryOpenSpace):
        return MemoryLeftovers(door._store)
    assert isinstance(door, SqlOpenSpace)
    found = SqlLeftovers(door._database)
    for remove in (found.remove_sessions, found.remove_password_resets, found.remove_replies):
        while await remove(LONG_AGO + 10 * DAY, 1000):
            pass
    return found


async def sign_in(store: Store, actor: Actor, **parts: object) -> tuple[Session, RefreshToken]:
    """A session that could last until ``LONG_AGO``, with its refresh token."""
    session = Session(
        id=SessionId(new_id()),
        user_id=actor.user_id,
        created_at=LONG_AGO - DAY,
        last_used_at=LONG_AGO - DAY,
        expires_at=LONG_AGO - DAY,
        ends_at=LONG_AGO,
    )
    session = replace(session, **parts)  # type: ignore[arg-type] # any part
    token = RefreshToken(hash=session.id.bytes, session_id=session.id, issued_at=session.created_at)
    async with store.open_identity(None) as identity:
        await identity.sessions.add(session, token)
    return session, token


async def is_there(store: Store, session: Session, token: RefreshToken) -> bool:
    async with store.open_identity(None, read_only=True) as identity:
        found = await identity.sessions.token(token.hash)
        try:
            await identity.sessions.get(session.id)
        except NotFound:
            assert found is None
            return False
    assert found == token
    return True


@pytest.mark.parametrize("parts", [{}, {"revoked_at": LONG_AGO - DAY}], ids=["run out", "revoked"])
async def test_a_session_goes_with_its_tokens_when_it_could_last_no_longer(
    store: Store, people: People, leftovers: Leftovers, parts: dict[str, object]
) -> None:
    kept = await sign_in(store, await people.somebody(), **parts)
    assert await leftovers.remove_sessions(LONG_AGO - TICK, 9) == 0
    assert await is_there(store, *kept)
    assert await leftovers.remove_sessions(LONG_AGO, 9) == 1
    assert not await is_there(store, *kept)


async def test_no_more_sessions_than_asked_for_go_at_once(store: Store, people: People, leftovers: Leftovers) -> None:
    somebody, another = await people.somebody(), await people.somebody()
    made = [await sign_in(store, who) for who in (somebody, another, somebody)]
    assert [await leftovers.remove_sessions(LONG_AGO, 2) for _ in range(3)] == [2, 1, 0]
    assert [await is_there(store, *one) for one in made] == [False] * 3
    async with store.open_space(somebody, None, read_only=True) as space:
        assert space.access.user_id == somebody.user_id


@pytest.mark.parametrize("store", ["postgres_as_service"], indirect=True)
async def test_a_session_that_somebody_else_is_changing_is_left_for_the_next_time(
    store: Store, people: People, leftovers: Leftovers
) -> None:
    in_use, other = [await sign_in(store, await people.somebody()) for _ in range(2)]
    async with asyncio.timeout(4), store.open_identity(None) as identity:
        await identity.sessions.get(in_use[0].id)
        assert await leftovers.remove_sessions(LONG_AGO, 9) == 1
    assert [await is_there(store, *one) for one in (in_use, other)] == [True, False]
    assert await leftovers.remove_sessions(LONG_AGO, 9) == 1


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_others_go_on_while_much_is_swept(
    store: Store, people: People, leftovers: Leftovers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.sql.turns.Turns._leave_a_gap", AsyncMock())
    for _ in range(5):
        await sign_in(store, await people.somebody())
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    going_on = asyncio.create_task(others())
    while await leftovers.remove_sessions(LONG_AGO, 1):
        assert await leftovers.remove_replies(LONG_AGO, 1) == 0
    going_on.cancel()
    assert turns >= 2 * 5


async def offer(store: Store, people: People, until: datetime = LONG_AGO) -> bytes:
    """A password reset that expires then, known by the hash of its token."""
    user, token_hash = await people.register(), new_id().bytes
    reset = PasswordReset(user_id=user.id, token_hash=token_hash, created_at=LONG_AGO - DAY, expires_at=until)
    async with store.open_identity(None) as identity:
        await identity.password_resets.put(reset)
    return token_hash


async def test_password_resets_go_when_they_have_expired(store: Store, people: People, leftovers: Leftovers) -> None:
    expired, good = await offer(store, people), await offer(store, people, LONG_AGO + TICK)
    assert await leftovers.remove_password_resets(LONG_AGO - TICK, 9) == 0
    assert await leftovers.remove_password_resets(LONG_AGO, 9) == 1
    async with store.open_identity(None, read_only=True) as identity:
        found = [await identity.password_resets.with_token(token_hash) is not None for token_hash in (expired, good)]
    assert found == [False, True]


async def test_no_more_password_resets_than_asked_for_go_at_once(
    store: Store, people: People, leftovers: Leftovers
) -> None:
    for _ in range(3):
        await offer(store, people)
    assert [await leftovers.remove_password_resets(LONG_AGO, 2) for _ in range(3)] == [2, 1, 0]


async def keep(store: Store, actor: Actor, key: bytes, until: datetime = LONG_AGO) -> None:
    reply = Reply(key_hash=key, fingerprint=b"request", answer=b"answer", expires_at=until)
    async with store.open_space(actor, None) as space:
        await space.replies.add(reply, at=LONG_AGO - 9 * DAY)


async def kept(store: Store, actor: Actor, *keys: bytes) -> list[bool]:
    async with store.open_space(actor, None) as space:
        return [await space.replies.get(key, at=LONG_AGO - 9 * DAY) is not None for key in keys]


async def test_answers_of_everybody_go_when_they_have_expired(
    store: Store, people: People, leftovers: Leftovers
) -> None:
    somebody, another = await people.somebody(), await people.somebody()
    for who, expired, good in ((somebody, b"1", b"2"), (another, b"2", b"1")):
        await keep(store, who, expired)
        await keep(store, who, good, LONG_AGO + TICK)
    assert await leftovers.remove_replies(LONG_AGO - TICK, 9) == 0
    assert await leftovers.remove_replies(LONG_AGO, 9) == 2
    assert await kept(store, somebody, b"1", b"2") == [False, True]
    assert await kept(store, another, b"1", b"2") == [True, False]


async def test_answers_that_are_good_do_not_hide_those_that_have_expired(
    store: Store, people: People, leftovers: Leftovers
) -> None:
    await keep(store, await people.somebody(), b"good", LONG_AGO + TICK)
    await keep(store, await people.somebody(), b"expired")
    assert await leftovers.remove_replies(LONG_AGO, 1) == 1


async def test_no_more_answers_than_asked_for_go_at_once(store: Store, people: People, leftovers: Leftovers) -> None:
    somebody, another = await people.somebody(), await people.somebody()
    for who in (somebody, another):
        for key in (b"1", b"2", b"3"):
            await keep(store, who, key)
    assert [await leftovers.remove_replies(LONG_AGO, 4) for _ in range(3)] == [4, 2, 0]
