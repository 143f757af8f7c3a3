"""Passwords: every character counts, nobody learns who has an account, and nobody waits for somebody else's hash."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import bcrypt
import pytest
from sqlalchemy import URL

from adapters.security.passwords import LONGEST_QUEUE, THREADS, BcryptPasswords, common_passwords
from domain.errors import TooBusy
from domain.user import Email, Password
from entrypoints.container import Service
from tests.http.people import PASSWORD, Person, new_email, register
from tests.http.service import identity_of, serving, settings_for
from tests.security.databases import rows_of

SNOWMAN, FLAG = "\N{SNOWMAN}", "\N{REGIONAL INDICATOR SYMBOL LETTER A}"
PEPPER = "a pepper of thirty-two bytes or more"
OTHER_PEPPER = "another pepper of thirty-two bytes or more"


@contextmanager
def hashing(cost: int = 4, pepper: bytes | None = None) -> Iterator[BcryptPasswords]:
    passwords = BcryptPasswords(cost, pepper)
    try:
        yield passwords
    finally:
        passwords.close()


@pytest.fixture
def passwords() -> Iterator[BcryptPasswords]:
    with hashing() as passwords:
        yield passwords


@pytest.mark.parametrize(
    "start",
    ["x" * 7, "x" * 71, "x" * 72, "x" * 127, SNOWMAN * 63, SNOWMAN * 127, FLAG * 63, FLAG * 127, "a\u0301" * 40],
    ids=lambda start: f"{len(start)} characters, {len(start.encode())} bytes",
)
async def test_every_character_counts_to_the_last(start: str, passwords: BcryptPasswords) -> None:
    hashed = await passwords.hash(Password(start + "a"))
    assert await passwords.verify(start + "a", hashed)
    for wrong in (start + "b", start, start + "aa", start + "A", "y" + start[1:] + "a"):
        assert not await passwords.verify(wrong, hashed)


@pytest.mark.parametrize("stored", ["caf\u00e9 au lait", "cafe\u0301 au lait"], ids=ascii)
@pytest.mark.parametrize("typed", ["caf\u00e9 au lait", "cafe\u0301 au lait"], ids=ascii)
async def test_a_password_is_one_in_every_form(stored: str, typed: str, passwords: BcryptPasswords) -> None:
    assert await passwords.verify(typed, await passwords.hash(Password(stored)))


async def test_a_hash_of_the_text_as_typed_still_fits(passwords: BcryptPasswords) -> None:
    typed = "cafe\u0301 au lait"
    hashed = await passwords.hash(str.__new__(Password, typed))
    assert await passwords.verify(typed, hashed)
    assert not await passwords.verify("caf\u00e9 au lait", hashed)


@pytest.mark.parametrize(
    ("typed", "checks"), [("cafe au lait", 1), ("caf\u00e9 au lait", 1), ("cafe\u0301 au lait", 2)]
)
@pytest.mark.parametrize("is_known", [True, False])
async def test_what_a_refusal_costs_depends_on_the_text_alone(
    typed: str, checks: int, *, is_known: bool, passwords: BcryptPasswords, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = await passwords.hash(Password("another password")) if is_known else None
    checkpw, made = bcrypt.checkpw, list[bytes]()

    def counted(digest: bytes, stored: bytes) -> bool:
        made.append(stored)
        return checkpw(digest, stored)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    assert not await passwords.verify(typed, hashed)
    assert len(made) == checks


@pytest.mark.skipif(sys.platform != "linux", reason="Threads have priorities of their own on Linux.")
async def test_hashing_gives_way_to_those_who_answer(
    passwords: BcryptPasswords, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashpw, seen = bcrypt.hashpw, list[int]()

    def watched(password: bytes, salt: bytes) -> bytes:
        seen.append(os.getpriority(os.PRIO_PROCESS, 0))
        return hashpw(password, salt)

    monkeypatch.setattr(bcrypt, "hashpw", watched)
    await passwords.hash(Password(PASSWORD))
    assert seen == [min(os.getpriority(os.PRIO_PROCESS, 0) + 10, 19)]


async def test_hashing_goes_on_where_it_may_not_give_way(
    passwords: BcryptPasswords, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_: int) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "nice", forbidden)
    assert await passwords.verify(PASSWORD, await passwords.hash(Password(PASSWORD)))


async def test_the_same_password_has_another_hash_each_time(passwords: BcryptPasswords) -> None:
    hashes = {await passwords.hash(Password(PASSWORD)) for _ in range(5)}
    assert len(hashes) == 5
    assert all(PASSWORD not in hashed for hashed in hashes)


async def test_a_hash_has_the_cost_that_was_set() -> None:
    for cost in (4, 5):
        with hashing(cost) as passwords:
            assert (await passwords.hash(Password(PASSWORD))).startswith(f"$2b${cost:02d}$")


async def test_strange_passwords_are_merely_wrong(passwords: BcryptPasswords) -> None:
    hashed = await passwords.hash(Password(PASSWORD))
    for strange in ("", "\x00", f"{PASSWORD}\x00", "\ud800", "x" * 100_000, " ", f" {PASSWORD}", f"{PASSWORD} "):
        assert not await passwords.verify(strange, hashed)
        assert not await passwords.verify(strange, None)


async def test_a_hash_of_lower_cost_or_without_the_pepper_is_outdated() -> None:
    with hashing(4) as cheap, hashing(5) as dear, hashing(5, PEPPER.encode()) as peppered:
        low, high = await cheap.hash(Password(PASSWORD)), await dear.hash(Password(PASSWORD))
        with_pepper = await peppered.hash(Password(PASSWORD))
        assert dear.is_outdated(low)
        assert not dear.is_outdated(high)
        assert not cheap.is_outdated(high)
        assert peppered.is_outdated(high)
        assert not peppered.is_outdated(with_pepper)
        assert await peppered.verify(PASSWORD, low)
        assert await peppered.verify(PASSWORD, with_pepper)


async def test_a_hash_is_worth_nothing_without_its_pepper() -> None:
    with hashing(4) as plain, hashing(4, PEPPER.encode()) as peppered, hashing(4, OTHER_PEPPER.encode()) as other:
        hashed = await peppered.hash(Password(PASSWORD))
        assert await peppered.verify(PASSWORD, hashed)
        assert not await plain.verify(PASSWORD, hashed)
        assert not await other.verify(PASSWORD, hashed)
        bare = hashed[hashed.index("$") :]
        assert not await plain.verify(PASSWORD, bare)
        assert PEPPER not in hashed


@pytest.mark.parametrize(
    "wanted", ["password", "12345678", "iloveyou", "sunshine", "password1", "trustno1", "qwertyui"]
)
async def test_the_commonest_passwords_are_refused_in_any_case(wanted: str, ann: Person) -> None:
    for spelt in (wanted, wanted.upper(), wanted.title()):
        answer = await ann.http.post("/api/auth/register", json={"email": new_email(), "password": spelt})
        assert answer.status_code == 422
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
            ("/password", "common_password")
        ]


def test_the_list_of_common_passwords_is_long_and_fits_the_rule_for_passwords() -> None:
    common = common_passwords()
    assert len(common) > 1000
    for password in common:
        assert password == password.lower().strip()
        assert 8 <= len(password) <= 128


async def stored_hash(owner_url: URL, email: str) -> str:
    (found,) = [row["password_hash"] for row in await rows_of(owner_url, "users") if row["email"] == email]
    return str(found)


async def test_a_hash_of_lower_cost_is_renewed_at_sign_in(ann: Person, url: URL, owner_url: URL) -> None:
    before = await stored_hash(owner_url, ann.email)
    assert before.startswith("$2b$04$")
    async with serving(settings_for(url, bcrypt_cost=5)) as http:
        wrong = await http.post("/api/auth/login", json={"email": ann.email, "password": "wrong password"})
        assert wrong.status_code == 401
        assert await stored_hash(owner_url, ann.email) == before
        good = await http.post("/api/auth/login", json={"email": ann.email, "password": PASSWORD})
        assert good.status_code == 200
        renewed = await stored_hash(owner_url, ann.email)
        assert renewed.startswith("$2b$05$")
        again = await http.post("/api/auth/login", json={"email": ann.email, "password": PASSWORD})
        assert again.status_code == 200
        assert await stored_hash(owner_url, ann.email) == renewed
    assert (await ann.sign_in_again()).access_token
    assert await stored_hash(owner_url, ann.email) == renewed, "never back to a lower cost"


async def test_a_pepper_may_be_introduced_later(ann: Person, url: URL, owner_url: URL) -> None:
    login = {"email": ann.email, "password": PASSWORD}
    async with serving(settings_for(url, password_pepper=PEPPER)) as http:
        assert (await http.post("/api/auth/login", json=login)).status_code == 200
        renewed = await stored_hash(owner_url, ann.email)
        assert not renewed.startswith("$")
        assert (await http.post("/api/auth/login", json=login)).status_code == 200
        assert await stored_hash(owner_url, ann.email) == renewed
        wrong = await http.post("/api/auth/login", json=login | {"password": "wrong password"})
        assert wrong.status_code == 401
    for pepper in (None, OTHER_PEPPER):
        async with serving(settings_for(url, password_pepper=pepper)) as http:
            assert (await http.post("/api/auth/login", json=login)).status_code == 401
    assert await stored_hash(owner_url, ann.email) == renewed


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The hashes against which passwords are really checked."""
    seen: list[bytes] = []
    check = bcrypt.checkpw

    def counting(password: bytes, hashed: bytes) -> bool:
        seen.append(hashed)
        return check(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counting)
    return seen


