"""People who read their mail, and what they do with it."""

import re
from dataclasses import dataclass

import httpx

from adapters.memory.mail import MemoryMailer
from application.ports.mail import Mail
from entrypoints.container import Service
from tests.http.people import JSON_TYPE, Person

RESET = "/api/auth/password-reset"
CONFIRM = "/api/auth/password-reset/confirm"
CHANGE = "/api/users/me/password"
NEW_PASSWORD = "five other random words here"
_TOKEN = re.compile(r"^[\w-]{43}$", re.MULTILINE)


async def settled(service: Service) -> None:
    """Wait until everything has been done that nobody waits for."""
    for errands in service._errands:
        await errands.finish()


def token_in(text: str) -> str:
    """The token in a letter."""
    (found,) = _TOKEN.findall(text)
    return str(found)


@dataclass(frozen=True)
class Mailbox:
    """Everybody's mail."""

    service: Service
    http: httpx.AsyncClient
    mailer: MemoryMailer

    async def letters(self, email: str) -> list[Mail]:
        """All the mail that somebody has got so far."""
        await settled(self.service)
        return [mail for mail in self.mailer.delivered if mail.to == email]

    async def ask(self, email: str) -> httpx.Response:
        """Ask for a way back."""
        return await self.http.post(RESET, json={"email": email})

    async def token(self, person: Person) -> str:
        """A token that somebody gets by mail."""
        answer = await self.ask(person.email)
        assert answer.status_code == 202, answer.text
        return token_in((await self.letters(person.email))[-1].text)

    async def confirm(self, token: str, new_password: str = NEW_PASSWORD) -> httpx.Response:
        """Choose a new password."""
        return await self.http.post(CONFIRM, json={"token": token, "new_password": new_password})

    async def refusal(self, token: str) -> tuple[int, str]:
        """What comes of a token, but for the id of the request."""
        return without_id(await self.confirm(token))


def without_id(answer: httpx.Response) -> tuple[int, str]:
    """What an answer says, but for the id of the request."""
    return answer.status_code, answer.text.replace(answer.headers["x-request-id"], "-")


async def can_sign_in(person: Person, password: str) -> bool:
    """Whether somebody is let in with this password."""
    answer = await person.http.post("/api/auth/login", json={"email": person.email, "password": password})
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


async def is_signed_in(person: Person) -> tuple[bool, bool]:
    """Whether somebody's access token still works, and their refresh token."""
    seen = await person.get("/api/users/me")
    refreshed = await person.http.post(
        "/api/auth/refresh", json={"refresh_token": person.refresh_token}, headers=JSON_TYPE
    )
    assert {seen.status_code, refreshed.status_code} <= {200, 401}
    return seen.status_code == 200, refreshed.status_code == 200
