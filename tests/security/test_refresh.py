"""Refresh tokens: each works once, a lost answer is repeated, a stolen token ends the session, for good."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from dependency_injector import providers
from sqlalchemy import URL

from adapters.system.clock import SetClock
from application.authentication import TokenPair
from application.facade import Application
from application.ports.identity import OpenIdentity
from domain.errors import NotAuthenticated, RefreshRefused, Unavailable
from domain.user import Email, Password
from entrypoints.container import Container, Service
from tests.http.people import PASSWORD, Person, bearer, new_email
from tests.http.service import KEYS, identity_of, serving, settings_for
from tests.security.databases import TABLES, is_held, rows_of, values_of

NEW_KEY = "k2:Wd3kTz7qLv1xNy5cRb9mHp2gJf8sKa4e"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Device:
    """Somebody's session, at the use cases, by a clock that stands still."""

    def __init__(self, application: Application, open_identity: OpenIdentity, clock: SetClock) -> None:
        self.application = application
        self.open_identity = open_identity
        self.clock = clock
        self.email = Email(new_email())

    async def sign_in(self) -> TokenPair:
        await self.application.register(self.email, Password(PASSWORD), None)
        return await self.application.sign_in(self.email, PASSWORD)

    async def refresh(self, token: str) -> TokenPair:
        return await self.application.refresh(token)

    async def is_refused(self, token: str) -> bool:
        try:
            await self.refresh(token)
        except RefreshRefused:
            return True
        return False

    async def is_signed_in(self, access_token: str) -> bool:
        try:
            await self.application.get_me(self.application.authenticate(access_token))
        except NotAuthenticated:
            return False
        return True


NewDevice = Callable[..., Awaitable[Device]]


@pytest.fixture
async def new_device(url: URL) -> AsyncIterator[NewDevice]:
    """Make a device, with settings of its own if need be."""
    async with AsyncExitStack() as stack:

        async def make(clock: SetClock | None = None, **settings: Any) -> Device:
            container = Container(settings=settings_for(url, **settings))
            clock = clock or SetClock(NOON)
            container.clock.override(providers.Object(clock))
            database = container.database()
            await database.open()
            stack.push_async_callback(database.close)
            stack.callback(container.passwords().close)
            return Device(container.application(), container.open_identity(), clock)

        yield make


@pytest.fixture
async def device(new_device: NewDevice) -> Device:
    return await new_device()


async def test_each_token_leads_to_the_next(device: Device) -> None:
    pairs = [await device.sign_in()]
    for _ in range(5):
        device.clock.advance(timedelta(minutes=1))
        pairs.append(await device.refresh(pairs[-1].refresh_token))
    assert len({pair.refresh_token for pair in pairs}) == 6
    assert len({pair.access_token for pair in pairs}) == 6
    assert await device.is_signed_in(pairs[-1].access_token)


async def test_a_token_has_256_random_bits(device: Device) -> None:
    first = await device.sign_in()
    second = await device.refresh(first.refresh_token)
    for pair in (first, second):
        assert len(base64.urlsafe_b64decode(pair.refresh_token + "=")) == 32


async def test_the_token_just_replaced_gives_the_same_successor_within_the_grace(device: Device) -> None:
    first = await device.sign_in()
    second = await device.refresh(first.refresh_token)
    for wait in (timedelta(), timedelta(seconds=5), timedelta(seconds=5) - MICROSECOND):
        device.clock.advance(wait)
        again = await device.refresh(first.refresh_token)
        assert again.refresh_token == second.refresh_token
        assert await device.is_signed_in(again.access_token)
    assert not await device.is_refused(second.refresh_token)


@pytest.mark.parametrize("wait", [timedelta(seconds=10), timedelta(days=6)], ids=str)
async def test_after_the_grace_a_replaced_token_ends_the_session_for_good(wait: timedelta, device: Device) -> None:
    first = await device.sign_in()
    second = await device.refresh(first.refresh_token)
    device.clock.advance(wait)
    assert await device.is_refused(first.refresh_token)
    assert not await device.is_signed_in(second.access_token)
    assert await device.is_refused(second.refresh_token)
    assert await device.is_refused(first.refresh_token)


async def test_a_token_whose_successor_was_used_ends_the_session_even_within_the_grace(device: Device) -> None:
    first = await device.sign_in()
    second = await device.refresh(first.refresh_token)
    third = await device.refresh(second.refresh_token)
    assert await device.is_refused(first.refresh_token)
    assert not await device.is_signed_in(third.access_token)
    for pair in (second, third):
        assert await device.is_refused(pair.refresh_token)


async def test_a_stolen_session_leaves_the_others_alone(device: Device) -> None:
    stolen = await device.sign_in()
    other = await device.application.sign_in(device.email, PASSWORD)
    await device.refresh((await device.refresh(stolen.refresh_token)).refresh_token)
    assert await device.is_refused(stolen.refresh_token)
    assert await device.is_signed_in(other.access_token)
    assert not await device.is_refused(other.refresh_token)


