"""What is counted: a list that is read by pages, once for each; and nothing where nobody asks how much there is."""

from typing import Final

import pytest

from tests.http.listening import statements
from tests.http.people import Person

COUNTED: Final = ("tasks", "tasks/trash", "tags", "documents", "settings")
BY_CURSOR: Final = (*COUNTED, "audit")


@pytest.fixture
async def owner(ann: Person) -> Person:
    """Ann with three of each kind, and three tasks more in the trash."""
    for collection in ("tasks", "tasks", "tags", "documents", "settings") * 3:
        await ann.new_item(f"/api/{collection}")
    for task in (await ann.tasks(limit=3))["items"]:
        await ann.delete(f"/api/tasks/{task['id']}")
    return ann


async def counted(who: Person, path: str) -> tuple[int, str | None]:
    """How many of the statements that a stretch takes count something, and the cursor to the next stretch."""
    with statements() as sent:
        answer = await who.get(path)
    assert answer.status_code == 200, answer.text
    assert sent
    return sum("count(" in sql.lower() for sql in sent), answer.json()["next_cursor"]


@pytest.mark.parametrize("name", BY_CURSOR)
async def test_by_cursor_nothing_is_counted(name: str, owner: Person) -> None:
    for path in (f"/api/{name}", f"/api/{owner.id}/{name}"):
        at_the_beginning, cursor = await counted(owner, f"{path}?limit=2&cursor=")
        assert cursor
        behind, _ = await counted(owner, f"{path}?limit=2&cursor={cursor}")
        assert (at_the_beginning, behind) == (0, 0)


@pytest.mark.parametrize("name", COUNTED)
async def test_a_page_is_counted_once(name: str, owner: Person) -> None:
    for page in (1, 2, 9):
        times, _ = await counted(owner, f"/api/{name}?page={page}&page_size=2")
        assert times == 1


async def test_by_cursor_no_task_that_fits_a_filter_is_counted(owner: Person) -> None:
    filters = "q=as&status=pending&priority=medium&sort=title"
    assert await counted(owner, f"/api/tasks?{filters}&cursor=") == (0, None)
    assert await counted(owner, f"/api/tasks?{filters}&page=1") == (1, None)
