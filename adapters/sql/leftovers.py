"""What has run out, on SQL databases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Integer, bindparam, delete, select

from adapters.sql.connection import Connection, Database, begin_upkeep
from adapters.sql.owned import held
from adapters.sql.query import Query
from adapters.sql.tables import password_resets, replies, sessions
from adapters.sql.types import Id, Moment, is_any_id_of
from domain.ids import SpaceId

_BY: Final = bindparam("by", type_=Moment)
_LIMIT: Final = bindparam("limit", type_=Integer)

# What somebody else is changing is left for the next time: waiting for it could end in a circle.
_ENDED: Final = Query(
    select(sessions.c.id)
    .where(sessions.c.ends_at <= _BY)
    .order_by(sessions.c.ends_at)
    .limit(_LIMIT)
    .with_for_update(skip_locked=True)
)
# Not in one statement: where sessions are copied to several machines, each would choose for itself.
_REMOVE_SESSIONS: Final = Query(delete(sessions).where(is_any_id_of(sessions.c.id, "ids")))
_EXPIRED_RESETS: Final = Query(
    select(password_resets.c.user_id)
    .where(password_resets.c.expires_at <= _BY)
    .order_by(password_resets.c.expires_at)
    .limit(_LIMIT)
    .with_for_update(skip_locked=True)
)
_REMOVE_RESETS: Final = Query(delete(password_resets).where(is_any_id_of(password_resets.c.user_id, "ids")))
# The last first: whoever lost the condition would find what has not expired, and nothing to remove.
_WITH_EXPIRED: Final = Query(
    select(replies.c.space_id).where(replies.c.expires_at <= _BY).order_by(replies.c.expires_at.desc()).limit(_LIMIT)
)
_HERE: Final = replies.c.space_id == bindparam("space_id", type_=Id)
_EXPIRED_HERE: Final = (
    select(replies.c.key_hash).where(_HERE, replies.c.expires_at <= _BY).order_by(replies.c.expires_at).limit(_LIMIT)
)
_REMOVE_REPLIES: Final = Query(
    delete(replies)
    .where(_HERE, replies.c.key_hash.in_(held(_EXPIRED_HERE, skip_locked=True)))
    .returning(replies.c.key_hash)
)


class SqlLeftovers:
    """What is left of everybody."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remove_sessions(self, ended_by: datetime, limit: int) -> int:
        async with begin_upkeep(self._database) as connection:
            rows = await connection.fetch_all(_ENDED, by=ended_by, limit=limit)
            return await connection.execute(_REMOVE_SESSIONS, ids=[id_ for (id_,) in rows]) if rows else 0

    async def remove_password_resets(self, expired_by: datetime, limit: int) -> int:
        async with begin_upkeep(self._database) as connection:
            rows = await connection.fetch_all(_EXPIRED_RESETS, by=expired_by, limit=limit)
            return await connection.execute(_REMOVE_RESETS, ids=[id_ for (id_,) in rows]) if rows else 0

    async def remove_replies(self, expired_by: datetime, limit: int) -> int:
        removed = 0
        async with begin_upkeep(self._database) as connection:
            for space_id in await self._spaces_with_expired(connection, expired_by, limit):
                await connection.step_into(space_id)
                some = {"by": expired_by, "limit": limit - removed}
                removed += len(await connection.execute_returning(_REMOVE_REPLIES, space_id=space_id, **some))
        return removed

    @staticmethod
    async def _spaces_with_expired(connection: Connection, expired_by: datetime, limit: int) -> Sequence[SpaceId]:
        await connection.show_expired_replies(expired_by)
        rows = await connection.fetch_all(_WITH_EXPIRED, by=expired_by, limit=limit)
        return list(dict.fromkeys(space_id for (space_id,) in rows))
