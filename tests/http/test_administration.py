"""Accounts over HTTP, for administrators; and closing one's own."""

import pytest
from sqlalchemy import URL
from uuid_utils.compat import uuid7

from application.facade import Application
from application.ports.identity import UserQuery
from domain.user import Email, Password, UserRole
from entrypoints.container import Service
from tests.http.people import PASSWORD, Person, new_email, sign_in, somebody
from tests.http.service import serving, settings_for


async def administrator(person: Person, application: Application) -> Person:
    """Somebody who administers accounts."""
    email = new_email()
    user = await application.create_admin(Email(email), Password(PASSWORD), None)
    tokens = await sign_in(person.http, email)
    return Person(person.http, str(user.id), email, PASSWORD, tokens["access_token"], tokens["refresh_token"])


@pytest.fixture
async def root(ann: Person, service: Service) -> Person:
    return await administrator(ann, service.application)


async def test_administrators_list_and_search_accounts(root: Person, ann: Person) -> None:
    answer = await root.get("/api/admin/users", params={"q": ann.email[:20].upper()})
    assert answer.status_code == 200
    assert answer.json() == {
        "items": [(await ann.get("/api/users/me")).json()], "total": 1, "page": 1, "page_size": 20,
    }  # fmt: skip
    assert "hash" not in answer.text
    pages = [(await root.get(f"/api/admin/users?page_size=1&page={page}")).json() for page in (1, 2)]
    assert pages[0]["items"][0]["id"] != pages[1]["items"][0]["id"]
    assert pages[0]["total"] >= 2


@pytest.mark.parametrize(
    "query", ["page=0", "page_size=0", "page_size=101", "page=x", "skip=-1", "page=1&skip=1", "q=%00"]
)
async def test_a_wrong_query_is_refused(root: Person, query: str) -> None:
    assert (await root.get(f"/api/admin/users?{query}")).status_code == 422


async def test_nobody_else_does(ann: Person, ben: Person) -> None:
    for answer in (
        await ann.get("/api/admin/users"),
        await ann.patch(f"/api/admin/users/{ben.id}", json={"is_active": False}),
        await ann.patch(f"/api/admin/users/{ann.id}", json={"role": "admin"}),
        await ann.patch(f"/api/admin/users/{uuid7()}", json={"role": "admin"}),
        await ann.patch("/api/admin/users/not-an-id", json={"role": "admin"}),
    ):
        assert answer.status_code == 403
        assert answer.json()["type"].endswith("#not-an-administrator")
    assert (await ann.get("/api/users/me")).json()["role"] == "user"
    assert (await ben.get("/api/users/me")).status_code == 200


async def test_a_deactivated_account_stops_at_once_and_on_every_worker(root: Person, ann: Person, url: URL) -> None:
    async with serving(settings_for(url)) as other:
        headers = {"Authorization": f"Bearer {ann.access_token}"}
        assert (await other.get("/api/users/me", headers=headers)).status_code == 200
        answer = await root.patch(f"/api/admin/users/{ann.id}", json={"is_active": False})
        assert (answer.status_code, answer.json()["is_active"]) == (200, False)
        assert (await other.get("/api/users/me", headers=headers)).status_code == 401
    assert (await ann.get("/api/tasks")).status_code == 401
    body = {"email": ann.email, "password": ann.password}
    assert (await ann.http.post("/api/auth/login", json=body)).status_code == 401
    again = await ann.http.post("/api/auth/refresh", json={"refresh_token": ann.refresh_token})
    assert again.status_code == 401
    assert (await root.patch(f"/api/admin/users/{ann.id}", json={"is_active": True})).status_code == 200
    assert (await ann.get("/api/tasks")).status_code == 401, "the old sessions have ended for good"
    assert (await (await ann.sign_in_again()).get("/api/tasks")).status_code == 200


async def test_a_role_counts_from_the_next_request_on_whatever_the_token_says(root: Person, ann: Person) -> None:
    for role, status in (("admin", 200), ("user", 403)):
        assert (await root.patch(f"/api/admin/users/{ann.id}", json={"role": role})).status_code == 200
        assert (await ann.get("/api/admin/users")).status_code == status


