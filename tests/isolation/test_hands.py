"""The hands of the proof: what an administrator does for it, and how it clears up after itself."""

import json
from collections.abc import Callable

import httpx
import pytest

from entrypoints.proof.backstage import Administration
from entrypoints.proof.cast import NotPossible
from entrypoints.proof.clearing import Clearing
from entrypoints.proof.deployment import CannotRun, Deployment, Person
from entrypoints.proof.operations import Operation

CHANGE_ACCOUNT = Operation("change_account", "PATCH", "/api/admin/users/{user_id}", takes_body=True)
CLOSE_ACCOUNT = Operation("close_account", "DELETE", "/api/users/me", takes_body=True)
TOKENS = {"access_token": "an access token", "refresh_token": "a refresh token", "expires_in": 900}


class Recorded:
    """A service that agrees to everything, and keeps what it was asked."""

    def __init__(self, *, refusing: Callable[[httpx.Request], bool] = lambda _: False) -> None:
        self.asked: list[tuple[str, str, object]] = []
        self._refusing = refusing

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.path, body))
        if self._refusing(request):
            return httpx.Response(403, json={})
        return httpx.Response(200, json={**TOKENS, "id": "an id", "items": []})

    def deployment(self) -> Deployment:
        return Deployment(httpx.AsyncClient(transport=httpx.MockTransport(self), base_url="http://taskward.test"))


def chief() -> Person:
    return Person("chief@example.org", "a password", id="chief", access_token="a token", renew_at=float("inf"))


async def test_an_administrator_is_a_throw_away_account_that_the_given_one_raised() -> None:
    service = Recorded()
    deployment = service.deployment()
    person = await Administration(deployment, [CHANGE_ACCOUNT], chief()).administrator()
    assert person in deployment.people
    assert ("PATCH", "/api/admin/users/an id", {"role": "admin"}) in service.asked
    assert service.asked[-1][1] == "/api/auth/login"


async def test_accounts_are_switched_off_and_on_again() -> None:
    service = Recorded()
    administration = Administration(service.deployment(), [CHANGE_ACCOUNT], chief())
    person = Person("ann@example.org", "a password", id="ann")
    await administration.deactivate(person)
    await administration.reactivate(person)
    assert service.asked == [
        ("PATCH", "/api/admin/users/ann", {"is_active": False}),
        ("PATCH", "/api/admin/users/ann", {"is_active": True}),
    ]


@pytest.mark.parametrize(
    ("operations", "administrator", "reason"),
    [
        ([], chief(), "no route to change an account"),
        ([CHANGE_ACCOUNT], None, "no administrator was given"),
    ],
    ids=["no route", "nobody"],
)
async def test_what_cannot_be_done_is_said(
    operations: list[Operation], administrator: Person | None, reason: str
) -> None:
    backstage = Administration(Recorded().deployment(), operations, administrator)
    with pytest.raises(NotPossible, match=reason):
        await backstage.administrator()


async def test_an_administrator_who_may_not_is_a_reason_too() -> None:
    service = Recorded(refusing=lambda request: request.method == "PATCH")
    backstage = Administration(service.deployment(), [CHANGE_ACCOUNT], chief())
    with pytest.raises(NotPossible, match="was answered with 403"):
        await backstage.deactivate(chief())


async def test_accounts_are_closed_where_there_is_a_route_for_it() -> None:
    service = Recorded()
    deployment = service.deployment()
    person = await deployment.register()
    clearing = Clearing(deployment, [CLOSE_ACCOUNT], Administration(deployment, [], None))
    assert await clearing.clear() == []
    assert service.asked[-1] == ("DELETE", "/api/users/me", {"password": person.password})


async def test_accounts_that_cannot_be_closed_are_named() -> None:
    service = Recorded(refusing=lambda request: request.method == "DELETE")
    deployment = service.deployment()
    person = await deployment.register()
    backstage = Administration(deployment, [], None)
    assert await Clearing(deployment, [CLOSE_ACCOUNT], backstage).clear() == [person.email]
    assert await Clearing(deployment, [], backstage).clear() == [person.email]


async def test_a_service_that_has_gone_away_leaves_everybody() -> None:
    def gone(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("gone")

    deployment = Recorded().deployment()
    people = [await deployment.register() for _ in range(2)]
    deployment._http = httpx.AsyncClient(transport=httpx.MockTransport(gone), base_url="http://taskward.test")
    clearing = Clearing(deployment, [CLOSE_ACCOUNT], Administration(deployment, [], None))
    assert await clearing.clear() == sorted(person.email for person in people)


async def test_a_service_that_asks_for_time_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    def busy(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={}) if waits else httpx.Response(429, headers={"Retry-After": "7"})

    monkeypatch.setattr("asyncio.sleep", sleep)
    http = httpx.AsyncClient(transport=httpx.MockTransport(busy), base_url="http://taskward.test")
    assert (await Deployment(http).send("GET", "/")).status_code == 200
    assert waits == [7]


async def test_a_token_is_renewed_before_it_expires() -> None:
    service = Recorded()
    person = Person("ann@example.org", "a password", access_token="old", refresh_token="r", renew_at=0)
    await service.deployment().send_as(person, "GET", "/api/tasks")
    assert person.access_token == TOKENS["access_token"]
    assert [path for _, path, _ in service.asked] == ["/api/auth/refresh", "/api/tasks"]


@pytest.mark.parametrize("answer", [httpx.Response(200, text="hello"), httpx.Response(200, json=[])])
async def test_what_is_no_object_is_told(answer: httpx.Response) -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer), base_url="http://taskward.test")
    with pytest.raises(CannotRun, match="was not answered with a JSON object"):
        await Deployment(http).ask(None, "GET", "/")
