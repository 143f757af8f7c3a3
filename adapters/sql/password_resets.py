"""Ways back into accounts, on SQL databases."""

from typing import Final

from sqlalchemy import bindparam, delete, insert, select

from adapters.sql.connection import Connection, Reading
from adapters.sql.query import Query
from adapters.sql.tables import password_resets
from domain.ids import UserId
from domain.password_reset import PasswordReset

_ADD: Final = Query(insert(password_resets))
_WITH_TOKEN: Final = Reading(select(*password_resets.c).where(password_resets.c.token_hash == bindparam("token_hash")))
_REMOVE: Final = Query(delete(password_resets).where(password_resets.c.user_id == bindparam("user_id")))


class SqlPasswordResets:
    """The open ways back into accounts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, reset: PasswordReset) -> None:
        """Keep it in place of the account's former one."""
        await self.void(reset.user_id)
        await self._connection.execute(
            _ADD,
            user_id=reset.user_id,
            token_hash=reset.token_hash,
            created_at=reset.created_at,
            expires_at=reset.expires_at,
        )

    async def with_token(self, token_hash: bytes) -> PasswordReset | None:
        """The one with this token."""
        row = await _WITH_TOKEN.one(self._connection, token_hash=token_hash)
        if row is None:
            return None
        user_id, hash_, created_at, expires_at = row
        return PasswordReset(user_id=user_id, token_hash=hash_, created_at=created_at, expires_at=expires_at)

    async def void(self, user_id: UserId) -> None:
        """Forget the account's one."""
        await self._connection.execute(_REMOVE, user_id=user_id)
