"""People who use the service over HTTP."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import httpx

Json = dict[str, Any]

PASSWORD = "four random words here"
JSON_TYPE = {"Content-Type": "application/json"}


def new_email() -> str:
    return f"{uuid4().hex}@example.org"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class Person:
    """Somebody with an account, signed in."""

    http: httpx.AsyncClient
    id: str
    email: str
    password: str
    access_token: str
    refresh_token: str

    async def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request with the access token."""
        headers = bearer(self.access_token) | dict(request.pop("headers", None) or {})
        return await self.http.request(method, path, headers=headers, **request)

    async def get(self, path: str, **request: Any) -> httpx.Response:
        return await self.send("GET", path, **request)

    async def post(self, path: str, **request: Any) -> httpx.Response:
        return await self.send("POST", path, **request)

    async def put(self, path: str, **request: Any) -> httpx.Response:
        return await self.send("PUT", path, **request)

    async def patch(self, path: str, **request: Any) -> httpx.Response:
        return await self.send("PATCH", path, **request)

    async def delete(self, path: str, **request: Any) -> httpx.Response:
        return await self.send("DELETE", path, **request)

    async def post_json(self, path: str, content: bytes | AsyncIterator[bytes]) -> httpx.Response:
        """Send these bytes as JSON, whatever they are."""
        return await self.post(path, content=content, headers=JSON_TYPE)

    async def new_task(self, title: str = "Write the report", **details: Any) -> Json:
        """A task in one's personal space."""
        answer = await self.post("/api/tasks", json={"title": title, **details})
        assert answer.status_code == 201, answer.text
        task: Json = answer.json()
        return task

    async def new_item(self, path: str, text: str = "as it was") -> str:
        """The id of something of the kind that a path names; for a setting its key."""
        collections = {"tasks": "title", "tags": "name", "documents": "title"}
        for collection, field in collections.items():
            if f"/{collection}" in path:
                named = f"{text} {uuid4()}" if collection == "tags" else text
                answer = await self.post(f"/api/{collection}", json={field: named})
                assert answer.status_code == 201, answer.text
                return str(answer.json()["id"])
        key = f"key-{uuid4().hex}"
        assert (await self.put(f"/api/settings/{key}", json={"value": text})).status_code == 201
        return key

    async def tasks(self, **query: Any) -> Json:
        """The list of one's tasks."""
        answer = await self.get("/api/tasks", params=query)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def everything(self) -> tuple[Json, ...]:
        """All that one has here: account, what is in one's space, and organisations with members and invitations."""
        organizations = (await self.get("/api/organizations")).json()
        addresses = [f"/api/organizations/{one['id']}" for one in organizations["items"]]
        inside = [(await self.get(at + part)).json() for at in addresses for part in ("/members", "/invitations")]
        collections = [f"/api/{name}?page_size=100" for name in ("tasks", "tags", "documents", "settings")]
        mine = [(await self.get(path)).json() for path in ("/api/users/me", *collections)]
        return *mine, organizations, *inside

    async def new_organization(self, name: str = "Example") -> str:
        """The id of an organisation that one owns."""
        answer = await self.post("/api/organizations", json={"name": name})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def invite(self, organization_id: str, role: str) -> str:
        """The token of an invitation into one's organisation."""
        answer = await self.post(f"/api/organizations/{organization_id}/invitations", json={"role": role})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    async def join(self, token: str) -> None:
        """Accept an invitation."""
        answer = await self.post("/api/invitations/accept", json={"token": token})
        assert answer.status_code == 200, answer.text

    async def sign_in_again(self) -> "Person":
        """The same person in another session."""
        tokens = await sign_in(self.http, self.email, self.password)
        return replace(self, access_token=tokens["access_token"], refresh_token=tokens["refresh_token"])


async def register(http: httpx.AsyncClient, *, email: str | None = None, password: str = PASSWORD) -> Json:
    """A new account."""
    answer = await http.post("/api/auth/register", json={"email": email or new_email(), "password": password})
    assert answer.status_code == 201, answer.text
    user: Json = answer.json()
    return user


async def sign_in(http: httpx.AsyncClient, email: str, password: str = PASSWORD) -> Json:
    """A pair of tokens."""
    answer = await http.post("/api/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    tokens: Json = answer.json()
    return tokens


async def somebody(http: httpx.AsyncClient, *, password: str = PASSWORD) -> Person:
    """A new person, signed in."""
    user = await register(http, password=password)
    tokens = await sign_in(http, user["email"], password)
    return Person(http, user["id"], user["email"], password, tokens["access_token"], tokens["refresh_token"])


def same_for_all(answers: Sequence[httpx.Response]) -> bool:
    """Whether answers are the same bytes, the ids of the requests aside."""
    return len({answer.text.replace(answer.headers["x-request-id"], "-") for answer in answers}) == 1


Company = dict[str, Person]
"""People by their roles in one organisation."""
