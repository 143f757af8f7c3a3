"""Names of tags that are one name now, and the text that tasks are searched by, for rows that were there before."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import URL, bindparam, column, insert, select, table

from adapters.sql.connection import Connection
from adapters.sql.migrations import move
from adapters.sql.query import Query
from adapters.sql.tables import tags, tasks
from adapters.sql.url import database_at
from domain.ids import SpaceId
from domain.tag import TagName
from tests.migrations.test_existing_tasks import FORMER_SPACES, owner_url, url

__all__ = ["owner_url", "url"]

BEFORE, AFTER = "0017", "0018"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HERE, THERE = SpaceId(UUID(int=1)), SpaceId(UUID(int=2))
KEPT = (column(c.name, c.type) for c in tasks.c if c.name != "search_text")
FORMER = table("tasks", *KEPT, column("description_key"))
TAG_HERE, TASK_HERE = (one.c.space_id == bindparam("space_id") for one in (tags, tasks))
TAGS = Query(select(tags.c.name, tags.c.name_key, tags.c.version).where(TAG_HERE).order_by(tags.c.id))
TASKS = Query(select(tasks.c.tags, tasks.c.tag_keys, tasks.c.version).where(TASK_HERE).order_by(tasks.c.id))
SEARCHED = Query(select(tasks.c.search_text).where(TASK_HERE).order_by(tasks.c.id))
WRITTEN = Query(
    select(FORMER.c.description_key).where(FORMER.c.space_id == bindparam("space_id")).order_by(FORMER.c.id)
)
NAMES = ["vue ", "vue", "V\u200bue", "a\t b", "\u3164", "caf\u00e9", "x\u200d", "m\u06cc\u200c\u062e"]


async def _fill(connection: Connection, space_id: SpaceId, names: list[str]) -> None:
    await connection.step_into(space_id)
    await connection.execute(Query(insert(FORMER_SPACES)), space_id=space_id, created_at=NOON)
    for number, name in enumerate(names):
        moments = {"created_at": NOON + timedelta(seconds=number), "updated_at": NOON}
        values = {"name": name, "name_key": name.casefold(), "color": None, "created_by": space_id, "version": 1}
        await connection.execute(Query(insert(tags)), space_id=space_id, id=UUID(int=number + 1), **values, **moments)
    for number, (title, description, tagged) in enumerate(
        [("Caf\u00e9", "\u00c4rger", names), ("x", None, names[-3:-2])]
    ):
        await connection.execute(Query(insert(FORMER)), **_task(space_id, number, title, description, tagged))


def _task(space_id: SpaceId, number: int, title: str, description: str | None, tagged: list[str]) -> dict[str, Any]:
    empty = dict.fromkeys(("due_date", "assignee_id", "completed_at", "deleted_at"))
    return empty | {
        "space_id": space_id,
        "id": UUID(int=number),
        "title": title,
        "description": description,
        "status": "pending",
        "priority": "low",
        "tags": tagged,
        "created_by": space_id,
        "version": 1,
        "created_at": NOON,
        "updated_at": NOON,
        "title_key": title.casefold(),
        "description_key": description and description.casefold(),
        "tag_keys": [name.casefold() for name in tagged],
        "priority_rank": 0,
        "due_ascending": 0,
        "due_descending": 0,
    }


async def _rows(target: URL, query: Query, space_id: SpaceId) -> list[tuple[Any, ...]]:
    database = database_at(target)
    await database.open()
    async with database.begin(read_only=True) as connection:
        await connection.step_into(space_id)
        found = await connection.fetch_all(query, space_id=space_id)
    await database.close()
    return [tuple(tuple(part) if isinstance(part, list) else part for part in row) for row in found]


async def test_tags_become_one_where_their_names_are_and_tasks_are_found_by_every_spelling(url: URL) -> None:
    await move(url, BEFORE)
    database = database_at(url)
    await database.open()
    async with database.begin(read_only=False) as connection:
        await _fill(connection, HERE, NAMES)
        await _fill(connection, THERE, ["vue "])
    await database.close()
    await move(url, AFTER)
    kept = [("vue", 2), ("a b", 2), ("tag 00000005", 2), ("caf\u00e9", 1), ("x", 2), (NAMES[-1], 1)]
    assert await _rows(url, TAGS, HERE) == [(name, TagName(name).key, version) for name, version in kept]
    assert await _rows(url, TAGS, THERE) == [("vue", "vue", 2)]
    names = tuple(name for name, _ in kept)
    keys = tuple(TagName(name).key for name in names)
    assert await _rows(url, TASKS, HERE) == [(names, keys, 2), (("caf\u00e9",), ("caf\u00e9",), 1)]
    assert await _rows(url, SEARCHED, HERE) == [("cafe\uffffarger",), ("x",)]
    await move(url, BEFORE)
    former = tuple(name.casefold() for name in names)
    assert [key for _, key, _ in await _rows(url, TAGS, HERE)] == list(former)
    assert (await _rows(url, TASKS, HERE))[0][1] == former
    assert await _rows(url, WRITTEN, HERE) == [("\u00e4rger",), (None,)]
    await move(url, AFTER)
    assert (await _rows(url, TASKS, HERE))[0] == (names, keys, 2)