async def test_whoever_signs_in_one_hash_of_the_same_cost_is_made(
    ann: Person, ben: Person, service: Service, checked: list[bytes], url: URL
) -> None:
    async with identity_of(service)(None) as identity:
        found = await identity.users.with_email(Email(ben.email))
        assert found is not None
        await identity.users.save(replace(found.user, is_active=False))
    attempts = {
        "right": (ann.email, PASSWORD),
        "wrong": (ann.email, "wrong password"),
        "too short": (ann.email, ""),
        "unknown": (new_email(), PASSWORD),
        "inactive": (ben.email, PASSWORD),
        "inactive and wrong": (ben.email, "wrong password"),
        "no address": ("nobody", PASSWORD),
    }
    for name, (email, password) in attempts.items():
        checked.clear()
        answer = await ann.http.post("/api/auth/login", json={"email": email, "password": password})
        assert (answer.status_code == 200) == (name == "right")
        assert [hashed[:7] for hashed in checked] == [b"$2b$04$"], name
        assert all(len(hashed) == 60 for hashed in checked)
    async with serving(settings_for(url, password_pepper=PEPPER)) as http:
        peppered = (await register(http))["email"]
    checked.clear()
    answer = await ann.http.post("/api/auth/login", json={"email": peppered, "password": PASSWORD})
    assert answer.status_code == 401
    assert [hashed[:7] for hashed in checked] == [b"$2b$04$"], "a pepper that is not known"


