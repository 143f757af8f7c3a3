"""A changed password ends every other session, is told to its owner, and is changed by nobody else."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from sqlalchemy import URL

from adapters.memory.mail import MemoryMailer
from domain.ids import UserId
from entrypoints.container import Service
from entrypoints.http.app import create_app
from tests.http.people import PASSWORD, Person, somebody
from tests.http.service import client, identity_of, running, settings_for
from tests.security.databases import TABLES, rows_of, values_of
from tests.security.mailbox import CHANGE, NEW_PASSWORD, Mailbox, can_sign_in, is_signed_in, settled
from tests.security.test_access_tokens import decode


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


async def change(person: Person, new: str = NEW_PASSWORD, current: str = PASSWORD) -> httpx.Response:
    return await person.post(CHANGE, json={"current_password": current, "new_password": new})


async def events(person: Person, action: str) -> list[dict[str, Any]]:
    answer = await person.get("/api/audit", params={"action": action})
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_the_new_password_signs_in_and_the_former_one_does_not(ann: Person) -> None:
    answer = await change(ann)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await can_sign_in(ann, NEW_PASSWORD)
    assert not await can_sign_in(ann, PASSWORD)


async def test_every_other_session_ends_and_nobody_elses(ann: Person, ben: Person) -> None:
    others = [await ann.sign_in_again() for _ in range(3)]
    assert (await change(ann)).status_code == 204
    assert [await is_signed_in(person) for person in (ann, ben)] == [(True, True)] * 2
    assert [await is_signed_in(person) for person in others] == [(False, False)] * 3


async def test_the_change_is_in_the_log_once_and_the_end_of_each_session(ann: Person) -> None:
    for _ in range(2):
        await ann.sign_in_again()
    assert (await change(ann)).status_code == 204
    (changed,) = await events(ann, "PASSWORD_CHANGE")
    assert (changed["outcome"], changed["resource_type"], changed["resource_id"]) == ("success", "account", ann.id)
    assert (changed["actor_id"], changed["changes"]) == (ann.id, {})
    assert [event["resource_type"] for event in await events(ann, "LOGOUT")] == ["session"] * 2
    assert (await ann.get("/api/audit/verify")).json()["valid"] is True


async def test_a_wrong_password_is_403_changes_nothing_and_is_in_the_log(ann: Person) -> None:
    other = await ann.sign_in_again()
    for wrong in ("wrong", "", PASSWORD.upper(), PASSWORD + " ", NEW_PASSWORD):
        answer = await change(ann, current=wrong)
        assert answer.status_code == 403
        assert answer.json()["type"].endswith("#wrong-password")
    assert await can_sign_in(ann, PASSWORD)
    assert await is_signed_in(other) == (True, True)
    refused = await events(ann, "PASSWORD_CHANGE")
    assert [event["outcome"] for event in refused] == ["denied"] * 5
    assert {event["changes"]["reason"] for event in refused} == {"wrong-password"}


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "too_short"),
        ("x" * 129, "too_long"),
        ("password1", "common_password"),
        ("a\0bcdefgh", "unstorable_character"),
    ],
)
async def test_a_password_against_the_rule_is_422_whatever_the_current_one(
    password: str, code: str, ann: Person
) -> None:
    for current in (PASSWORD, "wrong"):
        answer = await change(ann, password, current)
        assert answer.status_code == 422
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/new_password", code)]
    assert await can_sign_in(ann, PASSWORD)


async def test_who_is_not_signed_in_is_told_nothing_else(ann: Person, mailbox: Mailbox) -> None:
    assert (await ann.post("/api/auth/logout")).status_code == 204
    for new, current in ((NEW_PASSWORD, PASSWORD), ("password1", PASSWORD), ("short", PASSWORD), (NEW_PASSWORD, "x")):
        body = {"current_password": current, "new_password": new}
        assert (await change(ann, new, current)).status_code == 401
        assert (await mailbox.http.post(CHANGE, json=body)).status_code == 401
    assert await can_sign_in(ann, PASSWORD)


async def test_of_ten_changes_at_once_one_succeeds_and_one_session_is_left(ann: Person) -> None:
    sessions = [ann, *[await ann.sign_in_again() for _ in range(9)]]
    answers = await asyncio.gather(
        *(change(person, f"{NEW_PASSWORD} {number}") for number, person in enumerate(sessions))
    )
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 401, 403, 503}
    winner = statuses.index(204)
    assert await can_sign_in(ann, f"{NEW_PASSWORD} {winner}")
    alive = [number for number, person in enumerate(sessions) if (await person.get("/api/users/me")).is_success]
    assert alive == [winner]


async def test_no_session_that_begins_meanwhile_with_the_former_password_is_left(ann: Person) -> None:
    login = {"email": ann.email, "password": PASSWORD}
    for _ in range(3):
        answers = await asyncio.gather(change(ann), *(ann.http.post("/api/auth/login", json=login) for _ in range(8)))
        assert answers[0].status_code == 204
        tokens = [answer.json()["access_token"] for answer in answers[1:] if answer.status_code == 200]
        for token in tokens:
            headers = {"Authorization": f"Bearer {token}"}
            assert (await ann.http.get("/api/users/me", headers=headers)).status_code == 401
        assert (await change(ann, PASSWORD, NEW_PASSWORD)).status_code == 204


async def test_refreshing_and_changing_at_once_waits_for_nobody_for_ever(ann: Person) -> None:
    """Both hold the sessions first and the account then."""
    others = [await ann.sign_in_again() for _ in range(8)]
    answers = await asyncio.gather(
        *(ann.http.post("/api/auth/refresh", json={"refresh_token": one.refresh_token}) for one in others[:4]),
        change(ann),
        *(ann.http.post("/api/auth/refresh", json={"refresh_token": one.refresh_token}) for one in others[4:]),
    )
    assert answers[4].status_code == 204
    assert {answer.status_code for answer in answers} <= {200, 204, 401}
    assert [(await one.get("/api/users/me")).status_code for one in others] == [401] * 8


def session_of(person: Person) -> UUID:
    claims = json.loads(decode(person.access_token.split(".")[1]))
    return UUID(claims["sid"])


async def test_the_sessions_of_an_account_are_held_in_the_order_of_their_ids(
    ann: Person, owner_url: URL, service: Service
) -> None:
    """Whoever waits for one session holds only those with lower ids: so two who end them all never wait in a circle."""
    if owner_url.drivername == "sqlite":
        pytest.skip("writers come one after the other")
    sessions = sorted([session_of(ann), session_of(await ann.sign_in_again()), session_of(await ann.sign_in_again())])

    async def hold() -> None:
        async with identity_of(service)(None) as identity:
            await identity.sessions.of(UserId(UUID(ann.id)))

    one, other = [await asyncpg.connect(owner_url.render_as_string(hide_password=False)) for _ in range(2)]
    try:
        await one.execute("BEGIN")
        await one.execute("SELECT FROM sessions WHERE id = $1 FOR UPDATE", sessions[1])
        waiting = asyncio.create_task(hold())
        await asyncio.sleep(0.3)
        await other.execute("SELECT FROM sessions WHERE id = $1 FOR UPDATE NOWAIT", sessions[2])
        with pytest.raises(asyncpg.LockNotAvailableError):
            await other.execute("SELECT FROM sessions WHERE id = $1 FOR UPDATE NOWAIT", sessions[0])
        await one.execute("ROLLBACK")
        await waiting
    finally:
        await one.close()
        await other.close()


async def test_the_owner_gets_a_letter_that_says_so(ann: Person, mailbox: Mailbox) -> None:
    assert (await change(ann)).status_code == 204
    (letter,) = await mailbox.letters(ann.email)
    assert letter.subject == "Your Taskward password has been changed"
    assert NEW_PASSWORD not in letter.text


async def test_no_password_is_kept_in_clear_text(ann: Person, owner_url: URL, service: Service) -> None:
    canary = "canary-8812 of a new password"
    assert (await change(ann, canary)).status_code == 204
    assert (await change(ann, "canary-8813 of another", canary)).status_code == 204
    assert (await change(ann, "canary-8814 of a third", "canary-8815 is wrong")).status_code == 403
    await settled(service)
    for table in (*TABLES, "audit_events"):
        for row in await rows_of(owner_url, table):
            assert not [value for value in values_of(row) if b"canary-88" in value], table


async def test_64_characters_of_several_bytes_count_to_the_last(ann: Person) -> None:
    long = "\u00e9\u4e2d\U0001f600\u0416" * 16
    assert (await change(ann, long)).status_code == 204
    assert await can_sign_in(ann, long)
    assert not await can_sign_in(ann, long[:-1] + "\u0417")


async def test_a_token_that_was_mailed_before_is_void(ann: Person, mailbox: Mailbox) -> None:
    token = await mailbox.token(ann)
    assert (await change(ann)).status_code == 204
    assert (await mailbox.confirm(token, PASSWORD)).status_code == 400
    assert await can_sign_in(ann, NEW_PASSWORD)


async def test_a_stranger_changes_nobodys_password(ann: Person, http: httpx.AsyncClient) -> None:
    eve = await somebody(http, password="six quite evil words for eve")
    assert (await change(eve, NEW_PASSWORD, PASSWORD)).status_code == 403
    assert (await change(eve, NEW_PASSWORD, eve.password)).status_code == 204
    assert await can_sign_in(ann, PASSWORD)
    assert await is_signed_in(ann) == (True, True)
