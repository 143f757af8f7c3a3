"""Quotas over HTTP, on both databases: 409 that says what is full, and nothing written."""

from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import URL

from tests.http.people import Person, somebody
from tests.http.service import serving, settings_for

QUOTAS: Final = {
    "max_tasks_per_space": 5,
    "max_tags_per_space": 2,
    "max_documents_per_space": 1,
    "max_document_bytes_per_space": 10,
    "max_settings_per_space": 1,
    "max_members_per_organization": 1,
    "max_invitations_per_organization": 1,
    "max_owned_organizations_per_account": 1,
    "max_sessions_per_account": 2,
}


@pytest.fixture
async def narrow(url: URL) -> AsyncIterator[httpx.AsyncClient]:
    """A service in which there is little room."""
    async with serving(settings_for(url, **QUOTAS)) as http:
        yield http


@pytest.fixture
async def eve(narrow: httpx.AsyncClient) -> Person:
    return await somebody(narrow)


def said(answer: httpx.Response) -> str:
    """What a refusal says."""
    assert answer.status_code == 409, answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == "/docs/problems#quota-reached"
    return str(problem["detail"])


async def test_a_space_holds_so_many_tasks_and_says_how_many(eve: Person) -> None:
    tasks = [{"title": f"task {number}"} for number in range(6)]
    detail = said(await eve.post("/api/tasks/bulk", json={"items": tasks}))
    assert detail.startswith("There may be at most 5 tasks in this space, the trash included.")
    assert (await eve.tasks())["total"] == 0
    assert (await eve.post("/api/tasks/bulk", json={"items": tasks[:5]})).status_code == 201
    said(await eve.post("/api/tasks", json=tasks[0]))
    assert (await eve.tasks())["total"] == 5


async def test_the_trash_counts_until_it_is_purged(eve: Person) -> None:
    made = [await eve.new_task() for _ in range(5)]
    assert (await eve.delete(f"/api/tasks/{made[0]['id']}")).status_code == 204
    said(await eve.post("/api/tasks", json={"title": "one more"}))
    assert (await eve.post(f"/api/tasks/{made[0]['id']}/restore")).status_code == 200
    assert (await eve.delete(f"/api/tasks/{made[0]['id']}")).status_code == 204
    assert (await eve.delete(f"/api/tasks/trash/{made[0]['id']}")).status_code == 204
    assert (await eve.post("/api/tasks", json={"title": "one more"})).status_code == 201


async def test_a_task_that_goes_to_a_full_space_stays_where_it_is(eve: Person) -> None:
    firm = await eve.new_organization()
    task = await eve.new_task()
    full = {"items": [{"title": "theirs"}] * 5}
    assert (await eve.post(f"/api/{firm}/tasks/bulk", json=full)).status_code == 201
    said(await eve.post(f"/api/tasks/{task['id']}/transfer", json={"to": firm}))
    assert (await eve.get(f"/api/tasks/{task['id']}")).json() == task


async def test_there_are_so_many_tags(eve: Person) -> None:
    task = await eve.new_task(tags=["one", "two"])
    said(await eve.post("/api/tags", json={"name": "three"}))
    said(await eve.post("/api/tasks", json={"title": "x", "tags": ["three"]}))
    said(await eve.patch(f"/api/tasks/{task['id']}", json={"tags": ["one", "three"]}))
    said(await eve.put(f"/api/tasks/{task['id']}", json={"title": "x", "tags": ["three"]}))
    assert (await eve.get("/api/tags")).json()["total"] == 2


async def test_documents_take_so_many_bytes(eve: Person) -> None:
    answer = await eve.post("/api/documents", json={"title": "a", "content": "é" * 4})
    path = f"/api/documents/{answer.json()['id']}"
    assert "10 bytes of documents" in said(await eve.patch(path, json={"content": "é" * 6}))
    said(await eve.put(path, json={"title": "a", "content": "é" * 6}))
    assert (await eve.put(path, json={"title": "a", "content": "é" * 5})).status_code == 200
    assert "1 documents" in said(await eve.post("/api/documents", json={"title": "another"}))


async def test_there_are_so_many_settings(eve: Person) -> None:
    assert (await eve.put("/api/settings/one", json={"value": 1})).status_code == 201
    said(await eve.put("/api/settings/two", json={"value": 1}))
    assert (await eve.put("/api/settings/one", json={"value": 2})).status_code == 200


async def test_organisations_members_and_invitations_are_limited(eve: Person, narrow: httpx.AsyncClient) -> None:
    firm = await eve.new_organization()
    assert "1 organisations that one account owns" in said(
        await eve.post("/api/organizations", json={"name": "Another"})
    )
    token = await eve.invite(firm, "member")
    said(await eve.post(f"/api/organizations/{firm}/invitations", json={"role": "member"}))
    guest = await somebody(narrow)
    assert "1 members" in said(await guest.post("/api/invitations/accept", json={"token": token}))


async def test_a_sign_in_too_many_ends_the_oldest_session(eve: Person) -> None:
    second = await eve.sign_in_again()
    third = await eve.sign_in_again()
    answers = [(await who.get("/api/users/me")).status_code for who in (eve, second, third)]
    assert answers == [401, 200, 200]
