"""Sessions and refresh tokens, on SQL databases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Integer, bindparam, insert, select, update

from adapters.sql.connection import Connection, Reading
from adapters.sql.pages import Keyset, Order
from adapters.sql.query import Query, Row
from adapters.sql.tables import refresh_tokens, sessions
from adapters.sql.types import Moment
from application.ports.paging import Onward
from domain.audit import Action
from domain.errors import NotFound
from domain.ids import SessionId, UserId
from domain.session import RefreshToken, Session

_ADD_SESSION: Final = Query(insert(sessions))
_SESSION: Final = Reading(select(*sessions.c).where(sessions.c.id == bindparam("session_id")))
_SESSIONS_OF: Final = Reading(
    select(*sessions.c)
    .where(sessions.c.user_id == bindparam("user_id"), sessions.c.revoked_at.is_(None))
    .order_by(sessions.c.id)
)
"""Held in an order that never changes: in another one, two who end them all could lock each other out."""
_MOST_BEYOND: Final = 100
_BEYOND: Final = Query(
    select(*sessions.c)
    .where(
        sessions.c.user_id == bindparam("user_id"),
        sessions.c.id.in_(
            select(sessions.c.id)
            .where(
                sessions.c.user_id == bindparam("user_id"),
                sessions.c.revoked_at.is_(None),
                sessions.c.expires_at > bindparam("at", type_=Moment),
            )
            .order_by(sessions.c.last_used_at.desc(), sessions.c.id.desc())
            .offset(bindparam("newest", type_=Integer))
        ),
    )
    .order_by(sessions.c.last_used_at, sessions.c.id)
    .limit(_MOST_BEYOND)
    .with_for_update(skip_locked=True)
)
"""Whoever signs in holds the account already: waiting for a session, whose holder may wait for it, could never end."""

_FIND: Final = Keyset.of(
    select(*sessions.c).where(
        sessions.c.user_id == bindparam("user_id"),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > bindparam("at"),
    ),
    Order((sessions.c.last_used_at, sessions.c.id), descending=True),
)
_SAVE_SESSION: Final = Query(
    update(sessions)
    .where(sessions.c.id == bindparam("session_id"))
    .values(
        last_used_at=bindparam("new_last_used_at"),
        expires_at=bindparam("new_expires_at"),
        revoked_at=bindparam("new_revoked_at"),
    )
)

_ADD_TOKEN: Final = Query(insert(refresh_tokens))
_TOKEN: Final = Reading(select(*refresh_tokens.c).where(refresh_tokens.c.hash == bindparam("token_hash")))
_SAVE_TOKEN: Final = Query(
    update(refresh_tokens)
    .where(refresh_tokens.c.hash == bindparam("token_hash"))
    .values(successor=bindparam("new_successor"), replaced_at=bindparam("new_replaced_at"))
)


def _session_from(row: Row) -> Session:
    id_, user_id, created_at, last_used_at, expires_at, ends_at, revoked_at, ip_address, user_agent = row
    return Session(
        id=id_,
        user_id=user_id,
        created_at=created_at,
        last_used_at=last_used_at,
        expires_at=expires_at,
        ends_at=ends_at,
        revoked_at=revoked_at,
        ip_address=ip_address,
        user_agent=user_agent,
    )


class SqlSessions:
    """All sign-ins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, session: Session, token: RefreshToken | None = None) -> None:
        """Keep a new session with its first refresh token."""
        await self._connection.execute(
            _ADD_SESSION,
            id=session.id,
            user_id=session.user_id,
            created_at=session.created_at,
            last_used_at=session.last_used_at,
            expires_at=session.expires_at,
            ends_at=session.ends_at,
            revoked_at=session.revoked_at,
            ip_address=session.ip_address,
            user_agent=session.user_agent,
        )
        if token is not None:
            await self._add_token(token)

    async def get(self, session_id: SessionId) -> Session:
        """The session."""
        row = await _SESSION.one(self._connection, session_id=session_id)
        if row is None:
            raise NotFound
        return _session_from(row)

    async def of(self, user_id: UserId) -> Sequence[Session]:
        """Somebody's sessions."""
        found = [_session_from(row) for row in await _SESSIONS_OF.all(self._connection, user_id=user_id)]
        return sorted(found, key=lambda session: (session.last_used_at, session.id), reverse=True)

    async def beyond(self, newest: int, user_id: UserId, at: datetime) -> Sequence[Session]:
        """Those that were used longest ago."""
        rows = await self._connection.fetch_all(_BEYOND, user_id=user_id, at=at, newest=newest)
        return [_session_from(row) for row in rows]

    async def find(self, user_id: UserId, page: Onward, *, at: datetime) -> Sequence[Session]:
        """A page of the account's sessions that are alive."""
        rows = await _FIND.fetch(self._connection, page, user_id=user_id, at=at)
        return [_session_from(row) for row in rows]

    async def save(self, session: Session) -> None:
        """Replace the session of the same id."""
        await self._connection.execute(
            _SAVE_SESSION,
            session_id=session.id,
            new_last_used_at=session.last_used_at,
            new_expires_at=session.expires_at,
            new_revoked_at=session.revoked_at,
        )

    async def end(self, session: Session, because: Action) -> None:  # noqa: ARG002 - for the recording door
        """Replace the session of the same id."""
        await self.save(session)

    async def token(self, hash: bytes) -> RefreshToken | None:
        """The refresh token with this hash."""
        row = await _TOKEN.one(self._connection, token_hash=hash)
        if row is None:
            return None
        hash_, session_id, issued_at, successor, replaced_at = row
        return RefreshToken(
            hash=hash_,
            session_id=session_id,
            issued_at=issued_at,
            successor=successor,
            replaced_at=replaced_at,
        )

    async def replace_token(self, used: RefreshToken, by: RefreshToken) -> None:
        """Keep the next refresh token, and the used one as replaced."""
        await self._connection.execute(
            _SAVE_TOKEN,
            token_hash=used.hash,
            new_successor=used.successor,
            new_replaced_at=used.replaced_at,
        )
        await self._add_token(by)

    async def _add_token(self, token: RefreshToken) -> None:
        await self._connection.execute(
            _ADD_TOKEN,
            hash=token.hash,
            session_id=token.session_id,
            issued_at=token.issued_at,
            successor=token.successor,
            replaced_at=token.replaced_at,
        )
