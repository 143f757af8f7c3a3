"""Registration as the operator allows it, on both databases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import URL

from entrypoints.http.app import create_app
from tests.http.people import PASSWORD, Person, new_email
from tests.http.service import client, running, settings_for


@asynccontextmanager
async def served(url: URL, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A service with these settings, on the database that the other one uses."""
    async with running(settings_for(url, **settings)) as service, client(create_app(service)) as http:
        yield http


async def register(http: httpx.AsyncClient, **more: str) -> httpx.Response:
    return await http.post("/api/auth/register", json={"email": new_email(), "password": PASSWORD} | more)


def assert_refused(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["type"]) == (403, "/docs/problems#registration-refused")


async def test_a_closed_service_opens_no_accounts(url: URL, ann: Person) -> None:
    token = await ann.invite(await ann.new_organization(), "member")
    async with served(url, registration="closed") as http:
        assert_refused(await register(http))
        assert_refused(await register(http, invitation=token))


async def test_by_invitation_an_account_is_opened_with_an_open_invitation_alone(url: URL, ann: Person) -> None:
    firm = await ann.new_organization()
    token = await ann.invite(firm, "member")
    async with served(url, registration="invited") as http:
        assert_refused(await register(http))
        assert (await register(http, invitation=f"{token}x")).status_code == 400
        answer = await register(http, invitation=token)
        assert answer.status_code == 201
        assert (await register(http, invitation=token)).status_code == 400
    members = (await ann.get(f"/api/organizations/{firm}/members")).json()["items"]
    assert {(one["user_id"], one["role"]) for one in members} == {(ann.id, "owner"), (answer.json()["id"], "member")}
    events = (await ann.get(f"/api/{firm}/audit", params={"action": "JOIN"})).json()["items"]
    assert [event["actor_id"] for event in events] == [answer.json()["id"]]


async def test_an_invitation_for_another_address_opens_no_account(http: httpx.AsyncClient, ann: Person) -> None:
    at = f"/api/organizations/{await ann.new_organization()}/invitations"
    body = {"role": "member", "email": new_email()}
    token = (await ann.post(at, json=body)).json()["token"]
    assert (await register(http, invitation=token)).status_code == 400
    assert (await register(http, invitation=token, email=body["email"])).status_code == 201


@pytest.mark.parametrize(("domain", "status"), [("example.org", 201), ("EXAMPLE.ORG", 201), ("a.example.org", 403)])
async def test_only_addresses_of_the_listed_domains_register(url: URL, domain: str, status: int) -> None:
    async with served(url, registration_domains="example.com,example.org") as http:
        email = f"{new_email().partition('@')[0]}@{domain}"
        assert (await register(http, email=email)).status_code == status
