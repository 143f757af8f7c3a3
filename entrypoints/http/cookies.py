"""The cookie that a browser's session rides on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The session's cookie: out of reach of scripts, and not sent along from other sites (RFC 6265bis)."""

    secure: bool
    """Whether the service is reached by HTTPS only."""

    @property
    def name(self) -> str:
        """With the prefix that ties it to this very host, where HTTPS allows that."""
        return "__Host-taskward_session" if self.secure else "taskward_session"

    def give(self, response: Response, value: str, lifetime: timedelta) -> None:
        """Have the browser keep the cookie."""
        self._set(response, value, int(lifetime.total_seconds()))

    def take(self, response: Response) -> None:
        """Have the browser forget it."""
        self._set(response, "", 0)

    def _set(self, response: Response, value: str, seconds: int) -> None:
        response.set_cookie(
            self.name, value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax"
        )

    def values(self, headers: Iterable[str]) -> list[str]:
        """Every value that a request's ``Cookie`` headers give for it."""
        pairs = (part.strip().partition("=") for header in headers for part in header.split(";"))
        return [value for name, _, value in pairs if name == self.name]
