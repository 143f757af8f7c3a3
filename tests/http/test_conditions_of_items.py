"""Conditions on whatever has a version, found in the document: not on tasks only."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import URL

from tests.http.belongings import belongings_of
from tests.http.document import Operation
from tests.http.offer import DOCUMENT, OF_ITEM, OPERATIONS
from tests.http.people import Person, somebody
from tests.http.service import serving, settings_for


def reading(header: str) -> list[Operation]:
    """The operations that read a condition."""
    return [o for o in OPERATIONS if header in {part["name"] for part in o.spec.get("parameters", ())}]


CHANGING = reading("If-Match")
SHOWING = [o for o in reading("If-None-Match") if o not in CHANGING]
each_change = pytest.mark.parametrize("operation", CHANGING, ids=str)


async def ask(who: Person, operation: Operation, path: str, body: Any, tag: str | None) -> Any:
    headers = {} if tag is None else {"If-Match": tag}
    return await who.send(operation.method, path, headers=headers, **({"json": body} if operation.has_body else {}))


async def kept(person: Person) -> tuple[Any, ...]:
    return *await person.everything(), (await person.get("/api/tasks/trash")).json()


def test_whatever_changes_or_shows_one_item_reads_a_condition() -> None:
    found, of_item = {str(o) for o in (*CHANGING, *SHOWING)}, {str(o) for o in OF_ITEM}
    assert found == of_item
    assert {o.method for o in SHOWING} == {"GET"}
    assert len(CHANGING) >= 26


@each_change
async def test_a_change_that_is_meant_for_something_else_is_412_and_changes_nothing(
    operation: Operation, ann: Person
) -> None:
    mine = await belongings_of(ann, operation)
    before = await kept(ann)
    for tag in ('"v99"', 'W/"v1"', 'W/"v2"', '"x"'):
        answer = await ask(ann, operation, mine.at(), mine.body, tag)
        assert (answer.status_code, answer.json()["type"]) == (412, "/docs/problems#precondition-failed")
    assert await kept(ann) == before


PUTTING = [o for o in CHANGING if o.method == "PUT"]


@pytest.mark.parametrize("operation", PUTTING, ids=str)
async def test_what_is_there_is_not_put_as_something_new(operation: Operation, ann: Person) -> None:
    mine = await belongings_of(ann, operation)
    before = await kept(ann)
    for headers, status, problem in (
        ({"If-None-Match": "*"}, 412, "precondition-failed"),
        ({"If-None-Match": " * "}, 412, "precondition-failed"),
        ({"If-None-Match": '"v99"'}, 400, "malformed-condition"),
        ({"If-None-Match": ""}, 400, "malformed-condition"),
        ({"If-None-Match": "*", "If-Match": "*"}, 400, "malformed-condition"),
    ):
        answer = await ann.put(mine.at(), json=mine.body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/docs/problems#{problem}")
    assert await kept(ann) == before


@pytest.mark.parametrize("operation", [o for o in PUTTING if "201" not in o.spec["responses"]], ids=str)
async def test_what_cannot_be_made_by_putting_it_is_404_as_something_new(operation: Operation, ann: Person) -> None:
    mine = await belongings_of(ann, operation)
    gone = mine.at(task_id=ann.id, document_id=ann.id)
    assert (await ann.put(gone, json=mine.body, headers={"If-None-Match": "*"})).status_code == 404


@each_change
async def test_a_garbled_condition_is_400_and_changes_nothing(operation: Operation, ann: Person) -> None:
    mine = await belongings_of(ann, operation)
    before = await kept(ann)
    for tag in ("v1", '"v1', "", '*,"v1"'):
        answer = await ask(ann, operation, mine.at(), mine.body, tag)
        assert (answer.status_code, answer.json()["type"]) == (400, "/docs/problems#malformed-condition")
    assert await kept(ann) == before


@each_change
@pytest.mark.parametrize("tag", ["*", '"v1", "v2"', None], ids=str)
async def test_a_change_that_is_meant_for_what_is_there_or_says_nothing_is_made(
    tag: str | None, operation: Operation, ann: Person
) -> None:
    mine = await belongings_of(ann, operation)
    assert (await ask(ann, operation, mine.at(), mine.body, tag)).is_success


@pytest.mark.parametrize("operation", CHANGING[: len(CHANGING) // 2], ids=str)
async def test_of_two_writers_with_the_same_tag_exactly_one_wins(operation: Operation, ann: Person) -> None:
    """Who comes second finds another version, or nothing at all."""
    mine = await belongings_of(ann, operation)
    version = '"v2"' if "trash" in operation.path or operation.path.endswith("/restore") else '"v1"'
    body = mine.body
    if operation.has_body and "to" not in body:
        schema = DOCUMENT.body_schema(operation)
        field = next(name for name in ("title", "name", "value") if name in schema["properties"])
        body = {field: "another"}
    answers = await asyncio.gather(*(ask(ann, operation, mine.at(), body, version) for _ in range(2)))
    if operation.path.endswith("/transfer"):  # To where it is already: nothing changes, so nobody is late.
        assert {answer.status_code for answer in answers} == {200}
        return
    won, lost = sorted(answer.status_code for answer in answers)
    assert (won < 300, lost in {404, 412}) == (True, True)


@pytest.mark.parametrize("operation", SHOWING, ids=str)
async def test_what_is_shown_has_a_tag_and_what_has_been_seen_is_not_sent_again(
    operation: Operation, ann: Person
) -> None:
    mine = await belongings_of(ann, operation)
    first = await mine.ask(ann)
    assert first.headers["etag"] == f'"v{first.json()["version"]}"'
    again = await ann.get(mine.at(), headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await ann.get(mine.at(), headers={"If-None-Match": '"v99"'})).json() == first.json()


@pytest.mark.parametrize("collection", ["tags", "documents"])
async def test_what_is_made_or_changed_is_answered_with_its_tag(collection: str, ann: Person) -> None:
    field = "name" if collection == "tags" else "title"
    made = await ann.post(f"/api/{collection}", json={field: "x"})
    changed = await ann.patch(made.headers["location"], json={field: "y"})
    assert (made.headers["etag"], changed.headers["etag"]) == ('"v1"', '"v2"')


async def test_where_a_condition_is_demanded_no_item_is_changed_without(url: URL) -> None:
    async with serving(settings_for(url, require_if_match=True)) as http:
        ann = await somebody(http)
        for path, body in (("/api/tags", {"name": "x"}), ("/api/documents", {"title": "x"})):
            at = (await ann.post(path, json=body)).headers["location"]
            for answer in (await ann.patch(at, json=body), await ann.delete(at)):
                assert (answer.status_code, answer.json()["type"]) == (428, "/docs/problems#precondition-required")
            assert (await ann.delete(at, headers={"If-Match": '"v1"'})).status_code == 204
