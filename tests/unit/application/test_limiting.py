"""How often things may be done: guessing stops before a password is checked, and its victims are not locked out."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from adapters.memory.counters import MemoryCounters
from application.authentication import TokenPair
from application.limiting import EndedSessions
from domain.access import NOWHERE, Origin
from domain.errors import EmailTaken, RefreshRefused, TooBusy, TooManyRequests, WrongCredentials
from domain.ids import SessionId
from domain.rates import (
    CORRECT_PASSWORD_OF_ACCOUNT,
    CORRECT_PASSWORD_OF_ADDRESS,
    ENDED_SESSION,
    REFRESH,
    REGISTRATION,
    REQUESTS,
    SIGN_IN,
    SIGN_IN_OF_ACCOUNT,
    SIGN_IN_OF_ADDRESS,
    USUAL_ADDRESS,
    Rate,
)
from domain.shares import Share
from domain.user import Email, Password
from tests.unit.builders import PASSWORD, TICK, House, Interrupted

HOME, ELSEWHERE = Origin("203.0.113.7"), Origin("198.51.100.9")
ANN, BEN = "ann@example.org", "ben@example.org"


@pytest.fixture
def house() -> House:
    return House(is_limited=True)


async def sign_in(house: House, email: str = ANN, origin: Origin = HOME, password: str = PASSWORD) -> TokenPair:
    return await house.app.sign_in(email, password, origin)


async def guess(house: House, email: str = ANN, origin: Origin = HOME, *, times: int = SIGN_IN.amount) -> None:
    """Try wrong passwords, all of which are checked."""
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            await sign_in(house, email, origin, "wrong")


async def refused(attempt: Awaitable[object]) -> TooManyRequests:
    with pytest.raises(TooManyRequests) as found:
        await attempt
    return found.value


def places(count: int) -> list[Origin]:
    """So many addresses that have nothing to do with one another."""
    return [Origin(f"192.0.{number // 256}.{number % 256}") for number in range(count)]


# Signing in


async def test_after_so_many_wrong_passwords_none_is_checked_any_more(house: House) -> None:
    await house.register("ann")
    await guess(house)
    checked = len(house.passwords.checked)
    found = await refused(sign_in(house))
    assert (found.rate, found.wait) == (SIGN_IN, SIGN_IN.per)
    assert len(house.passwords.checked) == checked


async def test_the_wait_gets_shorter_and_ends(house: House) -> None:
    await house.register("ann")
    await guess(house, times=1)
    house.clock.advance(timedelta(minutes=5))
    await guess(house, times=SIGN_IN.amount - 1)
    assert (await refused(sign_in(house))).wait == SIGN_IN.per - timedelta(minutes=5)
    house.clock.advance(SIGN_IN.per - timedelta(minutes=5) - TICK)
    assert (await refused(sign_in(house))).wait == TICK
    house.clock.advance(TICK)
    assert await sign_in(house)


@pytest.mark.parametrize("email", ["nobody@example.org", "no address", "\ud800@example.org", ""])
async def test_an_address_that_nobody_has_is_limited_alike(house: House, email: str) -> None:
    await guess(house, email)
    found = await refused(sign_in(house, email))
    assert (found.rate, found.wait) == (SIGN_IN, SIGN_IN.per)


async def test_an_inactive_account_is_limited_alike(house: House) -> None:
    await house.change_account((await house.register("ann")).id, is_active=False)
    for _ in range(SIGN_IN.amount):
        with pytest.raises(WrongCredentials):
            await sign_in(house)
    assert (await refused(sign_in(house))).rate == SIGN_IN


async def test_spelling_an_address_otherwise_does_not_begin_again(house: House) -> None:
    await house.register("ann")
    await guess(house, times=SIGN_IN.amount - 1)
    await guess(house, " ANN@Example.ORG\n", times=1)
    assert await refused(sign_in(house))


async def test_an_ipv6_network_is_one_address(house: House) -> None:
    await house.register("ann")
    for number in range(SIGN_IN.amount):
        await guess(house, origin=Origin(f"2001:db8::{number:x}"), times=1)
    assert await refused(sign_in(house, origin=Origin("2001:db8::ffff")))
    assert await sign_in(house, origin=Origin("2001:db8:0:1::1"))


async def test_the_victim_can_sign_in_from_elsewhere(house: House) -> None:
    await house.register("ann")
    await guess(house)
    assert await sign_in(house, origin=ELSEWHERE)


async def test_somebody_else_can_sign_in_from_there(house: House) -> None:
    await house.register("ann")
    await house.register("ben")
    await guess(house)
    assert await sign_in(house, BEN)


async def test_only_failures_count(house: House) -> None:
    await house.register("ann")
    for _ in range(SIGN_IN_OF_ADDRESS.amount + 1):
        assert await sign_in(house)


async def test_a_success_lets_the_pair_begin_again(house: House) -> None:
    await house.register("ann")
    for _ in range(3):
        await guess(house, times=SIGN_IN.amount - 1)
        await sign_in(house)
    await guess(house)


async def test_a_success_of_ones_own_does_not_let_one_guess_on(house: House) -> None:
    await house.register("ann")
    await house.register("ben")
    for _ in range(SIGN_IN.amount):
        await guess(house, times=1)
        await sign_in(house, BEN)
    assert (await refused(sign_in(house))).rate == SIGN_IN


async def test_one_address_cannot_try_a_few_passwords_on_everybody(house: House) -> None:
    await house.register("ann")
    for number in range(SIGN_IN_OF_ADDRESS.amount):
        await guess(house, f"{number}@example.org", times=1)
    found = await refused(sign_in(house))
    assert (found.rate, found.wait) == (SIGN_IN_OF_ADDRESS, SIGN_IN_OF_ADDRESS.per)
    assert await sign_in(house, origin=ELSEWHERE)


async def test_what_is_refused_does_not_count(house: House) -> None:
    await house.register("ann")
    await guess(house)
    for _ in range(SIGN_IN_OF_ADDRESS.amount):
        await refused(sign_in(house))
    await guess(house, BEN, times=1)
    assert await sign_in(house, origin=ELSEWHERE)


async def test_many_addresses_together_cannot_guess_for_ever(house: House) -> None:
    await house.register("ann")
    for place in places(SIGN_IN_OF_ACCOUNT.amount):
        await guess(house, origin=place, times=1)
    found = await refused(sign_in(house, origin=ELSEWHERE))
    assert (found.rate, found.wait) == (SIGN_IN_OF_ACCOUNT, SIGN_IN_OF_ACCOUNT.per)


async def test_many_addresses_together_do_not_lock_out_the_owner_at_home(house: House) -> None:
    await house.register("ann")
    await sign_in(house)
    house.clock.advance(USUAL_ADDRESS.per - TICK)
    for place in places(SIGN_IN_OF_ACCOUNT.amount):
        await guess(house, origin=place, times=1)
    assert await refused(sign_in(house, origin=ELSEWHERE))
    assert await sign_in(house)
    assert await refused(sign_in(house, origin=ELSEWHERE))


async def test_a_home_is_known_for_a_month_after_the_last_visit(house: House) -> None:
    await house.register("ann")
    await sign_in(house)
    house.clock.advance(USUAL_ADDRESS.per - TICK)
    await sign_in(house)
    house.clock.advance(USUAL_ADDRESS.per)
    for place in places(SIGN_IN_OF_ACCOUNT.amount):
        await guess(house, origin=place, times=1)
    assert (await refused(sign_in(house))).rate == SIGN_IN_OF_ACCOUNT


async def test_guesses_from_home_are_limited_too(house: House) -> None:
    await house.register("ann")
    await sign_in(house)
    await guess(house)
    assert (await refused(sign_in(house))).rate == SIGN_IN


async def test_of_many_at_once_no_more_are_checked_than_one_after_the_other(house: House) -> None:
    await house.register("ann")
    house.passwords.meanwhile = lambda: asyncio.sleep(0)
    found = await asyncio.gather(*(sign_in(house, password="wrong") for _ in range(20)), return_exceptions=True)
    assert [type(one) for one in found].count(WrongCredentials) == SIGN_IN.amount
    assert [type(one) for one in found].count(TooManyRequests) == 20 - SIGN_IN.amount
    assert len(house.passwords.checked) == SIGN_IN.amount


async def _too_busy() -> None:
    raise TooBusy


async def _interrupted() -> None:
    raise Interrupted


async def test_what_the_service_could_not_do_does_not_count(house: House) -> None:
    await house.register("ann")
    house.passwords.meanwhile = _too_busy
    for _ in range(SIGN_IN_OF_ADDRESS.amount + 1):
        with pytest.raises(TooBusy):
            await sign_in(house)
    house.passwords.meanwhile = None
    assert await sign_in(house)


async def test_whatever_else_goes_wrong_counts(house: House) -> None:
    await house.register("ann")
    house.passwords.meanwhile = _interrupted
    for _ in range(SIGN_IN.amount):
        with pytest.raises(Interrupted):
            await sign_in(house)
    assert await refused(sign_in(house))


async def test_right_passwords_are_limited_for_each_account(house: House) -> None:
    await house.register("ann")
    await house.register("ben")
    for _ in range(CORRECT_PASSWORD_OF_ACCOUNT.amount):
        await sign_in(house)
    checked = len(house.passwords.checked)
    found = await refused(sign_in(house, origin=ELSEWHERE))
    assert (found.rate, found.wait) == (CORRECT_PASSWORD_OF_ACCOUNT, CORRECT_PASSWORD_OF_ACCOUNT.per)
    assert len(house.passwords.checked) == checked
    assert await sign_in(house, BEN)
    house.clock.advance(CORRECT_PASSWORD_OF_ACCOUNT.per)
    assert await sign_in(house)


async def test_right_passwords_are_limited_for_each_address(house: House) -> None:
    names = [f"person{number}" for number in range(CORRECT_PASSWORD_OF_ADDRESS.amount // 100)]
    for name in names:
        await house.register(name)
        for _ in range(100):
            await sign_in(house, f"{name}@example.org")
    await house.register("ann")
    assert (await refused(sign_in(house))).rate == CORRECT_PASSWORD_OF_ADDRESS
    assert await sign_in(house, origin=ELSEWHERE)


@pytest.mark.parametrize("failure", [_too_busy, _interrupted])
async def test_what_fails_uses_up_nothing_of_what_right_passwords_have(
    house: House, failure: Callable[[], Awaitable[None]]
) -> None:
    await house.register("ann")
    for number in range(CORRECT_PASSWORD_OF_ACCOUNT.amount):
        if number % SIGN_IN.amount == 0:
            house.passwords.meanwhile = failure
            with pytest.raises((TooBusy, Interrupted)):
                await sign_in(house)
            house.passwords.meanwhile = None
        await sign_in(house)
    assert (await refused(sign_in(house))).rate == CORRECT_PASSWORD_OF_ACCOUNT


async def test_guesses_use_up_nothing_of_what_right_passwords_have(house: House) -> None:
    await house.register("ann")
    for number in range(CORRECT_PASSWORD_OF_ACCOUNT.amount):
        await guess(house, times=number < SIGN_IN_OF_ADDRESS.amount - 1)
        await sign_in(house)
    assert (await refused(sign_in(house))).rate == CORRECT_PASSWORD_OF_ACCOUNT


async def test_passwords_are_checked_on_the_account_of_the_address_and_there_of_the_account(house: House) -> None:
    await house.register("ann")
    house.passwords.shares.clear()
    await sign_in(house, " Ann@example.org")
    assert house.passwords.shares == [Share("203.0.113.7", ANN)]


# Registering and refreshing


async def test_an_address_can_open_so_many_accounts(house: House) -> None:
    async def register(origin: Origin) -> None:
        await house.app.register(Email(ANN), Password(PASSWORD), None, origin)

    await register(HOME)
    for _ in range(REGISTRATION.amount - 1):
        with pytest.raises(EmailTaken):
            await register(HOME)
    hashed = len(house.passwords.hashed)
    assert (await refused(register(HOME))).rate == REGISTRATION
    assert len(house.passwords.hashed) == hashed
    with pytest.raises(EmailTaken):
        await register(ELSEWHERE)


async def test_an_address_can_refresh_so_often(house: House) -> None:
    await house.register("ann")
    pair = await sign_in(house)
    for _ in range(REFRESH.amount):
        with pytest.raises(RefreshRefused):
            await house.app.refresh("unknown.0", HOME)
    assert (await refused(house.app.refresh(pair.refresh_token, HOME))).rate == REFRESH
    assert await house.app.refresh(pair.refresh_token, ELSEWHERE)


async def test_without_an_address_everybody_shares_one(house: House) -> None:
    for _ in range(REFRESH.amount):
        with pytest.raises(RefreshRefused):
            await house.app.refresh("unknown.0")
    assert await refused(house.app.refresh("unknown.0", NOWHERE))


# Everything else


async def test_somebody_can_send_so_many_requests(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    again = house.app.authenticate((await house.sign_in("ann")).access_token)
    for number in range(REQUESTS.amount):
        await house.app.count_request(ann if number % 2 else again)
    found = await refused(house.app.count_request(ann))
    assert (found.rate, found.wait) == (REQUESTS, REQUESTS.per)
    await house.app.count_request(ben)
    house.clock.advance(REQUESTS.per)
    await house.app.count_request(ann)


async def test_requests_of_an_ended_session_are_counted_for_it_alone(house: House) -> None:
    ann = await house.somebody("ann")
    stolen = house.app.authenticate((await house.sign_in("ann")).access_token)
    for _ in range(ENDED_SESSION.amount):
        await house.app.count_request.move(stolen, await house.app.count_request(stolen))
    found = await refused(house.app.count_request(stolen))
    assert (found.rate, found.wait) == (ENDED_SESSION, ENDED_SESSION.per)
    for _ in range(REQUESTS.amount):
        await house.app.count_request(ann)
    assert (await refused(house.app.count_request(ann))).rate == REQUESTS
    house.clock.advance(ENDED_SESSION.per)
    assert (await house.app.count_request(stolen)).rate == ENDED_SESSION


async def test_requests_that_found_out_together_that_a_session_has_ended_use_up_nothing_else(house: House) -> None:
    ann = await house.somebody("ann")
    stolen = house.app.authenticate((await house.sign_in("ann")).access_token)
    together = [await house.app.count_request(stolen) for _ in range(ENDED_SESSION.amount + 1)]
    for counted in together:
        await house.app.count_request.move(stolen, counted)
    assert (await refused(house.app.count_request(stolen))).rate == ENDED_SESSION
    for _ in range(REQUESTS.amount):
        await house.app.count_request(ann)


async def test_a_request_about_many_things_counts_for_more(house: House) -> None:
    ann = await house.somebody("ann")
    counted = await house.app.count_request.more(await house.app.count_request(ann), 101)
    assert counted.cost == 4
    for _ in range(REQUESTS.amount - 5):
        await house.app.count_request(ann)
    last = await house.app.count_request(ann)
    found = await refused(house.app.count_request.more(last, 1))
    assert (found.rate, found.wait, found.left) == (REQUESTS, REQUESTS.per, 0)
    await house.app.count_request.move(ann, counted)
    assert (await house.app.count_request.more(last, 200)).cost == 5


async def test_a_request_of_an_ended_session_counts_once_whatever_it_is_about(house: House) -> None:
    ann = await house.somebody("ann")
    await house.app.count_request.move(ann, await house.app.count_request(ann))
    own = await house.app.count_request(ann)
    assert await house.app.count_request.more(own, 1000) is own


def test_there_is_room_for_so_many_ended_sessions() -> None:
    ended, ids = EndedSessions(room=2), [SessionId(UUID(int=number)) for number in range(3)]
    for session_id in ids[:2]:
        ended.add(session_id)
    assert [session_id in ended for session_id in ids] == [True, True, False]
    ended.add(ids[2])
    assert [session_id in ended for session_id in ids] == [False, False, True]


async def test_nothing_is_limited_in_an_application_that_does_not_count() -> None:
    house = House()
    ann = await house.somebody("ann")
    for _ in range(REQUESTS.amount + 1):
        await house.app.count_request(ann)
    await house.app.count_request.move(ann, await house.app.count_request(ann))
    await guess(house, times=SIGN_IN_OF_ACCOUNT.amount + 1)


# The counters themselves: what every adapter does is in tests/contract/test_counters.py


async def test_what_is_over_is_forgotten(house: House) -> None:
    counters = MemoryCounters(house.clock)
    for place in places(1000):
        await counters.take(REFRESH.of(address=place.ip_address))
    house.clock.advance(REFRESH.per)
    for place in places(500):
        await counters.take(REFRESH.of(address=f"later {place.ip_address}"))
    assert len(counters._windows[REFRESH.name]) < 1000


async def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch, house: House) -> None:
    monkeypatch.setattr("adapters.memory.counters._MOST", 10)
    counters = MemoryCounters(house.clock)
    once = Rate("once", 1, timedelta(hours=1), REFRESH.by)
    for place in places(50):
        await counters.take(once.of(address=place.ip_address))
    assert len(counters._windows["once"]) <= 10
    with pytest.raises(TooManyRequests):
        await counters.take(once.of(address=places(50)[-1].ip_address))
