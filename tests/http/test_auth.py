"""Opening an account, signing in, staying signed in, signing out."""

import asyncio
from dataclasses import replace

import httpx
import pytest

from domain.user import Email
from entrypoints.container import Service
from tests.http.people import PASSWORD, Json, Person, bearer, new_email, register, sign_in
from tests.http.service import identity_of


def problem_of(answer: httpx.Response) -> Json:
    """What a refusal says, its request id aside."""
    said: Json = answer.json()
    return said | {"request_id": None}


async def test_a_new_account_is_shown_and_can_be_found(http: httpx.AsyncClient) -> None:
    email = new_email()
    body = {"email": email, "password": PASSWORD, "full_name": "Ann Example"}
    answer = await http.post("/api/auth/register", json=body)
    assert answer.status_code == 201
    user = answer.json()
    assert (user["email"], user["full_name"], user["role"], user["is_active"]) == (email, "Ann Example", "user", True)
    assert user["created_at"] == user["updated_at"]
    token = (await sign_in(http, email))["access_token"]
    found = await http.get(answer.headers["location"], headers=bearer(token))
    assert found.json() == user


async def test_nothing_of_the_password_is_ever_answered(http: httpx.AsyncClient) -> None:
    email = new_email()
    answers = [
        await http.post("/api/auth/register", json={"email": email, "password": PASSWORD}),
        await http.post("/api/auth/login", json={"email": email, "password": PASSWORD}),
    ]
    token = answers[1].json()["access_token"]
    answers.append(await http.get("/api/users/me", headers=bearer(token)))
    for answer in answers:
        assert answer.is_success
        assert "password" not in answer.text
        assert PASSWORD not in answer.text
        assert "$2b$" not in answer.text


@pytest.mark.parametrize("full_name", [None, "x", "x" * 200, "\N{SNOWMAN}" * 200])
async def test_a_name_is_optional(full_name: str | None, http: httpx.AsyncClient) -> None:
    body = {"email": new_email(), "password": PASSWORD, "full_name": full_name}
    answer = await http.post("/api/auth/register", json=body)
    assert answer.status_code == 201
    assert answer.json()["full_name"] == full_name


WRONG_REGISTRATIONS: list[tuple[str, str | None]] = [
    ("email", ""),
    ("email", "ann"),
    ("email", "ann@"),
    ("email", "@example.org"),
    ("email", "ann@example"),
    ("email", "ann@@example.org"),
    ("email", "ann@example..org"),
    ("email", "an n@example.org"),
    ("email", "ann@example.org\nbcc:ben@example.org"),
    ("email", "ann@-example.org"),
    ("email", "Ann <ann@example.org>"),
    ("email", "x" * 65 + "@example.org"),
    ("email", "ann@" + "x" * 250 + ".org"),
    ("email", None),
    ("password", ""),
    ("password", "seven77"),
    ("password", "x7" * 65),
    ("password", "password"),
    ("password", "PassWord"),
    ("password", "12345678"),
    ("password", None),
    ("full_name", ""),
    ("full_name", "x" * 201),
]


async def test_a_wrong_registration_is_refused_by_its_pointer(http: httpx.AsyncClient) -> None:
    for field, value in WRONG_REGISTRATIONS:
        body = {"email": new_email(), "password": PASSWORD} | {field: value}
        answer = await http.post("/api/auth/register", json=body)
        assert answer.status_code == 422, (field, value)
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]
        login = {"email": body["email"] or "", "password": PASSWORD}
        assert (await http.post("/api/auth/login", json=login)).status_code == 401


async def test_an_address_is_taken_without_regard_to_case(http: httpx.AsyncClient) -> None:
    email = new_email()
    await register(http, email=email)
    for spelt in (email, email.upper(), f" {email} ", email.replace("example", "EXAMPLE")):
        answer = await http.post("/api/auth/register", json={"email": spelt, "password": "another password"})
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("#email-taken")
    assert (await sign_in(http, email))["access_token"]


