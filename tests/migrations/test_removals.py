"""The way down from marks of removal: what they are for is done, and tasks are assigned to members alone again."""

from typing import Any
from uuid import UUID

from sqlalchemy import URL, Column, bindparam, insert, select, update

from adapters.sql.migrations import move, upgrade
from adapters.sql.query import Query
from adapters.sql.tables import departures, memberships, metadata, spaces, tasks
from adapters.sql.url import database_at
from domain.ids import SpaceId
from tests.migrations.test_existing_tasks import owner_url, url
from tests.support.stores import NOON
from tests.walls.rows import Home

__all__ = ["owner_url", "url"]

BEFORE = "0019"
FILLED = {"users", "spaces", "memberships", "tasks", "tags", "documents", "settings", "replies"}
MARK = Query(
    update(spaces).where(spaces.c.space_id == bindparam("space_id")).values(removed_at=bindparam("new_removed_at"))
)
ASSIGN = Query(
    update(tasks).where(tasks.c.space_id == bindparam("space_id")).values(assignee_id=bindparam("new_assignee_id"))
)


def _column(column: Column[Any]) -> Query:
    return Query(select(column).where(column.table.c.space_id == bindparam("space_id")))


TASKS, ASSIGNED, MEMBERS = _column(tasks.c.id), _column(tasks.c.assignee_id), _column(memberships.c.user_id)


async def test_on_the_way_down_what_is_marked_goes_and_tasks_are_taken_from_those_who_are_gone(url: URL) -> None:
    await upgrade(url)
    database = database_at(url)
    await database.open()
    homes = {name: Home(space_id=UUID(int=number)) for number, name in enumerate(("removed", "left", "kept"), start=1)}
    async with database.begin(read_only=False) as connection:
        for name, home in homes.items():
            space = {"space_id": SpaceId(home.space_id)}
            await connection.step_into(**space)
            for table in metadata.sorted_tables:
                if table.name in FILLED - ({"memberships"} if name == "removed" else set()):
                    home.rows[table.name] = home.row(table)
                    await connection.execute(Query(insert(table)), **home.rows[table.name])
            stranger = UUID(int=9)
            await connection.execute(ASSIGN, new_assignee_id=home.user_id if name == "kept" else stranger, **space)
            if name == "removed":
                await connection.execute(MARK, new_removed_at=NOON, **space)
            if name == "left":
                await connection.execute(Query(insert(departures)), user_id=stranger, **space)
    await database.close()
    await move(url, BEFORE)
    await upgrade(url)
    await database.open()
    found = {}
    async with database.begin(read_only=True) as connection:
        for name, home in homes.items():
            await connection.step_into(SpaceId(home.space_id))
            rows = [await connection.fetch_all(query, space_id=home.space_id) for query in (TASKS, ASSIGNED, MEMBERS)]
            found[name] = [[row[0] for row in some] for some in rows]
    await database.close()
    kept, left = homes["kept"], homes["left"]
    assert found == {
        "removed": [[], [], []],
        "left": [[left.rows["tasks"]["id"]], [None], [left.user_id]],
        "kept": [[kept.rows["tasks"]["id"]], [kept.user_id], [kept.user_id]],
    }
