"""What people were answered, so that a request which is sent again is answered again and not done again."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What somebody was answered to a request that they gave a key, and until when that is remembered."""

    key_hash: bytes
    fingerprint: bytes
    """Tells the request from others."""
    answer: bytes = field(repr=False)
    expires_at: datetime


class Replies(Protocol):
    """What one person was answered: the one who opened the door, whichever space is behind it."""

    async def hold(self, key_hash: bytes) -> bool:
        """Hold a key until the transaction ends, without waiting. False if another transaction holds it."""
        ...

    async def get(self, key_hash: bytes, *, at: datetime) -> Reply | None:
        """What was answered to the request with this key, if that is remembered at this time."""
        ...

    async def add(self, reply: Reply, *, at: datetime) -> None:
        """Keep an answer, and forget those that are not remembered at this time any more.

        Whoever adds holds the key. Raises NotAuthenticated if the account has been closed meanwhile.
        """
        ...