async def test_without_grace_every_second_use_ends_the_session(new_device: NewDevice) -> None:
    device = await new_device(refresh_grace_seconds=0)
    first = await device.sign_in()
    second = await device.refresh(first.refresh_token)
    assert await device.is_refused(first.refresh_token)
    assert not await device.is_signed_in(second.access_token)
    assert await device.is_refused(second.refresh_token)


async def test_twenty_at_once_get_one_successor(device: Device) -> None:
    first = await device.sign_in()
    pairs = await asyncio.gather(*(device.refresh(first.refresh_token) for _ in range(20)))
    assert len({pair.refresh_token for pair in pairs}) == 1
    assert not await device.is_refused(pairs[0].refresh_token)


async def test_twenty_at_once_from_several_workers_get_one_successor(new_device: NewDevice) -> None:
    workers = [await new_device() for _ in range(4)]
    first = await workers[0].sign_in()
    pairs = await asyncio.gather(*(worker.refresh(first.refresh_token) for worker in workers * 5))
    assert len({pair.refresh_token for pair in pairs}) == 1


async def test_of_twenty_at_once_without_grace_one_at_most_is_served_and_the_session_ends(
    new_device: NewDevice,
) -> None:
    device = await new_device(refresh_grace_seconds=0)
    first = await device.sign_in()
    results = await asyncio.gather(*(device.refresh(first.refresh_token) for _ in range(20)), return_exceptions=True)
    pairs = [result for result in results if isinstance(result, TokenPair)]
    assert len(pairs) == 1
    assert all(isinstance(result, RefreshRefused) for result in results if not isinstance(result, TokenPair))
    assert not await device.is_signed_in(pairs[0].access_token)
    assert await device.is_refused(pairs[0].refresh_token)


async def test_what_one_worker_is_about_to_write_is_held_against_all_others(
    ann: Person, owner_url: URL, service: Service
) -> None:
    """Other processes wait: they neither read the same token as unused, nor fail half-way."""
    hashed = service.application.refresh.refresh_tokens.hash(ann.refresh_token)
    async with identity_of(service)(None) as identity:
        assert await identity.sessions.token(hashed) is not None
        assert await is_held(owner_url, hashed)
    assert not await is_held(owner_url, hashed)


async def test_a_session_that_is_not_used_ends(device: Device) -> None:
    first = await device.sign_in()
    device.clock.advance(timedelta(days=7) - MICROSECOND)
    second = await device.refresh(first.refresh_token)
    device.clock.advance(timedelta(days=7))
    assert await device.is_refused(second.refresh_token)


async def test_a_session_ends_however_much_it_is_used(device: Device) -> None:
    pair = await device.sign_in()
    for _ in range(5):
        device.clock.advance(timedelta(days=6) - MICROSECOND)
        pair = await device.refresh(pair.refresh_token)
    assert await device.is_signed_in(pair.access_token)
    device.clock.advance(5 * MICROSECOND)
    assert device.clock.now == NOON + timedelta(days=30)
    assert not await device.is_signed_in(pair.access_token)
    assert await device.is_refused(pair.refresh_token)


async def test_a_sign_out_ends_the_refresh_token_too(device: Device) -> None:
    pair = await device.sign_in()
    await device.application.sign_out(device.application.authenticate(pair.access_token))
    assert await device.is_refused(pair.refresh_token)
    assert not await device.is_signed_in(pair.access_token)


async def test_an_account_that_is_not_active_refreshes_nothing(device: Device) -> None:
    pair = await device.sign_in()
    for active in (False, True):
        async with device.open_identity(None) as identity:
            found = await identity.users.with_email(device.email)
            assert found is not None
            await identity.users.save(replace(found.user, is_active=active))
        assert await device.is_refused(pair.refresh_token) == (not active)


async def test_a_session_outlives_a_new_signing_key(new_device: NewDevice) -> None:
    before, clock = await new_device(), SetClock(NOON)
    first = await before.sign_in()
    second = await before.refresh(first.refresh_token)
    after = await new_device(clock, secret_keys=f"{NEW_KEY},{KEYS}")
    again = await after.refresh(first.refresh_token)
    assert again.refresh_token == second.refresh_token
    assert await after.is_signed_in(second.access_token)
    third = await after.refresh(second.refresh_token)
    assert await after.is_signed_in(third.access_token)
    assert not await before.is_signed_in(third.access_token), "it has been signed with a key unknown there"


async def test_what_a_retired_key_gave_cannot_be_repeated(new_device: NewDevice) -> None:
    before, after = await new_device(), await new_device(secret_keys=NEW_KEY)
    first = await before.sign_in()
    second = await before.refresh(first.refresh_token)
    assert not await after.is_signed_in(second.access_token)
    assert await after.is_refused(first.refresh_token)


