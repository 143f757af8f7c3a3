"""What has run out: sessions and answers of everybody that are of no use to anybody any more."""

from datetime import datetime
from typing import Protocol


class Leftovers(Protocol):
    """What is left of everybody, for the service itself to remove. Each call is a transaction of its own.

    What somebody else is changing at the moment is left alone. Every method raises Unavailable.
    """

    async def remove_sessions(self, ended_by: datetime, limit: int) -> int:
        """Remove sessions that could not last beyond this moment, with their refresh tokens; tell how many."""
        ...

    async def remove_password_resets(self, expired_by: datetime, limit: int) -> int:
        """Remove password resets that had expired by this moment; tell how many."""
        ...

    async def remove_replies(self, expired_by: datetime, limit: int) -> int:
        """Remove answers that had expired by this moment; tell how many."""
        ...
