"""Sessions that ride on a cookie: same routes, nothing for other sites' pages to use."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
from sqlalchemy import URL

from adapters.system.clock import SetClock
from tests.http.browsers import Browser, browser
from tests.http.offer import ITEMS, OPERATIONS
from tests.http.people import PASSWORD, Person, bearer, new_email
from tests.http.service import serving, settings_for
from tests.security.databases import rows_of, values_of
from tests.security.test_access_tokens import decode

COOKIE = "taskward_session"
CHANGING = [o for o in OPERATIONS if o.method != "GET" and not o.is_public]


@pytest.fixture
async def anns(ann: Person) -> AsyncIterator[Browser]:
    """Ann's browser, signed in."""
    async with browser(ann.http) as opened:
        assert (await opened.sign_in(ann.email)).status_code == 200
        yield opened


@pytest.fixture
async def bens(ben: Person) -> AsyncIterator[Browser]:
    """Ben's browser, signed in."""
    async with browser(ben.http) as opened:
        assert (await opened.sign_in(ben.email)).status_code == 200
        yield opened


def set_cookie(answer: httpx.Response) -> Any:
    """The one cookie that an answer sets."""
    (header,) = answer.headers.get_list("set-cookie")
    (morsel,) = SimpleCookie(header).values()
    return morsel


async def test_signing_in_gives_a_cookie_that_no_script_can_read(ann: Person) -> None:
    async with browser(ann.http) as opened:
        answer = await opened.sign_in(ann.email)
    assert answer.json().keys() == {"user", "csrf_token"}
    assert answer.json()["user"]["id"] == ann.id
    cookie = set_cookie(answer)
    assert (cookie.key, cookie["httponly"], cookie["samesite"], cookie["path"]) == (COOKIE, True, "lax", "/")
    assert (cookie["secure"], cookie["domain"]) == ("", "")
    assert int(cookie["max-age"]) == 7 * 24 * 3600
    assert cookie.value not in answer.text


async def test_where_https_is_on_the_cookie_is_secure_and_tied_to_the_host(migrated_sqlite_url: URL) -> None:
    settings = settings_for(migrated_sqlite_url, require_https=True)
    async with serving(settings, origin="https://taskward.test") as http, browser(http) as opened:
        email = new_email()
        await opened.send("POST", "/api/auth/register", json={"email": email, "password": PASSWORD})
        cookie = set_cookie(await opened.sign_in(email))
        assert (cookie.key, cookie["secure"], cookie["path"]) == (f"__Host-{COOKIE}", True, "/")
        assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "lax", "")
        assert (await opened.get("/api/users/me"))["email"] == email
        unprefixed = {COOKIE: opened.cookies[f"__Host-{COOKIE}"]}
        async with browser(http) as forged:
            forged.http.cookies.update(unprefixed)
            assert (await forged.send("GET", "/api/users/me")).status_code == 401


async def test_the_cookie_works_where_a_token_does(anns: Browser, ann: Person) -> None:
    made = await anns.send("POST", "/api/tasks", json={"title": "by cookie"})
    assert made.status_code == 201
    path = f"/api/{ann.id}/tasks/{made.json()['id']}"
    assert (await ann.get(path)).json() == await anns.get(path)
    assert (await anns.send("PATCH", path, json={"title": "changed"})).status_code == 200
    assert (await anns.send("DELETE", path)).status_code == 204


async def test_a_refused_sign_in_gives_no_cookie_and_the_answer_of_login(ann: Person) -> None:
    body = {"email": ann.email, "password": "a wrong one"}
    unknown = {"email": new_email(), "password": PASSWORD}
    answers = [
        await ann.http.post(path, json=wrong)
        for path in ("/api/auth/login", "/api/auth/session")
        for wrong in (body, unknown)
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text.replace(answer.headers["x-request-id"], "-") for answer in answers}) == 1
    assert not [answer for answer in answers if "set-cookie" in answer.headers]


