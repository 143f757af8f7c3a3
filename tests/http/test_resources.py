"""Tags, documents and settings over HTTP: what comes back, and how tasks and their tags stay in step."""

import asyncio
import json
from typing import Any

import pytest

from tests.http.listening import statements
from tests.http.people import Person


async def test_a_tag_lives_and_dies(ann: Person) -> None:
    made = await ann.post("/api/tags", json={"name": "Work", "color": "#1E90FF"})
    assert made.status_code == 201
    tag = made.json()
    assert made.headers["location"] == f"/api/tags/{tag['id']}"
    assert (tag["name"], tag["color"], tag["version"], tag["created_by"]) == ("Work", "#1e90ff", 1, ann.id)
    task = await ann.new_task(tags=["WORK", "new"])
    assert task["tags"] == ["Work", "new"]
    path = f"/api/{ann.id}/tags/{tag['id']}"
    renamed = (await ann.patch(path, json={"name": "Labour", "color": None})).json()
    assert (renamed["name"], renamed["color"], renamed["version"]) == ("Labour", None, 2)
    assert (await ann.patch(path, json={})).json() == renamed == (await ann.get(path)).json()
    found = (await ann.get(f"/api/tasks/{task['id']}")).json()
    assert (found["tags"], found["version"], found["updated_at"]) == (["Labour", "new"], 2, renamed["updated_at"])
    assert (await ann.delete(path)).status_code == 204
    assert (await ann.get(path)).status_code == 404
    assert (await ann.get(f"/api/tasks/{task['id']}")).json()["tags"] == ["new"]


async def test_a_name_that_is_taken_is_409(ann: Person) -> None:
    await ann.post("/api/tags", json={"name": "Caf\u00e9"})
    other = (await ann.post("/api/tags", json={"name": "other"})).json()
    for answer in (
        await ann.post("/api/tags", json={"name": "CAFE\u0301"}),
        await ann.patch(f"/api/tags/{other['id']}", json={"name": "caf\u00e9"}),
    ):
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("#tag-taken")
    listed = (await ann.get("/api/tags?page=2&page_size=1")).json()
    assert ([tag["name"] for tag in listed.pop("items")], listed) == (
        ["other"],
        {"total": 2, "page": 2, "page_size": 1, "next_cursor": None},
    )


async def test_twenty_tasks_at_once_make_a_tag_once(ann: Person) -> None:
    tasks = await asyncio.gather(*(ann.new_task(tags=["work"]) for _ in range(20)))
    assert [task["tags"] for task in tasks] == [["work"]] * 20
    assert (await ann.get("/api/tags")).json()["total"] == 1


async def test_a_list_of_a_hundred_tagged_tasks_takes_as_many_statements_as_one_of_two(ann: Person) -> None:
    for number in range(2):
        await ann.new_task(tags=[f"tag {number}", "all"])
    few = await statements_of_a_list(ann)
    for number in range(98):
        await ann.new_task(tags=[f"tag {number}", "all"])
    assert await statements_of_a_list(ann) == few
    assert (await ann.tasks(page_size=100))["total"] == 100


async def statements_of_a_list(person: Person) -> int:
    """How many statements a list takes."""
    with statements() as sent:
        assert len((await person.tasks(page_size=100))["items"]) >= 2
    assert sent
    return len(sent)


async def test_a_document_lives_and_dies(ann: Person) -> None:
    made = await ann.post(f"/api/{ann.id}/documents", json={"title": "Minutes", "content": "All."})
    assert made.status_code == 201
    document = made.json()
    path = f"/api/{ann.id}/documents/{document['id']}"
    assert made.headers["location"] == path
    assert (await ann.patch(path, json={})).json() == document == (await ann.get(path)).json()
    replaced = (await ann.put(path, json={"title": "Other"})).json()
    assert (replaced["title"], replaced["content"], replaced["version"]) == ("Other", None, 2)
    assert (await ann.get("/api/documents")).json() == {
        "items": [{name: value for name, value in replaced.items() if name != "content"}],
        "total": 1,
        "page": 1,
        "page_size": 20,
        "next_cursor": None,
    }
    for length, status in ((100_000, 201), (100_001, 422)):
        answer = await ann.post("/api/documents", json={"title": "x", "content": "\u00e9" * length})
        assert answer.status_code == status
    assert (await ann.delete(path)).status_code == 204
    assert (await ann.get(path)).status_code == 404


