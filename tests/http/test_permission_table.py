"""The permission table of the contract, tried through HTTP: each row, in each role, on every route."""

from typing import Any, Final
from uuid import uuid4

import pytest
from uuid_utils.compat import uuid7

from tests.http.people import Company, Json, Person, same_for_all, somebody

ROLES: Final = ("viewer", "member", "admin", "owner")
TASK, TAG, DOCUMENT = ("tasks", {"title": "x"}), ("tags", {"name": "x"}), ("documents", {"title": "x"})

Ask = tuple[str, str, Json | None]
"""A method, a path below the space or the organisation, and a body. ``{tasks}`` is a task that the owner has made."""

READING: Final[list[Ask]] = [
    ("GET", f"/api/{{firm}}/{collection}{item}", None)
    for collection in ("tasks", "tags", "documents")
    for item in ("", f"/{{{collection}}}", *(["/trash"] if collection == "tasks" else []))
]
WRITING: Final[list[Ask]] = [
    ("POST", "/api/{firm}/tasks", {"title": "x"}),
    ("PUT", "/api/{firm}/tasks/{tasks}", {"title": "y"}),
    ("PATCH", "/api/{firm}/tasks/{tasks}", {"title": "y"}),
    ("POST", "/api/{firm}/tasks/{tasks}/complete", None),
    ("POST", "/api/{firm}/tasks/{tasks}/toggle", None),
    ("POST", "/api/{firm}/tasks/bulk", {"items": [{"title": "x"}]}),
    ("PATCH", "/api/{firm}/tasks/bulk", {"ids": ["{tasks}"], "priority": "low"}),
    ("POST", "/api/{firm}/tags", {"name": "{new}"}),
    ("PATCH", "/api/{firm}/tags/{tags}", {"name": "{new}"}),
    ("POST", "/api/{firm}/documents", {"title": "x"}),
    ("PUT", "/api/{firm}/documents/{documents}", {"title": "y"}),
    ("PATCH", "/api/{firm}/documents/{documents}", {"title": "y"}),
]
REMOVING: Final[list[Ask]] = [
    ("DELETE", "/api/{firm}/tasks/{tasks}", None),
    ("DELETE", "/api/{firm}/tags/{tags}", None),
    ("DELETE", "/api/{firm}/documents/{documents}", None),
    ("DELETE", "/api/{firm}/tasks/bulk", {"ids": ["{tasks}"]}),
    ("POST", "/api/{firm}/tasks/bulk/delete", {"ids": ["{tasks}"]}),
    ("DELETE", "/api/{firm}/tasks?status=completed", None),
    ("POST", "/api/{firm}/tasks/{tasks}/transfer", {"to": "{me}"}),
    ("POST", "/api/{firm}/tasks/{trash}/restore", None),
    ("DELETE", "/api/{firm}/tasks/trash/{trash}", None),
    ("DELETE", "/api/{firm}/tasks/trash?all=true", None),
]
LOOKING: Final[list[Ask]] = [
    ("GET", "/api/{firm}/settings", None),
    ("GET", "/api/{firm}/settings/{settings}", None),
    ("GET", "/api/organizations/{firm}", None),
    ("GET", "/api/organizations/{firm}/members", None),
]
MANAGING: Final[list[Ask]] = [
    ("PUT", "/api/{firm}/settings/{settings}", {"value": 1}),
    ("PUT", "/api/{firm}/settings/{new}", {"value": 1}),
    ("DELETE", "/api/{firm}/settings/{settings}", None),
    ("PATCH", "/api/organizations/{firm}", {"name": "{new}"}),
    ("PATCH", "/api/organizations/{firm}/members/{user}", {"role": "viewer"}),
    ("DELETE", "/api/organizations/{firm}/members/{user}", None),
    ("POST", "/api/organizations/{firm}/invitations", {"role": "viewer"}),
    ("GET", "/api/organizations/{firm}/invitations", None),
    ("DELETE", "/api/organizations/{firm}/invitations/{invitation}", None),
    ("GET", "/api/{firm}/audit", None),
    ("GET", "/api/{firm}/audit/verify", None),
]
OWNING: Final[list[Ask]] = [
    ("PATCH", "/api/organizations/{firm}/members/{user}", {"role": "owner"}),
    ("POST", "/api/organizations/{firm}/invitations", {"role": "owner"}),
    ("DELETE", "/api/organizations/{firm}?name=Firm", None),
]


