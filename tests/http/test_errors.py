"""Errors: always a problem that says what to do, never what happened inside."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI

from domain.errors import TooBusy, Unavailable
from entrypoints.container import Service
from entrypoints.http.app import create_app
from tests.http.belongings import belongings_of
from tests.http.document import PROBLEM, Operation
from tests.http.offer import OPERATIONS
from tests.http.people import Person
from tests.http.service import client

ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "BREW")


NOWHERE = (
    "/",
    "/api",
    "/api/nothing",
    "/api/users",
    "/api/users/you",
    "/api/tasks/x/y",
    "/api/tasks/x/complete/y",
    "/api/x/y/z",
    "/apitasks",
    "/API/tasks",
    "/tasks",
    "/redoc",
    "/metrics",
    "/docs/nothing",
    "/docs/assets",
    "/docs/assets/nothing.js",
    "/docs/assets/..%2f..%2fetc%2fpasswd",
    "/docs/assets/%2e%2e/%2e%2e/pyproject.toml",
    "/openapi.yaml",
    "/.env",
    "/favicon.ico",
)


async def test_an_address_that_there_is_not_is_404(http: httpx.AsyncClient, ann: Person) -> None:
    for path in NOWHERE:
        for answer in (await http.get(path), await ann.get(path)):
            assert answer.status_code == 404, path
            assert answer.headers["content-type"] == PROBLEM
            assert answer.json()["type"].endswith("#no-such-route")


@pytest.mark.parametrize("path", sorted({operation.path for operation in OPERATIONS}))
async def test_405_says_everything_that_an_address_takes(path: str, ann: Person) -> None:
    operations = [operation for operation in OPERATIONS if operation.path == path]
    taken = {operation.method for operation in operations}
    address = (await belongings_of(ann, operations[0])).at()
    also = {"OPTIONS", "HEAD"} if "GET" in taken else {"OPTIONS"}
    before = await ann.everything()
    for method in ALL_METHODS:
        if method in taken:
            continue
        for answer in (await ann.send(method, address), await ann.http.request(method, address)):
            assert answer.status_code == 405, method
            assert set(answer.headers["allow"].split(", ")) == taken | also
            assert answer.json()["type"].endswith("#method-not-allowed")
    assert await ann.everything() == before


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/problems", "/docs/start.js", "/openapi.json", "/docs/assets/swagger-ui.css"]
)
async def test_pages_are_for_reading_only(path: str, http: httpx.AsyncClient) -> None:
    for method in ("POST", "PUT", "DELETE", "TRACE"):
        answer = await http.request(method, path)
        assert answer.status_code == 405
        assert answer.headers["content-type"] == PROBLEM
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("sent", ["a", "x" * 128, "0f8fad5b-d9cb-469f-a165-70867728950e", "A.b_c-9"])
async def test_a_sane_request_id_is_given_back(sent: str, ann: Person) -> None:
    for path in ("/livez", "/api/tasks", "/api/nothing", "/api/tasks/x", "/api/x/tasks"):
        answer = await ann.get(path, headers={"X-Request-Id": sent})
        assert answer.headers["x-request-id"] == sent
        if answer.is_error:
            assert answer.json()["request_id"] == sent


STRANGE_IDS: tuple[str | bytes, ...] = (
    "",
    " ",
    "x" * 129,
    "a b",
    "a\tb",
    "a,b",
    "a;b",
    "a/b",
    "<script>",
    '"',
    "${jndi:ldap://x}",
    "\u00e9".encode("latin-1"),
    "\u00e9".encode(),
    b"a\x00b",
    b"a\nb",
    b"a\r\nSet-Cookie: x=y",
    b"a\n",
    b"\xef\xbc\x91",
)


async def test_a_strange_request_id_is_replaced(http: httpx.AsyncClient) -> None:
    for sent in STRANGE_IDS:
        raw = sent.encode() if isinstance(sent, str) else sent
        answers = [await http.get("/livez", headers=[(b"X-Request-Id", raw)]) for _ in range(2)]
        ids = {answer.headers["x-request-id"] for answer in answers}
        assert len(ids) == 2, sent
        assert all(re.fullmatch(r"[0-9a-f]{32}", found) for found in ids)


async def test_requests_have_ids_of_their_own(ann: Person) -> None:
    ids = [(await ann.get("/api/tasks")).headers["x-request-id"] for _ in range(20)]
    assert len(set(ids)) == 20


async def test_every_problem_has_its_place_on_the_page_of_problems(ann: Person, http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs/problems")).text
    seen = {
        (await ann.get("/api/nothing")).json()["type"],
        (await ann.get("/api/tasks/x")).json()["type"],
        (await ann.get("/api/x/tasks")).json()["type"],
        (await ann.get("/api/tasks?page=0")).json()["type"],
        (await http.get("/api/tasks")).json()["type"],
        (await http.post("/api/auth/login", json={"email": "x", "password": "x"})).json()["type"],
        (await http.post("/api/auth/refresh", json={"refresh_token": "x"})).json()["type"],
        (await http.post("/api/auth/refresh", content="{", headers={"Content-Type": "application/json"})).json()[
            "type"
        ],
        (await http.post("/api/auth/refresh", content="{")).json()["type"],
        (await http.put("/livez")).json()["type"],
    }
    assert len(seen) == 10
    for kind in seen:
        address, _, code = kind.partition("#")
        assert address == "/docs/problems"
        assert f'id="{code}"' in page


class _Oops(Exception):
    """Something that nobody expects, with words that are nobody's business."""


