"""What people were answered, in memory."""

from datetime import datetime

from adapters.memory.store import Contents
from application.ports.replies import Reply
from domain.ids import SpaceId


class MemoryReplies:
    """What one person was answered; it is kept in their personal space."""

    def __init__(self, contents: Contents, space_id: SpaceId) -> None:
        self._replies = contents.replies
        self._space_id = space_id

    async def hold(self, key_hash: bytes) -> bool:  # noqa: ARG002 - whichever it is: writers take turns
        """Nobody else writes at the same time."""
        return True

    async def get(self, key_hash: bytes, *, at: datetime) -> Reply | None:
        """What was answered, if that is remembered."""
        reply = self._replies.get((self._space_id, key_hash))
        return None if reply is None or reply.expires_at <= at else reply

    async def add(self, reply: Reply, *, at: datetime) -> None:
        """Keep an answer, and forget the old ones."""
        for key, kept in list(self._replies.items()):
            if key[0] == self._space_id and kept.expires_at <= at:
                del self._replies[key]
        self._replies[self._space_id, reply.key_hash] = reply
