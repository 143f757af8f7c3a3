"""Sessions that a browser keeps up with a cookie."""

from datetime import timedelta

import pytest

from application.authentication import COOKIE_RENEWED_AFTER, BrowserSession
from domain.access import Origin
from domain.errors import NotAuthenticated, WrongCredentials
from tests.unit.builders import NOON, PASSWORD, TICK, House

LAPTOP = Origin("192.0.2.8", "Browser/1.0", "a request")
IDLE = timedelta(days=7)
TOTAL = timedelta(days=30)


@pytest.fixture
async def anns(house: House) -> BrowserSession:
    await house.register("ann")
    return await house.app.sign_in_browser("ann@example.org", PASSWORD, LAPTOP)


async def test_a_cookie_tells_who_is_calling(house: House, anns: BrowserSession) -> None:
    actor, is_old = house.app.authenticate_browser(anns.cookie, LAPTOP)
    assert (actor.user_id, actor.origin, is_old) == (anns.user.id, LAPTOP, False)
    assert await house.app.get_me(actor) == anns.user
    (session,) = (await house.app.list_sessions(actor)).items
    assert (session.id, session.user_agent) == (actor.session_id, "Browser/1.0")
    assert anns.lifetime == IDLE


async def test_a_browsers_session_has_no_refresh_token(house: House, anns: BrowserSession) -> None:
    contents = await house.contents()
    assert len(contents.sessions) == 1
    assert contents.refresh_tokens == {}


async def test_its_csrf_token_is_that_of_its_session(house: House, anns: BrowserSession) -> None:
    actor, _ = house.app.authenticate_browser(anns.cookie)
    assert house.app.list_csrf_tokens(actor) == [anns.csrf_token]
    other, _ = house.app.authenticate_browser((await house.app.sign_in_browser("ann@example.org", PASSWORD)).cookie)
    assert anns.csrf_token not in house.app.list_csrf_tokens(other)


@pytest.mark.parametrize(("address", "password"), [("ann@example.org", "a wrong one"), ("ben@example.org", PASSWORD)])
async def test_a_wrong_sign_in_is_refused(house: House, anns: BrowserSession, address: str, password: str) -> None:
    before = (await house.contents()).sessions
    with pytest.raises(WrongCredentials):
        await house.app.sign_in_browser(address, password)
    assert (await house.contents()).sessions == before


async def test_what_is_no_cookie_tells_nobody(house: House, anns: BrowserSession) -> None:
    token = (await house.sign_in("ann")).access_token
    for cookie in ("", "nonsense", token):
        with pytest.raises(NotAuthenticated):
            house.app.authenticate_browser(cookie)
    with pytest.raises(NotAuthenticated):
        house.app.authenticate(anns.cookie)


async def test_after_a_while_it_is_time_for_a_new_cookie(house: House, anns: BrowserSession) -> None:
    house.clock.advance(COOKIE_RENEWED_AFTER - TICK)
    assert house.app.authenticate_browser(anns.cookie)[1] is False
    house.clock.advance(TICK)
    actor, is_old = house.app.authenticate_browser(anns.cookie)
    assert is_old
    renewed = await house.app.renew_browser(actor)
    assert house.app.authenticate_browser(renewed.cookie) == (actor, False)
    assert (renewed.user, renewed.csrf_token, renewed.lifetime) == (anns.user, anns.csrf_token, IDLE)
    (session,) = (await house.app.list_sessions(actor)).items
    assert session.last_used_at == house.clock()
    assert session.expires_at == house.clock() + IDLE


async def test_a_cookie_that_is_not_renewed_ends_with_the_session(house: House, anns: BrowserSession) -> None:
    house.clock.advance(IDLE - TICK)
    assert house.app.authenticate_browser(anns.cookie)
    house.clock.advance(TICK)
    with pytest.raises(NotAuthenticated):
        house.app.authenticate_browser(anns.cookie)


async def test_nothing_is_renewed_past_the_absolute_end(house: House, anns: BrowserSession) -> None:
    session = anns
    for _ in range(4):
        house.clock.advance(timedelta(days=6))
        actor, _ = house.app.authenticate_browser(session.cookie)
        session = await house.app.renew_browser(actor)
    assert house.clock() + session.lifetime == NOON + TOTAL


async def test_an_ended_session_is_not_renewed(house: House, anns: BrowserSession) -> None:
    actor, _ = house.app.authenticate_browser(anns.cookie)
    await house.app.sign_out(actor)
    with pytest.raises(NotAuthenticated):
        await house.app.renew_browser(actor)


def test_cookies_show_themselves_to_nobody(anns: BrowserSession) -> None:
    assert anns.cookie not in repr(anns)
    assert anns.csrf_token not in repr(anns)
