"""Nobody reaches, sees, counts or changes what is somebody else's."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from uuid_utils.compat import uuid7

from tests.http.belongings import belongings_of, confirmed
from tests.http.document import Operation
from tests.http.offer import BODIES, FINDING, ITEMS, OF_ITEM, OF_OWNER, OF_TRASH, SECURED
from tests.http.people import Person

NOTHING = {"items": [], "total": 0, "page": 1, "page_size": 20, "next_cursor": None}
"""A list without tasks."""

OWNERS: dict[str, Callable[[Person, Person], str]] = {
    "somebody else": lambda _, ben: ben.id,
    "somebody else, in capitals": lambda _, ben: ben.id.upper(),
    "nobody": lambda *_: str(uuid7()),
    "the nil id": lambda *_: str(UUID(int=0)),
    "the highest id": lambda *_: str(UUID(int=2**128 - 1)),
    "not an id": lambda *_: "ben",
    "a word of the house": lambda *_: "me",
    "a star": lambda *_: "*",
    "invalid UTF-8": lambda *_: "%ED%A0%80",
    "SQL": lambda *_: "'%20OR%20true%20--",
    "one's own id without dashes": lambda ann, _: ann.id.replace("-", ""),
    "one's own id in braces": lambda ann, _: f"%7B{ann.id}%7D",
    "one's own id as a URN": lambda ann, _: f"urn:uuid:{ann.id}",
    "one's own id and a blank": lambda ann, _: f"{ann.id}%20",
    "both ids": lambda ann, ben: f"{ann.id},{ben.id}",
    "something long": lambda *_: "x" * 200,
}


async def ask(who: Person, operation: Operation, item_id: str, **values: str) -> httpx.Response:
    """Send a request in which nothing else is wrong."""
    body = {"json": BODIES[str(operation)]} if operation.has_body else {}
    path = operation.at(**values, **dict.fromkeys(ITEMS, item_id)) + confirmed(operation)
    return await who.send(operation.method, path, **body)


def bytes_of(answer: httpx.Response) -> tuple[int, str, str]:
    """What an answer says, its request id aside."""
    request_id = answer.headers["x-request-id"]
    headers = sorted((k, v) for k, v in answer.headers.items() if k != "x-request-id")
    return answer.status_code, str(headers), answer.text.replace(request_id, "-")


@pytest.mark.parametrize("operation", OF_OWNER, ids=str)
async def test_every_space_that_is_not_the_callers_is_forbidden_in_the_same_bytes(
    operation: Operation, ann: Person, ben: Person
) -> None:
    theirs, mine = await ben.new_item(operation.path, "secret"), await ann.new_item(operation.path)
    before = await ben.everything(), await ann.everything()
    answers = {
        (name, item_id): bytes_of(await ask(ann, operation, item_id, owner_id=owner(ann, ben)))
        for name, owner in OWNERS.items()
        for item_id in (theirs, mine, str(uuid7()), "not-an-id")
    }
    assert {status for status, _, _ in answers.values()} == {403}
    assert len(set(answers.values())) == 1, answers
    assert "space-forbidden" in next(iter(answers.values()))[2]
    assert (await ben.everything(), await ann.everything()) == before


@pytest.mark.parametrize("operation", FINDING, ids=str)
async def test_what_is_not_in_the_space_is_not_found_in_the_same_bytes(
    operation: Operation, ann: Person, ben: Person
) -> None:
    theirs = await ben.new_item(operation.path, "secret")
    deleted, mine = await ann.new_item(operation.path, "deleted"), await ann.new_item(operation.path, "kept")
    collection = next(part for part in ("tasks", "tags", "documents", "settings") if part in operation.path)
    assert (await ann.delete(f"/api/{collection}/{deleted}")).status_code == 204
    if operation in OF_TRASH:
        deleted, mine = mine, deleted
    before = await ben.everything(), await ann.everything()
    ids = {
        "somebody else's": theirs,
        "nobody's": str(uuid7()),
        "the nil id": str(UUID(int=0)),
        "somebody's account": ben.id,
        "one's own account": ann.id,
        "not an id": "not-an-id",
        "invalid UTF-8": "%ff",
        "one's own without dashes": mine.replace("-", ""),
        "one's own and a blank": f"{mine}%20",
        "deleted, or not": deleted,
        "several": f"{mine},{theirs}",
        "something long": "x" * 200,
    }
    answers = {name: bytes_of(await ask(ann, operation, item_id, owner_id=ann.id)) for name, item_id in ids.items()}
    assert {status for status, _, _ in answers.values()} == {404}
    assert len(set(answers.values())) == 1, answers
    assert (await ben.everything(), await ann.everything()) == before


@pytest.mark.parametrize("operation", [o for o in FINDING if "{owner_id}" not in o.path], ids=str)
async def test_both_prefixes_tell_the_same_of_what_is_not_found(operation: Operation, ann: Person, ben: Person) -> None:
    theirs = await ben.new_item(operation.path)
    of_owner = next(o for o in OF_OWNER if o.method == operation.method and o.path.endswith(operation.path[4:]))
    short = await ask(ann, operation, theirs)
    long = await ask(ann, of_owner, theirs, owner_id=ann.id)
    assert short.status_code == 404
    assert bytes_of(short) == bytes_of(long)


@pytest.mark.parametrize("operation", OF_OWNER, ids=str)
@pytest.mark.parametrize("spelt", [str.lower, str.upper], ids=["as it is", "in capitals"])
async def test_ones_own_id_names_ones_own_space(
    operation: Operation, spelt: Callable[[str], str], ann: Person, ben: Person
) -> None:
    mine = await belongings_of(ann, operation)
    before = await ben.everything()
    answer = await mine.ask(ann, owner_id=spelt(ann.id))
    assert answer.is_success, answer.text
    if answer.content and "audit" not in operation.path:
        found: Any = answer.json()
        assert {task["owner_id"] for task in found.get("items", [found]) if "owner_id" in task} <= {ann.id}
    assert await ben.everything() == before


@pytest.mark.parametrize("operation", [o for o in SECURED if not o.path.startswith("/api/admin/")], ids=str)
async def test_no_request_of_one_person_changes_anything_of_another(
    operation: Operation, ann: Person, ben: Person
) -> None:
    mine = await belongings_of(ann, operation)
    await ben.new_task("theirs")
    await ben.new_organization("theirs")
    before = await ben.everything()
    answer = await mine.ask(ann)
    assert answer.is_success, answer.text
    assert await ben.everything() == before
    for text in (ben.id, ben.email, "theirs"):
        assert text not in answer.text


async def test_lists_and_totals_count_ones_own_only(ann: Person, ben: Person) -> None:
    for number in range(3):
        await ben.new_task(f"theirs {number}", status="completed")
    mine = [await ann.new_task(f"mine {number}") for number in range(2)]
    for query in ({}, {"page_size": 1}, {"skip": 1, "limit": 100}, {"page": 9}, {"status": "pending"}):
        found = await ann.tasks(**query)
        assert found["total"] == 2
        assert {task["id"] for task in found["items"]} <= {task["id"] for task in mine}
    assert await ann.tasks(status="completed") == NOTHING
    assert (await ben.tasks())["total"] == 3


async def test_a_person_without_tasks_sees_an_empty_list(ann: Person, ben: Person) -> None:
    await ben.new_task()
    assert await ann.tasks() == NOTHING


async def test_the_same_id_opens_nothing_after_its_owner_was_there(ann: Person, ben: Person) -> None:
    """Whatever is remembered of one caller's way in holds for that caller only."""
    theirs = await ben.new_task()
    for _ in range(3):
        assert (await ben.get(f"/api/{ben.id}/tasks/{theirs['id']}")).status_code == 200
        assert (await ann.get(f"/api/{ben.id}/tasks/{theirs['id']}")).status_code == 403
        assert (await ann.get(f"/api/tasks/{theirs['id']}")).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_an_assignee_who_is_no_member_is_refused_the_same_whether_known_or_not(
    method: str, ann: Person, ben: Person
) -> None:
    task = await ann.new_task()
    path = "/api/tasks" if method == "POST" else f"/api/tasks/{task['id']}"
    answers = {
        bytes_of(await ann.send(method, path, json={"title": "x", "assignee_id": assignee}))
        for assignee in (ben.id, str(uuid7()), str(UUID(int=0)), "not-an-id")
    }
    assert len(answers) == 1
    status, _, text = answers.pop()
    assert status == 422
    assert '"pointer":"/assignee_id"' in text
    assert (await ann.tasks())["items"] == [task]


