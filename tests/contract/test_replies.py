"""The exam of the port Replies: what is kept of what people were answered, for whom, and until when."""

import asyncio
from datetime import timedelta

import pytest

from application.ports.paging import Onward
from application.ports.reading import OpenedForReading
from application.ports.replies import Reply
from domain.access import Actor, Role
from domain.ids import personal_space
from tests.support.people import People
from tests.support.stores import NOON, Store

LATER = NOON + timedelta(hours=1)
TICK = timedelta(microseconds=1)


def a_reply(key: bytes = b"key", answer: bytes = b"\x00 what was answered \xff") -> Reply:
    return Reply(key_hash=key, fingerprint=b"request", answer=answer, expires_at=LATER)


async def fail(store: Store, actor: Actor) -> None:
    """Keep an answer in a transaction that is rolled back."""
    async with store.open_space(actor, None) as space:
        assert await space.replies.hold(b"key")
        await space.replies.add(a_reply(), at=NOON)
        raise ZeroDivisionError


async def add(store: Store, actor: Actor, reply: Reply) -> None:
    async with store.open_space(actor, None) as space:
        assert await space.replies.hold(reply.key_hash)
        await space.replies.add(reply, at=NOON)


async def test_what_was_answered_is_found_by_its_key(store: Store, people: People) -> None:
    somebody = await people.somebody()
    await add(store, somebody, a_reply())
    async with store.open_space(somebody, None) as space:
        assert await space.replies.get(b"key", at=NOON) == a_reply()
        assert await space.replies.get(b"other", at=NOON) is None


async def test_it_is_found_until_it_expires(store: Store, people: People) -> None:
    somebody = await people.somebody()
    await add(store, somebody, a_reply())
    async with store.open_space(somebody, None) as space:
        assert await space.replies.get(b"key", at=LATER - TICK) == a_reply()
        assert await space.replies.get(b"key", at=LATER) is None


async def test_what_has_expired_gives_way_to_what_is_new(store: Store, people: People) -> None:
    somebody = await people.somebody()
    await add(store, somebody, a_reply())
    await add(store, somebody, a_reply(b"another"))
    new = Reply(key_hash=b"key", fingerprint=b"x", answer=b"y", expires_at=LATER + timedelta(days=1))
    async with store.open_space(somebody, None) as space:
        await space.replies.add(new, at=LATER)
        assert await space.replies.get(b"key", at=LATER) == new
        assert await space.replies.get(b"another", at=NOON) is None


async def test_it_is_the_same_at_every_door_and_nobody_elses(store: Store, people: People) -> None:
    host, guest = await people.somebody(), await people.somebody()
    shared = personal_space(host.user_id)
    await people.let_in(guest.user_id, shared, Role.MEMBER)
    async with store.open_space(guest, str(shared)) as space:
        await space.replies.add(a_reply(), at=NOON)
    async with store.open_space(host, None) as space:
        assert await space.replies.get(b"key", at=NOON) is None
        await space.replies.add(a_reply(answer=b"the host's own"), at=NOON)
    async with store.open_space(guest, None) as space:
        assert await space.replies.get(b"key", at=NOON) == a_reply()
    async with store.open_identity(guest) as identity:
        assert await identity.replies.get(b"key", at=NOON) == a_reply()


async def test_the_space_that_was_opened_is_in_sight_again_afterwards(store: Store, people: People) -> None:
    host, guest = await people.somebody(), await people.somebody()
    shared = personal_space(host.user_id)
    await people.let_in(guest.user_id, shared, Role.MEMBER)
    async with store.open_space(guest, str(shared)) as space:
        await space.replies.get(b"key", at=NOON)
        assert len(await space.members.find(Onward(limit=100))) == 2
        await space.replies.add(a_reply(), at=NOON)
        assert len(await space.members.find(Onward(limit=100))) == 2


async def test_what_fails_leaves_nothing(store: Store, people: People) -> None:
    somebody = await people.somebody()
    with pytest.raises(ZeroDivisionError):
        await fail(store, somebody)
    async with store.open_space(somebody, None) as space:
        assert await space.replies.get(b"key", at=NOON) is None


async def test_nothing_is_kept_behind_a_door_that_was_opened_for_reading(store: Store, people: People) -> None:
    somebody = await people.somebody()
    with pytest.raises(OpenedForReading):
        async with store.open_space(somebody, None, read_only=True) as space:
            await space.replies.add(a_reply(), at=NOON)


async def test_a_key_is_held_by_one_transaction_at_a_time(store: Store, people: People) -> None:
    """Either the others do not get it, or they come to it when the first is done, and find the answer."""
    somebody = await people.somebody()

    async def try_it() -> str:
        async with store.open_space(somebody, None) as space:
            if not await space.replies.hold(b"key"):
                return "held"
            if await space.replies.get(b"key", at=NOON) is not None:
                return "answered"
            await asyncio.sleep(0.02)
            await space.replies.add(a_reply(), at=NOON)
            return "done"

    found = await asyncio.gather(*(try_it() for _ in range(8)))
    assert found.count("done") == 1
    assert set(found) <= {"done", "held", "answered"}
    assert ("held" in found) == store.name.startswith("postgres")


async def test_a_key_is_free_again_when_the_transaction_has_failed(store: Store, people: People) -> None:
    somebody = await people.somebody()
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await fail(store, somebody)


async def test_the_same_key_of_others_is_another_one(store: Store, people: People) -> None:
    if not store.name.startswith("postgres"):
        return  # Elsewhere two cannot write at the same time.
    first, second = await people.somebody(), await people.somebody()
    async with store.open_space(first, None) as one, store.open_space(second, None) as other:
        assert await one.replies.hold(b"key")
        assert await other.replies.hold(b"key")
        assert await other.replies.hold(b"another key")


async def test_answers_go_with_the_account(store: Store, people: People) -> None:
    somebody = await people.somebody()
    await add(store, somebody, a_reply())
    async with store.open_identity(somebody) as identity:
        await identity.users.remove(await identity.users.get(somebody.user_id), at=NOON, limit=99)


async def test_what_others_were_answered_is_not_forgotten_by_ones_own_hand(store: Store, people: People) -> None:
    first, second = await people.somebody(), await people.somebody()
    await add(store, first, a_reply())
    async with store.open_space(second, None) as space:
        await space.replies.add(a_reply(b"new"), at=LATER)
    async with store.open_space(first, None) as space:
        assert await space.replies.get(b"key", at=NOON) == a_reply()
