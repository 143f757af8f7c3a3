"""Many tasks at once over HTTP, all or nothing; and the trash."""

from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from tests.http.offer import DOCUMENT
from tests.http.people import Json, Person


async def titles(person: Person) -> list[str]:
    """What somebody's tasks are called, oldest first."""
    return [task["title"] for task in (await person.tasks(page_size=100))["items"]][::-1]


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


async def test_many_tasks_are_made_at_once(ann: Person) -> None:
    items = [{"title": f"task {number}", "tags": ["many"]} for number in range(60)]
    answer = await ann.post("/api/tasks/bulk", json={"items": items})
    assert answer.status_code == 201
    made = answer.json()["items"]
    assert [task["title"] for task in made] == [item["title"] for item in items]
    assert (await ann.get(f"/api/tasks/{made[7]['id']}")).json() == made[7]
    assert (await ann.tasks())["total"] == 60


async def test_a_thousand_and_no_more(ann: Person) -> None:
    items = [{"title": "x"}] * 1000
    assert (await ann.post("/api/tasks/bulk", json={"items": items})).status_code == 201
    for wrong in ([], [*items, {"title": "one more"}]):
        answer = await ann.post("/api/tasks/bulk", json={"items": wrong})
        assert answer.status_code == 422
        assert [pointer for pointer, _ in errors(answer)] == ["/items"]
    assert (await ann.tasks())["total"] == 1000


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({}, "/items/1/title"),
        ({"title": ""}, "/items/1/title"),
        ({"title": "x", "owner_id": str(uuid7())}, "/items/1/owner_id"),
        ({"title": "x", "status": "done"}, "/items/1/status"),
        ({"title": "x", "tags": ["fine", "\x00"]}, "/items/1/tags/1"),
        ({"title": "x", "tags": [f"tag {number}" for number in range(51)]}, "/items/1/tags"),
        ({"title": "x", "assignee_id": str(uuid7())}, "/items/1/assignee_id"),
        ("x", "/items/1"),
    ],
)
async def test_one_that_is_wrong_is_named_and_none_is_made(wrong: object, where: str, ann: Person) -> None:
    answer = await ann.post("/api/tasks/bulk", json={"items": [{"title": "fine"}, wrong, {"title": "fine"}]})
    assert answer.status_code == 422
    assert [pointer for pointer, _ in errors(answer)] == [where]
    assert await titles(ann) == []


async def test_many_tasks_are_changed_at_once(ann: Person) -> None:
    tasks = [await ann.new_task(f"task {number}") for number in range(3)]
    ids = [task["id"] for task in tasks]
    changes = {"status": "completed", "priority": "urgent", "due_date": "2026-05-01T12:00:00+02:00"}
    answer = await ann.patch("/api/tasks/bulk", json={"ids": [*ids, ids[0]]} | changes)
    assert (answer.status_code, answer.json()) == (200, {"updated_count": 3})
    for task in tasks:
        changed = (await ann.get(f"/api/tasks/{task['id']}")).json()
        assert (changed["status"], changed["priority"], changed["version"]) == ("completed", "urgent", 2)
        assert (changed["due_date"], changed["title"]) == ("2026-05-01T10:00:00Z", task["title"])
    cleared = await ann.patch("/api/tasks/bulk", json={"ids": ids[:1], "due_date": None})
    assert cleared.json() == {"updated_count": 1}
    assert (await ann.get(f"/api/tasks/{ids[0]}")).json()["due_date"] is None


async def test_many_tasks_are_deleted_at_once(ann: Person) -> None:
    ids = [(await ann.new_task())["id"] for _ in range(3)]
    answer = await ann.delete("/api/tasks/bulk", json={"ids": ids[:2]})
    assert (answer.status_code, answer.json()) == (200, {"deleted_count": 2})
    assert [task["id"] for task in (await ann.tasks())["items"]] == ids[2:]
    assert (await ann.post(f"/api/tasks/{ids[0]}/restore")).status_code == 200


async def test_many_tasks_are_deleted_by_post_as_well(ann: Person, ben: Person) -> None:
    ids = [(await ann.new_task())["id"] for _ in range(3)]
    theirs = await ben.new_task()
    for path in ("/api/tasks/bulk/delete", f"/api/{ann.id}/tasks/bulk/delete"):
        assert (await ann.post(path, json={"ids": [ids[0], theirs["id"]]})).status_code == 404
        several: list[Json] = [{}, {"ids": []}, {"ids": ids, "all": True}, {"ids": ["x"] * 1001}]
        for wrong in several:
            assert (await ann.post(path, json=wrong)).status_code == 422
        assert (await ann.tasks())["total"] == 3
    key = {"Idempotency-Key": "delete-two"}
    for _ in range(2):
        answer = await ann.post("/api/tasks/bulk/delete", json={"ids": ids[:2]}, headers=key)
        assert (answer.status_code, answer.json()) == (200, {"deleted_count": 2})
    assert [task["id"] for task in (await ann.tasks())["items"]] == ids[2:]
    assert (await ann.post(f"/api/{ann.id}/tasks/bulk/delete", json={"ids": ids[2:]})).json() == {"deleted_count": 1}
    assert (await ann.get("/api/tasks/trash")).json()["total"] == 3
    assert (await ben.tasks())["items"] == [theirs]


