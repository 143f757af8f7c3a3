"""The service under test, as its clients see it, and the throw-away accounts that are opened there."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any, Final

import httpx

Json = dict[str, Any]

_ATTEMPTS: Final = 5
_LONGEST_WAIT: Final = 30.0
_RENEW_AFTER: Final = 0.6
"""How much of an access token's time may pass before it is renewed."""


class CannotRun(Exception):
    """The proof could not be carried out. The message is one line."""


class Unreachable(CannotRun):
    """The deployment does not answer at all."""


@dataclass(slots=True)
class Person:
    """A throw-away account, with the tokens of its newest session."""

    email: str
    password: str = field(repr=False)
    id: str = ""
    access_token: str | None = field(default=None, repr=False)
    refresh_token: str = field(default="", repr=False)
    renew_at: float = 0.0

    @property
    def credentials(self) -> Json:
        """What signs the person in."""
        return {"email": self.email, "password": self.password}


def new_person() -> Person:
    """Somebody who has no account yet."""
    return Person(f"prove-{secrets.token_hex(12)}@example.org", secrets.token_urlsafe(24))


class Deployment:
    """A service, reached over HTTP."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # Nobody's cookie rides along.
        self._http = http
        self.people: list[Person] = []

    async def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: Mapping[str, Any] | None = None,
        exactly: bool = False,
    ) -> httpx.Response:
        """Send a request; wait and repeat it while the service asks for that. Raises CannotRun.

        ``exactly`` sends the path as it is written, dot segments included, which clients remove (RFC 3986).
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        target = {"target": self._http.base_url.raw_path.rstrip(b"/") + path.encode()} if exactly else None
        for _ in range(_ATTEMPTS):
            try:
                answer = await self._http.request(method, path, headers=headers, json=body, extensions=target)
            except httpx.HTTPError as error:
                reason = str(error) or type(error).__name__
                raise Unreachable(f"{method} {path} got no answer: {reason}") from error
            if answer.status_code not in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
                break
            await asyncio.sleep(_seconds_to_wait(answer))
        return answer

    async def send_as(
        self,
        person: Person | None,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        exactly: bool = False,
    ) -> httpx.Response:
        """Send a request with somebody's token, renewed in time; None sends it without one."""
        if person is not None and person.access_token and monotonic() > person.renew_at:
            await self._renew(person)
        token = person.access_token if person else None
        return await self.send(method, path, token=token, body=body, exactly=exactly)

    async def ask(self, person: Person | None, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """The answer to a request that must succeed. Raises CannotRun."""
        answer = await self.send_as(person, method, path, body)
        if not answer.is_success:
            raise CannotRun(f"{method} {path} was answered with {answer.status_code}: {answer.text[:200]}")
        return _json(answer)

    async def register(self) -> Person:
        """Open an account and sign in."""
        person = new_person()
        self.people.append(person)
        await self.ask(None, "POST", "/api/auth/register", person.credentials)
        return await self.sign_in(person)

    async def sign_in(self, person: Person) -> Person:
        """Start another session, which the person goes on with."""
        _keep(person, await self.ask(None, "POST", "/api/auth/login", person.credentials))
        person.id = person.id or (await self.ask(person, "GET", "/api/users/me"))["id"]
        return person

    async def sign_in_again(self, person: Person) -> Person:
        """The same account in a session of its own, beside the one that the person goes on with."""
        return await self.sign_in(replace(person))

    async def _renew(self, person: Person) -> None:
        answer = await self.send("POST", "/api/auth/refresh", body={"refresh_token": person.refresh_token})
        if answer.is_success:
            _keep(person, answer.json())


def _json(answer: httpx.Response) -> Json:
    try:
        found = answer.json() if answer.content else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CannotRun(f"{answer.request.method} {answer.request.url.path} was not answered with a JSON object")
    return found


def _keep(person: Person, tokens: Json) -> None:
    person.access_token, person.refresh_token = tokens["access_token"], tokens["refresh_token"]
    person.renew_at = monotonic() + _RENEW_AFTER * tokens["expires_in"]


def _seconds_to_wait(answer: httpx.Response) -> float:
    announced = answer.headers.get("retry-after", "1")
    return min(float(announced), _LONGEST_WAIT) if announced.isdecimal() else 1.0
