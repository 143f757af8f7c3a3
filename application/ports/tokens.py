"""The tokens that stand for a sign-in."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from domain.ids import SessionId, UserId
from domain.session import Session
from domain.user import User


class AccessTokens(Protocol):
    """Signed tokens that prove for minutes who somebody is."""

    @property
    def lifetime(self) -> timedelta:
        """How long a token is good for."""
        ...

    def issue(self, user: User, session_id: SessionId, *, at: datetime) -> str:
        """Sign a token for this user and session."""
        ...

    def verify(self, token: str, *, at: datetime) -> tuple[UserId, SessionId]:
        """Whom a token names, and which session. Raises NotAuthenticated for anything wrong with it."""
        ...


class SessionCookies(Protocol):
    """What a browser holds instead of tokens: a signed cookie, and a word against forged requests."""

    def issue(self, session: Session, *, at: datetime) -> str:
        """What the cookie holds, good as long as the session is without further use."""
        ...

    def verify(self, cookie: str, *, at: datetime) -> tuple[UserId, SessionId, datetime]:
        """Whom a cookie names, which session, and when it was issued.

        Raises NotAuthenticated for anything wrong with it.
        """
        ...

    def csrf_tokens(self, session_id: SessionId) -> Iterable[str]:
        """What pages of the session may prove themselves with, one for each key in use, the one to hand out first."""
        ...


class OpaqueTokens(Protocol):
    """Random tokens that mean something to their keeper only."""

    def new(self) -> str:
        """A token of at least 128 random bits."""
        ...

    def hash(self, token: str) -> bytes:
        """What is stored of a token."""
        ...


class RefreshTokens(OpaqueTokens, Protocol):
    """Opaque tokens that renew a sign-in."""

    def successors(self, token: str) -> Iterable[str]:
        """What may follow the token, one for each key in use, the one to hand out now first.

        The same token has the same successors, so that an answer that got lost can be repeated without being stored.
        """
        ...
