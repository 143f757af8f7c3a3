"""Addresses: one spelling for each path. What is not canonical leads nowhere, whatever it is asked to do."""

import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from entrypoints.container import Service
from entrypoints.http.addresses import is_canonical, meanings
from entrypoints.http.app import create_app
from entrypoints.http.routing import methods_at
from tests.http.belongings import belongings_of
from tests.http.document import Operation
from tests.http.offer import OPERATIONS
from tests.http.people import PASSWORD, Json, Person, bearer, new_email
from tests.support import serving
from tests.support.targets import exactly

NOWHERE = "/docs/problems#no-such-route"
STRAY = ("", ".", "..", "%2E", "%2e%2E", ".%2E", "%2F", "%2f..%2F", "/", "//", "%0A", "%00", "%7F", "%C2%85", "x%0Ax")
WITH_ID = [operation for operation in OPERATIONS if "{" in operation.path]


def spelled(operation: Operation, values: dict[str, str]) -> list[str]:
    """The path with each id in turn replaced by what is none."""
    names = [name for name in values if f"{{{name}}}" in operation.path]
    found = [operation.at(**values | {name: text}) for name in names for text in STRAY]
    # To read with a slash at the end is to read the list.
    return [path for path in found if operation.method != "GET" or not path.endswith("/") or path.endswith("//")]


@pytest.mark.parametrize("operation", WITH_ID, ids=str)
async def test_an_id_that_is_none_is_404_and_changes_nothing(operation: Operation, ann: Person) -> None:
    mine = await belongings_of(ann, operation)
    body: Json = {"json": mine.body} if operation.has_body else {}
    before = await ann.everything()
    for path in spelled(operation, mine.path):
        answer = await ann.send(operation.method, "/", **exactly(path), **body)
        assert (answer.status_code, answer.json()["type"]) == (404, NOWHERE), path
        signed_out = await ann.http.request(operation.method, "/", **exactly(path), **body)
        assert signed_out.status_code == 401, path
    assert await ann.everything() == before


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.method != "GET"], ids=str)
async def test_a_slash_at_the_end_of_what_changes_something_is_404(operation: Operation, ann: Person) -> None:
    mine = await belongings_of(ann, operation)
    body: Json = {"json": mine.body} if operation.has_body else {}
    before = await ann.everything()
    for slashes in ("/", "//"):
        path = f"{operation.at(**mine.path)}{slashes}{mine.query}"
        answer = await ann.send(operation.method, path, **body)
        assert (answer.status_code, answer.json()["type"]) == (404, NOWHERE)
        signed_out = await ann.http.request(operation.method, path, **body)
        assert signed_out.status_code == (404 if operation.is_public else 401)
    assert await ann.everything() == before


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.method == "GET"], ids=str)
async def test_what_only_reads_may_have_one_slash_at_its_end(operation: Operation, ann: Person) -> None:
    at = (await belongings_of(ann, operation)).at()
    plain, slashed, twice = [await ann.get(f"{at}{slashes}") for slashes in ("", "/", "//")]
    assert (slashed.status_code, comparable(slashed)) == (plain.status_code, comparable(plain))
    assert (twice.status_code, twice.json()["type"]) == (404, NOWHERE)


def comparable(answer: httpx.Response) -> object:
    """What an answer says, but for the events that asking has made."""
    found: Json = answer.json() | {"request_id": ""}
    return sorted(found) if "/audit" in answer.request.url.path else found


