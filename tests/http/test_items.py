"""Tags, documents and settings, row by row of the contract: limits, lists, and what belongs to which space."""

from typing import Any, Final
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from tests.http.people import Person

KINDS: Final = {"tags": "name", "documents": "title"}
LONGEST: Final = {"tags": 100, "documents": 255}
SMILE: Final = "\N{FACE WITH TEARS OF JOY}"

each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
async def test_a_name_has_so_many_characters(kind: str, ann: Person) -> None:
    field, longest = KINDS[kind], LONGEST[kind]
    for text in ("x", SMILE * longest):
        made = await ann.post(f"/api/{kind}", json={field: text})
        assert (made.status_code, made.json()[field]) == (201, text)
    for wrong in ("", SMILE * (longest + 1), "  ", None):
        for method, path in (("POST", f"/api/{kind}"), ("PATCH", made.headers["location"])):
            answer = await ann.send(method, path, json={field: wrong})
            assert answer.status_code == 422
            assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]
    assert (await ann.get(f"/api/{kind}")).json()["total"] == 2


@pytest.mark.parametrize("color", ["", "red", "#12345", "#1234567", "#12345g", "123456", "#\u0661\u0662\u0663456", 1])
async def test_a_color_is_six_hexadecimal_digits(color: Any, ann: Person) -> None:
    answer = await ann.post("/api/tags", json={"name": "x", "color": color})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/color"]


@pytest.mark.parametrize("kind", [*KINDS, "settings"])
async def test_lists_come_in_pages_of_up_to_a_hundred(kind: str, ann: Person) -> None:
    for number in range(3):
        if kind == "settings":
            await ann.put(f"/api/settings/key-{number}", json={"value": number})
        else:
            await ann.post(f"/api/{kind}", json={KINDS[kind]: f"name {number}"})
    whole = (await ann.get(f"/api/{kind}?page_size=100")).json()
    assert (whole["total"], whole["page"], whole["page_size"]) == (3, 1, 100)
    pages = [(await ann.get(f"/api/{ann.id}/{kind}?page_size=2&page={page}")).json() for page in (1, 2, 3)]
    assert [item for page in pages for item in page["items"]] == whole["items"]
    assert [(page["total"], page["page"], page["page_size"]) for page in pages] == [(3, 1, 2), (3, 2, 2), (3, 3, 2)]
    for wrong in ("page=0", "page_size=0", "page_size=101", "nonsense=1"):
        assert (await ann.get(f"/api/{kind}?{wrong}")).status_code == 422


async def test_a_document_is_replaced_as_a_whole_and_changed_in_part(ann: Person) -> None:
    at = (await ann.post("/api/documents", json={"title": "Minutes", "content": "All."})).headers["location"]
    changed = (await ann.patch(at, json={"title": "Notes"})).json()
    assert (changed["title"], changed["content"]) == ("Notes", "All.")
    assert (await ann.patch(at, json={"content": None})).json()["content"] is None
    await ann.patch(at, json={"content": "Some."})
    replaced = (await ann.put(at, json={"title": "Notes"})).json()
    assert (replaced["title"], replaced["content"], replaced["owner_id"]) == ("Notes", None, ann.id)
    assert (await ann.put(at, json={"content": "x"})).status_code == 422


async def test_names_are_unique_in_a_space_and_not_beyond(ann: Person, ben: Person) -> None:
    firm = await ann.new_organization()
    for who, space in ((ann, ""), (ben, ""), (ann, f"/{firm}")):
        assert (await who.post(f"/api{space}/tags", json={"name": "Work"})).status_code == 201
        assert (await who.post(f"/api{space}/tags", json={"name": "WORK"})).status_code == 409


async def test_a_key_has_one_value_in_each_space(ann: Person, ben: Person) -> None:
    firm = await ann.new_organization()
    places = ((ann, "/api/settings/a"), (ben, "/api/settings/a"), (ann, f"/api/{firm}/settings/a"))
    for number, (who, path) in enumerate(places):
        assert (await who.put(path, json={"value": number})).status_code == 201
    for number, (who, path) in enumerate(places):
        assert (await who.get(path)).json()["value"] == number
        assert (await who.get(path.removesuffix("/a"))).json()["total"] == 1


async def test_what_is_refused_leaves_no_tag_behind(ann: Person) -> None:
    task = await ann.new_task()
    wrong = {"title": "x", "tags": ["new"], "assignee_id": str(uuid7())}
    for method, path in (
        ("POST", "/api/tasks"),
        ("PUT", f"/api/tasks/{task['id']}"),
        ("PATCH", f"/api/tasks/{task['id']}"),
    ):
        assert (await ann.send(method, path, json=wrong)).status_code == 422
    stale = {"If-Match": '"v9"'}
    assert (await ann.patch(f"/api/tasks/{task['id']}", json={"tags": ["new"]}, headers=stale)).status_code == 412
    assert (
        await ann.post("/api/tasks/bulk", json={"items": [{"title": "x", "tags": ["new"]}, wrong]})
    ).status_code == 422
    assert (await ann.get("/api/tags")).json()["items"] == []


async def test_many_tasks_are_given_to_a_member_at_once_and_to_nobody_else(ann: Person, ben: Person) -> None:
    firm = await ann.new_organization()
    await ben.join(await ann.invite(firm, "viewer"))
    ids = [(await ann.post(f"/api/{firm}/tasks", json={"title": "x"})).json()["id"] for _ in range(2)]
    given = await ann.patch(f"/api/{firm}/tasks/bulk", json={"ids": ids, "assignee_id": ben.id})
    assert given.json() == {"updated_count": 2}
    for wrong in (str(uuid7()), str(UUID(int=0)), firm):
        answer = await ann.patch(f"/api/{firm}/tasks/bulk", json={"ids": ids, "assignee_id": wrong})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/assignee_id")
    found = (await ann.get(f"/api/{firm}/tasks")).json()["items"]
    assert {task["assignee_id"] for task in found} == {ben.id}