@pytest.mark.parametrize("value", [None, False, 0, -1.5, 2**70, "\u00e9 \U0001f600", [], {"a": [1, {"": None}]}])
async def test_any_json_can_be_set(ann: Person, value: Any) -> None:
    path = "/api/settings/editor.theme_1-a"
    made = await ann.put(path, json={"value": value})
    assert (made.status_code, made.headers["location"]) == (201, path)
    assert made.json()["value"] == value
    again = await ann.put(path, json={"value": value})
    assert (again.status_code, again.json()) == (200, made.json())
    other = (await ann.put(path, json={"value": [value]})).json()
    assert (other["value"], other["version"]) == ([value], 2)
    assert (await ann.get("/api/settings")).json()["items"] == [other] == [(await ann.get(path)).json()]
    assert (await ann.delete(path)).status_code == 204
    assert (await ann.get(path)).status_code == 404


async def test_a_setting_that_cannot_be_kept_is_refused(ann: Person) -> None:
    deep = b"[" * 33 + b"]" * 33
    for value in (deep, b'"%s"' % (b"x" * 65_535), rb'["a\u0000"]', rb'{"\ud800": 1}', b"[NaN]", b"[1e999]"):
        request = {"content": b'{"value": %s}' % value, "headers": {"Content-Type": "application/json"}}
        answer = await ann.put("/api/settings/a", **request)
        assert answer.status_code == 422, value
    for key in ("%20", "a%20b", "\u00e9", "x" * 101):
        answer = await ann.put(f"/api/settings/{key}", json={"value": 1})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/path/key")
    assert (await ann.get("/api/settings")).json()["total"] == 0


async def test_what_is_written_down_of_settings_is_cut(ann: Person) -> None:
    await ann.put("/api/settings/a", json={"value": "x" * 1000})
    (event,) = (await ann.get("/api/audit?resource_type=setting")).json()["items"]
    assert (event["action"], event["resource_id"]) == ("CREATE", "a")
    assert event["changes"]["value"] == {"to": json.dumps("x" * 1000)[:200] + "\u2026"}


@pytest.mark.parametrize("kind", ["tags", "documents", "settings"])
@pytest.mark.parametrize("prefix", ["/api", "/api/{id}"])
async def test_every_list_has_pages_links_and_cursors(kind: str, prefix: str, ann: Person, ben: Person) -> None:
    path = f"{prefix}/{kind}".format(id=ann.id)
    for number in range(5):
        await make(ann, kind, f"n{number}")
        await make(ben, kind, f"n{number}")
    whole = (await ann.get(path)).json()
    assert {key: whole[key] for key in whole if key != "items"} == {
        "total": 5,
        "page": 1,
        "page_size": 20,
        "next_cursor": None,
    }
    assert {item["owner_id"] for item in whole["items"]} == {ann.id}
    page = await ann.get(f"{path}?skip=2&limit=2")
    assert page.json()["items"] == whole["items"][2:4]
    assert set(page.links) == {"first", "prev", "next", "last"}
    assert (await ann.get(page.links["next"]["url"])).json()["items"] == whole["items"][4:]
    stretch, seen = await ann.get(f"{path}?limit=2&cursor="), []
    while True:
        seen += stretch.json()["items"]
        assert (stretch.json()["total"], stretch.json()["page"]) == (None, None)
        if "next" not in stretch.links:
            break
        assert stretch.json()["next_cursor"] in stretch.links["next"]["url"]
        stretch = await ann.get(stretch.links["next"]["url"])
    assert seen == whole["items"]
    cursor = page.json()["next_cursor"]
    refused = await ann.get(f"{path}?cursor={cursor[:-2]}")
    assert (refused.status_code, refused.json()["type"]) == (400, "/docs/problems#cursor-refused")
    assert (await ben.get(f"/api/{kind}?cursor={cursor}")).status_code == 400
    assert (await ann.get(f"{path}?cursor={cursor}&page=1")).status_code == 422


async def make(person: Person, kind: str, text: str) -> None:
    """Make one that is called so."""
    match kind:
        case "settings":
            await person.put(f"/api/settings/{text}", json={"value": text})
        case "tags":
            await person.post("/api/tags", json={"name": text})
        case _:
            await person.post("/api/documents", json={"title": text})