async def test_of_many_who_want_one_address_exactly_one_gets_it(http: httpx.AsyncClient) -> None:
    body = {"email": new_email(), "password": PASSWORD}
    answers = await asyncio.gather(*(http.post("/api/auth/register", json=body) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_a_sign_in_gives_a_pair_of_tokens(http: httpx.AsyncClient) -> None:
    email = (await register(http))["email"]
    tokens = await sign_in(http, email)
    assert tokens.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 15 * 60
    assert tokens["access_token"].count(".") == 2
    assert len(tokens["refresh_token"]) >= 22
    assert (await http.get("/api/users/me", headers=bearer(tokens["access_token"]))).status_code == 200


async def test_the_address_is_read_without_regard_to_case_at_sign_in(http: httpx.AsyncClient) -> None:
    email = (await register(http))["email"]
    for spelt in (email.upper(), f"  {email}"):
        assert (await sign_in(http, spelt))["access_token"]


async def test_every_sign_in_is_a_session_of_its_own(ann: Person) -> None:
    again = await ann.sign_in_again()
    assert again.access_token != ann.access_token
    assert again.refresh_token != ann.refresh_token
    assert (await ann.post("/api/auth/logout")).status_code == 204
    assert (await ann.get("/api/users/me")).status_code == 401
    assert (await again.get("/api/users/me")).status_code == 200


async def test_unknown_wrong_and_inactive_get_one_answer(ann: Person, ben: Person, service: Service) -> None:
    async with identity_of(service)(None) as identity:
        found = await identity.users.with_email(Email(ben.email))
        assert found is not None
        await identity.users.save(replace(found.user, is_active=False))
    attempts = {
        "unknown": (new_email(), PASSWORD),
        "wrong": (ann.email, f"{PASSWORD}!"),
        "wrong case": (ann.email, PASSWORD.upper()),
        "too short": (ann.email, "x"),
        "empty": (ann.email, ""),
        "inactive": (ben.email, PASSWORD),
        "inactive and wrong": (ben.email, "wrong password"),
        "no address": ("ann", PASSWORD),
        "an empty address": ("", PASSWORD),
    }
    answers = {
        name: await ann.http.post("/api/auth/login", json={"email": email, "password": password})
        for name, (email, password) in attempts.items()
    }
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(attempts, 401)
    bodies = {answer.text.replace(answer.headers["x-request-id"], "-") for answer in answers.values()}
    headers = {
        str(sorted((k, v) for k, v in answer.headers.items() if k != "x-request-id")) for answer in answers.values()
    }
    assert len(bodies) == len(headers) == 1


async def test_a_refresh_gives_a_new_pair(ann: Person) -> None:
    answer = await ann.http.post("/api/auth/refresh", json={"refresh_token": ann.refresh_token})
    assert answer.status_code == 200
    tokens = answer.json()
    assert tokens["refresh_token"] != ann.refresh_token
    assert tokens["access_token"] != ann.access_token
    assert tokens["expires_in"] == 15 * 60
    for token in (tokens["access_token"], ann.access_token):
        assert (await ann.http.get("/api/users/me", headers=bearer(token))).json()["id"] == ann.id


async def test_a_refresh_needs_no_access_token_and_minds_none(ann: Person) -> None:
    answer = await ann.http.post(
        "/api/auth/refresh", json={"refresh_token": ann.refresh_token}, headers=bearer("nonsense")
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 4096, "\N{SNOWMAN}", "null", "' OR 1=1 --"])
async def test_a_refresh_token_that_nobody_has_is_refused(token: str, http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/auth/refresh", json={"refresh_token": token})
    assert answer.status_code == 401
    assert answer.json()["type"].endswith("#refresh-refused")


async def test_every_refused_refresh_gets_one_answer(ann: Person, ben: Person) -> None:
    await ben.post("/api/auth/logout")
    answers = [
        await ann.http.post("/api/auth/refresh", json={"refresh_token": token})
        for token in ("unknown", ben.refresh_token, ann.access_token)
    ]
    assert [answer.status_code for answer in answers] == [401] * 3
    assert problem_of(answers[0]) == problem_of(answers[1]) == problem_of(answers[2])


async def test_a_token_serves_its_own_purpose_only(ann: Person) -> None:
    assert (await ann.http.get("/api/users/me", headers=bearer(ann.refresh_token))).status_code == 401
    answer = await ann.http.post("/api/auth/refresh", json={"refresh_token": ann.access_token})
    assert answer.status_code == 401


async def test_a_sign_out_ends_both_tokens_of_the_session_at_once(ann: Person) -> None:
    refreshed = await ann.http.post("/api/auth/refresh", json={"refresh_token": ann.refresh_token})
    tokens = refreshed.json()
    answer = await ann.post("/api/auth/logout")
    assert (answer.status_code, answer.content) == (204, b"")
    for token in (ann.access_token, tokens["access_token"]):
        assert (await ann.http.get("/api/users/me", headers=bearer(token))).status_code == 401
    for token in (ann.refresh_token, tokens["refresh_token"]):
        assert (await ann.http.post("/api/auth/refresh", json={"refresh_token": token})).status_code == 401


async def test_a_second_sign_out_is_401(ann: Person) -> None:
    assert (await ann.post("/api/auth/logout")).status_code == 204
    assert (await ann.post("/api/auth/logout")).status_code == 401


async def test_nobody_is_signed_out_by_somebody_else(ann: Person, ben: Person) -> None:
    await ann.post("/api/auth/logout")
    assert (await ben.get("/api/users/me")).status_code == 200


async def test_the_account_may_be_registered_with_a_password_of_128_characters(http: httpx.AsyncClient) -> None:
    email, password = new_email(), "\N{SNOWMAN}" * 127 + "!"
    await register(http, email=email, password=password)
    assert (await sign_in(http, email, password))["access_token"]
    wrong = {"email": email, "password": "\N{SNOWMAN}" * 127 + "?"}
    assert (await http.post("/api/auth/login", json=wrong)).status_code == 401
