"""Sign-ins: sessions, the refresh tokens that keep them alive, and when a token has been stolen."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Self

from domain.access import NOWHERE, Origin
from domain.ids import SessionId, UserId
from domain.place import Place
from domain.time import microseconds, not_before


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a sign-in lasts: ``idle`` without use, ``total`` at most; ``grace`` for a lost answer."""

    idle: timedelta
    total: timedelta
    grace: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in on one device. Ends when it is not used, when its time is over, or when it is revoked."""

    id: SessionId
    user_id: UserId
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ends_at: datetime
    revoked_at: datetime | None = None
    ip_address: str | None = None
    user_agent: str | None = None

    @classmethod
    def begin(
        cls, *, id: SessionId, user_id: UserId, limits: SessionLimits, at: datetime, origin: Origin = NOWHERE
    ) -> Self:
        """Start a session now, on the device that the request comes from."""
        ends_at = at + limits.total
        return cls(
            id=id,
            user_id=user_id,
            created_at=at,
            last_used_at=at,
            expires_at=min(at + limits.idle, ends_at),
            ends_at=ends_at,
            ip_address=origin.ip_address,
            user_agent=origin.user_agent,
        )

    @property
    def place(self) -> Place:
        """The position among the account's sessions, the one used last first."""
        return Place(microseconds(self.last_used_at), self.id)

    def is_alive(self, *, at: datetime) -> bool:
        """Tell whether the session still counts."""
        return self.revoked_at is None and at < self.expires_at

    def renew(self, *, limits: SessionLimits, at: datetime) -> Self:
        """Keep the session alive for another idle period, never past its absolute end."""
        at = not_before(self.last_used_at, at)
        return replace(self, last_used_at=at, expires_at=min(at + limits.idle, self.ends_at))

    def revoke(self, *, at: datetime) -> Self:
        """End the session now. One that has been revoked stays as it is."""
        return self if self.revoked_at is not None else replace(self, revoked_at=not_before(self.created_at, at))


class RefreshUse(Enum):
    """What it means that somebody presents a refresh token."""

    FIRST = auto()
    """The expected use: hand out its successor."""
    REPEAT = auto()
    """The answer got lost: hand out the same successor again."""
    THEFT = auto()
    """Two parties hold this session: end it (RFC 9700, section 4.14.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """One link in a session's chain of refresh tokens, known by its hash only."""

    hash: bytes
    session_id: SessionId
    issued_at: datetime
    successor: bytes | None = None
    replaced_at: datetime | None = None

    def use(self, *, after: "RefreshToken | None", limits: SessionLimits, at: datetime) -> RefreshUse:
        """Judge a use of this token; ``after`` is its successor, where it has one.

        Only the token replaced last may be repeated, and only within the grace period.
        """
        if self.replaced_at is None:
            return RefreshUse.FIRST
        successor_unused = after is not None and after.replaced_at is None
        return RefreshUse.REPEAT if successor_unused and at < self.replaced_at + limits.grace else RefreshUse.THEFT

    def replaced_by(self, successor: bytes, *, at: datetime) -> Self:
        """Hand over to the next token of the chain."""
        return replace(self, successor=successor, replaced_at=not_before(self.issued_at, at))
