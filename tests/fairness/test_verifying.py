"""Looking a log over is done on the account of the one who asked for it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from dependency_injector import providers
from sqlalchemy import URL

from adapters.sql.url import database_at
from adapters.system.clock import SetClock
from adapters.system.long_work import TaskLongWork
from application import audit
from domain.shares import SERVICE, ShareKey, share_of_actor
from entrypoints.container import Container
from tests.http.service import settings_for
from tests.support.people import People
from tests.support.stores import NOON

TURNS = 2


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_many_looks_of_one_account_hold_up_another_one_for_none() -> None:
    work, order = TaskLongWork(TURNS), list[str]()

    async def look(share: str) -> None:
        async with work.turn(share):
            order.append(share)
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(look(share)) for share in (*"a" * 10, "b")]
    await settled()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert order == ["a", "b"]


@pytest.fixture
def shares(monkeypatch: pytest.MonkeyPatch) -> list[ShareKey]:
    """On whose account transactions were opened that somebody's entry did not open."""
    found: list[ShareKey] = []
    database = type(database_at(URL.create("sqlite", database="x")))
    begin = database.begin

    def noted(self: object, *, read_only: bool, share: ShareKey = SERVICE) -> object:
        found.append(share)
        return begin(self, read_only=read_only, share=share)  # type: ignore[arg-type] # it is one

    monkeypatch.setattr(database, "begin", noted)
    return found


async def test_a_look_has_the_share_of_its_caller(
    migrated_sqlite_url: URL, sqlite_people: People, shares: list[ShareKey]
) -> None:
    container, ann = Container(settings=settings_for(migrated_sqlite_url)), await sqlite_people.somebody()
    container.clock.override(providers.Object(SetClock(NOON)))
    shares.clear()
    await container.application().verify_log(ann, None)
    assert len(shares) > 1
    assert set(shares) == {share_of_actor(ann)}
    await container.database().close()


# Each mechanism is taken out, and missed


async def test_turns_in_the_order_of_asking_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = TaskLongWork.turn
    monkeypatch.setattr(TaskLongWork, "turn", lambda self, _: turn(self))
    with pytest.raises(AssertionError):
        await test_many_looks_of_one_account_hold_up_another_one_for_none()


async def test_a_look_in_the_share_of_the_service_is_seen(
    migrated_sqlite_url: URL, sqlite_people: People, shares: list[ShareKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "share_of_actor", lambda _: SERVICE)
    test: Callable[..., Awaitable[None]] = test_a_look_has_the_share_of_its_caller
    with pytest.raises(AssertionError):
        await test(migrated_sqlite_url, sqlite_people, shares)