async def test_the_loop_goes_on_while_passwords_are_hashed() -> None:
    with hashing(10) as passwords:
        hashes = asyncio.gather(*(passwords.hash(Password(PASSWORD)) for _ in range(4)))
        ticks = 0
        while not hashes.done():
            ticks += 1
            await asyncio.sleep(0)
        (hashed, *_) = await hashes
        assert ticks > 50
        check = asyncio.ensure_future(passwords.verify(PASSWORD, hashed))
        ticks = 0
        while not check.done():
            ticks += 1
            await asyncio.sleep(0)
        assert await check
        assert ticks > 10


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Hashing and checking wait for this event. It is set at the end, so that no thread waits for ever."""
    event = threading.Event()

    def holding(work: Callable[..., Any]) -> Callable[..., Any]:
        def held(*args: Any) -> Any:
            assert threading.current_thread() is not threading.main_thread(), "the loop would stand still"
            assert event.wait(60)
            return work(*args)

        return held

    monkeypatch.setattr(bcrypt, "checkpw", holding(bcrypt.checkpw))
    monkeypatch.setattr(bcrypt, "hashpw", holding(bcrypt.hashpw))
    yield event
    event.set()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is refused after 100 seconds only: on a busy machine everything takes long."""
    monkeypatch.setattr("adapters.system.admission.TICKS_TO_WAIT", 400)


@pytest.mark.usefixtures("patient")
async def test_the_queue_is_bounded_and_opens_again(held: threading.Event, passwords: BcryptPasswords) -> None:
    waiting = [asyncio.ensure_future(passwords.verify(PASSWORD, None)) for _ in range(THREADS + LONGEST_QUEUE)]
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        for _ in range(3):
            with pytest.raises(TooBusy):
                await passwords.verify(PASSWORD, None)
            with pytest.raises(TooBusy):
                await passwords.hash(Password(PASSWORD))
    held.set()
    assert await asyncio.gather(*waiting) == [False] * len(waiting)
    assert await passwords.verify(PASSWORD, await passwords.hash(Password(PASSWORD)))


@pytest.mark.usefixtures("patient")
async def test_who_gives_up_leaves_the_queue(held: threading.Event, passwords: BcryptPasswords) -> None:
    waiting = [asyncio.ensure_future(passwords.verify(PASSWORD, None)) for _ in range(THREADS + LONGEST_QUEUE)]
    await asyncio.sleep(0)
    waiting[-1].cancel()
    await asyncio.wait([waiting[-1]])
    another = asyncio.ensure_future(passwords.verify(PASSWORD, None))
    held.set()
    assert await another is False
    assert await asyncio.gather(*waiting[:-1]) == [False] * (len(waiting) - 1)


@pytest.mark.usefixtures("patient")
async def test_a_flood_of_sign_ins_is_503_past_the_queue_and_holds_up_nobody_else(
    ann: Person, held: threading.Event
) -> None:
    body = {"email": ann.email, "password": PASSWORD}
    flood = [
        asyncio.ensure_future(ann.http.post("/api/auth/login", json=body)) for _ in range(THREADS + LONGEST_QUEUE + 5)
    ]
    refused: set[Any] = set()
    async with asyncio.timeout(30):
        while len(refused) < 5:
            done, _ = await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED)
            refused |= done
            flood = [task for task in flood if task not in done]
    for task in refused:
        answer = task.result()
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["type"].endswith("#too-busy")
    async with asyncio.timeout(30):
        assert (await ann.get("/api/tasks")).status_code == 200
    another = asyncio.ensure_future(ann.http.post("/api/auth/register", json=body | {"email": new_email()}))
    async with asyncio.timeout(30):
        done, _ = await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED)
    held.set()
    assert (await another).status_code == 201
    statuses = [answer.status_code for answer in await asyncio.gather(*flood)]
    assert statuses.count(503) == len(done) == 1
    assert set(statuses) == {200, 503}
