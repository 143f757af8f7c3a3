"""Guessing is slow, over HTTP and on both databases: and nobody is locked out by somebody else's guesses."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from dependency_injector import providers
from fastapi import FastAPI
from sqlalchemy import URL

from adapters.security.passwords import BcryptPasswords
from adapters.sql.audit import SqlOpenLog
from adapters.sql.postgres import PostgresDatabase
from adapters.sql.sqlite import SqliteDatabase
from adapters.system.clock import SetClock, SystemClock
from application.ports.clock import Clock
from domain.rates import (
    CORRECT_PASSWORD_OF_ACCOUNT,
    ENDED_SESSION,
    PASSWORD_RESET,
    PASSWORD_RESET_CONFIRM,
    PASSWORD_RESET_OF_ACCOUNT,
    REFRESH,
    REGISTRATION,
    REQUESTS,
    SIGN_IN,
    SIGN_IN_OF_ACCOUNT,
    SIGN_IN_OF_ADDRESS,
    Rate,
)
from domain.shares import SERVICE, Share
from entrypoints.container import Container, Service
from entrypoints.http.app import create_app
from tests.http.people import PASSWORD, Person, bearer, new_email, register, sign_in, somebody
from tests.http.service import client, settings_for
from tests.security.databases import rows_of, values_of
from tests.support.redis import RedisProcess
from tests.support.stores import NOON

ANYBODY = Share(SERVICE, SERVICE)


class CountedPasswords(BcryptPasswords):
    """Count how often a password is checked."""

    def __init__(self) -> None:
        super().__init__(4, None)
        self.checks = 0

    async def verify(self, password: str, password_hash: str | None, share: Share = ANYBODY) -> bool:
        self.checks += 1
        return await super().verify(password, password_hash, share)


@dataclass
class Site:
    """A service that limits, and the places from which it is reached."""

    app: FastAPI
    clock: SetClock
    passwords: CountedPasswords
    stack: AsyncExitStack

    async def from_(self, address: str, proxies: str = "") -> httpx.AsyncClient:
        """Somebody at this address."""
        return await self.stack.enter_async_context(client(self.app, address=address, proxies=proxies))


NewSite = Callable[..., Awaitable[Site]]


@pytest.fixture
async def new_site(url: URL) -> AsyncIterator[NewSite]:
    """Put together another service on the same database: another worker, as it were."""
    async with AsyncExitStack() as stack:

        async def make(clock: Clock | None = None, **settings: Any) -> Site:
            given = settings_for(url, **{"rate_limits": True} | settings)
            container, passwords = Container(settings=given), CountedPasswords()
            clock = clock or SetClock(NOON)
            container.clock.override(providers.Object(clock))
            container.passwords.override(providers.Object(passwords))
            turns = container.turns_to_read()
            service = Service(
                given, container.application(), turns, container.database(), passwords, (), container.redis()
            )
            await stack.enter_async_context(service.running())
            return Site(create_app(service), clock, passwords, stack)  # type: ignore[arg-type] # moved where it is set

        yield make


@pytest.fixture
async def site(new_site: NewSite) -> Site:
    return await new_site()


def an_address() -> str:
    """One from which nobody has come yet."""
    number = uuid4().int
    return f"10.{number % 256}.{number // 256 % 256}.{number // 65536 % 256}"


async def guess(http: httpx.AsyncClient, email: str, **request: Any) -> httpx.Response:
    return await http.post("/api/auth/login", json={"email": email, "password": "wrong"}, **request)


async def guess_all(http: httpx.AsyncClient, email: str) -> None:
    """Use up what one address has for one account."""
    for _ in range(SIGN_IN.amount):
        assert (await guess(http, email)).status_code == 401


async def log_in(http: httpx.AsyncClient, email: str) -> httpx.Response:
    return await http.post("/api/auth/login", json={"email": email, "password": PASSWORD})


def assert_limited(answer: httpx.Response, rate: Rate, *, seconds: float | None = None) -> None:
    """It is the answer of a service that has had enough, with all that a client needs to come back in time."""
    assert answer.status_code == 429, answer.text
    assert answer.json()["type"] == "/docs/problems#too-many-requests"
    wait = int(answer.headers["retry-after"])
    longest = int(rate.per.total_seconds())
    assert 1 <= wait <= longest
    assert seconds is None or wait == seconds
    assert answer.headers["ratelimit"] == f'"{rate.name}";r=0;t={wait}'
    assert answer.headers["ratelimit-policy"] == f'"{rate.name}";q={rate.amount};w={longest}'


async def test_guessing_ends_before_another_password_is_checked(site: Site) -> None:
    http = await site.from_(an_address())
    email = (await register(http))["email"]
    await guess_all(http, email)
    checks = site.passwords.checks
    assert checks == SIGN_IN.amount
    assert_limited(await log_in(http, email), SIGN_IN, seconds=SIGN_IN.per.total_seconds())
    assert site.passwords.checks == checks
    site.clock.advance(SIGN_IN.per)
    assert (await log_in(http, email)).status_code == 200


async def test_the_victim_can_sign_in_from_elsewhere(site: Site) -> None:
    attacker, victim = await site.from_(an_address()), await site.from_(an_address())
    email = (await register(victim))["email"]
    await guess_all(attacker, email)
    assert_limited(await log_in(attacker, email), SIGN_IN)
    assert (await log_in(victim, email)).status_code == 200


async def test_an_account_that_there_is_not_gets_the_same_answers(site: Site) -> None:
    http = await site.from_(an_address())
    real, unreal = (await register(http))["email"], new_email()
    answers: dict[str, list[tuple[int, str, dict[str, str]]]] = {}
    checks = {}
    for email in (real, unreal, "no address"):
        before = site.passwords.checks
        answers[email] = [_without_id(await guess(http, email)) for _ in range(SIGN_IN.amount + 3)]
        checks[email] = site.passwords.checks - before
    assert answers[real] == answers[unreal] == answers["no address"]
    assert [status for status, _, _ in answers[real]] == [401] * SIGN_IN.amount + [429] * 3
    assert set(checks.values()) == {SIGN_IN.amount}


def _without_id(answer: httpx.Response) -> tuple[int, str, dict[str, str]]:
    headers = {name: text for name, text in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, re.sub(r'"request_id":"[^"]+"', "", answer.text), headers


async def test_of_many_guesses_at_once_no_more_are_checked(site: Site) -> None:
    http = await site.from_(an_address())
    email = (await register(http))["email"]
    answers = await asyncio.gather(*(guess(http, email) for _ in range(20)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(401) == SIGN_IN.amount
    assert statuses.count(429) == 20 - SIGN_IN.amount
    assert site.passwords.checks == SIGN_IN.amount


async def test_of_many_good_sign_ins_at_once_all_that_there_is_room_for_succeed(site: Site) -> None:
    http = await site.from_(an_address())
    email = (await register(http))["email"]
    answers = await asyncio.gather(*(log_in(http, email) for _ in range(SIGN_IN.amount)))
    assert {answer.status_code for answer in answers} == {200}
    await guess_all(http, email)


async def test_two_workers_share_what_was_counted(new_site: NewSite) -> None:
    clock, address = SetClock(NOON), an_address()
    one, other = await new_site(clock), await new_site(clock)
    here, there = await one.from_(address), await other.from_(address)
    email = (await register(here))["email"]
    for _ in range(SIGN_IN.amount // 2):
        assert (await guess(here, email)).status_code == 401
        assert (await guess(there, email)).status_code == 401
    assert_limited(await log_in(here, email), SIGN_IN)
    assert_limited(await log_in(there, email), SIGN_IN)


async def test_a_success_begins_again_for_all_workers(new_site: NewSite) -> None:
    clock, address = SetClock(NOON), an_address()
    here, there = [await (await new_site(clock)).from_(address) for _ in range(2)]
    email = (await register(here))["email"]
    for _ in range(3):
        for _ in range(SIGN_IN.amount - 1):
            assert (await guess(here, email)).status_code == 401
        assert (await log_in(there, email)).status_code == 200


async def test_what_is_counted_outlives_a_request_that_fails(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    http = await site.from_(an_address())
    email = (await register(http))["email"]
    with monkeypatch.context() as patch:
        patch.setattr(SqlOpenLog, "__call__", _break)
        for _ in range(SIGN_IN.amount):
            assert (await guess(http, email)).status_code == 500
    assert_limited(await log_in(http, email), SIGN_IN)


def _break(*_: object, **__: object) -> None:
    raise RuntimeError("the log cannot be written")


async def test_nobody_is_named_in_the_table(site: Site, owner_url: URL) -> None:
    address = an_address()
    http = await site.from_(address)
    email = (await register(http))["email"]
    await guess(http, email)
    await log_in(http, email)
    rows = await rows_of(owner_url, "rate_limits")
    assert len(rows) >= 3
    for value in (value for row in rows for value in values_of(row)):
        assert email.encode() not in value
        assert address.encode() not in value


async def test_one_address_cannot_try_many_accounts(site: Site) -> None:
    attacker, victim = await site.from_(an_address()), await site.from_(an_address())
    email = (await register(victim))["email"]
    for _ in range(SIGN_IN_OF_ADDRESS.amount):
        assert (await guess(attacker, new_email())).status_code == 401
    assert_limited(await log_in(attacker, email), SIGN_IN_OF_ADDRESS)
    assert (await log_in(victim, email)).status_code == 200


async def test_many_addresses_cannot_lock_out_the_owner_where_they_always_are(site: Site) -> None:
    home, elsewhere = await site.from_(an_address()), await site.from_(an_address())
    email = (await register(home))["email"]
    await sign_in(home, email)
    for number in range(SIGN_IN_OF_ACCOUNT.amount):
        if number % 5 == 0:
            bot = await site.from_(an_address())
        assert (await guess(bot, email)).status_code == 401
    assert_limited(await log_in(elsewhere, email), SIGN_IN_OF_ACCOUNT)
    assert (await log_in(home, email)).status_code == 200


# Who is at the other end


async def test_a_forged_header_changes_nothing(site: Site) -> None:
    http = await site.from_(an_address())
    email = (await register(http))["email"]
    for number in range(SIGN_IN.amount):
        forged = {"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"}
        assert (await guess(http, email, headers=forged)).status_code == 401
    assert_limited(await guess(http, email, headers={"X-Forwarded-For": "192.0.2.99"}), SIGN_IN)


async def test_a_forged_header_changes_nothing_beside_a_proxy_that_is_trusted(site: Site) -> None:
    http = await site.from_(an_address(), proxies="192.168.0.1,172.16.0.0/12")
    email = (await register(http))["email"]
    for number in range(SIGN_IN.amount):
        assert (await guess(http, email, headers={"X-Forwarded-For": f"192.0.2.{number}"})).status_code == 401
    assert_limited(await guess(http, email, headers={"X-Forwarded-For": "192.0.2.99"}), SIGN_IN)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("", id="one proxy"),
        pytest.param(", 172.16.5.5", id="two proxies"),
        pytest.param(", 172.16.5.5, [fd00::5]:443, 172.17.0.9:80", id="four proxies, some with their port"),
    ],
)
async def test_behind_proxies_the_address_is_the_one_that_the_first_of_them_saw(before: str, site: Site) -> None:
    http = await site.from_("192.168.0.1", proxies="192.168.0.1,172.16.0.0/12,fd00::/8")
    email, attacker, other = (await register(http))["email"], an_address(), an_address()
    for number in range(SIGN_IN.amount):
        # What a client claims itself stands on the left of what the proxies add.
        claimed = {"X-Forwarded-For": f"192.0.2.{number}, {attacker}{before}"}
        assert (await guess(http, email, headers=claimed)).status_code == 401
    assert_limited(await guess(http, email, headers={"X-Forwarded-For": f"{attacker}{before}"}), SIGN_IN)
    assert (await guess(http, email, headers={"X-Forwarded-For": f"{other}{before}"})).status_code == 401


async def test_an_ipv6_network_of_64_bits_is_one_address(site: Site) -> None:
    http = await site.from_("::1", proxies="::1")
    network = f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}"
    email = (await register(http))["email"]
    for number in range(SIGN_IN.amount):
        address = {"X-Forwarded-For": f"{network}:{number}::1"}
        assert (await guess(http, email, headers=address)).status_code == 401
    assert_limited(await guess(http, email, headers={"X-Forwarded-For": f"[{network}::ffff]:50000"}), SIGN_IN)
    assert (await guess(http, email, headers={"X-Forwarded-For": "2001:db8::1"})).status_code == 401


# What else is limited


async def test_an_address_can_register_so_often(site: Site) -> None:
    http = await site.from_(an_address())
    taken = {"email": (await register(http))["email"], "password": PASSWORD}
    for _ in range(REGISTRATION.amount - 1):
        assert (await http.post("/api/auth/register", json=taken)).status_code == 409
    assert_limited(await http.post("/api/auth/register", json=taken), REGISTRATION)
    elsewhere = await site.from_(an_address())
    assert (await elsewhere.post("/api/auth/register", json=taken)).status_code == 409


async def test_a_browser_is_counted_with_the_others(site: Site) -> None:
    http = await site.from_(an_address())
    email = (await register(http))["email"]
    wrong, right = {"email": email, "password": "wrong"}, {"email": email, "password": PASSWORD}
    for _ in range(SIGN_IN.amount - 1):
        assert (await http.post("/api/auth/session", json=wrong)).status_code == 401
    assert (await guess(http, email)).status_code == 401
    assert_limited(await http.post("/api/auth/session", json=right), SIGN_IN)
    assert_limited(await log_in(http, email), SIGN_IN)


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [("POST", "/api/users/me/password", "current_password"), ("DELETE", "/api/users/me", "password")],
)
async def test_a_stolen_session_cannot_guess_the_password(method: str, path: str, field: str, site: Site) -> None:
    ann = await somebody(await site.from_(an_address()))
    more = {"new_password": "seven slow blue boats"} if method == "POST" else {}
    for _ in range(SIGN_IN.amount):
        assert (await ann.send(method, path, json={field: "wrong"} | more)).status_code == 403
    checks = site.passwords.checks
    assert_limited(await ann.send(method, path, json={field: PASSWORD} | more), SIGN_IN)
    assert site.passwords.checks == checks
    elsewhere = await site.from_(an_address())
    assert (await log_in(elsewhere, ann.email)).status_code == 200


async def ask_to_reset(http: httpx.AsyncClient, email: str) -> httpx.Response:
    return await http.post("/api/auth/password-reset", json={"email": email})


async def test_nobody_is_flooded_with_mails(site: Site) -> None:
    """Known and unknown alike, and from wherever they are asked for."""
    known = (await register(await site.from_(an_address())))["email"]
    for email in (known, new_email()):
        for _ in range(PASSWORD_RESET_OF_ACCOUNT.amount):
            assert (await ask_to_reset(await site.from_(an_address()), email)).status_code == 202
        elsewhere = await site.from_(an_address())
        assert_limited(await ask_to_reset(elsewhere, email.upper()), PASSWORD_RESET_OF_ACCOUNT)


async def test_an_address_can_ask_for_so_many_resets(site: Site) -> None:
    http = await site.from_(an_address())
    for _ in range(PASSWORD_RESET.amount):
        assert (await ask_to_reset(http, new_email())).status_code == 202
    assert_limited(await ask_to_reset(http, new_email()), PASSWORD_RESET)


async def test_an_address_can_refresh_so_often(site: Site) -> None:
    http = await site.from_(an_address())
    ann = await somebody(http)
    for _ in range(REFRESH.amount):
        assert (await http.post("/api/auth/refresh", json={"refresh_token": "unknown"})).status_code == 401
    refresh = {"refresh_token": ann.refresh_token}
    assert_limited(await http.post("/api/auth/refresh", json=refresh), REFRESH)
    site.clock.advance(REFRESH.per)
    assert (await http.post("/api/auth/refresh", json=refresh)).status_code == 200


async def spend(person: Person, times: int) -> None:
    """Send so many requests."""
    for _ in range(times):
        assert (await person.get("/api/users/me")).status_code == 200


async def test_somebody_can_send_so_many_requests_from_wherever(site: Site) -> None:
    http = await site.from_(an_address())
    ann, ben = await somebody(http), await somebody(http)
    await spend(ann, REQUESTS.amount)
    site.clock.advance(timedelta(seconds=20))
    assert_limited(await ann.get("/api/tasks"), REQUESTS, seconds=40)
    elsewhere = await site.from_(an_address())
    assert_limited(await elsewhere.get("/api/tasks", headers=bearer(ann.access_token)), REQUESTS)
    assert_limited(await (await ann.sign_in_again()).post("/api/tasks", json={"title": "x"}), REQUESTS)
    await spend(ben, 1)
    site.clock.advance(timedelta(seconds=40))
    await spend(ann, 1)


@pytest.mark.parametrize("request_", [("GET", "/api/users/me", b""), ("POST", "/api/tasks", b"{")], ids=["fine", "not"])
async def test_a_token_whose_session_has_ended_is_limited_by_itself_and_uses_up_nothing(
    request_: tuple[str, str, bytes], site: Site
) -> None:
    http = await site.from_(an_address())
    ann = await somebody(http)
    stolen = await ann.sign_in_again()
    assert (await stolen.post("/api/auth/logout")).status_code == 204
    method, path, body = request_
    for _ in range(ENDED_SESSION.amount):
        answer = await stolen.send(method, path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 401
    answer = await stolen.send(method, path, content=body, headers={"Content-Type": "application/json"})
    assert_limited(answer, ENDED_SESSION)
    await spend(ann, REQUESTS.amount - 1)  # and one for signing out
    assert (await ann.get("/api/users/me")).status_code == 429


async def test_a_token_of_an_ended_session_over_its_limit_asks_no_database(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    stolen = await somebody(await site.from_(an_address()))
    assert (await stolen.post("/api/auth/logout")).status_code == 204
    for _ in range(ENDED_SESSION.amount):
        assert (await stolen.get("/api/tasks")).status_code == 401
    for kind in (SqliteDatabase, PostgresDatabase):
        for way in ("begin", "enter"):
            monkeypatch.setattr(kind, way, _break)
    assert_limited(await stolen.get("/api/tasks"), ENDED_SESSION)


async def test_an_ended_session_leaves_one_line_a_minute_in_the_log_and_none_once_the_account_is_closed(
    site: Site, owner_url: URL
) -> None:
    ann = await somebody(await site.from_(an_address()))
    stolen = await ann.sign_in_again()
    assert (await stolen.post("/api/auth/logout")).status_code == 204

    async def lines() -> int:
        return len([row for row in await rows_of(owner_url, "audit_events") if row["outcome"] == "denied"])

    before, found = await lines(), []
    for _ in range(2):
        for _ in range(5):
            assert (await stolen.get("/api/tasks")).status_code == 401
        found.append(await lines() - before)
        site.clock.advance(timedelta(minutes=1))
    assert found == [1, 2]
    assert (await ann.send("DELETE", "/api/users/me", json={"password": PASSWORD})).status_code == 204
    assert [(await gone.get("/api/tasks")).status_code for gone in (ann, stolen)] == [401, 401]
    assert await lines() - before == 2


async def test_right_passwords_are_limited_too(site: Site) -> None:
    http = await site.from_(an_address())
    email = (await register(http))["email"]
    for _ in range(CORRECT_PASSWORD_OF_ACCOUNT.amount):
        assert (await log_in(http, email)).status_code == 200
    checks = site.passwords.checks
    assert_limited(await log_in(http, email), CORRECT_PASSWORD_OF_ACCOUNT)
    assert site.passwords.checks == checks
    site.clock.advance(CORRECT_PASSWORD_OF_ACCOUNT.per)
    assert (await log_in(http, email)).status_code == 200


async def test_an_address_can_present_so_many_tokens_of_a_password_reset(site: Site) -> None:
    http = await site.from_(an_address())
    body = {"token": "unknown", "new_password": "seven slow blue boats"}
    for _ in range(PASSWORD_RESET_CONFIRM.amount):
        assert (await http.post("/api/auth/password-reset/confirm", json=body)).status_code == 400
    assert_limited(await http.post("/api/auth/password-reset/confirm", json=body), PASSWORD_RESET_CONFIRM)
    elsewhere = await site.from_(an_address())
    assert (await elsewhere.post("/api/auth/password-reset/confirm", json=body)).status_code == 400


async def test_nothing_is_limited_where_limits_are_off(new_site: NewSite, owner_url: URL) -> None:
    http = await (await new_site(rate_limits=False)).from_(an_address())
    ann, before = await somebody(http), await rows_of(owner_url, "rate_limits")
    for _ in range(SIGN_IN_OF_ADDRESS.amount + 1):
        assert (await guess(http, ann.email)).status_code == 401
    await spend(ann, REQUESTS.amount + 1)
    assert await rows_of(owner_url, "rate_limits") == before


# With Redis


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for Redis as long as it takes on a busy machine, where it is shown what it counts and not how it fails."""
    monkeypatch.setattr("adapters.redis.counters._SECONDS_TO_ANSWER", 20)


