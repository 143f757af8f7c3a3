"""Accounts, on SQL databases."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from adapters.sql.clearing import remove_space
from adapters.sql.connection import Connection, ConstraintViolated, Reading
from adapters.sql.owned import as_kept
from adapters.sql.pages import Order, Stretches
from adapters.sql.query import Query, Row
from adapters.sql.tables import IS_ADMINISTRATOR, memberships, spaces, users
from adapters.sql.types import holds_text
from application.ports.identity import Credentials, UserQuery
from application.ports.paging import Page
from domain.access import Role
from domain.errors import EmailTaken, NotFound
from domain.ids import UserId, personal_space
from domain.user import Email, FullName, User, UserRole

_ONE_ACCOUNT_PER_ADDRESS: Final = "users_email_key_key"
ACCOUNT: Final = (
    users.c.id, users.c.email, users.c.full_name, users.c.role, users.c.is_active, users.c.created_at,
    users.c.updated_at,
)  # fmt: skip
_CREDENTIALS: Final = (*ACCOUNT, users.c.password_hash)


_ADD_USER: Final = Query(insert(users))
_ADD_SPACE: Final = Query(insert(spaces))
_ADD_MEMBERSHIP: Final = Query(insert(memberships))
_USER: Final = Reading(select(*_CREDENTIALS).where(users.c.id == bindparam("user_id")))
_USER_WITH_EMAIL: Final = Reading(select(*_CREDENTIALS).where(users.c.email_key == bindparam("key")))
_ADMINISTRATORS: Final = Reading(select(*ACCOUNT).where(IS_ADMINISTRATOR, users.c.is_active).order_by(users.c.id))
_REMOVE_USER: Final = Query(delete(users).where(users.c.id == bindparam("user_id")))
_CHANGEABLE: Final = ("email", "email_key", "full_name", "role", "is_active", "updated_at", "search_text")
_SAVE_USER: Final = Query(
    update(users)
    .where(users.c.id == bindparam("user_id"))
    .values({name: bindparam(f"new_{name}", type_=users.c[name].type) for name in _CHANGEABLE})
)
_SAVE_PASSWORD: Final = Query(
    update(users).where(users.c.id == bindparam("user_id")).values(password_hash=bindparam("new_hash"))
)


@cache
def _find(*, by_text: bool) -> Stretches:
    holding = holds_text(users.c.search_text, "text")
    order = Order((users.c.created_at, users.c.id), descending=True)
    return Stretches.of(users, ACCOUNT, [holding] if by_text else [], order)


def account_from(row: Row) -> User:
    """The account in a row of the columns ``ACCOUNT``."""
    id_, email, full_name, role, is_active, created_at, updated_at = row
    return User(
        id=id_,
        email=as_kept(Email, email),
        full_name=None if full_name is None else as_kept(FullName, full_name),
        role=UserRole(role),
        is_active=is_active,
        created_at=created_at,
        updated_at=updated_at,
    )


def _credentials(row: Row) -> Credentials:
    return Credentials(account_from(row[:-1]), row[-1])


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
                search_text=user.search_text,
            )
        except ConstraintViolated as violated:
            raise _translated(violated) from violated
        await self._connection.step_into(space_id)
        await self._connection.execute(_ADD_SPACE, space_id=space_id, created_at=user.created_at, removed_at=None)
        await self._connection.execute(
            _ADD_MEMBERSHIP,
            space_id=space_id,
            user_id=user.id,
            role=Role.OWNER,
            joined_at=user.created_at,
        )

    async def get(self, user_id: UserId) -> User:
        """The account."""
        return (await self.credentials(user_id)).user

    async def credentials(self, user_id: UserId) -> Credentials:
        """The account, with the hash of its password."""
        row = await _USER.one(self._connection, user_id=user_id)
        if row is None:
            raise NotFound
        return _credentials(row)

    async def with_email(self, email: Email) -> Credentials | None:
        """The account that has this address."""
        row = await _USER_WITH_EMAIL.one(self._connection, key=email.key)
        return None if row is None else _credentials(row)

    async def find(self, query: UserQuery) -> Page[User]:
        """The page and the total, in one statement."""
        asked = {"text": query.text} if query.text else {}
        rows, total = await _find(by_text=bool(asked)).fetch(self._connection, query, **asked)
        return Page([account_from(row) for row in rows], total)

    async def administrators(self) -> Sequence[User]:
        """The active administrators."""
        return [account_from(row) for row in await _ADMINISTRATORS.all(self._connection)]

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
                new_search_text=user.search_text,
            )
        except ConstraintViolated as violated:
            raise _translated(violated) from violated

    async def save_password_hash(self, user_id: UserId, password_hash: str) -> None:
        """Replace the hash of the account's password."""
        await self._connection.execute(_SAVE_PASSWORD, user_id=user_id, new_hash=password_hash)

    async def remove(self, user: User, *, at: datetime, limit: int) -> None:
        """Remove the account, with its sessions and its membership, which refer to it; and its space, or mark that."""
        # The membership comes first: it is what somebody holds who assigns a task, and who writes to the space then.
        await self._connection.execute(_REMOVE_USER, user_id=user.id)
        space_id = personal_space(user.id)
        await self._connection.step_into(space_id)
        await remove_space(self._connection, space_id, at=at, limit=limit)

    async def change_password(self, user_id: UserId, password_hash: str) -> None:
        """Replace the hash by that of another password."""
        await self.save_password_hash(user_id, password_hash)


def _translated(violated: ConstraintViolated) -> Exception:
    return EmailTaken() if violated.name == _ONE_ACCOUNT_PER_ADDRESS else violated
