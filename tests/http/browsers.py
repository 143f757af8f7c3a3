"""Browsers that use the service over HTTP, each with cookies of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.http.people import PASSWORD, Json


class Browser:
    """Keeps cookies, and says with each request which site's page sent it, as browsers do."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.csrf_token = ""

    async def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        """Start a session with a cookie; its CSRF token goes along with every request from then on."""
        answer = await self.send("POST", "/api/auth/session", json={"email": email, "password": password})
        if answer.is_success:
            self.csrf_token = answer.json()["csrf_token"]
        return answer

    async def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request as a page of ours does."""
        headers = {"Sec-Fetch-Site": "same-origin"} | dict(request.pop("headers", None) or {})
        if self.csrf_token:
            headers = {"X-CSRF-Token": self.csrf_token} | headers
        return await self.http.request(method, path, headers=headers, **request)

    async def send_from(self, site: str | None, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request as a page elsewhere would: it rides on the cookie and knows no CSRF token."""
        headers = {} if site is None else {"Sec-Fetch-Site": site}
        return await self.http.request(method, path, headers=headers, **request)

    async def get(self, path: str) -> Json:
        """What a page of ours reads."""
        answer = await self.send("GET", path)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    @property
    def cookies(self) -> dict[str, str]:
        """What is kept."""
        return dict(self.http.cookies)


@asynccontextmanager
async def browser(like: httpx.AsyncClient) -> AsyncIterator[Browser]:
    """A browser for the service that this client talks to."""
    async with httpx.AsyncClient(
        transport=like._transport, base_url=like.base_url, event_hooks=like.event_hooks
    ) as http:
        yield Browser(http)
        http._transport = httpx.MockTransport(lambda _: httpx.Response(500))  # The other client goes on with it.
