"""Tokens for tests: numbered, and remembered instead of signed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.errors import NotAuthenticated
from domain.ids import SessionId, UserId
from domain.session import Session
from domain.user import User


class MemoryAccessTokens:
    """Tokens that mean something to the object that issued them only."""

    def __init__(self, lifetime: timedelta) -> None:
        self.lifetime = lifetime
        self._issued: dict[str, tuple[UserId, SessionId, datetime]] = {}

    def issue(self, user: User, session_id: SessionId, *, at: datetime) -> str:
        """The next number."""
        token = f"access-{len(self._issued)}"
        self._issued[token] = (user.id, session_id, at + self.lifetime)
        return token

    def verify(self, token: str, *, at: datetime) -> tuple[UserId, SessionId]:
        """Whom the token was issued to, and for which session."""
        user_id, session_id, expires = self._issued.get(token, (None, None, at))
        if user_id is None or session_id is None or at >= expires:
            raise NotAuthenticated
        return user_id, session_id


class MemorySessionCookies:
    """Cookies that mean something to the object that issued them only."""

    def __init__(self) -> None:
        self._issued: dict[str, tuple[Session, datetime]] = {}

    def issue(self, session: Session, *, at: datetime) -> str:
        """The next number."""
        cookie = f"cookie-{len(self._issued)}"
        self._issued[cookie] = (session, at)
        return cookie

    def verify(self, cookie: str, *, at: datetime) -> tuple[UserId, SessionId, datetime]:
        """Whom the cookie was issued to, for which session, and when."""
        session, issued_at = self._issued.get(cookie, (None, at))
        if session is None or at >= session.expires_at:
            raise NotAuthenticated
        return session.user_id, session.id, issued_at

    def csrf_tokens(self, session_id: SessionId) -> Iterable[str]:
        """Names the session."""
        return [f"csrf-{session_id}"]


class MemoryRefreshTokens:
    """Tokens that count how often they were renewed."""

    def __init__(self) -> None:
        self._count = 0

    def new(self) -> str:
        """The next number, never renewed."""
        self._count += 1
        return f"refresh-{self._count}.0"

    def successors(self, token: str) -> Iterable[str]:
        """The same, renewed once more."""
        name, _, generation = token.rpartition(".")
        return [f"{name}.{int(generation) + 1}"]

    def hash(self, token: str) -> bytes:
        """The token itself."""
        return token.encode()