@pytest.mark.usefixtures("_patient")
async def test_hosts_that_share_a_redis_share_every_count(new_site: NewSite, redis_server: RedisProcess) -> None:
    sites = [await new_site(SystemClock(), redis_url=redis_server.url) for _ in range(2)]
    address = an_address()
    here, there = [await site.from_(address) for site in sites]
    ann = await somebody(here)
    for _ in range(SIGN_IN.amount // 2):
        assert (await guess(here, ann.email)).status_code == 401
        assert (await guess(there, ann.email)).status_code == 401
    assert_limited(await log_in(here, ann.email), SIGN_IN)
    assert_limited(await log_in(there, ann.email), SIGN_IN)
    statuses = [
        (await http.get("/api/users/me", headers=bearer(ann.access_token))).status_code
        for _ in range(REQUESTS.amount // 2 + 1)
        for http in (here, there)
    ]
    assert statuses == [200] * REQUESTS.amount + [429] * 2


@pytest.mark.usefixtures("_patient")
async def test_guesses_at_once_on_two_hosts_count_together(new_site: NewSite, redis_server: RedisProcess) -> None:
    sites = [await new_site(SystemClock(), redis_url=redis_server.url) for _ in range(2)]
    address = an_address()
    here, there = [await site.from_(address) for site in sites]
    email = (await register(here))["email"]
    answers = await asyncio.gather(*(guess(http, email) for _ in range(10) for http in (here, there)))
    assert [answer.status_code for answer in answers].count(401) <= SIGN_IN.amount
    assert sum(site.passwords.checks for site in sites) <= SIGN_IN.amount


@pytest.mark.usefixtures("_patient")
async def test_nobody_is_named_in_redis(new_site: NewSite, own_redis: RedisProcess) -> None:
    address = an_address()
    http = await (await new_site(SystemClock(), redis_url=own_redis.url)).from_(address)
    ann = await somebody(http)
    await guess(http, ann.email)
    await ann.get("/api/users/me")
    keys = own_redis.ask("KEYS", "*")
    assert keys.count("taskward:") >= 5
    for name in (ann.email, ann.id, address):
        assert name not in keys


async def test_without_redis_sign_ins_are_counted_in_the_database(
    new_site: NewSite, own_redis: RedisProcess, owner_url: URL
) -> None:
    sites = [await new_site(SystemClock(), redis_url=own_redis.url) for _ in range(2)]
    address = an_address()
    here, there = [await site.from_(address) for site in sites]
    ann = await somebody(here)
    before = await rows_of(owner_url, "rate_limits")
    own_redis.stop()
    for _ in range(SIGN_IN.amount // 2):
        assert (await guess(here, ann.email)).status_code == 401
        assert (await guess(there, ann.email)).status_code == 401
    assert_limited(await log_in(here, ann.email), SIGN_IN)
    assert_limited(await log_in(there, ann.email), SIGN_IN)
    counted = {row["fingerprint"] for row in await rows_of(owner_url, "rate_limits")}
    assert counted - {row["fingerprint"] for row in before}
    assert (await here.get("/api/users/me", headers=bearer(ann.access_token))).status_code == 200
    own_redis.start()
    await asyncio.sleep(1.1)
    assert (await log_in(here, ann.email)).status_code == 200
    assert "usual-address" in own_redis.ask("KEYS", "*")


async def test_a_redis_that_was_never_there_is_said_once_and_hinders_nobody(
    new_site: NewSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("adapters.redis.counters.log.warning", lambda text, **_: said.append(text))
    site = await new_site(redis_url="redis://127.0.0.1:1/0")
    ann = await somebody(await site.from_(an_address()))
    await spend(ann, 3)
    site.clock.advance(timedelta(seconds=2))
    await spend(ann, 3)
    assert said == ["Redis does not answer; counting without it"]