@asynccontextmanager
async def failing(service: Service, error: Exception) -> AsyncIterator[httpx.AsyncClient]:
    """The service with a use case that fails in this way: reading one's own account."""

    async def get_me(*_: object) -> Any:
        raise error

    app: FastAPI = create_app(service)
    parts = {name: getattr(service.application, name) for name in service.application.__slots__}
    app.state.application = type(service.application)(**parts | {"get_me": get_me})
    async with client(app) as http:
        yield http


async def test_an_error_that_nobody_expects_is_500_and_says_nothing_of_the_inside(
    service: Service, ann: Person
) -> None:
    error = _Oops("SELECT password_hash FROM users; k1:topsecret")
    async with failing(service, error) as http:
        answer = await http.get("/api/users/me", headers={"Authorization": f"Bearer {ann.access_token}"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "type": "/docs/problems#internal-error",
        "title": "Internal error",
        "status": 500,
        "detail": answer.json()["detail"],
        "request_id": answer.headers["x-request-id"],
    }
    for word in ("Oops", "SELECT", "topsecret", "Traceback", ".py", "test_errors"):
        assert word not in answer.text


async def test_an_error_that_nobody_expects_is_logged_with_the_request_id(service: Service, ann: Person) -> None:
    error = _Oops("what happened inside")
    with structlog.testing.capture_logs() as lines:
        async with failing(service, error) as http:
            answer = await http.get("/api/users/me", headers={"Authorization": f"Bearer {ann.access_token}"})
    (line,) = [line for line in lines if line["log_level"] == "error"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["exc_info"]
    assert (line["method"], line["path"]) == ("GET", "/api/users/me")


@pytest.mark.parametrize("before", [[], [b""], [b'{"title": ']])
@pytest.mark.parametrize(("method", "path"), [("POST", b"/api/tasks"), ("DELETE", b"/api/tasks")])
async def test_a_client_that_goes_away_within_its_body_is_no_error_of_ours(
    method: str, path: bytes, before: list[bytes], service: Service, ann: Person
) -> None:
    kept = await ann.new_task()
    headers = [(b"authorization", f"Bearer {ann.access_token}".encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "path": path.decode(), "raw_path": path, "query_string": b""}
    scope |= {"headers": headers, "scheme": "http", "client": ("127.0.0.1", 1), "root_path": ""}
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in before]
    incoming = iter([*messages, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(incoming)

    async def send(message: Any) -> None:
        sent.append(message)

    with structlog.testing.capture_logs() as lines:
        await create_app(service)(scope, receive, send)
    assert sent[0]["status"] == 400
    assert b"#malformed-json" in sent[1]["body"]
    assert [line for line in lines if line["log_level"] == "error"] == []
    assert [task["id"] for task in (await ann.tasks())["items"]] == [kept["id"]]


async def test_the_service_goes_on_after_an_error_that_nobody_expects(service: Service, ann: Person) -> None:
    async with failing(service, _Oops()) as http:
        headers = {"Authorization": f"Bearer {ann.access_token}"}
        assert [(await http.get("/api/users/me", headers=headers)).status_code for _ in range(3)] == [500] * 3
        assert (await http.get("/api/tasks", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("error", "code"), [(Unavailable(), "unavailable"), (TooBusy(), "too-busy")], ids=["unavailable", "too busy"]
)
async def test_what_cannot_be_answered_now_is_503_with_retry_after(
    error: Exception, code: str, service: Service, ann: Person
) -> None:
    async with failing(service, error) as http:
        answer = await http.get("/api/users/me", headers={"Authorization": f"Bearer {ann.access_token}"})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["type"].endswith(f"#{code}")


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.has_body], ids=str)
async def test_a_problem_never_repeats_what_was_sent(operation: Operation, ann: Person) -> None:
    """A password in the wrong field must not come back, nor go into a log that keeps answers."""
    address = (await belongings_of(ann, operation)).at()
    for name in ("email", "password", "refresh_token", "title", "full_name", "token", "role", "name"):
        answer = await ann.send(operation.method, address, json={name: {"canary-7431": "canary-7431"}})
        assert answer.status_code == 422
        assert answer.text.count("canary-7431") == 0