async def test_every_sign_in_is_a_session_of_its_own(ann: Person, anns: Browser) -> None:
    """What a browser was given before, by whomever, is not what it has afterwards: no session can be fixed."""
    before = anns.cookies[COOKIE]
    await anns.sign_in(ann.email)
    assert anns.cookies[COOKIE] != before
    planted = "planted-by-somebody-else"
    async with browser(ann.http) as opened:
        opened.http.cookies.set(COOKIE, planted, domain="taskward.test", path="/")
        assert (await opened.sign_in(ann.email)).status_code == 200
        assert planted not in opened.cookies.values()
        assert (await opened.get("/api/users/me"))["id"] == ann.id


# Forged requests


@pytest.mark.parametrize("token", ["", "x", "é", None])
async def test_a_change_without_the_right_csrf_token_is_refused(
    anns: Browser, bens: Browser, ann: Person, token: str | None
) -> None:
    task = await ann.new_task()
    wrong = bens.csrf_token if token is None else token
    path = f"/api/tasks/{task['id']}"
    for method, address, body in (
        ("POST", "/api/tasks", {"title": "forged"}),
        ("PATCH", path, {"title": "forged"}),
        ("PUT", path, {"title": "forged"}),
        ("DELETE", path, None),
        ("POST", f"{path}/complete", None),
        ("PATCH", "/api/users/me", {"full_name": "forged"}),
        ("POST", "/api/auth/logout-all", None),
        ("DELETE", "/api/auth/session", None),
    ):
        for headers in ({"X-CSRF-Token": wrong.encode()}, {"X-CSRF-Token": b""}):
            answer = await anns.send(method, address, json=body, headers=headers)
            assert answer.status_code == 403
            assert answer.json()["type"].endswith("#csrf-token")
    assert (await ann.tasks())["items"] == [task]
    assert (await anns.get("/api/users/me"))["full_name"] is None


