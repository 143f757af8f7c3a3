"""Pages of other origins: exactly those that are allowed, and none by default."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import URL

from tests.http.people import Person, somebody
from tests.http.service import serving, settings_for

ALLOWED = "https://app.example.org"
OTHERS = (
    "https://evil.example",
    "null",
    "https://app.example.org.evil.example",
    "https://app.example.org:8443",
    "http://app.example.org",
    "https://APP.example.org",
    "https://app.example.org/",
    "https://xapp.example.org",
    "",
    "*",
)


@pytest.fixture
async def http(migrated_sqlite_url: URL) -> AsyncIterator[httpx.AsyncClient]:
    """A service that two origins may use."""
    settings = settings_for(migrated_sqlite_url, allowed_origins=f"{ALLOWED}, http://localhost:3000")
    async with serving(settings) as http:
        yield http


@pytest.fixture
async def eve(http: httpx.AsyncClient) -> Person:
    return await somebody(http)


def granted(answer: httpx.Response) -> dict[str, str]:
    """What an answer allows pages of another origin."""
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("origin", [ALLOWED, "http://localhost:3000"])
async def test_an_allowed_origin_is_named_and_nothing_else(origin: str, eve: Person) -> None:
    answer = await eve.get("/api/tasks", headers={"Origin": origin})
    assert answer.status_code == 200
    assert granted(answer).pop("access-control-allow-origin") == origin
    assert granted(answer)["access-control-allow-credentials"] == "true"
    assert "ETag" in granted(answer)["access-control-expose-headers"]
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def test_an_allowed_origin_may_ask_before(method: str, http: httpx.AsyncClient) -> None:
    headers = {
        "Origin": ALLOWED,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type, x-csrf-token",
    }
    answer = await http.options("/api/tasks/x", headers=headers)
    assert answer.status_code == 200
    assert granted(answer)["access-control-allow-origin"] == ALLOWED
    assert method in granted(answer)["access-control-allow-methods"].split(", ")
    assert "set-cookie" not in answer.headers


async def test_an_allowed_origin_is_told_of_refusals_too(http: httpx.AsyncClient) -> None:
    for path, status in (("/api/tasks", 401), ("/api/nothing", 404)):
        answer = await http.get(path, headers={"Origin": ALLOWED})
        assert answer.status_code == status
        assert granted(answer)["access-control-allow-origin"] == ALLOWED


@pytest.mark.parametrize("origin", OTHERS)
async def test_no_other_origin_is_allowed_anything(origin: str, eve: Person) -> None:
    preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    for answer in (
        await eve.get("/api/tasks", headers={"Origin": origin}),
        await eve.http.options("/api/tasks", headers=preflight),
        await eve.http.get("/api/tasks", headers={"Origin": origin}),
    ):
        assert granted(answer) == {}
    assert (await eve.http.options("/api/tasks", headers=preflight)).status_code == 204


async def test_two_origins_are_none(eve: Person) -> None:
    answer = await eve.http.get("/livez", headers=[("Origin", ALLOWED), ("Origin", "https://evil.example")])
    assert granted(answer) == {}


@pytest.mark.parametrize(
    "wanted", [{"Access-Control-Request-Method": "TRACE"}, {"Access-Control-Request-Headers": "x-admin"}]
)
async def test_what_is_not_on_the_list_is_refused_before(wanted: dict[str, str], http: httpx.AsyncClient) -> None:
    headers = {"Origin": ALLOWED, "Access-Control-Request-Method": "GET"} | wanted
    assert (await http.options("/api/tasks", headers=headers)).status_code == 400


async def test_trace_is_405_for_everybody(eve: Person) -> None:
    for headers in ({}, {"Origin": ALLOWED}):
        assert (await eve.http.request("TRACE", "/api/tasks", headers=headers)).status_code == 405


@pytest.mark.parametrize("origin", [ALLOWED, *OTHERS, None])
async def test_every_answer_says_that_it_depends_on_the_origin(origin: str | None, eve: Person) -> None:
    headers = {} if origin is None else {"Origin": origin}
    for path in ("/api/tasks", "/api/nothing", "/livez", "/docs", "/openapi.json"):
        for answer in (
            await eve.get(path, headers=headers),
            await eve.http.get(path, headers=headers),
            await eve.http.options(path, headers=headers | {"Access-Control-Request-Method": "GET"}),
        ):
            assert "Origin" in re.split(r",\s*", ",".join(answer.headers.get_list("vary"))), (
                path,
                answer.request.method,
            )


async def test_where_no_origin_is_allowed_nothing_depends_on_it(migrated_sqlite_url: URL) -> None:
    async with serving(settings_for(migrated_sqlite_url)) as http:
        assert "Origin" not in (await http.get("/livez", headers={"Origin": ALLOWED})).headers.get("vary", "")