async def things_in(firm: str, owner: Person) -> dict[str, str]:
    """Something of every kind in the organisation, made by its owner, and one more member and invitation."""
    made = {"firm": firm, "new": f"new-{uuid4().hex}", "settings": f"key-{uuid4().hex}"}
    for collection, body in (TASK, DOCUMENT, ("tags", {"name": f"tag {uuid4().hex}"})):
        made[collection] = (await owner.post(f"/api/{firm}/{collection}", json=body)).json()["id"]
    made["trash"] = (await owner.post(f"/api/{firm}/tasks", json={"title": "gone"})).json()["id"]
    await owner.delete(f"/api/{firm}/tasks/{made['trash']}")
    await owner.put(f"/api/{firm}/settings/{made['settings']}", json={"value": 0})
    colleague = await somebody(owner.http)
    await colleague.join(await owner.invite(firm, "member"))
    invited = await owner.post(f"/api/organizations/{firm}/invitations", json={"role": "viewer"})
    return made | {"user": colleague.id, "invitation": invited.json()["id"]}


def filled(part: Any, values: dict[str, str]) -> Any:
    """The same with values in the place of names in braces."""
    match part:
        case str():
            return part.format(**values)
        case list():
            return [filled(one, values) for one in part]
        case dict():
            return {name: filled(one, values) for name, one in part.items()}
    return part


@pytest.mark.parametrize(
    ("least", "asked"),
    [("viewer", READING), ("member", WRITING), ("admin", REMOVING), ("viewer", LOOKING), ("admin", MANAGING),
     ("owner", OWNING)],
    ids=["read items", "write items", "remove others' items", "see the space", "manage it", "own it"],
)  # fmt: skip
async def test_a_role_may_do_what_the_permission_table_says(
    least: str, asked: list[Ask], company: Company, firm: str
) -> None:
    owner, found = company["owner"], {}
    for method, path, body in asked:
        for role in ROLES:
            values = await things_in(firm, owner) | {"me": company[role].id}
            json = {} if body is None else {"json": filled(body, values)}
            answer = await company[role].send(method, filled(path, values), **json)
            found[f"{method} {path} {body}", role] = "allowed" if answer.is_success else answer.status_code
    expected = {(ask, role): "allowed" if ROLES.index(role) >= ROLES.index(least) else 403 for ask, role in found}
    assert found == expected


async def test_members_delete_restore_and_hand_over_what_they_made_themselves(company: Company, firm: str) -> None:
    member = company["member"]
    task, other = [(await member.post(f"/api/{firm}/tasks", json={"title": "x"})).json()["id"] for _ in range(2)]
    assert (await member.delete(f"/api/{firm}/tasks/{task}")).status_code == 204
    assert (await member.post(f"/api/{firm}/tasks/{task}/restore")).status_code == 200
    assert (await member.delete(f"/api/{firm}/tasks/bulk", json={"ids": [task]})).status_code == 200
    assert (await member.delete(f"/api/{firm}/tasks/trash/{task}")).status_code == 403
    assert (await member.post(f"/api/{firm}/tasks/{other}/transfer", json={"to": member.id})).status_code == 200
    for collection, body in (TAG, DOCUMENT):
        made = (await member.post(f"/api/{firm}/{collection}", json=body)).json()["id"]
        assert (await member.delete(f"/api/{firm}/{collection}/{made}")).status_code == 204


async def test_the_role_is_looked_at_before_the_item(company: Company, firm: str) -> None:
    made = await things_in(firm, company["owner"])
    for collection in ("tasks", "tags", "documents"):
        answers = [
            await company["viewer"].delete(f"/api/{firm}/{collection}/{item}")
            for item in (made[collection], str(uuid7()), "not-an-id")
        ]
        assert {answer.status_code for answer in answers} == {403}
        assert same_for_all(answers)
        assert (await company["admin"].delete(f"/api/{firm}/{collection}/{uuid7()}")).status_code == 404


async def test_everyone_may_leave_and_the_last_owner_may_not(company: Company, firm: str) -> None:
    for role in ("viewer", "member", "admin"):
        person = company[role]
        assert (await person.delete(f"/api/organizations/{firm}/members/{person.id}")).status_code == 204
        assert (await person.get(f"/api/{firm}/tasks")).status_code == 403
    owner = company["owner"]
    mine = f"/api/organizations/{firm}/members/{owner.id}"
    for answer in (await owner.delete(mine), *[await owner.patch(mine, json={"role": role}) for role in ROLES[:-1]]):
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("#last-owner")
    assert (await owner.patch(mine, json={"role": "owner"})).status_code == 200
