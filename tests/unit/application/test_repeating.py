"""Requests that may be sent twice and are done once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import is_dataclass, replace
from typing import get_type_hints

import pytest

from adapters.memory.replies import MemoryReplies
from adapters.memory.spaces import MemoryOpenSpace, MemorySpace
from application.facade import Application
from application.ports.tasks import TaskQuery
from application.repeating import REMEMBERED, Answer, AnswerOnce, Errand
from application.tasks import CreateTask
from domain.access import Actor, Role
from domain.audit import Action
from domain.errors import KeyReused, NotAuthenticated, RoleTooLow, SpaceForbidden, StillRunning
from domain.ids import personal_space
from domain.organization import Organization, OrganizationName
from domain.task import Task
from tests.unit.builders import TICK, CrowdedStore, House, Interrupted, InterruptedSpace, a_draft, unhindered

ERRAND = Errand(b"key", b"what is asked for")
OTHER = Errand(b"key", b"something else")


def in_words(made: Task | Organization) -> bytes:
    return str(made.id).encode()


async def create(house: House, actor: Actor, errand: Errand = ERRAND, owner_id: str | None = None) -> Answer:
    """Create a task, once."""
    app = house.app
    return await app.answer_once(
        actor, errand, app.create_task, lambda create: create(actor, owner_id, a_draft()), in_words
    )


async def ids(house: House, actor: Actor, owner_id: str | None = None) -> list[bytes]:
    """The ids of the tasks, the newest first."""
    found = await house.app.list_tasks(actor, owner_id, TaskQuery())
    return [in_words(task) for task in found.items]


async def test_what_is_sent_again_is_answered_as_the_first_time_and_not_done_again(house: House) -> None:
    ann = await house.somebody("ann")
    first = await create(house, ann)
    assert not first.is_repeated
    assert await create(house, ann) == replace(first, is_repeated=True)
    assert await ids(house, ann) == [first.text]


async def test_another_key_is_another_request(house: House) -> None:
    ann = await house.somebody("ann")
    first, second = await create(house, ann), await create(house, ann, Errand(b"other", ERRAND.fingerprint))
    assert not second.is_repeated
    assert await ids(house, ann) == [second.text, first.text]


async def test_a_key_that_comes_with_another_request_is_refused(house: House) -> None:
    ann = await house.somebody("ann")
    first = await create(house, ann)
    with pytest.raises(KeyReused):
        await create(house, ann, OTHER)
    assert await ids(house, ann) == [first.text]
    assert (await create(house, ann)).is_repeated


async def test_everybody_has_keys_of_their_own(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    space = await house.let_in(ben, ann, Role.MEMBER)
    first = await create(house, ann)
    second = await create(house, ben, OTHER, space)
    assert not second.is_repeated
    assert await ids(house, ann) == [second.text, first.text]


async def test_a_key_is_remembered_for_a_day_and_then_forgotten(house: House) -> None:
    ann = await house.somebody("ann")
    first = await create(house, ann)
    house.clock.advance(REMEMBERED - TICK)
    assert (await create(house, ann)).is_repeated
    house.clock.advance(TICK)
    second = await create(house, ann, OTHER)
    assert not second.is_repeated
    assert await ids(house, ann) == [second.text, first.text]
    assert [kept.answer for kept in (await house.contents()).replies.values()] == [second.text]


async def test_what_is_forgotten_is_nobody_elses(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    await create(house, ben)
    house.clock.advance(REMEMBERED)
    await create(house, ann)
    assert len((await house.contents()).replies) == 2


async def test_a_request_that_was_refused_leaves_its_key_free(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    space = await house.let_in(ben, ann, Role.VIEWER)
    with pytest.raises(RoleTooLow):
        await create(house, ben, ERRAND, space)
    await house.let_in(ben, ann, Role.MEMBER)
    assert not (await create(house, ben, ERRAND, space)).is_repeated


async def test_what_cannot_be_put_into_words_has_not_happened(house: House) -> None:
    ann = await house.somebody("ann")

    def stutter(_: Task) -> bytes:
        raise Interrupted

    with pytest.raises(Interrupted):
        await house.app.answer_once(
            ann, ERRAND, house.app.create_task, lambda create: create(ann, None, a_draft()), stutter
        )
    assert await ids(house, ann) == []
    assert not (await create(house, ann)).is_repeated


async def test_a_request_interrupted_at_its_very_end_leaves_nothing(house: House) -> None:
    ann = await house.somebody("ann")
    unlucky = replace(house.app.create_task, open_space=InterruptedSpace(house.store, house.clock))
    with pytest.raises(Interrupted):
        await house.app.answer_once(ann, ERRAND, unlucky, lambda create: create(ann, None, a_draft()), in_words)
    contents = await house.contents()
    assert (contents.tasks, contents.replies) == ({}, {})
    assert not (await create(house, ann)).is_repeated


async def test_of_many_at_once_one_is_done_and_the_others_are_told_to_wait() -> None:
    house = House(CrowdedStore())
    ann = await house.somebody("ann")
    answers = await unhindered(asyncio.gather(*(create(house, ann) for _ in range(10)), return_exceptions=True))
    assert [type(answer) for answer in answers] == [Answer, *[StillRunning] * 9]
    assert len(await ids(house, ann)) == 1
    assert (await create(house, ann)).is_repeated


async def test_the_same_key_of_two_people_at_once_keeps_nobody_waiting() -> None:
    house = House(CrowdedStore())
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    answers = await unhindered(asyncio.gather(create(house, ann), create(house, ben)))
    assert not any(answer.is_repeated for answer in answers)


async def test_who_is_not_signed_in_any_more_is_not_told_that_something_is_running() -> None:
    house = House(CrowdedStore())
    ann = await house.somebody("ann")
    phone = house.app.authenticate((await house.sign_in("ann")).access_token)
    await house.app.sign_out(phone)
    refused = await unhindered(asyncio.gather(create(house, ann), create(house, phone), return_exceptions=True))
    assert type(refused[1]) is NotAuthenticated


async def test_a_key_that_another_process_is_busy_with_is_refused(house: House) -> None:
    ann = await house.somebody("ann")
    busy = replace(house.app.create_task, open_space=Busy(house))
    with pytest.raises(StillRunning):
        await house.app.answer_once(ann, ERRAND, busy, lambda create: create(ann, None, a_draft()), in_words)
    assert not (await create(house, ann)).is_repeated


async def test_who_has_been_put_out_is_not_answered_again(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    space = await house.let_in(ben, ann, Role.MEMBER)
    await create(house, ben, ERRAND, space)
    async with house.store.begin(read_only=False) as contents:
        del contents.memberships[personal_space(ann.user_id), ben.user_id]
    with pytest.raises(SpaceForbidden):
        await create(house, ben, ERRAND, space)


async def test_who_has_signed_out_is_not_answered_again(house: House) -> None:
    ann = await house.somebody("ann")
    await create(house, ann)
    await house.app.sign_out(ann)
    with pytest.raises(NotAuthenticated):
        await create(house, ann)


async def test_an_organization_is_founded_once(house: House) -> None:
    ann, app = await house.somebody("ann"), house.app
    answers = [
        await app.answer_once(
            ann, ERRAND, app.found_organization, lambda found: found(ann, OrganizationName("Example")), in_words
        )
        for _ in range(2)
    ]
    (belonging,) = (await app.list_organizations(ann)).items
    assert answers == [Answer(in_words(belonging.organization), is_repeated) for is_repeated in (False, True)]


async def test_what_is_done_once_is_in_the_log_once(house: House) -> None:
    ann = await house.somebody("ann")
    for _ in range(2):
        await create(house, ann)
    async with house.store.begin(read_only=True) as contents:
        actions = [event.action for event in contents.audit_events.values()]
    assert actions.count(Action.CREATE) == 2, "the account and the task"


async def test_a_closed_account_leaves_no_answers(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    await create(house, ann)
    kept = await create(house, ben)
    await house.app.close_account(ann, "correct horse battery")
    assert [reply.answer for reply in (await house.contents()).replies.values()] == [kept.text]


async def test_a_use_case_that_opens_nothing_is_a_mistake(house: House) -> None:
    ann = await house.somebody("ann")

    async def nothing(_: CreateTask) -> bytes:
        return b""

    with pytest.raises(ValueError, match="unpack"):
        await house.app.answer_once(ann, ERRAND, house.app.create_task, nothing, bytes)


async def test_nothing_is_recalled_where_it_would_be_too_late_to_do_it_again(house: House) -> None:
    ann, door = await house.somebody("ann"), Watched(house)
    for perform in (house.app.answer_once, None):
        create_task = replace(house.app.create_task, open_space=door)
        if perform:
            await perform(ann, ERRAND, create_task, lambda use_case: use_case(ann, None, a_draft()), in_words)
        else:
            await create_task(ann, None, a_draft())
    assert door.recalled == [False, True]


def test_every_use_case_can_be_given_other_doors() -> None:
    listed = get_type_hints(Application).values()
    assert AnswerOnce in listed
    assert all(is_dataclass(use_case) for use_case in listed)


class HeldElsewhere(MemoryReplies):
    """Another process holds every key."""

    async def hold(self, key_hash: bytes) -> bool:
        return False


class Watched(MemoryOpenSpace):
    """A door that takes note of who goes by what was seen before."""

    def __init__(self, house: House) -> None:
        super().__init__(house.store, house.clock)
        self.recalled: list[bool] = []

    @asynccontextmanager
    async def __call__(
        self, actor: Actor, owner_id: str | None, *, read_only: bool = False, recalls: bool = False
    ) -> AsyncIterator[MemorySpace]:
        self.recalled.append(recalls)
        async with super().__call__(actor, owner_id, read_only=read_only, recalls=recalls) as space:
            yield space


class Busy(MemoryOpenSpace):
    """A door to spaces in a store that another process is writing to."""

    def __init__(self, house: House) -> None:
        super().__init__(house.store, house.clock)

    @asynccontextmanager
    async def __call__(
        self, actor: Actor, owner_id: str | None, *, read_only: bool = False, recalls: bool = False
    ) -> AsyncIterator[MemorySpace]:
        async with super().__call__(actor, owner_id, read_only=read_only, recalls=recalls) as space:
            space.replies = HeldElsewhere(space._contents, space.access.space_id)
            yield space