@pytest.mark.parametrize(
    "segment",
    ["auth", "users", "admin", "invitations", "audit"],
)
@pytest.mark.parametrize("rest", ["tasks", f"tasks/{UUID(int=1)}"])
async def test_a_fixed_first_segment_is_no_owner(segment: str, rest: str, ann: Person) -> None:
    for who in (ann.get, ann.http.get):
        answer = await who(f"/api/{segment}/{rest}")
        assert answer.status_code == 404
        assert answer.json()["type"].endswith("#no-such-route")


async def test_organizations_is_no_owner(ann: Person) -> None:
    """What follows it is the id of an organisation, even if it reads like the name of a resource."""
    assert bytes_of(await ann.get("/api/organizations/tasks")) == bytes_of(await ann.get(f"/api/{uuid7()}/tasks"))
    assert (await ann.get("/api/organizations/tasks/x")).json()["type"].endswith("#no-such-route")


@pytest.mark.parametrize("segment", ["tasks", "tags", "documents", "settings"])
async def test_the_name_of_a_resource_is_no_owner(segment: str, ann: Person) -> None:
    """What follows it is the id of an item, even if it reads like the name of a resource."""
    unknown = bytes_of(await ann.get(f"/api/{segment}/{uuid7()}"))
    assert unknown[0] == 404
    assert bytes_of(await ann.get(f"/api/{segment}/tasks")) == unknown
    assert (await ann.get(f"/api/{segment}/tasks/{UUID(int=1)}")).json()["type"].endswith("#no-such-route")


@pytest.mark.parametrize("segment", ["authors", "usersx", "xusers", "tasks2", "Users"])
async def test_what_only_resembles_a_fixed_segment_is_a_space_of_nobody(segment: str, ann: Person) -> None:
    assert (await ann.get(f"/api/{segment}/tasks")).status_code == 403


def test_the_operations_that_these_tests_go_through_are_all_there() -> None:
    """So that an empty document makes no empty suite."""
    assert len(OF_OWNER) >= 25
    assert len(OF_ITEM) > len(FINDING) >= 30
    assert len(SECURED) >= 49
