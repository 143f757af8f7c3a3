"""Accounts, on SQL databases."""

from collections.abc import Sequence
from functools import cache
from typing import Final

from sqlalchemy import Integer, Text, bindparam, delete, func, insert, or_, select, true, update

from adapters.sql.connection import Connection, ConstraintViolated, Reading
from adapters.sql.query import Query, Row
from adapters.sql.tables import IS_ADMINISTRATOR, memberships, spaces, users
from application.ports.identity import Credentials, UserPage, UserQuery
from domain.access import Role
from domain.errors import EmailTaken, NotFound
from domain.ids import UserId, personal_space
from domain.user import Email, FullName, User, UserRole

_ESCAPE: Final = "\\"
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
_REMOVE_SPACE: Final = Query(delete(spaces).where(spaces.c.space_id == bindparam("space_id")))
_CHANGEABLE: Final = ("email", "email_key", "full_name", "role", "is_active", "updated_at")
_SAVE_USER: Final = Query(
    update(users)
    .where(users.c.id == bindparam("user_id"))
    .values({name: bindparam(f"new_{name}", type_=users.c[name].type) for name in _CHANGEABLE})
)
_SAVE_PASSWORD: Final = Query(
    update(users).where(users.c.id == bindparam("user_id")).values(password_hash=bindparam("new_hash"))
)


@cache
def _find(*, by_text: bool) -> Query:
    """The statement for a page: one row for each account of the page and the total, or the total alone."""
    wanted = select(*ACCOUNT)
    if by_text:
        pattern = bindparam("pattern", type_=Text)
        wanted = wanted.where(
            or_(
                func.lower(users.c.email).like(pattern, escape=_ESCAPE),
                func.lower(users.c.full_name).like(pattern, escape=_ESCAPE),
            )
        )
    total = select(func.count().label("total")).select_from(wanted.subquery()).subquery()
    page = (
        wanted.order_by(users.c.created_at.desc(), users.c.id.desc())
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("skip", type_=Integer))
        .subquery()
    )
    return Query(
        select(total.c.total, *page.c)
        .select_from(total.outerjoin(page, true()))
        .order_by(page.c.created_at.desc(), page.c.id.desc())
    )


def _containing(text: str) -> str:
    """The pattern for LIKE that fits whatever contains this text, which is no pattern itself."""
    for special in (_ESCAPE, "%", "_"):
        text = text.replace(special, _ESCAPE + special)
    return f"%{text}%"


def account_from(row: Row) -> User:
    """The account in a row of the columns ``ACCOUNT``."""
    id_, email, full_name, role, is_active, created_at, updated_at = row
    return User(
        id=id_,
        email=Email(email),
        full_name=None if full_name is None else FullName(full_name),
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
            )
        except ConstraintViolated as violated:
            raise _translated(violated) from violated
        await self._connection.step_into(space_id)
        await self._connection.execute(_ADD_SPACE, space_id=space_id, created_at=user.created_at)
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

    async def find(self, query: UserQuery) -> UserPage:
        """The page and the total."""
        text = (query.text or "").lower()
        rows = await self._connection.fetch_all(
            _find(by_text=bool(text)), pattern=_containing(text), skip=query.skip, limit=query.limit
        )
        return UserPage([account_from(row[1:]) for row in rows if row[1] is not None], rows[0][0])

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
            )
        except ConstraintViolated as violated:
            raise _translated(violated) from violated

    async def save_password_hash(self, user_id: UserId, password_hash: str) -> None:
        """Replace the hash of the account's password."""
        await self._connection.execute(_SAVE_PASSWORD, user_id=user_id, new_hash=password_hash)

    async def remove(self, user: User) -> None:
        """Remove the account; everything in its space, and its sessions, refer to it and go with it."""
        space_id = personal_space(user.id)
        await self._connection.step_into(space_id)
        await self._connection.execute(_REMOVE_SPACE, space_id=space_id)
        await self._connection.execute(_REMOVE_USER, user_id=user.id)

    async def change_password(self, user_id: UserId, password_hash: str) -> None:
        """Replace the hash by that of another password."""
        await self.save_password_hash(user_id, password_hash)


def _translated(violated: ConstraintViolated) -> Exception:
    return EmailTaken() if violated.name == _ONE_ACCOUNT_PER_ADDRESS else violated
