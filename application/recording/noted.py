"""What was noted a short while ago, and is not noted again for each request."""

from datetime import datetime, timedelta
from typing import Final

from domain.ids import SessionId

_BETWEEN_NOTES: Final = timedelta(minutes=1)
_MOST_REMEMBERED: Final = 10_000


class NotedLately:
    """When a kind of refusal was noted last for a session, as far as this process noted it."""

    def __init__(self, room: int = _MOST_REMEMBERED) -> None:
        self._room = room
        self._noted: dict[tuple[SessionId, str], datetime] = {}

    def is_due(self, session_id: SessionId, reason: str, at: datetime) -> bool:
        """Tell whether it is to be noted, and take it as noted: once a minute. The oldest are forgotten first."""
        kind = (session_id, reason)
        last = self._noted.get(kind)
        if last is not None and last <= at < last + _BETWEEN_NOTES:
            return False
        self._noted.pop(kind, None)
        if len(self._noted) >= self._room:
            del self._noted[next(iter(self._noted))]
        self._noted[kind] = at
        return True
