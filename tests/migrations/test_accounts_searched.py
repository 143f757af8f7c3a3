"""Accounts that were there before the text that they are searched by."""

from uuid import UUID

from sqlalchemy import URL, column, insert, select, table

from adapters.sql.migrations import move, upgrade
from adapters.sql.query import Query
from adapters.sql.tables import users
from adapters.sql.url import database_at
from domain.ids import UserId
from domain.user import Email, FullName, User, UserRole
from tests.migrations.test_existing_tasks import owner_url, url
from tests.support.stores import NOON

__all__ = ["owner_url", "url"]

FORMER = table("users", *(column(c.name, c.type) for c in users.c if c.name != "search_text"))
NAMES = (None, "Ann", "\u00c4rger \u0130 Stra\u00dfe", "A\u0308", "a\uffffb", "\u1e9e\u0345\u0301")


async def test_an_account_that_was_there_before_is_found_like_one_that_is_made_now(url: URL) -> None:
    await move(url, "0020")
    made = [
        User.register(
            id=UserId(UUID(int=number)),
            email=Email(f"Ann{number}@example.org"),
            full_name=None if name is None else FullName(name),
            role=UserRole.USER,
            at=NOON,
        )
        for number, name in enumerate(NAMES * 200, start=1)
    ]
    database = database_at(url)
    await database.open()
    async with database.begin(read_only=False) as connection:
        rows = [
            {c.name: getattr(user, c.name, None) for c in FORMER.c}
            | {"email_key": user.email.key, "password_hash": "x"}
            for user in made
        ]
        await connection.execute_many(Query(insert(FORMER)), rows)
    await database.close()
    await upgrade(url)
    await database.open()
    async with database.begin(read_only=True) as connection:
        found = await connection.fetch_all(Query(select(users.c.search_text).order_by(users.c.id)))
    await database.close()
    assert [text for (text,) in found] == [user.search_text for user in made]