async def test_an_account_that_there_is_not_is_404(root: Person) -> None:
    for user_id in (str(uuid7()), "not-an-id", root.id.replace("-", "")):
        answer = await root.patch(f"/api/admin/users/{user_id}", json={"is_active": False})
        assert answer.status_code == 404
        assert answer.json()["type"].endswith("#user-not-found")


async def test_administrators_are_in_nobodys_space(root: Person, ann: Person) -> None:
    task = await ann.new_task("a secret")
    assert (await root.get(f"/api/{ann.id}/tasks")).status_code == 403
    assert (await root.get(f"/api/{ann.id}/tasks/{task['id']}")).status_code == 403
    assert (await root.get(f"/api/tasks/{task['id']}")).status_code == 404


async def test_the_last_administrator_stays(ann: Person, service: Service) -> None:
    """Others may be there from other tests, so they step down first."""
    root = await administrator(ann, service.application)
    for user in (await service.application.find_accounts(UserQuery(limit=1_000_000))).items:
        if user.is_administrator and str(user.id) != root.id:
            await service.application.manage_account(user.email, {"role": UserRole.USER})
    for refused in (
        await root.patch(f"/api/admin/users/{root.id}", json={"role": "user"}),
        await root.patch(f"/api/admin/users/{root.id}", json={"is_active": False}),
        await root.delete("/api/users/me", json={"password": PASSWORD}),
    ):
        assert refused.status_code == 409
        assert refused.json()["type"].endswith("#last-administrator")
    assert (await root.get("/api/admin/users")).status_code == 200


async def test_deactivation_warns_of_organizations_without_another_active_owner(root: Person, ann: Person) -> None:
    firm = await ann.new_organization()
    answer = await root.patch(f"/api/admin/users/{ann.id}", json={"is_active": False})
    assert answer.status_code == 200
    assert [(one["code"], one["organization_id"]) for one in answer.json()["warnings"]] == [("last-owner", firm)]
    again = await root.patch(f"/api/admin/users/{ann.id}", json={"is_active": True})
    assert again.json()["warnings"] == []


async def test_deactivation_closes_the_invitations_that_the_account_made(
    root: Person, ann: Person, ben: Person
) -> None:
    cleo = await somebody(ann.http)
    firm = await ann.new_organization()
    await ben.join(await ann.invite(firm, "admin"))
    token = await ben.invite(firm, "member")
    for is_active in (False, True):
        await root.patch(f"/api/admin/users/{ben.id}", json={"is_active": is_active})
    assert (await ann.get(f"/api/organizations/{firm}/invitations")).json()["items"] == []
    assert (await cleo.post("/api/invitations/accept", json={"token": token})).status_code == 400


# Closing one's account


async def test_a_closed_account_is_gone_and_its_address_free(ann: Person, ben: Person) -> None:
    await ann.new_task()
    answer = await ann.delete("/api/users/me", json={"password": ann.password})
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await ann.get("/api/tasks")).status_code == 401
    body = {"email": ann.email, "password": ann.password}
    assert (await ann.http.post("/api/auth/login", json=body)).status_code == 401
    again = await ann.http.post("/api/auth/register", json=body)
    assert again.status_code == 201
    assert again.json()["id"] != ann.id
    fresh = await ann.sign_in_again()
    assert (await fresh.tasks())["total"] == 0
    assert (await ben.get(f"/api/{ann.id}/tasks")).status_code == 403


async def test_a_wrong_password_closes_nothing(ann: Person) -> None:
    task = await ann.new_task()
    answer = await ann.delete("/api/users/me", json={"password": "a wrong one"})
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("#wrong-password")
    assert (await ann.tasks())["items"] == [task]


async def test_the_last_owner_of_an_organization_cannot_go(ann: Person, ben: Person) -> None:
    organization_id = await ann.new_organization()
    answer = await ann.delete("/api/users/me", json={"password": ann.password})
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("#last-owner")
    await ben.join(await ann.invite(organization_id, "owner"))
    assert (await ann.delete("/api/users/me", json={"password": ann.password})).status_code == 204
    members = (await ben.get(f"/api/organizations/{organization_id}/members")).json()["items"]
    assert [member["user_id"] for member in members] == [ben.id]
