"""A request about many things counts for more, so that the rate of requests bounds the work of an account."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import URL
from uuid_utils.compat import uuid7

from adapters.system.clock import SetClock
from application.bulk import MOST_AT_ONCE
from application.limiting import CountRequest
from domain.rates import ENDED_SESSION, REQUESTS, weight_of
from entrypoints.http.app import create_app
from tests.http.offer import DOCUMENT
from tests.http.people import Person, somebody
from tests.http.service import client, running, settings_for
from tests.support.stores import NOON

THINGS = 75
A_FEW = 100
WEIGHT = 3
"""One for the request, and two for 75 things."""

Ways = dict[tuple[str, str], Callable[[int], dict[str, Any]]]
MANY: Ways = {
    ("POST", "/tasks/bulk"): lambda things: {"items": [{"title": "x"}] * things},
    ("PATCH", "/tasks/bulk"): lambda things: {"ids": [str(uuid7()) for _ in range(things)], "status": "completed"},
    ("DELETE", "/tasks/bulk"): lambda things: {"ids": [str(uuid7()) for _ in range(things)]},
    ("POST", "/tasks/bulk/delete"): lambda things: {"ids": [str(uuid7()) for _ in range(things)]},
}

every_way = pytest.mark.parametrize(("method", "path"), MANY, ids=lambda part: part)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
async def http(migrated_sqlite_url: URL, clock: SetClock) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        running(settings_for(migrated_sqlite_url, rate_limits=True), clock=clock) as service,
        client(create_app(service)) as http,
    ):
        yield http


@pytest.fixture
async def ann(http: httpx.AsyncClient) -> Person:
    return await somebody(http)


async def send(person: Person, method: str, path: str, things: int, prefix: str = "/api") -> httpx.Response:
    return await person.send(method, prefix + path, json=MANY[method, path](things))


async def left(person: Person) -> int:
    """How many requests somebody may send; they are sent."""
    count = 0
    while (await person.get("/api/tags")).status_code != 429:
        count += 1
    return count


def test_every_operation_that_takes_hundreds_of_things_is_tried() -> None:
    found = set()
    for operation in DOCUMENT.operations:
        taken = DOCUMENT.body_schema(operation).get("properties", {}) if operation.has_body else {}
        if any(part.get("maxItems", 0) > A_FEW for part in taken.values()):
            found.add((operation.method, operation.path.removeprefix("/api").removeprefix("/{owner_id}")))
    assert found == MANY.keys()


@every_way
@pytest.mark.parametrize("prefix", ["/api", "/api/{}"])
async def test_a_request_about_many_things_counts_for_more(method: str, path: str, prefix: str, ann: Person) -> None:
    answer = await send(ann, method, path, THINGS, prefix.format(ann.id))
    assert answer.status_code == (201 if "items" in MANY[method, path](1) else 404)
    assert await left(ann) == REQUESTS.amount - WEIGHT


@every_way
async def test_what_is_refused_by_its_form_counts_once(method: str, path: str, ann: Person) -> None:
    assert (await send(ann, method, path, MOST_AT_ONCE + 1)).status_code == 422
    assert await left(ann) == REQUESTS.amount - 1


async def test_a_request_that_weighs_more_than_is_left_is_refused_before_it_begins_and_counts_once(
    ann: Person, clock: SetClock
) -> None:
    for _ in range(REQUESTS.amount - WEIGHT):
        assert (await ann.get("/api/tags")).status_code == 200
    clock.advance(timedelta(seconds=20))
    refused = await send(ann, "POST", "/tasks/bulk", THINGS + 50)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "40")
    assert refused.headers["ratelimit"] == f'"requests";r={WEIGHT - 1};t=40'
    assert refused.headers["ratelimit-policy"] == f'"requests";q={REQUESTS.amount};w=60'
    assert (await send(ann, "POST", "/tasks/bulk", 1)).status_code == 201
    assert await left(ann) == 0
    clock.advance(timedelta(seconds=40))
    assert (await ann.tasks())["total"] == 1


async def test_the_largest_request_fits_into_what_an_account_has(ann: Person) -> None:
    assert 1 + weight_of(MOST_AT_ONCE) <= REQUESTS.amount // 20
    assert (await send(ann, "POST", "/tasks/bulk", MOST_AT_ONCE)).status_code == 201
    assert await left(ann) == REQUESTS.amount - 21


async def test_what_an_ended_session_sends_uses_up_nothing_however_much_it_weighs(ann: Person) -> None:
    stolen = await ann.sign_in_again()
    assert (await stolen.post("/api/auth/logout")).status_code == 204
    for _ in range(ENDED_SESSION.amount):
        assert (await send(stolen, "POST", "/tasks/bulk", MOST_AT_ONCE)).status_code == 401
    assert (await send(stolen, "POST", "/tasks/bulk", 1)).headers["ratelimit"].startswith('"ended-session";r=0')
    assert await left(ann) == REQUESTS.amount - 1  # One of them signed out.


# The mechanism is taken out, and missed


async def test_requests_that_all_count_once_are_seen(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    async def as_one(_: CountRequest, counted: Any, __: int) -> Any:
        return counted

    monkeypatch.setattr(CountRequest, "more", as_one)
    tests: list[Callable[[], Awaitable[None]]] = [
        lambda: test_a_request_about_many_things_counts_for_more("POST", "/tasks/bulk", "/api", ann),
        lambda: test_the_largest_request_fits_into_what_an_account_has(ann),
    ]
    for test in tests:
        with pytest.raises(AssertionError):
            await test()
