"""What has run out, in memory."""

from datetime import datetime

from adapters.memory.store import MemoryStore


class MemoryLeftovers:
    """What is left of everybody."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def remove_sessions(self, ended_by: datetime, limit: int) -> int:
        async with self._store.begin(read_only=False) as contents:
            ended = [session.id for session in contents.sessions.values() if session.ends_at <= ended_by][:limit]
            for token in list(contents.refresh_tokens.values()):
                if token.session_id in ended:
                    del contents.refresh_tokens[token.hash]
            for session_id in ended:
                del contents.sessions[session_id]
        return len(ended)

    async def remove_password_resets(self, expired_by: datetime, limit: int) -> int:
        async with self._store.begin(read_only=False) as contents:
            resets = contents.password_resets
            expired = [user_id for user_id, reset in resets.items() if reset.expires_at <= expired_by][:limit]
            for user_id in expired:
                del resets[user_id]
        return len(expired)

    async def remove_replies(self, expired_by: datetime, limit: int) -> int:
        async with self._store.begin(read_only=False) as contents:
            expired = [key for key, reply in contents.replies.items() if reply.expires_at <= expired_by][:limit]
            for key in expired:
                del contents.replies[key]
        return len(expired)
