"""Accounts and sessions, on SQL databases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import Select, bindparam, insert, select, update

from adapters.sql.connection import Connection, ConstraintViolated, Database, Entry
from adapters.sql.query import Query, Row
from adapters.sql.tables import memberships, refresh_tokens, sessions, spaces, users
from application.ports.clock import Clock
from application.ports.identity import Credentials
from domain.access import Actor, Role
from domain.errors import EmailTaken, NotFound
from domain.ids import SessionId, UserId, personal_space
from domain.session import RefreshToken, Session
from domain.user import Email, FullName, User, UserRole

_ONE_ACCOUNT_PER_ADDRESS: Final = "users_email_key_key"
_ACCOUNT: Final = (
    users.c.id, users.c.email, users.c.full_name, users.c.role, users.c.is_active, users.c.created_at,
    users.c.updated_at, users.c.password_hash,
)  # fmt: skip


class _Reading:
    """A statement that reads, and the same that also holds what it read until the transaction ends."""

    def __init__(self, statement: Select[Any]) -> None:
        self._plain = Query(statement)
        self._holding = Query(statement.with_for_update())

    async def __call__(self, connection: Connection, **values: Any) -> Row | None:
        query = self._plain if connection.read_only else self._holding
        return await connection.fetch_one(query, **values)


_ADD_USER: Final = Query(insert(users))
_ADD_SPACE: Final = Query(insert(spaces))
_ADD_MEMBERSHIP: Final = Query(insert(memberships))
_USER: Final = _Reading(select(*_ACCOUNT).where(users.c.id == bindparam("user_id")))
_USER_WITH_EMAIL: Final = _Reading(select(*_ACCOUNT).where(users.c.email_key == bindparam("key")))
_CHANGEABLE: Final = ("email", "email_key", "full_name", "role", "is_active", "updated_at")
_SAVE_USER: Final = Query(
    update(users)
    .where(users.c.id == bindparam("user_id"))
    .values({name: bindparam(f"new_{name}", type_=users.c[name].type) for name in _CHANGEABLE})
)
_SAVE_PASSWORD: Final = Query(
    update(users).where(users.c.id == bindparam("user_id")).values(password_hash=bindparam("new_hash"))
)

_ADD_SESSION: Final = Query(insert(sessions))
_SESSION: Final = _Reading(select(*sessions.c).where(sessions.c.id == bindparam("session_id")))
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
_TOKEN: Final = _Reading(select(*refresh_tokens.c).where(refresh_tokens.c.hash == bindparam("token_hash")))
_SAVE_TOKEN: Final = Query(
    update(refresh_tokens)
    .where(refresh_tokens.c.hash == bindparam("token_hash"))
    .values(successor=bindparam("new_successor"), replaced_at=bindparam("new_replaced_at"))
)


def _credentials(row: Row) -> Credentials:
    id_, email, full_name, role, is_active, created_at, updated_at, password_hash = row
    user = User(
        id=id_,
        email=Email(email),
        full_name=None if full_name is None else FullName(full_name),
        role=UserRole(role),
        is_active=is_active,
        created_at=created_at,
        updated_at=updated_at,
    )
    return Credentials(user, password_hash)


class SqlUsers:
    """All accounts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, credentials: Credentials) -> None:
        """Keep a new account, its personal space, and the membership that makes it theirs."""
        user = credentials.user
        space_id = personal_space(user.id)
        try:
            await self._connection.execute(
                _ADD_USER,
                id=user.id,
                email=user.email,
                email_key=user.email.key,
                full_name=user.full_name,
                password_hash=credentials.password_hash,
                role=user.role,
                is_active=user.is_active,
                created_at=user.created_at,
                updated_at=user.updated_at,
            )
        except ConstraintViolated as violated:
            raise _translated(violated) from violated
        await self._connection.step_into(space_id)
        await self._connection.execute(_ADD_SPACE, id=space_id, created_at=user.created_at)
        await self._connection.execute(
            _ADD_MEMBERSHIP,
            space_id=space_id,
            user_id=user.id,
            role=Role.OWNER,
            joined_at=user.created_at,
        )

    async def get(self, user_id: UserId) -> User:
        """The account."""
        row = await _USER(self._connection, user_id=user_id)
        if row is None:
            raise NotFound
        return _credentials(row).user

    async def with_email(self, email: Email) -> Credentials | None:
        """The account that has this address."""
        row = await _USER_WITH_EMAIL(self._connection, key=email.key)
        return None if row is None else _credentials(row)

    async def save(self, user: User) -> None:
        """Replace the account of the same id."""
        try:
            await self._connection.execute(
                _SAVE_USER,
                user_id=user.id,
                new_email=user.email,
                new_email_key=user.email.key,
                new_full_name=user.full_name,
                new_role=user.role,
                new_is_active=user.is_active,
                new_updated_at=user.updated_at,
            )
        except ConstraintViolated as violated:
            raise _translated(violated) from violated

    async def save_password_hash(self, user_id: UserId, password_hash: str) -> None:
        """Replace the hash of the account's password."""
        await self._connection.execute(_SAVE_PASSWORD, user_id=user_id, new_hash=password_hash)


def _translated(violated: ConstraintViolated) -> Exception:
    return EmailTaken() if violated.name == _ONE_ACCOUNT_PER_ADDRESS else violated


class SqlSessions:
    """All sign-ins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, session: Session, token: RefreshToken) -> None:
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
        )
        await self._add_token(token)

    async def get(self, session_id: SessionId) -> Session:
        """The session."""
        row = await _SESSION(self._connection, session_id=session_id)
        if row is None:
            raise NotFound
        id_, user_id, created_at, last_used_at, expires_at, ends_at, revoked_at = row
        return Session(
            id=id_,
            user_id=user_id,
            created_at=created_at,
            last_used_at=last_used_at,
            expires_at=expires_at,
            ends_at=ends_at,
            revoked_at=revoked_at,
        )

    async def save(self, session: Session) -> None:
        """Replace the session of the same id."""
        await self._connection.execute(
            _SAVE_SESSION,
            session_id=session.id,
            new_last_used_at=session.last_used_at,
            new_expires_at=session.expires_at,
            new_revoked_at=session.revoked_at,
        )

    async def token(self, hash: bytes) -> RefreshToken | None:
        """The refresh token with this hash."""
        row = await _TOKEN(self._connection, token_hash=hash)
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


class SqlIdentity:
    """Accounts and sessions in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.users = SqlUsers(connection)
        self.sessions = SqlSessions(connection)


class SqlOpenIdentity:
    """The door to accounts and sessions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @asynccontextmanager
    async def __call__(self, actor: Actor | None, *, read_only: bool = False) -> AsyncIterator[SqlIdentity]:
        """Open for the actor, whose personal space says who they are, or for nobody yet."""
        if actor is None:
            async with self._database.begin(read_only=read_only) as connection:
                yield SqlIdentity(connection)
        else:
            entry = Entry(actor, personal_space(actor.user_id), self._clock())
            async with self._database.enter(entry, read_only=read_only) as (connection, _):
                yield SqlIdentity(connection)
