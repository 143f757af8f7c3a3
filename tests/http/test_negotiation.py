"""What a request says about its body and its conditions is evaluated or refused, never ignored."""

import gzip

import httpx
import pytest

from tests.http.people import Person, bearer

PATHS = {"POST": "/api/tasks", "PUT": "/api/settings/theme", "PATCH": "/api/users/me"}
ACCEPTED = {
    "POST": ("accept-post", "application/json"),
    "PUT": ("accept", "application/json"),
    "PATCH": ("accept-patch", "application/json, application/merge-patch+json"),
}


@pytest.mark.parametrize("method", PATHS)
@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, gzip", "x-unknown"])
async def test_a_body_in_a_content_coding_is_refused(ann: Person, method: str, coding: str) -> None:
    for content in (b"{}", gzip.compress(b"{}")):
        headers = {"Content-Type": "application/json", "Content-Encoding": coding}
        answer = await ann.send(method, PATHS[method], content=content, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (415, "/docs/problems#unsupported-content-coding")
        assert answer.headers["accept-encoding"] == "identity"


async def test_a_body_that_says_it_is_in_no_coding_is_taken(ann: Person) -> None:
    answer = await ann.post("/api/tasks", json={"title": "x"}, headers={"Content-Encoding": "identity"})
    assert answer.status_code == 201


@pytest.mark.parametrize("method", PATHS)
async def test_an_unsupported_media_type_says_what_is_accepted(ann: Person, method: str) -> None:
    answer = await ann.send(method, PATHS[method], content=b"{}", headers={"Content-Type": "text/plain"})
    name, expected = ACCEPTED[method]
    assert (answer.status_code, answer.headers[name]) == (415, expected)


async def test_a_patch_may_be_a_merge_patch_and_nothing_else_may(ann: Person) -> None:
    merge_patch = {"Content-Type": "application/merge-patch+json; charset=utf-8"}
    task = await ann.new_task(description="as it was")
    answer = await ann.patch(f"/api/tasks/{task['id']}", content=b'{"description": null}', headers=merge_patch)
    assert (answer.status_code, answer.json()["description"]) == (200, None)
    assert (await ann.post("/api/tasks", content=b'{"title": "x"}', headers=merge_patch)).status_code == 415


NOT_EVALUATED = [
    ("GET", "/api/tasks", "If-Match"),
    ("GET", "/api/tasks", "If-None-Match"),
    ("GET", "/api/tasks/{}", "If-Match"),
    ("PATCH", "/api/tasks/{}", "If-None-Match"),
    ("DELETE", "/api/tasks/{}", "If-None-Match"),
    ("POST", "/api/tasks/{}/complete", "If-None-Match"),
    ("POST", "/api/tasks", "If-Match"),
    ("PATCH", "/api/tasks/bulk", "If-Match"),
    ("DELETE", "/api/tasks/bulk", "If-Match"),
    ("DELETE", "/api/tasks", "If-Match"),
    ("DELETE", "/api/tasks/trash", "If-Match"),
    ("PATCH", "/api/users/me", "If-Match"),
]


@pytest.mark.parametrize(("method", "path", "header"), NOT_EVALUATED, ids=str)
async def test_a_condition_that_is_not_evaluated_is_refused(ann: Person, method: str, path: str, header: str) -> None:
    task = await ann.new_task()
    for value in ('"v1"', "*"):
        answer = await ann.send(method, path.format(task["id"]), headers={header: value})
        assert (answer.status_code, answer.json()["type"]) == (400, "/docs/problems#precondition-not-supported")
    assert (await ann.get(f"/api/tasks/{task['id']}")).json() == task


async def test_401_comes_before_a_condition_that_is_not_evaluated(http: httpx.AsyncClient, ann: Person) -> None:
    assert (await http.get("/api/tasks", headers={"If-Match": "*"})).status_code == 401
    await ann.post("/api/auth/logout")
    assert (await ann.get("/api/tasks", headers={"If-Match": "*"})).status_code == 401


async def test_412_shows_the_present_etag(ann: Person) -> None:
    task = await ann.new_task()
    at = f"/api/tasks/{task['id']}"
    await ann.patch(at, json={"title": "Other"})
    for request in ({"If-Match": '"v1"'}, {"If-Match": '"v9"'}):
        answer = await ann.patch(at, json={"title": "Third"}, headers=request)
        assert (answer.status_code, answer.headers["etag"]) == (412, '"v2"')
    answer = await ann.put(at, json={"title": "Third"}, headers={"If-None-Match": "*"})
    assert (answer.status_code, answer.headers["etag"]) == (412, '"v2"')
    absent = await ann.put("/api/settings/absent", json={"value": 1}, headers={"If-Match": '"v1"'})
    assert (absent.status_code, "etag" in absent.headers) == (412, False)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_404_of_a_bulk_call_names_the_index(ann: Person, ben: Person, method: str) -> None:
    mine, theirs = await ann.new_task(), await ben.new_task()
    body = {"ids": [mine["id"], mine["id"], theirs["id"], "unknown"]}
    answer = await ann.send(
        method, "/api/tasks/bulk", json=body | ({"status": "completed"} if method == "PATCH" else {})
    )
    assert (answer.status_code, "/ids/2" in answer.json()["detail"]) == (404, True)


async def test_links_are_left_out_where_the_header_would_be_too_long(ann: Person) -> None:
    await ann.new_task(), await ann.new_task()
    short = await ann.get("/api/tasks", params={"page_size": 1})
    assert 'rel="next"' in short.headers["link"]
    long = await ann.get("/api/tasks", params={"page_size": 1, "q": "\U0001f600" * 255})
    assert long.status_code == 200
    assert "link" not in long.headers
    assert max(len(value) for value in long.headers.values()) < 4096


async def test_401_names_the_error_only_where_a_credential_was_sent(http: httpx.AsyncClient, ann: Person) -> None:
    assert (await http.get("/api/tasks")).headers["www-authenticate"] == "Bearer"
    bad = await http.get("/api/tasks", headers=bearer("nonsense"))
    assert bad.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    await ann.post("/api/auth/logout")
    assert (await ann.get("/api/tasks")).headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_a_condition_with_a_path_that_leads_nowhere_is_404(ann: Person, http: httpx.AsyncClient) -> None:
    for method in ("GET", "DELETE", "PUT"):
        stray = "/api/settings/%C2%84"
        assert (await ann.send(method, stray, headers={"If-Match": "*"})).status_code == 404
        assert (await http.request(method, stray, headers={"If-Match": "*"})).status_code == 401