async def test_over_http_a_second_use_is_401_and_its_effect_is_kept(url: URL) -> None:
    async with serving(settings_for(url, refresh_grace_seconds=0)) as http:
        email = new_email()
        body = {"email": email, "password": PASSWORD}
        await http.post("/api/auth/register", json=body)
        tokens = (await http.post("/api/auth/login", json=body)).json()
        sent = {"refresh_token": tokens["refresh_token"]}
        assert (await http.post("/api/auth/refresh", json=sent)).status_code == 200
        answer = await http.post("/api/auth/refresh", json=sent)
    assert answer.status_code == 401
    assert answer.json()["type"].endswith("#refresh-refused")
    async with serving(settings_for(url)) as http:
        answer = await http.get("/api/users/me", headers=bearer(tokens["access_token"]))
        assert answer.status_code == 401


async def test_over_http_twenty_at_once_get_one_successor(ann: Person) -> None:
    sent = {"refresh_token": ann.refresh_token}
    answers = await asyncio.gather(*(ann.http.post("/api/auth/refresh", json=sent) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


async def test_refreshing_signing_in_and_out_at_once_ends_in_no_500(ann: Person) -> None:
    sent = {"refresh_token": ann.refresh_token}
    login = {"email": ann.email, "password": PASSWORD}
    answers: list[httpx.Response] = await asyncio.gather(
        *(ann.http.post("/api/auth/refresh", json=sent) for _ in range(8)),
        *(ann.http.post("/api/auth/login", json=login) for _ in range(4)),
        *(ann.post("/api/auth/logout") for _ in range(4)),
        *(ann.patch("/api/users/me", json={"full_name": str(number)}) for number in range(4)),
    )
    assert {answer.status_code for answer in answers} <= {200, 204, 401}
    assert (await ann.get("/api/users/me")).status_code == 401
    assert (await ann.http.post("/api/auth/refresh", json=sent)).status_code == 401


class _Broken:
    """A database that does all that it is asked for, and cannot keep it."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def enter(self, *args: Any, **options: Any) -> "_Broken._Transaction":
        return self._Transaction(self._database.enter(*args, **options))

    class _Transaction:
        def __init__(self, transaction: Any) -> None:
            self._transaction = transaction

        async def __aenter__(self) -> Any:
            return await self._transaction.__aenter__()

        async def __aexit__(self, *_: object) -> None:
            lost = Unavailable()
            await self._transaction.__aexit__(Unavailable, lost, None)
            raise lost


async def test_a_sign_out_that_could_not_be_kept_is_503(
    ann: Person, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording: Any = service.application.sign_out.open_identity
    door = recording.open_identity
    with monkeypatch.context() as broken:
        broken.setattr(door, "_database", _Broken(service._database))
        answer = await ann.post("/api/auth/logout")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert (await ann.get("/api/users/me")).status_code == 200
    assert (await ann.post("/api/auth/logout")).status_code == 204


async def test_no_token_and_no_password_is_kept_as_it_is(ann: Person, owner_url: URL) -> None:
    answer = await ann.http.post("/api/auth/refresh", json={"refresh_token": ann.refresh_token})
    secrets = [PASSWORD.encode()]
    for token in (ann.refresh_token, answer.json()["refresh_token"]):
        secrets += [token.encode(), base64.urlsafe_b64decode(token + "="), token[:22].encode()]
    for token in (ann.access_token, answer.json()["access_token"]):
        secrets += [token.encode(), token.split(".")[2].encode()]
    looked_at = 0
    for table in TABLES:
        for row in await rows_of(owner_url, table):
            for value in values_of(row):
                looked_at += 1
                for secret in secrets:
                    assert secret not in value, table
                    assert secret.hex().encode() not in value, table
    assert looked_at > 20


async def test_what_is_kept_of_a_token_is_its_hash(ann: Person, owner_url: URL, service: Service) -> None:
    hashed = service.application.refresh.refresh_tokens.hash(ann.refresh_token)
    async with identity_of(service)(None) as identity:
        kept = await identity.sessions.token(hashed)
    assert kept is not None
    assert len(hashed) == 32
    assert hashed in [row["hash"] for row in await rows_of(owner_url, "refresh_tokens")]


async def test_the_table_of_tokens_holds_one_row_for_each_token_of_the_chain(ann: Person, owner_url: URL) -> None:
    sent = {"refresh_token": ann.refresh_token}
    await asyncio.gather(*(ann.http.post("/api/auth/refresh", json=sent) for _ in range(5)))
    session_ids = [row["session_id"] for row in await rows_of(owner_url, "refresh_tokens")]
    mine = {row["id"] for row in await rows_of(owner_url, "sessions") if _is(row["user_id"], ann.id)}
    assert sum(session_id in mine for session_id in session_ids) == 2


def _is(kept: object, id_: str) -> bool:
    return (kept.hex() if isinstance(kept, bytes) else str(kept).replace("-", "")) == id_.replace("-", "")
