"""A way back for who has forgotten their password: it tells nobody who has an account, and leads in once."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy import URL
from structlog.testing import capture_logs

from adapters.mail.smtp import SmtpMailer
from adapters.mail.url import read_mail_url
from adapters.memory.mail import MemoryMailer
from adapters.security.passwords import BcryptPasswords
from application.ports.mail import Mail
from domain.password_reset import VALIDITY, PasswordReset
from domain.shares import Share
from domain.user import Email, Password
from entrypoints.container import Service
from entrypoints.http.app import create_app
from tests.http.people import PASSWORD, Person, new_email, somebody
from tests.http.service import client, identity_of, running, settings_for
from tests.security.databases import TABLES, rows_of, values_of
from tests.security.mailbox import (
    CHANGE,
    CONFIRM,
    NEW_PASSWORD,
    RESET,
    Mailbox,
    can_sign_in,
    is_signed_in,
    settled,
    token_in,
    without_id,
)
from tests.support.mail_servers import PASSWORD as MAIL_PASSWORD
from tests.support.mail_servers import USER, Certificates, closed_port, mail_server


@pytest.fixture(scope="module")
async def mailbox(url: URL) -> AsyncIterator[Mailbox]:
    mailer = MemoryMailer()
    async with running(settings_for(url), mailer=mailer) as service, client(create_app(service)) as http:
        yield Mailbox(service, http, mailer)


@pytest.fixture
def service(mailbox: Mailbox) -> Service:
    return mailbox.service


@pytest.fixture
def http(mailbox: Mailbox) -> httpx.AsyncClient:
    return mailbox.http


async def set_active(person: Person, service: Service, *, is_active: bool) -> None:
    async with identity_of(service)(None) as identity:
        found = await identity.users.with_email(Email(person.email))
        assert found is not None
        await identity.users.save(replace(found.user, is_active=is_active))


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


@contextmanager
def everything_logged() -> Iterator[list[Any]]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.BoundLogger)
    try:
        with capture_logs() as lines:
            yield lines
    finally:
        structlog.configure(**before)


# The way back


async def test_who_has_forgotten_their_password_gets_in_again(ann: Person, mailbox: Mailbox) -> None:
    answer = await mailbox.ask(ann.email)
    assert (answer.status_code, answer.json()) == (202, {})
    (letter,) = await mailbox.letters(ann.email)
    token = token_in(letter.text)
    answer = await mailbox.confirm(token)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await can_sign_in(ann, NEW_PASSWORD)
    assert not await can_sign_in(ann, PASSWORD)


async def test_every_session_ends_and_nobody_elses(ann: Person, ben: Person, mailbox: Mailbox) -> None:
    others = [ann, await ann.sign_in_again()]
    assert (await mailbox.confirm(await mailbox.token(ann))).status_code == 204
    assert [await is_signed_in(person) for person in others] == [(False, False)] * 2
    assert await is_signed_in(ben) == (True, True)
    assert await can_sign_in(ben, PASSWORD)


async def test_it_is_in_the_log_once(ann: Person, mailbox: Mailbox) -> None:
    assert (await mailbox.confirm(await mailbox.token(ann), PASSWORD)).status_code == 204
    ann = await ann.sign_in_again()
    events = (await ann.get("/api/audit")).json()["items"]
    said = [(event["action"], event["resource_type"], event["outcome"]) for event in events]
    assert said.count(("PASSWORD_CHANGE", "account", "success")) == 1
    assert said.count(("LOGOUT", "session", "success")) == 1
    assert {event["actor_id"] for event in events} == {ann.id}


async def test_the_owner_is_told(ann: Person, mailbox: Mailbox) -> None:
    token = await mailbox.token(ann)
    assert (await mailbox.confirm(token)).status_code == 204
    _, letter = await mailbox.letters(ann.email)
    assert letter.subject == "Your Taskward password has been changed"
    assert token not in letter.text


async def test_the_letter_says_from_where_and_repeats_nothing_that_was_sent(ann: Person, mailbox: Mailbox) -> None:
    headers = {"User-Agent": "canary-7431 https://evil.example", "X-Forwarded-For": "canary-7431"}
    answer = await mailbox.http.post(RESET, json={"email": ann.email}, headers=headers)
    assert answer.status_code == 202
    (letter,) = await mailbox.letters(ann.email)
    assert "from the address 127.0.0.1." in letter.text
    assert "canary" not in letter.text


async def test_a_token_has_256_random_bits(ann: Person, mailbox: Mailbox) -> None:
    tokens = {await mailbox.token(ann) for _ in range(3)}
    assert len(tokens) == 3
    assert {len(token) for token in tokens} == {43}


# What is not told


@pytest.fixture
async def addresses(ann: Person, ben: Person, service: Service) -> dict[str, str]:
    await set_active(ben, service, is_active=False)
    return {
        "an account": ann.email,
        "in capitals": ann.email.upper(),
        "an inactive account": ben.email,
        "nobody": new_email(),
        "nobody either": "nobody@a-place-that-is-not.example",
    }


async def test_every_address_gets_the_same_bytes(addresses: dict[str, str], mailbox: Mailbox) -> None:
    answers = {whose: await mailbox.ask(address) for whose, address in addresses.items()}
    seen = {
        (
            answer.status_code,
            answer.content,
            tuple((name, value) for name, value in answer.headers.items() if name != "x-request-id"),
        )
        for answer in answers.values()
    }
    assert len(seen) == 1
    assert seen.pop()[:2] == (202, b"{}")


async def test_every_address_takes_the_same_hashing_of_passwords(
    addresses: dict[str, str], mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked = 0
    really = BcryptPasswords._in_thread

    async def counted(self: BcryptPasswords, work: Callable[[], Any], share: Share) -> Any:
        nonlocal worked
        worked += 1
        return await really(self, work, share)

    monkeypatch.setattr(BcryptPasswords, "_in_thread", counted)
    found = {}
    for whose, address in addresses.items():
        worked = 0
        await mailbox.ask(address)
        await settled(mailbox.service)
        found[whose] = worked
    assert found == dict.fromkeys(addresses, 0)


async def test_nothing_is_looked_up_before_the_answer(
    addresses: dict[str, str], mailbox: Mailbox, owner_url: URL
) -> None:
    """Whether there is such an account is found out when the answer is gone, so no time and no failure tells it."""
    before = await rows_of(owner_url, "password_resets")
    for address in addresses.values():
        assert (await mailbox.ask(address)).status_code == 202
    assert await rows_of(owner_url, "password_resets") == before
    await settled(mailbox.service)
    assert len(await rows_of(owner_url, "password_resets")) == len(before) + 1


async def test_a_mail_goes_to_the_account_s_address_only(
    addresses: dict[str, str], ann: Person, ben: Person, mailbox: Mailbox
) -> None:
    for address in addresses.values():
        await mailbox.ask(address)
    await settled(mailbox.service)
    for address in {*addresses.values(), ann.email.lower()} - {ann.email}:
        assert await mailbox.letters(address) == []
    assert len(await mailbox.letters(ann.email)) == 2


@pytest.mark.parametrize(
    "email", ["", "ann", "ann@", "@example.org", "ann@example.org\r\nBcc: eve@example.org", "a b@example.org", None, 1]
)
async def test_only_what_is_no_address_is_refused(email: object, mailbox: Mailbox) -> None:
    answer = await mailbox.http.post(RESET, json={"email": email})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/email"]


async def test_where_there_is_no_room_everybody_is_asked_to_come_back(
    addresses: dict[str, str], mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox.service._errands[0], "_room", 0)
    answers = [await mailbox.ask(address) for address in addresses.values()]
    assert len({without_id(answer) for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {503}
    assert all(answer.headers["retry-after"] for answer in answers)


class SlowMailer(MemoryMailer):
    """Keeps everybody waiting until the post opens."""

    def __init__(self) -> None:
        super().__init__()
        self.opens = asyncio.Event()

    async def deliver(self, mail: Mail) -> None:
        await self.opens.wait()
        await super().deliver(mail)


async def test_no_answer_waits_for_the_mail(url: URL) -> None:
    mailer = SlowMailer()
    async with running(settings_for(url), mailer=mailer) as service, client(create_app(service)) as http:
        mailbox, ann = Mailbox(service, http, mailer), await somebody(http)
        started = time.perf_counter()
        for address in (ann.email, new_email()):
            assert (await mailbox.ask(address)).status_code == 202
        assert (await ann.post(CHANGE, json={"current_password": PASSWORD, "new_password": PASSWORD})).is_success
        assert time.perf_counter() - started < 2
        assert mailer.delivered == []
        mailer.opens.set()
        assert await mailbox.letters(ann.email)


async def test_what_was_asked_for_is_done_before_the_service_ends(url: URL) -> None:
    mailer = MemoryMailer()
    async with running(settings_for(url), mailer=mailer) as service, client(create_app(service)) as http:
        ann = await somebody(http)
        assert (await Mailbox(service, http, mailer).ask(ann.email)).status_code == 202
        assert mailer.delivered == []
    assert [mail.to for mail in mailer.delivered] == [ann.email]


# What does not lead in

REFUSED = "password-reset-refused"


async def used(mailbox: Mailbox, person: Person) -> str:
    token = await mailbox.token(person)
    assert (await mailbox.confirm(token, PASSWORD)).status_code == 204
    return token


async def expired(mailbox: Mailbox, person: Person) -> str:
    token, then = f"expired-{person.id}", datetime.now(UTC) - VALIDITY
    async with identity_of(mailbox.service)(None) as identity:
        found = await identity.users.with_email(Email(person.email))
        assert found is not None
        reset = PasswordReset.offer(found.user, token_hash=hashed(token), at=then)
        await identity.password_resets.put(reset)
    return token


async def replaced(mailbox: Mailbox, person: Person) -> str:
    token = await mailbox.token(person)
    await mailbox.token(person)
    return token


async def of_an_inactive_account(mailbox: Mailbox, person: Person) -> str:
    token = await mailbox.token(person)
    await set_active(person, mailbox.service, is_active=False)
    return token


async def from_before_a_change_of_password(mailbox: Mailbox, person: Person) -> str:
    token = await mailbox.token(person)
    body = {"current_password": PASSWORD, "new_password": PASSWORD}
    assert (await person.post(CHANGE, json=body)).status_code == 204
    return token


async def from_before_a_change_of_address(mailbox: Mailbox, person: Person) -> str:
    token = await mailbox.token(person)
    for email in (new_email(), person.email):
        body = {"email": email, "current_password": PASSWORD}
        assert (await person.patch("/api/users/me", json=body)).status_code == 200
    return token


async def its_hash(mailbox: Mailbox, person: Person) -> str:
    return hashed(await mailbox.token(person)).hex()


async def a_refresh_token(_mailbox: Mailbox, person: Person) -> str:
    return person.refresh_token


async def unknown(_mailbox: Mailbox, _person: Person) -> str:
    return "nonsense"


async def empty(_mailbox: Mailbox, _person: Person) -> str:
    return ""


async def odd(_mailbox: Mailbox, _person: Person) -> str:
    return "' OR 1=1 --\u00e9\r\n"


Worthless = Callable[[Mailbox, Person], Awaitable[str]]
WORTHLESS: list[Worthless] = [
    used,
    expired,
    replaced,
    of_an_inactive_account,
    from_before_a_change_of_password,
    from_before_a_change_of_address,
    its_hash,
    a_refresh_token,
    unknown,
    empty,
    odd,
]


async def test_every_worthless_token_gets_the_same_bytes_and_changes_nothing(mailbox: Mailbox) -> None:
    found = {}
    for worthless in WORTHLESS:
        person = await somebody(mailbox.http)
        token = await worthless(mailbox, person)
        found[worthless.__name__] = await mailbox.refusal(token)
        if worthless is of_an_inactive_account:
            await set_active(person, mailbox.service, is_active=True)
        assert await can_sign_in(person, PASSWORD), worthless.__name__
    assert len(set(found.values())) == 1, found
    status, text = found["unknown"]
    assert status == 400
    assert f"#{REFUSED}" in text


async def test_of_twenty_at_once_with_one_token_one_succeeds(ann: Person, mailbox: Mailbox) -> None:
    token = await mailbox.token(ann)
    answers = await asyncio.gather(*(mailbox.confirm(token, f"{NEW_PASSWORD} {number}") for number in range(20)))
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [204] + [400] * 19
    assert await can_sign_in(ann, f"{NEW_PASSWORD} {statuses.index(204)}")


async def test_of_twenty_at_once_on_several_workers_one_succeeds(ann: Person, mailbox: Mailbox, url: URL) -> None:
    token, mailer = await mailbox.token(ann), MemoryMailer()
    async with (
        running(settings_for(url), mailer=mailer) as second,
        running(settings_for(url), mailer=mailer) as third,
        client(create_app(second)) as second_http,
        client(create_app(third)) as third_http,
    ):
        boxes = [mailbox, Mailbox(second, second_http, mailer), Mailbox(third, third_http, mailer)]
        confirmed = [boxes[number % 3].confirm(token, f"{NEW_PASSWORD} {number}") for number in range(20)]
        statuses = [answer.status_code for answer in await asyncio.gather(*confirmed)]
    assert sorted(statuses) == [204] + [400] * 19


async def test_confirming_asking_refreshing_and_changing_at_once_never_fails(ann: Person, mailbox: Mailbox) -> None:
    """Nobody waits for somebody who waits for them: each holds sessions, account and way back in this order."""
    others = [await ann.sign_in_again() for _ in range(4)]
    token = await mailbox.token(ann)
    refreshing = [ann.http.post("/api/auth/refresh", json={"refresh_token": one.refresh_token}) for one in others]
    change = ann.post(CHANGE, json={"current_password": PASSWORD, "new_password": NEW_PASSWORD})
    answers = await asyncio.gather(
        *refreshing, mailbox.confirm(token), change, *(mailbox.ask(ann.email) for _ in range(4))
    )
    await settled(mailbox.service)
    assert {answer.status_code for answer in answers} <= {200, 202, 204, 400, 401, 403}
    assert [(await one.get("/api/users/me")).status_code for one in others] == [401] * 4


@pytest.mark.parametrize(
    ("password", "code"), [("short", "too_short"), ("x" * 129, "too_long"), ("password1", "common_password")]
)
async def test_a_password_against_the_rule_is_422_and_the_token_still_works(
    password: str, code: str, ann: Person, mailbox: Mailbox
) -> None:
    token = await mailbox.token(ann)
    for sent in (token, "nonsense"):
        answer = await mailbox.confirm(sent, password)
        assert answer.status_code == 422
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/new_password", code)]
    assert (await mailbox.confirm(token)).status_code == 204


async def test_a_token_in_the_address_or_in_a_header_is_no_token(ann: Person, mailbox: Mailbox) -> None:
    token = await mailbox.token(ann)
    body = {"new_password": NEW_PASSWORD}
    assert (await mailbox.http.post(CONFIRM, params={"token": token}, json=body)).status_code == 422
    assert (await mailbox.http.post(f"{CONFIRM}/{token}", json=body)).status_code in {404, 405}
    assert (await mailbox.http.get(CONFIRM, params={"token": token})).status_code == 405
    assert (await mailbox.http.post(CONFIRM, headers={"X-Token": token}, json=body)).status_code == 422
    assert await can_sign_in(ann, PASSWORD)


async def test_a_token_signs_nobody_in(ann: Person, mailbox: Mailbox) -> None:
    token = await mailbox.token(ann)
    assert (await mailbox.http.get("/api/tasks", headers={"Authorization": f"Bearer {token}"})).status_code == 401
    assert (await mailbox.http.post("/api/auth/refresh", json={"refresh_token": token})).status_code == 401


# What is kept and what is written down


async def test_a_token_is_kept_as_its_hash_only(ann: Person, owner_url: URL, mailbox: Mailbox) -> None:
    token = await mailbox.token(ann)
    (kept,) = [row for row in await rows_of(owner_url, "password_resets") if row["token_hash"] == hashed(token)]
    assert token.encode() not in b"\n".join(values_of(kept))
    for table in (*TABLES, "audit_events"):
        for row in await rows_of(owner_url, table):
            assert not [value for value in values_of(row) if token.encode() in value], table
    assert (await mailbox.confirm(token)).status_code == 204
    assert hashed(token) not in [row["token_hash"] for row in await rows_of(owner_url, "password_resets")]


async def test_neither_token_nor_address_nor_password_is_logged(ann: Person, mailbox: Mailbox) -> None:
    with everything_logged() as lines:
        token = await mailbox.token(ann)
        for sent in ("nonsense", token, token):
            await mailbox.confirm(sent)
        await mailbox.ask(new_email())
        await settled(mailbox.service)
    assert len(lines) >= 5
    for secret in (token, ann.email, NEW_PASSWORD, hashed(token).hex()):
        assert secret not in repr(lines)


async def test_what_goes_wrong_behind_the_answer_is_logged_with_the_request_and_without_the_address(
    ann: Person, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(mail: Mail) -> None:
        raise LookupError(f"{mail.to} {mail.text}")

    monkeypatch.setattr(mailbox.mailer, "deliver", fail)
    with everything_logged() as lines:
        headers = {"X-Request-Id": "the-request-0042"}
        assert (await mailbox.http.post(RESET, json={"email": ann.email}, headers=headers)).status_code == 202
        await settled(mailbox.service)
    (failure,) = [line for line in lines if line["event"] == "an errand failed"]
    assert (failure["errand"], failure["request_id"], failure["reason"]) == ("mail", "the-request-0042", "LookupError")
    assert "in fail" in failure["where"]
    for secret in (ann.email, "Somebody has asked"):
        assert secret not in repr(lines)


# Through a real mail server


async def test_through_a_mail_server_with_starttls_and_a_password(
    url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = Certificates()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.trusted_file(tmp_path)))
    async with mail_server(starttls=certificates.of("localhost")) as letterbox:
        place = f"smtp://{USER}:{quote(MAIL_PASSWORD)}@localhost:{letterbox.port}?starttls=1&from=no-reply@example.net"
        settings = settings_for(url, mail_url=SecretStr(place))
        async with running(settings) as service, client(create_app(service)) as http:
            ann = await somebody(http)
            assert (await http.post(RESET, json={"email": ann.email})).status_code == 202
            await settled(service)
            token = token_in(letterbox.mails[0].get_content().replace("\r\n", "\n"))
            body = {"token": token, "new_password": NEW_PASSWORD}
            assert (await http.post(CONFIRM, json=body)).status_code == 204
            assert await can_sign_in(ann, NEW_PASSWORD)
    assert letterbox.recipients == [[ann.email]] * 2
    assert letterbox.senders == ["no-reply@example.net"] * 2
    assert letterbox.encrypted == letterbox.signed_in == [True] * 2
    assert [mail["Subject"] for mail in letterbox.mails] == [
        "Choose a new password for Taskward",
        "Your Taskward password has been changed",
    ]


async def test_with_a_mail_server_that_is_down_everything_else_goes_on(url: URL) -> None:
    port = await closed_port()
    mailer = SmtpMailer(read_mail_url(f"smtp://127.0.0.1:{port}?from=a@example.org"), (0.0, 0.0))
    with everything_logged() as lines:
        async with running(settings_for(url), mailer=mailer) as service, client(create_app(service)) as http:
            ann = await somebody(http)
            headers = {"X-Request-Id": "the-request-0043"}
            answers = [
                await http.post(RESET, json={"email": address}, headers=headers) for address in (ann.email, new_email())
            ]
            assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"{}")}
            body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
            assert (await ann.post(CHANGE, json=body)).status_code == 204
            await settled(service)
    failures = [line for line in lines if line["event"] == "an errand failed"]
    assert [line["errand"] for line in failures] == ["mail"] * 2
    assert "the-request-0043" in {line["request_id"] for line in failures}
    assert all(line["reason"].endswith("attempts: 3") for line in failures)
    assert ann.email not in repr(lines)


async def test_a_mail_server_that_is_down_holds_up_no_end_of_the_service(
    url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.system.errands._SECONDS_TO_FINISH", 0.3)
    mailer = SlowMailer()
    with everything_logged() as lines:
        async with running(settings_for(url), mailer=mailer) as service, client(create_app(service)) as http:
            ann = await somebody(http)
            assert (await Mailbox(service, http, mailer).ask(ann.email)).status_code == 202
            started = time.perf_counter()
        assert time.perf_counter() - started < 3
    assert [line["errand"] for line in lines if line["event"] == "an errand was given up"] == ["mail"]


def test_the_letter_and_the_rule_agree_on_the_time() -> None:
    assert timedelta(minutes=30) == VALIDITY


def test_the_passwords_of_these_tests_are_allowed() -> None:
    assert Password(NEW_PASSWORD)
