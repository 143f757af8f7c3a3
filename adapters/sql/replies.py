"""What people were answered, on SQL databases. It is kept in their personal spaces."""

from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import bindparam, delete, insert, select

from adapters.sql.connection import Connection, ConstraintViolated
from adapters.sql.query import Query
from adapters.sql.tables import replies
from adapters.sql.types import Moment
from application.ports.replies import Reply
from domain.errors import NotAuthenticated
from domain.ids import SpaceId

_OF_PERSON: Final = replies.c.space_id == bindparam("space_id")
_AT: Final = bindparam("at", type_=Moment)
_ADD: Final = Query(insert(replies))
_GET: Final = Query(
    select(replies.c.key_hash, replies.c.fingerprint, replies.c.answer, replies.c.expires_at).where(
        _OF_PERSON, replies.c.key_hash == bindparam("key_hash"), replies.c.expires_at > _AT
    )
)
_SWEEP: Final = Query(delete(replies).where(_OF_PERSON, replies.c.expires_at <= _AT))


class SqlReplies:
    """What one person was answered. The transaction may be open on another space, and is so again afterwards."""

    def __init__(self, connection: Connection, space_id: SpaceId, *, home: SpaceId) -> None:
        self._connection = connection
        self._space_id = space_id
        self._home = home

    async def hold(self, key_hash: bytes) -> bool:
        digest = sha256(self._space_id.bytes + key_hash).digest()
        return await self._connection.hold(int.from_bytes(digest[:8], signed=True))

    async def get(self, key_hash: bytes, *, at: datetime) -> Reply | None:
        await self._connection.step_into(self._space_id)
        row = await self._connection.fetch_one(_GET, space_id=self._space_id, key_hash=key_hash, at=at)
        await self._connection.step_into(self._home)
        if row is None:
            return None
        key_hash, fingerprint, answer, expires_at = row
        return Reply(key_hash=key_hash, fingerprint=fingerprint, answer=answer, expires_at=expires_at)

    async def add(self, reply: Reply, *, at: datetime) -> None:
        await self._connection.step_into(self._space_id)
        await self._connection.execute(_SWEEP, space_id=self._space_id, at=at)
        try:
            await self._connection.execute(
                _ADD,
                space_id=self._space_id,
                key_hash=reply.key_hash,
                fingerprint=reply.fingerprint,
                answer=reply.answer,
                expires_at=reply.expires_at,
            )
        except ConstraintViolated as violated:
            if violated.name == "replies_space_id_fkey":
                raise NotAuthenticated from violated
            raise
        await self._connection.step_into(self._home)
