"""A way back into an account whose password is forgotten, for whoever reads its mail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from domain.ids import UserId
from domain.user import User

VALIDITY: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReset:
    """An open way back into one account, known by the hash of its token only."""

    user_id: UserId
    token_hash: bytes
    created_at: datetime
    expires_at: datetime

    @classmethod
    def offer(cls, user: User, *, token_hash: bytes, at: datetime) -> Self:
        """Open one for half an hour from now."""
        return cls(user_id=user.id, token_hash=token_hash, created_at=at, expires_at=at + VALIDITY)

    def is_open(self, user: User, *, at: datetime) -> bool:
        """Tell whether it leads anywhere: not once it has expired, and not into an account that is not active."""
        return user.is_active and at < self.expires_at