async def test_a_forged_request_is_in_the_log_once_a_minute(anns: Browser, ann: Person) -> None:
    for _ in range(3):
        for headers in ({"X-CSRF-Token": "x"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = await anns.send("POST", "/api/tasks", json={"title": "forged"}, headers=headers)
            assert answer.status_code == 403
    events = (await ann.get("/api/audit")).json()["items"]
    denied = [event for event in events if event["outcome"] == "denied"]
    assert [event["changes"] for event in denied] == [{"reason": "cross-site"}, {"reason": "csrf-token"}]
    assert {(event["actor_id"], event["resource_type"]) for event in denied} == {(ann.id, "session")}


@pytest.mark.parametrize("operation", CHANGING, ids=str)
async def test_every_operation_that_changes_something_asks_for_the_csrf_token(
    operation: Any, anns: Browser, ann: Person
) -> None:
    names = {"owner_id": ann.id, "organization_id": ann.id, "user_id": ann.id}
    others = dict.fromkeys((*ITEMS, "session_id", "invitation_id"), ann.id)
    answer = await anns.send_from("same-origin", operation.method, operation.at(**names | others), json={})
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("#csrf-token")


async def test_reading_needs_no_csrf_token(anns: Browser) -> None:
    for site in ("same-origin", "none", None):
        assert (await anns.send_from(site, "GET", "/api/users/me")).status_code == 200


async def test_a_page_of_another_site_is_refused_even_with_the_token(anns: Browser) -> None:
    forged = {"Sec-Fetch-Site": "cross-site"}
    answer = await anns.send("POST", "/api/tasks", json={"title": "forged"}, headers=forged)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("#cross-site")
    for site in ("same-origin", "same-site", "none"):
        made = await anns.send("POST", "/api/tasks", json={"title": "mine"}, headers={"Sec-Fetch-Site": site})
        assert made.status_code == 201


async def test_a_page_of_another_site_signs_nobody_in(ann: Person) -> None:
    """Login CSRF: neither by script, nor by a form, whose media types are not JSON."""
    body = {"email": ann.email, "password": PASSWORD}
    address = "/api/auth/session"
    by_script = await ann.http.post(address, json=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert by_script.status_code == 403
    as_text = {"Content-Type": "text/plain"}
    forms = [
        await ann.http.post(address, data=body),
        await ann.http.post(address, files={"email": ann.email.encode(), "password": PASSWORD.encode()}),
        await ann.http.post(address, content=json.dumps(body), headers=as_text),
    ]
    assert [answer.status_code for answer in forms] == [415] * 3
    assert not [answer for answer in (by_script, *forms) if "set-cookie" in answer.headers]


async def test_a_request_with_a_token_needs_no_csrf_token(ann: Person) -> None:
    for site in ("cross-site", "same-origin"):
        made = await ann.post("/api/tasks", json={"title": "x"}, headers={"Sec-Fetch-Site": site})
        assert made.status_code == 201


async def test_a_page_that_was_loaded_anew_gets_its_token_again(anns: Browser, ann: Person) -> None:
    found = await anns.get("/api/auth/session")
    assert found == {"user": (await ann.get("/api/users/me")).json(), "csrf_token": anns.csrf_token}


# Who it is


async def test_a_cookie_and_a_token_together_are_ambiguous(anns: Browser, ann: Person, ben: Person) -> None:
    for token in (ann.access_token, ben.access_token, "nonsense"):
        answer = await anns.send("GET", "/api/users/me", headers=bearer(token))
        assert answer.status_code == 400
        assert answer.json()["type"].endswith("#ambiguous-credentials")


async def test_two_cookies_are_ambiguous(anns: Browser, bens: Browser, ann: Person) -> None:
    one, other = anns.cookies[COOKIE], bens.cookies[COOKIE]
    for sent in ([f"{COOKIE}={one}; {COOKIE}={other}"], [f"{COOKIE}={one}", f"{COOKIE}={one}"]):
        headers = [("Cookie", value) for value in sent]
        assert (await ann.http.get("/api/users/me", headers=headers)).status_code == 400


async def test_other_cookies_are_not_looked_at(anns: Browser, ann: Person) -> None:
    value = anns.cookies[COOKIE]
    good = f"a=b; {COOKIE}={value};theme=dark"
    assert (await ann.http.get("/api/users/me", headers={"Cookie": good})).status_code == 200
    for name in (f"x{COOKIE}", COOKIE.upper(), f"__Host-{COOKIE}", "session", ""):
        answer = await ann.http.get("/api/users/me", headers={"Cookie": f"{name}={value}"})
        assert answer.status_code == 401, name
    other = {"Cookie": "theme=dark"} | bearer(ann.access_token)
    assert (await ann.http.get("/api/users/me", headers=other)).status_code == 200


async def test_what_is_good_in_one_place_is_nothing_in_the_other(anns: Browser, ann: Person) -> None:
    """Cookies and access tokens are signed with different keys and say what they are."""
    cookie = anns.cookies[COOKIE]
    assert (await ann.http.get("/api/users/me", headers=bearer(cookie))).status_code == 401
    for value in (ann.access_token, ann.refresh_token, "", "x", f'"{cookie}"', cookie + "=", cookie[:-1]):
        answer = await ann.http.get("/api/users/me", headers={"Cookie": f"{COOKIE}={value}"})
        assert answer.status_code == 401, value
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    header, claims, signature = cookie.split(".")
    assert json.loads(decode(header))["typ"] == "session+jwt"
    assert json.loads(decode(claims)).keys() == {"iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"}
    for forged in (f"{header}.{claims}.", f"{header}.{claims}.{signature[::-1]}"):
        assert (await ann.http.get("/api/users/me", headers={"Cookie": f"{COOKIE}={forged}"})).status_code == 401


async def test_a_stranger_with_a_dead_cookie_is_401_before_anything_else(anns: Browser) -> None:
    dead = anns.cookies[COOKIE]
    assert (await anns.send("DELETE", "/api/auth/session")).status_code == 204
    for headers in ({}, {"X-CSRF-Token": anns.csrf_token}, {"Sec-Fetch-Site": "cross-site"}):
        for method, path, body in (("POST", "/api/tasks", {"nonsense": 1}), ("GET", "/api/tasks?page=0", None)):
            answer = await anns.http.request(method, path, headers={"Cookie": f"{COOKIE}={dead}"} | headers, json=body)
            assert answer.status_code == 401, answer.text


# The end


async def test_signing_out_takes_the_cookie_and_ends_the_session(anns: Browser, ann: Person) -> None:
    value = anns.cookies[COOKIE]
    answer = await anns.send("DELETE", "/api/auth/session")
    assert answer.status_code == 204
    cookie = set_cookie(answer)
    assert (cookie.key, cookie.value, cookie["max-age"], cookie["path"]) == (COOKIE, "", "0", "/")
    assert COOKIE not in anns.cookies
    assert (await ann.http.get("/api/users/me", headers={"Cookie": f"{COOKIE}={value}"})).status_code == 401


async def test_a_session_ended_elsewhere_is_refused_at_the_next_request(anns: Browser, ann: Person) -> None:
    sessions = (await ann.get("/api/auth/sessions")).json()["items"]
    (theirs,) = [session["id"] for session in sessions if not session["current"]]
    assert (await ann.delete(f"/api/auth/sessions/{theirs}")).status_code == 204
    assert (await anns.send("GET", "/api/users/me")).status_code == 401
    assert (await ann.get("/api/users/me")).status_code == 200


async def test_no_cookie_and_no_csrf_token_is_stored(anns: Browser, owner_url: URL) -> None:
    secrets = [anns.cookies[COOKIE].encode(), anns.csrf_token.encode()]
    for table in ("sessions", "refresh_tokens", "audit_events", "users"):
        for row in await rows_of(owner_url, table):
            for value in values_of(row):
                assert not [secret for secret in secrets if secret in value]


class TestAsTimeGoesBy:
    """A session is kept up by being used, up to its absolute end."""

    @pytest.fixture
    def clock(self) -> SetClock:
        return SetClock(datetime.now(UTC))

    @pytest.fixture
    async def opened(self, url: URL, clock: SetClock) -> AsyncIterator[Browser]:
        """Somebody's browser, signed in to a service that goes by this clock."""
        async with serving(settings_for(url), clock=clock) as http, browser(http) as opened:
            email = new_email()
            await opened.send("POST", "/api/auth/register", json={"email": email, "password": PASSWORD})
            assert (await opened.sign_in(email)).status_code == 200
            yield opened

    async def test_a_cookie_that_is_used_is_renewed_now_and_then(self, clock: SetClock, opened: Browser) -> None:
        first = opened.cookies[COOKIE]
        clock.advance(timedelta(minutes=14))
        assert "set-cookie" not in (await opened.send("GET", "/api/users/me")).headers
        clock.advance(timedelta(minutes=2))
        answer = await opened.send("GET", "/api/users/me")
        assert int(set_cookie(answer)["max-age"]) == 7 * 24 * 3600
        assert opened.cookies[COOKIE] != first
        (session,) = (await opened.get("/api/auth/sessions"))["items"]
        assert datetime.fromisoformat(session["last_used_at"]) == clock()
        clock.advance(timedelta(days=7) - timedelta(seconds=1))
        assert (await opened.send("GET", "/api/users/me")).status_code == 200

    async def test_a_cookie_that_is_not_used_ends_with_the_idle_time(self, clock: SetClock, opened: Browser) -> None:
        clock.advance(timedelta(days=7))
        assert (await opened.send("GET", "/api/users/me")).status_code == 401

    async def test_no_use_keeps_a_session_up_for_ever(self, clock: SetClock, opened: Browser) -> None:
        for _ in range(5):
            clock.advance(timedelta(days=5))
            answer = await opened.send("GET", "/api/users/me")
            assert answer.status_code == 200
        assert int(set_cookie(answer)["max-age"]) == 5 * 24 * 3600
        clock.advance(timedelta(days=5))
        assert (await opened.send("GET", "/api/users/me")).status_code == 401

    async def test_signing_out_with_an_old_cookie_works(self, clock: SetClock, opened: Browser) -> None:
        clock.advance(timedelta(hours=1))
        assert (await opened.send("DELETE", "/api/auth/session")).status_code == 204
        assert COOKIE not in opened.cookies