def bulk(method: str, ids: list[str]) -> Json:
    return {"ids": ids, "status": "cancelled"} if method == "PATCH" else {"ids": ids}


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_foreign_id_among_ones_own_is_404_and_nothing_is_done(method: str, ann: Person, ben: Person) -> None:
    mine, gone, theirs = await ann.new_task(), await ann.new_task(), await ben.new_task()
    await ann.delete(f"/api/tasks/{gone['id']}")
    before = await ann.everything(), await ben.everything()
    answers = [
        await ann.send(method, path, json=bulk(method, [mine["id"], wrong]))
        for path in ("/api/tasks/bulk", f"/api/{ann.id}/tasks/bulk")
        for wrong in (theirs["id"], gone["id"], str(uuid7()), str(UUID(int=0)), "not-an-id", ann.id)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text.replace(answer.headers["x-request-id"], "-") for answer in answers}) == 1
    assert (await ann.everything(), await ben.everything()) == before


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("ids", [[], ["x"] * 1001, None, "x", [1], [None]])
async def test_wrong_ids_are_refused_and_mean_nothing_else(method: str, ids: Any, ann: Person) -> None:
    task = await ann.new_task()
    answer = await ann.send(method, "/api/tasks/bulk", json=bulk(method, ids))
    assert answer.status_code == 422
    assert errors(answer)[0][0].startswith("/ids")
    assert (await ann.tasks())["items"] == [task]


async def test_somebody_elses_tasks_take_an_admin(ann: Person, ben: Person) -> None:
    space = await ann.new_organization()
    await ben.join(await ann.invite(space, "member"))
    theirs = (await ann.post(f"/api/{space}/tasks", json={"title": "of the owner"})).json()
    mine = (await ben.post(f"/api/{space}/tasks", json={"title": "of the member"})).json()
    both = {"ids": [mine["id"], theirs["id"]]}
    assert (await ben.delete(f"/api/{space}/tasks/bulk", json=both)).status_code == 403
    assert (await ben.patch(f"/api/{space}/tasks/bulk", json=both | {"status": "completed"})).status_code == 200
    assert (await ann.delete(f"/api/{space}/tasks/bulk", json=both)).json() == {"deleted_count": 2}
    assert (await ben.post(f"/api/{space}/tasks/{theirs['id']}/restore")).status_code == 403
    assert (await ben.post(f"/api/{space}/tasks/{mine['id']}/restore")).status_code == 200
    assert (await ben.delete(f"/api/{space}/tasks/trash/{theirs['id']}")).status_code == 403
    assert (await ben.delete(f"/api/{space}/tasks/trash?all=true")).status_code == 403
    assert (await ann.delete(f"/api/{space}/tasks/trash?all=true")).json() == {"deleted_count": 1}
    assert (await ann.post(f"/api/{space}/tasks/{theirs['id']}/restore")).status_code == 404


async def test_what_is_purged_is_gone_and_what_is_in_use_is_not_purged(ann: Person) -> None:
    gone, kept = await ann.new_task("gone"), await ann.new_task("kept")
    assert (await ann.delete(f"/api/tasks/trash/{kept['id']}")).status_code == 404
    assert (await ann.post(f"/api/tasks/{kept['id']}/restore")).status_code == 404
    await ann.delete(f"/api/tasks/{gone['id']}")
    assert (await ann.delete(f"/api/tasks/trash/{gone['id']}")).status_code == 204
    assert (await ann.delete(f"/api/tasks/trash/{gone['id']}")).status_code == 404
    assert await titles(ann) == ["kept"]
    assert (await ann.delete("/api/tasks/trash?all=true")).json() == {"deleted_count": 0}


