"""An e-mail address is changed by those alone who know the password, and the former address is told."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import URL

from adapters.memory.mail import MemoryMailer
from entrypoints.container import Service
from entrypoints.http.app import create_app
from tests.http.people import PASSWORD, Person, new_email
from tests.http.service import client, running, settings_for
from tests.security.mailbox import CHANGE, NEW_PASSWORD, Mailbox

ME = "/api/users/me"


@pytest.fixture(scope="module")
async def mailbox(url: URL) -> AsyncIterator[Mailbox]:
    mailer = MemoryMailer()
    async with (
        running(settings_for(url, rate_limits=True), mailer=mailer) as service,
        client(create_app(service)) as http,
    ):
        yield Mailbox(service, http, mailer)


@pytest.fixture
def service(mailbox: Mailbox) -> Service:
    return mailbox.service


@pytest.fixture
def http(mailbox: Mailbox) -> httpx.AsyncClient:
    return mailbox.http


async def move(person: Person, email: str, password: str | None = PASSWORD) -> httpx.Response:
    proof = {} if password is None else {"current_password": password}
    return await person.patch(ME, json={"email": email} | proof)


async def address_of(person: Person) -> str:
    return str((await person.get(ME)).json()["email"])


async def test_an_access_token_alone_changes_no_address(ann: Person) -> None:
    for email in (new_email(), ann.email):
        answer = await move(ann, email, None)
        assert answer.status_code == 422
        assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [("/current_password", "missing")]
    assert await address_of(ann) == ann.email


async def test_a_wrong_password_is_403_and_in_the_log(ann: Person) -> None:
    for wrong in ("wrong", "", NEW_PASSWORD):
        answer = await move(ann, new_email(), wrong)
        assert answer.status_code == 403
        assert answer.json()["type"].endswith("#wrong-password")
    assert await address_of(ann) == ann.email
    events = (await ann.get("/api/audit")).json()["items"]
    denied = [event for event in events if event["outcome"] == "denied"]
    assert [event["changes"]["reason"] for event in denied] == ["wrong-password"] * 3
    assert {event["resource_type"] for event in denied} == {"account"}


async def test_the_former_address_is_told_without_the_new_one(ann: Person, mailbox: Mailbox) -> None:
    email = new_email()
    assert (await move(ann, email)).status_code == 200
    (letter,) = await mailbox.letters(ann.email)
    assert "has been changed" in letter.text
    assert email not in letter.text
    assert await mailbox.letters(email) == []


async def test_wrong_passwords_are_counted_for_the_account_and_not_for_its_address_of_the_moment(ann: Person) -> None:
    for _ in range(5):
        assert (await move(ann, new_email(), "wrong")).status_code == 403
    assert (await ann.post(CHANGE, json={"current_password": "wrong", "new_password": NEW_PASSWORD})).status_code == 403
    statuses = [(await move(ann, new_email(), "wrong")).status_code for _ in range(6)]
    assert statuses == [403] * 4 + [429] * 2
    assert (await ann.send("DELETE", ME, json={"password": "wrong"})).status_code == 429
    assert (await move(ann, new_email())).status_code == 429
    assert await address_of(ann) == ann.email


async def test_addresses_cannot_be_probed_by_changing_to_them(ann: Person, ben: Person) -> None:
    answers = [await move(ann, ben.email) for _ in range(4)] + [await move(ann, new_email())]
    assert [answer.status_code for answer in answers] == [409] * 4 + [200]
    refused = await move(ann, ben.email)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert (await ann.patch(ME, json={"full_name": "Ann"})).status_code == 200


async def test_of_ten_changes_at_once_no_more_than_five_are_made(ann: Person) -> None:
    answers = await asyncio.gather(*(move(ann, new_email()) for _ in range(10)))
    made = [answer.json()["email"] for answer in answers if answer.status_code == 200]
    assert len(made) <= 5
    assert await address_of(ann) in made
    assert {answer.status_code for answer in answers} <= {200, 409, 429}
