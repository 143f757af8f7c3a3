"""Who is not signed in learns nothing: 401 comes before whatever else is wrong with a request."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from uuid_utils.compat import uuid7

from domain.user import Email
from entrypoints.container import Service
from tests.http.belongings import belongings_of
from tests.http.document import Operation
from tests.http.offer import BODIES, ITEMS, SECURED
from tests.http.people import JSON_TYPE, Person, bearer, somebody
from tests.http.service import identity_of

MEBIBYTE = 1024 * 1024
ONCE_SIGNED_IN = ("the token of a session that has ended", "the token of an account that is not active")


async def too_much() -> AsyncIterator[bytes]:
    for _ in range(40):
        yield b" " * (MEBIBYTE // 16)


def bodies(operation: Operation) -> dict[str, dict[str, object]]:
    """What can be wrong with a body, and nothing wrong with it."""
    example = BODIES.get(str(operation), {})
    return {
        "nothing": {"headers": JSON_TYPE, "content": json.dumps(example)},
        "no body": {},
        "an unknown field": {"headers": JSON_TYPE, "content": json.dumps(example | {"owner_id": str(uuid4())})},
        "a wrong type": {"headers": JSON_TYPE, "content": "[]"},
        "malformed": {"headers": JSON_TYPE, "content": "{"},
        "not UTF-8": {"headers": JSON_TYPE, "content": b"\xff"},
        "a duplicate": {"headers": JSON_TYPE, "content": '{"a": 1, "a": 1}'},
        "too deep": {"headers": JSON_TYPE, "content": "[" * 100_000},
        "not finite": {"headers": JSON_TYPE, "content": '{"title": NaN}'},
        "too large": {"headers": JSON_TYPE | {"Content-Length": str(2 * MEBIBYTE)}, "content": too_much()},
        "too large, chunked": {"headers": JSON_TYPE, "content": too_much()},
        "another media type": {"headers": {"Content-Type": "text/plain"}, "content": "x"},
    }


@pytest.fixture(scope="module")
async def logged_out(http: httpx.AsyncClient) -> Person:
    person = await somebody(http)
    assert (await person.get("/api/users/me")).status_code == 200
    assert (await person.post("/api/auth/logout")).status_code == 204
    return person


@pytest.fixture(scope="module")
async def deactivated(http: httpx.AsyncClient, service: Service) -> Person:
    person = await somebody(http)
    assert (await person.get("/api/users/me")).status_code == 200
    await deactivate(person, service)
    return person


async def deactivate(person: Person, service: Service) -> None:
    """As an administrator will: the account stays, nobody gets in any more."""
    async with identity_of(service)(None) as identity:
        found = await identity.users.with_email(Email(person.email))
        assert found is not None
        await identity.users.save(replace(found.user, is_active=False))


@pytest.fixture(scope="module")
def strangers(logged_out: Person, deactivated: Person) -> dict[str, dict[str, str]]:
    """Headers that sign nobody in."""
    header, payload, _ = deactivated.access_token.split(".")
    return {
        "no token": {},
        "another scheme": {"Authorization": "Basic YW5uOnB3"},
        "no scheme": {"Authorization": deactivated.access_token},
        "an empty token": {"Authorization": "Bearer "},
        "nonsense": bearer("nonsense"),
        "a token without signature": bearer(f"{header}.{payload}."),
        "the token of a session that has ended": bearer(logged_out.access_token),
        "the token of an account that is not active": bearer(deactivated.access_token),
    }


Ask = Callable[[dict[str, str], str, dict[str, object]], Awaitable[httpx.Response]]


@pytest.fixture
async def ask(operation: Operation, http: httpx.AsyncClient, ben: Person) -> Ask:
    """Send a request about something that Ben has."""
    theirs = await belongings_of(ben, operation)

    async def send(who: dict[str, str], owner: str, request: dict[str, object]) -> httpx.Response:
        headers = who | dict(request.get("headers", {}))  # type: ignore[call-overload]
        path = theirs.at(owner_id=owner)
        return await http.request(operation.method, path, headers=headers, content=request.get("content"))  # type: ignore[arg-type]

    return send


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.text.replace(answer.headers["x-request-id"], "-")


@pytest.mark.parametrize("operation", SECURED, ids=str)
async def test_401_comes_before_what_is_wrong_with_the_body(
    operation: Operation, ask: Ask, strangers: dict[str, dict[str, str]], deactivated: Person, ben: Person
) -> None:
    before = await ben.everything()
    all_of_them, few = bodies(operation).keys(), ("nothing", "malformed", "too large, chunked")
    answers = {
        f"{who}, {what}": refusal(await ask(headers, deactivated.id, bodies(operation)[what]))
        for who, headers in strangers.items()
        for what in (all_of_them if operation.has_body and who in ONCE_SIGNED_IN else few)
    }
    assert {label: status for label, (status, _) in answers.items()} == dict.fromkeys(answers, 401)
    assert len(set(answers.values())) == 1
    assert await ben.everything() == before


@pytest.mark.parametrize("operation", [o for o in SECURED if "{owner_id}" in o.path], ids=str)
async def test_401_comes_before_whose_space_it_is(
    operation: Operation, ask: Ask, strangers: dict[str, dict[str, str]], ben: Person
) -> None:
    request = bodies(operation)["nothing"]
    for owner in (ben.id, str(uuid7()), "not-an-id"):
        answers = {who: (await ask(headers, owner, request)).status_code for who, headers in strangers.items()}
        assert answers == dict.fromkeys(strangers, 401)


@pytest.mark.parametrize("path", ["/api/tasks", "/api/{id}/tasks"])
@pytest.mark.parametrize(
    "query", ["page=-1", "page=1&skip=1", "nonsense=1", "status=%00", "page=100000000000000000000"]
)
async def test_401_comes_before_what_is_wrong_with_the_query(
    path: str, query: str, http: httpx.AsyncClient, strangers: dict[str, dict[str, str]], deactivated: Person
) -> None:
    address = f"{path.format(id=deactivated.id)}?{query}"
    answers = {who: (await http.get(address, headers=headers)).status_code for who, headers in strangers.items()}
    assert answers == dict.fromkeys(strangers, 401)


@pytest.mark.parametrize("name", ["access_token", "token", "authorization", "Authorization", "bearer", "jwt"])
async def test_a_token_in_the_query_signs_nobody_in(name: str, ann: Person) -> None:
    for value in (ann.access_token, f"Bearer {ann.access_token}"):
        for path in ("/api/tasks", f"/api/{ann.id}/tasks", "/api/users/me"):
            assert (await ann.http.get(path, params={name: value})).status_code == 401


async def test_a_token_in_a_cookie_or_another_header_signs_nobody_in(ann: Person) -> None:
    for headers in (
        {"Cookie": f"access_token={ann.access_token}"},
        {"Cookie": f"session={ann.access_token}"},
        {"X-Access-Token": ann.access_token},
        {"Proxy-Authorization": f"Bearer {ann.access_token}"},
        {"X-User-Id": ann.id},
        {"X-Forwarded-User": ann.email},
    ):
        assert (await ann.http.get("/api/users/me", headers=headers)).status_code == 401


async def test_two_authorization_headers_are_ambiguous(ann: Person, ben: Person) -> None:
    for values in (
        (ann.access_token, ann.access_token),
        (ann.access_token, ben.access_token),
        ("nonsense", ann.access_token),
        (ann.access_token, ""),
    ):
        headers = [("Authorization", f"Bearer {value}") for value in values]
        for method, path in (("GET", "/api/users/me"), ("GET", "/api/tasks"), ("POST", "/api/auth/logout")):
            answer = await ann.http.request(method, path, headers=headers)
            assert answer.status_code == 400
            assert answer.json()["type"].endswith("#ambiguous-credentials")
    assert (await ann.get("/api/users/me")).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_is_read_without_regard_to_case(scheme: str, ann: Person) -> None:
    answer = await ann.http.get("/api/users/me", headers={"Authorization": f"{scheme} {ann.access_token}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("operation", [o for o in SECURED if "{owner_id}" in o.path and "{task_id}" in o.path], ids=str)
async def test_403_comes_before_404(operation: Operation, ann: Person, ben: Person) -> None:
    for owner in (ben.id, str(uuid7()), "not-an-id"):
        for task_id in (str(uuid7()), "not-an-id"):
            path = operation.at(owner_id=owner, task_id=task_id)
            body = {"json": BODIES[str(operation)]} if operation.has_body else {}
            assert (await ann.send(operation.method, path, **body)).status_code == 403


@pytest.mark.parametrize("operation", [o for o in SECURED if "{owner_id}" in o.path], ids=str)
async def test_a_wrong_request_for_another_space_tells_nothing_of_it(
    operation: Operation, ann: Person, ben: Person
) -> None:
    items = dict.fromkeys(ITEMS, await ben.new_item(operation.path, "secret"))
    for what, request in bodies(operation).items():
        if what.startswith("too large"):
            continue
        answers = {
            refusal(await ann.send(operation.method, operation.at(owner_id=owner, **items), **request))
            for owner in (ben.id, str(uuid7()), "not-an-id")
        }
        assert len(answers) == 1
        assert {status for status, _ in answers} <= {400, 403, 415, 422}


async def test_an_account_that_is_active_again_may_come_in_again(ann: Person, service: Service) -> None:
    await deactivate(ann, service)
    assert (await ann.get("/api/tasks")).status_code == 401
    async with identity_of(service)(None) as identity:
        found = await identity.users.with_email(Email(ann.email))
        assert found is not None
        await identity.users.save(replace(found.user, is_active=True))
    assert (await ann.get("/api/tasks")).status_code == 200
