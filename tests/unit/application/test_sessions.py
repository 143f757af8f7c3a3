"""One's own sign-ins: seen, and ended one by one or all at once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from application.facade import Application
from domain.access import Actor, Origin
from domain.errors import NotAuthenticated, SessionNotFound
from domain.ids import SessionId
from tests.unit.builders import LATER, NOON, PASSWORD, SESSION, House, unhindered

PHONE = Origin("192.0.2.7", "Phone/1.0", "a request")


async def sign_in(house: House, name: str, origin: Origin = PHONE) -> Actor:
    pair = await house.app.sign_in(f"{name}@example.org", PASSWORD, origin)
    return house.app.authenticate(pair.access_token)


@pytest.fixture
async def ann(house: House) -> Actor:
    await house.register("ann")
    return await sign_in(house, "ann")


@pytest.fixture
async def ben(house: House) -> Actor:
    await house.register("ben")
    return await sign_in(house, "ben")


async def test_a_session_shows_where_and_when_it_began(house: House, ann: Actor) -> None:
    (session,) = (await house.app.list_sessions(ann)).items
    assert (session.id, session.user_id) == (ann.session_id, ann.user_id)
    assert (session.ip_address, session.user_agent) == ("192.0.2.7", "Phone/1.0")
    assert (session.created_at, session.last_used_at) == (NOON, NOON)
    assert session.expires_at == NOON + timedelta(days=7)


async def test_the_session_used_last_comes_first(house: House, ann: Actor, ben: Actor) -> None:
    house.clock.now = LATER
    second = await sign_in(house, "ann")
    assert [one.id for one in (await house.app.list_sessions(ann)).items] == [second.session_id, ann.session_id]
    assert [one.id for one in (await house.app.list_sessions(ben)).items] == [ben.session_id]


async def test_a_session_that_has_ended_is_not_shown(house: House, ann: Actor) -> None:
    second, third = await sign_in(house, "ann"), await sign_in(house, "ann")
    await house.app.sign_out(second)
    assert {one.id for one in (await house.app.list_sessions(ann)).items} == {ann.session_id, third.session_id}


async def test_a_session_that_has_expired_is_not_shown_and_cannot_be_ended(house: House, ann: Actor) -> None:
    house.clock.now = NOON + timedelta(days=7)
    fresh = await sign_in(house, "ann")
    assert [one.id for one in (await house.app.list_sessions(fresh)).items] == [fresh.session_id]
    with pytest.raises(SessionNotFound):
        await house.app.end_session(fresh, ann.session_id)


async def test_an_ended_session_is_refused_at_once_and_the_others_go_on(house: House, ann: Actor) -> None:
    lost = await sign_in(house, "ann")
    await unhindered(house.app.end_session(ann, lost.session_id))
    with pytest.raises(NotAuthenticated):
        await house.app.get_me(lost)
    assert (await house.app.get_me(ann)).id == ann.user_id


async def test_one_may_end_the_session_that_one_is_in(house: House, ann: Actor) -> None:
    await house.app.end_session(ann, ann.session_id)
    with pytest.raises(NotAuthenticated):
        await house.app.get_me(ann)


async def test_nobody_elses_session_can_be_ended(house: House, ann: Actor, ben: Actor) -> None:
    ended = await sign_in(house, "ann")
    await house.app.sign_out(ended)
    before = await house.contents()
    for session_id in (ben.session_id, ended.session_id, SESSION):
        with pytest.raises(SessionNotFound):
            await house.app.end_session(ann, session_id)
    assert (await house.contents()).sessions == before.sessions


async def test_all_sessions_end_at_once_and_nobody_elses(house: House, ann: Actor, ben: Actor) -> None:
    others = [await sign_in(house, "ann") for _ in range(2)]
    await house.app.end_all_sessions(ann)
    for actor in (ann, *others):
        with pytest.raises(NotAuthenticated):
            await house.app.get_me(actor)
    assert (await house.app.get_me(ben)).id == ben.user_id


USES: dict[str, Callable[[Application, Actor], Awaitable[object]]] = {
    "list": lambda app, actor: app.list_sessions(actor),
    "end one": lambda app, actor: app.end_session(actor, SessionId(actor.session_id)),
    "end all": lambda app, actor: app.end_all_sessions(actor),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
async def test_whoever_is_signed_out_is_refused(
    house: House, ann: Actor, use: Callable[[Application, Actor], Awaitable[object]]
) -> None:
    await house.app.sign_out(ann)
    with pytest.raises(NotAuthenticated):
        await use(house.app, ann)