async def test_what_fits_every_filter_goes_to_the_trash(ann: Person, ben: Person) -> None:
    organization = await ann.new_organization()
    space = f"/api/{organization}"
    await ben.join(await ann.invite(organization, "member"))
    for title, status, priority in (
        ("old milk", "completed", "low"),
        ("old bread", "cancelled", "low"),
        ("old", "pending", "low"),
        ("new", "completed", "high"),
    ):
        body = {"title": title, "status": status, "priority": priority}
        await ben.post(f"{space}/tasks", json=body)
    path = f"{space}/tasks?status=completed&status=cancelled&priority=low&q=OLD&due=overdue&tz=Europe/Berlin"
    assert (await ann.delete(path)).json() == {"deleted_count": 0}
    path = f"{space}/tasks?status=completed&status=cancelled&priority=low&q=OLD"
    refused = await ben.delete(path)
    assert (refused.status_code, refused.json()["type"]) == (403, "/docs/problems#role-too-low")
    answer = await ann.delete(path)
    assert (answer.status_code, answer.json()) == (200, {"deleted_count": 2})
    assert {task["title"] for task in (await ann.get(f"{space}/tasks")).json()["items"]} == {"old", "new"}
    trash = (await ann.get(f"{space}/tasks/trash")).json()["items"]
    assert {task["title"] for task in trash} == {"old milk", "old bread"}
    (event,) = (await ann.get(f"{space}/audit?action=DELETE")).json()["items"]
    assert (event["resource_type"], event["resource_id"], event["changes"]["count"]) == ("task", None, 2)
    assert (await ann.delete(f"{space}/tasks?all=true")).json() == {"deleted_count": 2}
    assert (await ann.get(f"{space}/tasks")).json()["total"] == 0


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("statu=completed", "/query/statu"),
        ("status=done", "/query/status/0"),
        ("page=1", "/query/page"),
        ("limit=1", "/query/limit"),
        ("sort=title", "/query/sort"),
        ("cursor=", "/query/cursor"),
        ("due_before=2026-05-01T12:00:00", "/query/due_before"),
        ("tz=Nowhere", "/query/tz"),
        ("tz=Europe/Berlin", "/query/tz"),
        ("tz=UTC&priority=medium", "/query/tz"),
        ("tz=UTC&due=tomorrow", "/query/due"),
        ("q=", "/query/q"),
        ("q", "/query/q"),
        ("q=&status=pending", "/query/q"),
        ("q=x&q=", "/query/q"),
        ("tag=", "/query/tag/0"),
        ("due=", "/query/due"),
        ("status=", "/query/status/0"),
        ("due_after=", "/query/due_after"),
        ("", "/query/all"),
        ("all=false", "/query/all"),
        ("all=", "/query/all"),
        ("all=1", "/query/all"),
        ("all=True", "/query/all"),
        ("all=true&all=true", "/query/all"),
        ("all=true&status=pending", "/query/all"),
        ("all=true&q=report", "/query/all"),
        ("all=true&tag=work", "/query/all"),
        ("all=true&due=today", "/query/all"),
        ("all=true&due_before=2099-01-01T00:00:00Z", "/query/all"),
    ],
)
async def test_a_filter_that_is_wrong_deletes_nothing(query: str, pointer: str, ann: Person) -> None:
    task = await ann.new_task()
    answer = await ann.delete(f"/api/tasks?{query}")
    assert answer.status_code == 422
    assert (await ann.get(f"/api/tasks/{task['id']}")).json() == task
    assert [where for where, _ in errors(answer)] == [pointer]
    assert (await ann.tasks())["total"] == 1


async def test_what_is_to_be_sent_where_all_are_meant_is_said(ann: Person) -> None:
    trashed = await ann.new_task()
    await ann.delete(f"/api/tasks/{trashed['id']}")
    before = await ann.everything(), (await ann.get("/api/tasks/trash")).json()
    for path in ("/api/tasks", f"/api/{ann.id}/tasks", "/api/tasks/trash", f"/api/{ann.id}/tasks/trash"):
        for query in ("", "?all=false"):
            answer = await ann.delete(f"{path}{query}")
            assert errors(answer) == [("/query/all", "missing")]
            assert "all=true" in answer.json()["errors"][0]["message"]
    assert (await ann.everything(), (await ann.get("/api/tasks/trash")).json()) == before
    assert (await ann.delete("/api/tasks/trash?all=true")).json() == {"deleted_count": 1}


async def test_false_is_as_good_as_nothing_beside_a_filter(ann: Person) -> None:
    await ann.new_task("milk")
    assert (await ann.delete("/api/tasks?q=milk&all=false")).json() == {"deleted_count": 1}


def test_no_filter_has_a_default_that_generated_clients_would_send() -> None:
    for path in ("/api/tasks", "/api/{owner_id}/tasks"):
        operation = DOCUMENT.operation("DELETE", path)
        assert operation is not None
        filters = {one["name"]: one["schema"] for one in operation.spec["parameters"] if one["in"] == "query"}
        assert {name for name, schema in filters.items() if schema.get("default")} == set()
        assert filters["tz"]["type"] == "string"
        assert filters["q"]["minLength"] == 1
