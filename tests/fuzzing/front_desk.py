"""Where Schemathesis gets its access tokens: whoever comes back is somebody new.

Random requests sign people out, close their accounts and change their addresses. Schemathesis signs in again where it
is answered with 401, and with what it is given here it is never the one whom it has locked out before.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import httpx

from tests.support.serving import ServiceProcess


class FrontDesk:
    """Opens accounts at a service. Each is an administrator's, and an admin's in one organisation."""

    def __init__(self, service: ServiceProcess, http: httpx.Client) -> None:
        self._service = service
        self._http = http
        self._operator = self._new_operator()
        self.space_id = str(self._ask("POST", "/api/organizations", self._operator, name="Acme")["id"])
        self.member_id = str(self._ask("GET", "/api/users/me", self._operator)["id"])

    def somebody(self) -> dict[str, Any]:
        """The tokens of a new person."""
        try:
            return self._admitted()
        except httpx.HTTPStatusError:
            # An administrator can take the operator's rights away, too.
            self._operator = self._new_operator()
            return self._promoted()

    def _admitted(self) -> dict[str, Any]:
        tokens = self._promoted()
        invitation = self._ask("POST", f"/api/organizations/{self.space_id}/invitations", self._operator, role="admin")
        self._ask("POST", "/api/invitations/accept", tokens["access_token"], token=invitation["token"])
        return tokens

    def _promoted(self) -> dict[str, Any]:
        credentials = _credentials()
        person = self._ask("POST", "/api/auth/register", **credentials)
        self._ask("PATCH", f"/api/admin/users/{person['id']}", self._operator, role="admin")
        return self._ask("POST", "/api/auth/login", **credentials)

    def _new_operator(self) -> str:
        """An access token."""
        credentials = _credentials()
        self._service.command("create-admin", credentials["email"], "--password-stdin", typed=credentials["password"])
        return str(self._ask("POST", "/api/auth/login", **credentials)["access_token"])

    def _ask(self, method: str, path: str, token: str | None = None, /, **body: str) -> dict[str, Any]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = self._http.request(method, path, headers=headers, json=body or None)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told


def _credentials() -> dict[str, str]:
    return {"email": f"{uuid4().hex}@example.org", "password": uuid4().hex}


@contextmanager
def front_desk(service: ServiceProcess) -> Iterator[tuple[FrontDesk, str]]:
    """A desk, and the address at which each POST is answered with a new person's tokens."""
    with httpx.Client(base_url=service.url, trust_env=False, timeout=60) as http:
        desk = FrontDesk(service, http)
        with _listening(desk) as port:
            yield desk, f"http://127.0.0.1:{port}"


@contextmanager
def _listening(desk: FrontDesk) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = json.dumps(desk.somebody()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()
