"""Handing a task over, through HTTP: to whom, by whom, and what goes along."""

import json
from typing import Any, Final
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from tests.http.people import Json, Person, somebody

NOBODY: Final = str(UUID(int=0))


@pytest.fixture
async def firm(ann: Person, ben: Person) -> str:
    """An organisation that Ann owns and Ben is a member of."""
    organization = await ann.new_organization("Firm")
    await ben.join(await ann.invite(organization, "member"))
    return organization


async def hand_over(who: Person, task_id: str, to: str, space: str | None = None) -> Any:
    named = f"/{space}" if space else ""
    return await who.post(f"/api{named}/tasks/{task_id}/transfer", json={"to": to})


async def task_in(who: Person, space: str, **details: Any) -> Json:
    answer = await who.post(f"/api/{space}/tasks", json={"title": "x"} | details)
    assert answer.status_code == 201
    task: Json = answer.json()
    return task


async def test_a_task_goes_to_an_organization_and_is_404_where_it_was(ann: Person, ben: Person, firm: str) -> None:
    task = await ann.new_task(description="All of it", priority="urgent")
    answer = await hand_over(ann, task["id"], firm)
    assert answer.status_code == 200
    given = answer.json()
    assert given == task | {"owner_id": firm, "version": 2, "updated_at": given["updated_at"]}
    assert answer.headers["etag"] == '"v2"'
    assert (await ben.get(f"/api/{firm}/tasks/{task['id']}")).json() == given
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/complete"), ("POST", "/restore")):
        body = {"json": {"title": "y"}} if method == "PATCH" else {}
        assert (await ann.send(method, f"/api/tasks/{task['id']}{path}", **body)).status_code == 404
    assert (await ann.tasks())["total"] == 0


async def test_a_task_goes_to_oneself_and_to_whoever_shares_an_organization(
    ann: Person, ben: Person, firm: str
) -> None:
    shared = await task_in(ben, firm)
    assert (await hand_over(ben, shared["id"], ben.id, firm)).status_code == 200
    assert (await ann.get(f"/api/{firm}/tasks/{shared['id']}")).status_code == 404
    assert (await hand_over(ben, shared["id"], ann.id)).status_code == 200
    assert (await ann.get(f"/api/tasks/{shared['id']}")).json()["owner_id"] == ann.id
    assert (await ben.get(f"/api/tasks/{shared['id']}")).status_code == 404


async def test_everybody_else_is_404_in_the_same_bytes_and_nothing_moves(ann: Person, firm: str) -> None:
    stranger = await somebody(ann.http)
    theirs, watched = await stranger.new_organization(), await stranger.new_organization()
    await ann.join(await stranger.invite(watched, "viewer"))
    await stranger.delete(f"/api/organizations/{watched}/members/{ann.id}")
    former = await somebody(ann.http)
    await former.join(await ann.invite(firm, "member"))
    await ann.delete(f"/api/organizations/{firm}/members/{former.id}")
    task = await ann.new_task()
    nowhere = (stranger.id, theirs, watched, former.id, str(uuid7()), NOBODY, task["id"])
    answers = [await hand_over(ann, task["id"], to) for to in nowhere]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text.replace(answer.headers["x-request-id"], "-") for answer in answers}) == 1
    assert answers[0].json()["type"].endswith("#recipient-not-found")
    assert (await ann.tasks())["items"] == [task]
    assert [(await who.tasks())["total"] for who in (stranger, former)] == [0, 0]
    assert (await stranger.get(f"/api/{theirs}/tasks")).json()["total"] == 0


async def test_it_takes_the_right_to_delete_here_and_to_create_there(ann: Person, ben: Person, firm: str) -> None:
    others = await task_in(ann, firm)
    assert (await hand_over(ben, others["id"], ben.id, firm)).status_code == 403
    watched = await ann.new_organization()
    await ben.join(await ann.invite(watched, "viewer"))
    mine = await ben.new_task()
    assert (await hand_over(ben, mine["id"], watched)).status_code == 404
    assert (await ben.tasks())["items"] == [mine]
    assert (await ann.get(f"/api/{firm}/tasks/{others['id']}")).json() == others
    assert (await ann.get(f"/api/{watched}/tasks")).json()["total"] == 0


async def test_tags_go_along_by_name(ann: Person, firm: str) -> None:
    there = (await ann.post(f"/api/{firm}/tags", json={"name": "WORK"})).json()
    task = await ann.new_task(tags=["work", "new"])
    given = (await hand_over(ann, task["id"], firm)).json()
    assert given["tags"] == ["WORK", "new"]
    tags = {tag["name"]: tag for tag in (await ann.get(f"/api/{firm}/tags")).json()["items"]}
    assert tags.keys() == {"WORK", "new"}
    assert tags["WORK"] == there
    kept = (await ann.get("/api/tags")).json()["items"]
    assert {tag["name"] for tag in kept} == {"work", "new"}
    assert {tag["owner_id"] for tag in kept} == {ann.id}


async def test_to_an_acquaintance_it_is_not_told_which_tags_they_have(ann: Person, ben: Person, firm: str) -> None:
    someone = await somebody(ann.http)
    await someone.join(await ann.invite(firm, "member"))
    assert (await ben.post("/api/tags", json={"name": "WORK"})).status_code == 201
    having, lacking = await told_of_giving(ann, ben.id), await told_of_giving(ann, someone.id)
    assert having == lacking
    assert [(await who.tasks())["items"][0]["tags"] for who in (ben, someone)] == [["WORK", "new"], ["Work", "new"]]


async def told_of_giving(giver: Person, to: str) -> str:
    """All that somebody is told who gives a task away, twice: but for ids, and times."""
    task = await giver.new_task(tags=["Work", "new"])
    at, key = f"/api/tasks/{task['id']}/transfer", {"Idempotency-Key": task["id"]}
    answers = [await giver.post(at, json={"to": to}, headers=key) for _ in range(2)]
    (event,) = (await giver.get("/api/audit", params={"limit": 1})).json()["items"]
    assert event["changes"]["owner_id"]["to"] == to
    told = json.dumps([*([answer.status_code, answer.text, dict(answer.headers)] for answer in answers), event])
    given, requests = answers[0].json(), [answer.headers["x-request-id"] for answer in answers]
    times = given["created_at"], given["updated_at"], event["at"]
    for varying in (to, task["id"], event["id"], *times, *requests):
        told = told.replace(varying, "-")
    return told


async def test_the_assignee_goes_along_only_where_they_are_a_member(ann: Person, ben: Person, firm: str) -> None:
    kept = await ann.new_task(assignee_id=ann.id)
    assert (await hand_over(ann, kept["id"], firm)).json()["assignee_id"] == ann.id
    cleared = await task_in(ann, firm, assignee_id=ben.id)
    assert (await hand_over(ann, cleared["id"], ann.id, firm)).json()["assignee_id"] is None