@pytest.mark.parametrize(
    "path",
    [
        "/livez%0A",
        "/readyz%0a",
        "/livez//",
        "//livez",
        "/./livez",
        "/openapi.json%0A",
        "/docs%0D",
        "/docs/assets/%2E%2E/docs",
        "/docs/assets//swagger-ui.css",
        "/docs/assets/swagger-ui.css%0A",
        "/nothing//",
        "/api/nothing/..",
        "/api/auth/register//",
        "/api/auth%2Flogin",
        "/api//auth/login",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_what_needs_no_token_needs_none_where_it_leads_nowhere(
    path: str, method: str, http: httpx.AsyncClient
) -> None:
    answer = await http.request(method, "/", **exactly(path))
    assert (answer.status_code, answer.json()["type"]) == (404, NOWHERE)


ONCE_DESTRUCTIVE = (
    "/api/tasks/",
    "/api/tasks/.",
    "/api/tasks/..",
    "/api/tasks/%2F",
    "/api/tasks/%2E",
    "/api%2Ftasks",
    "/api/tasks%2ftrash",
    "/api/tasks%0A",
    "/api/tasks/trash/",
    "/api/tasks/trash/.",
    "/api/tasks/trash/%2e",
    "/api/tasks/x/..",
    "/api/{me}/tasks/",
    "/api/{me}//tasks",
    "/api/{me}/tasks/trash/.",
    "/api/organizations/{firm}/members/..",
    "/api/organizations/{firm}/members/.",
    "/api/organizations/{firm}/",
    "/api/organizations/{firm}/invitations/%2E%2E",
)


@pytest.mark.parametrize("query", ["", "?all=true", "?name=Firm"])
@pytest.mark.parametrize("path", ONCE_DESTRUCTIVE)
async def test_no_spelling_of_a_path_deletes_more_than_it_names(path: str, query: str, ann: Person) -> None:
    firm = await ann.new_organization("Firm")
    gone = await ann.new_task("in the trash")
    await ann.delete(f"/api/tasks/{gone['id']}")
    await ann.new_task("kept")
    before = await ann.everything(), (await ann.get("/api/tasks/trash")).json()
    answer = await ann.delete("/", **exactly(path.format(me=ann.id, firm=firm) + query))
    assert (answer.status_code, answer.json()["type"]) == (404, NOWHERE)
    assert (await ann.everything(), (await ann.get("/api/tasks/trash")).json()) == before


async def test_a_cookie_is_held_to_the_same(ann: Person) -> None:
    """Without the proof that a page of ours asks it is refused as everywhere."""
    answer = await ann.http.post("/api/auth/session", json={"email": ann.email, "password": ann.password})
    cookie = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
    refused = await ann.http.delete("/api/tasks/", headers=cookie)
    assert (refused.status_code, refused.json()["type"]) == (403, "/docs/problems#csrf-token")
    proven = cookie | {"X-CSRF-Token": answer.json()["csrf_token"]}
    assert (await ann.http.delete("/api/tasks/", headers=proven)).status_code == 404


async def test_a_session_that_has_ended_is_401_there_too(ann: Person) -> None:
    await ann.post("/api/auth/logout")
    for path in ("/api/tasks/", "/api/tasks/..", "/api/tasks/%2F"):
        assert (await ann.delete("/", **exactly(path))).status_code == 401


@pytest.mark.parametrize(
    ("path", "raw_path"),
    [
        ("/", b"/"),
        ("/api/tasks", b"/api/tasks"),
        ("/api/settings/.hidden", b"/api/settings/.hidden"),
        ("/api/settings/...", b"/api/settings/..."),
        ("/api/settings/a..b", b"/api/settings/a..b"),
        ("/api/settings/%2F", b"/api/settings/%252F"),
        ("/api/tags/\u00e9\u200d", b"/api/tags/%C3%A9%E2%80%8D"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_other_paths_are_canonical(path: str, raw_path: bytes, method: str) -> None:
    assert is_canonical(method, path, raw_path)


@pytest.mark.parametrize(
    ("raw_path", "expected"),
    [
        (b"/api/tasks/", ["/api/tasks", "/api/tasks/-"]),
        (b"/api/tasks/%2F/complete", ["/api/tasks/complete", "/api/tasks/-/complete"]),
        (b"/api/%2E%2e/tasks", ["/api/tasks", "/api/-/tasks"]),
        (b"/api/tasks%0A", ["/api/tasks", "/api/-"]),
        (b"/api/organizations///members/x", ["/api/organizations/members/x", "/api/organizations/-/members/x"]),
    ],
)
def test_what_a_path_may_have_been_meant_for(raw_path: bytes, expected: Sequence[str]) -> None:
    assert meanings(raw_path) == expected


def raw_status(url: str, method: str, path: str, token: str) -> int:
    """What a server answers to a path that no client has tidied up."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(head.encode())
        with connection.makefile("rb") as answer:
            return int(answer.readline().split()[1])


def test_a_server_passes_on_what_was_sent(tmp_path: Path) -> None:
    with serving.service(tmp_path) as server, httpx.Client(base_url=server.url, trust_env=False) as http:
        account = {"email": new_email(), "password": PASSWORD}
        me = http.post("/api/auth/register", json=account).json()["id"]
        token = http.post("/api/auth/login", json=account).json()["access_token"]
        firm = http.post("/api/organizations", json={"name": "Firm"}, headers=bearer(token)).json()["id"]
        for title in ("kept", "trashed"):
            made = http.post("/api/tasks", json={"title": title}, headers=bearer(token)).json()
        http.delete(f"/api/tasks/{made['id']}", headers=bearer(token))
        for path in ONCE_DESTRUCTIVE:
            for query in ("", "?all=true", "?name=Firm"):
                assert raw_status(server.url, "DELETE", path.format(me=me, firm=firm) + query, token) == 404, path
        assert raw_status(server.url, "GET", "/livez%0A", token) == 404
        assert raw_status(server.url, "GET", "/livez/", token) == 200
        lists = [http.get(path, headers=bearer(token)).json() for path in ("/api/tasks", "/api/tasks/trash")]
        assert [one["total"] for one in lists] == [1, 1]
        assert http.get(f"/api/organizations/{firm}", headers=bearer(token)).status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/api/tasks", "/api/tasks/x", "/api/tasks/bulk", "/api/x/tasks", "/docs"])
def test_no_pattern_of_a_route_fits_a_control_character(path: str, service: Service) -> None:
    """Whatever stands in front of the routes."""
    app = create_app(service)
    assert methods_at(app, path)
    assert [methods_at(app, path + sign) for sign in "\n\r\0\x7f\x85"] == [set()] * 5


async def test_no_key_of_a_setting_is_a_dot_segment(ann: Person) -> None:
    for key in (".", ".."):
        for path in (f"/api/settings/{key}", f"/api/{ann.id}/settings/{key}"):
            answer = await ann.put("/", **exactly(path), json={"value": 1})
            assert (answer.status_code, answer.json()["type"]) == (404, NOWHERE)
    assert (await ann.get("/api/settings")).json()["total"] == 0
    assert (await ann.get(f"/api/settings/{UUID(int=0)}")).status_code == 404
