"""What is asked tells nothing of others: not by what is found, and not by the statements that it takes."""

import pytest
from uuid_utils.compat import uuid7

from tests.http.belongings import confirmed
from tests.http.document import Operation
from tests.http.listening import statements
from tests.http.offer import BODIES, FINDING, ITEMS, OF_OWNER
from tests.http.people import Person


async def sent_by(who: Person, operation: Operation, item_id: str, owner_id: str) -> tuple[int, list[str]]:
    """The status, and the statements that it took."""
    path = operation.at(owner_id=owner_id, **dict.fromkeys(ITEMS, item_id)) + confirmed(operation)
    with statements() as sent:
        body = {"json": BODIES[str(operation)]} if operation.has_body else {}
        answer = await who.send(operation.method, path, **body)
    return answer.status_code, sent


@pytest.mark.parametrize("operation", FINDING, ids=str)
async def test_an_id_of_somebody_elses_takes_the_statements_that_nobodys_takes(
    operation: Operation, ann: Person, ben: Person
) -> None:
    theirs = await ben.new_item(operation.path)
    await sent_by(ann, operation, theirs, ann.id)  # What is remembered of a caller is remembered by now.
    found = [await sent_by(ann, operation, item_id, ann.id) for item_id in (theirs, str(uuid7()), theirs)]
    assert [status for status, _ in found] == [404] * 3
    assert found[0] == found[1] == found[2]
    assert found[0][1]


@pytest.mark.parametrize("operation", OF_OWNER, ids=str)
async def test_a_space_of_somebody_elses_takes_the_statements_that_nobodys_takes(
    operation: Operation, ann: Person, ben: Person
) -> None:
    theirs = await ben.new_item(operation.path)
    found = [await sent_by(ann, operation, theirs, space) for space in (ben.id, str(uuid7()), ben.id)]
    assert [status for status, _ in found] == [403] * 3
    assert found[0] == found[1] == found[2]
    assert found[0][1]


@pytest.mark.parametrize(
    "query",
    ["q=needle", "tag=needle", "status=in_progress", "priority=urgent", "assignee_id={ben}", "due=overdue",
     "due_before=2026-05-02T00:00:00Z", "due_after=2026-04-30T00:00:00Z", "sort=title", "sort=-due_date"],
)  # fmt: skip
async def test_no_filter_and_no_order_finds_or_counts_what_is_somebody_elses(
    query: str, ann: Person, ben: Person
) -> None:
    details = {"tags": ["needle"], "status": "in_progress", "priority": "urgent", "due_date": "2026-05-01T12:00:00Z"}
    theirs = await ben.new_task("needle", description="needle", assignee_id=ben.id, **details)
    asked = query.format(ben=ben.id)
    assert (await ben.get(f"/api/tasks?{asked}")).json()["items"] == [theirs]
    for paging, total in (("", 0), ("&cursor=", None)):
        found = (await ann.get(f"/api/tasks?{asked}{paging}")).json()
        assert (found["items"], found["total"], found["next_cursor"]) == ([], total, None)
