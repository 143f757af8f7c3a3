"""Organisations over HTTP, row by row of the contract: members and invitations."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy import URL
from uuid_utils.compat import uuid7

from adapters.system.clock import SetClock
from tests.http.people import Company, Person, same_for_all, somebody
from tests.http.service import serving, settings_for

WEEK: Final = timedelta(days=7)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# Organisations


async def test_whoever_founds_an_organization_owns_it_and_finds_it(ann: Person, ben: Person) -> None:
    answer = await ann.post("/api/organizations", json={"name": "Firm"})
    assert answer.status_code == 201
    founded = answer.json()
    assert founded["name"] == "Firm"
    assert answer.headers["location"] == f"/api/organizations/{founded['id']}"
    assert (await ann.get(answer.headers["location"])).json() == founded
    assert (await ann.get("/api/organizations")).json()["items"] == [founded | {"role": "owner"}]
    assert (await ben.get("/api/organizations")).json()["items"] == []


async def test_the_organizations_that_one_is_in_are_listed_with_ones_role(company: Company, firm: str) -> None:
    for role, person in company.items():
        (found,) = (await person.get("/api/organizations")).json()["items"]
        assert (found["id"], found["role"]) == (firm, role)


async def test_whoever_is_no_member_gets_one_answer_whether_there_is_such_an_organization(
    firm: str, ben: Person, ann: Person
) -> None:
    for method, rest, body in (
        ("GET", "", {}), ("PATCH", "", {"json": {"name": "x"}}), ("DELETE", "", {}), ("GET", "/members", {}),
        ("PATCH", f"/members/{ann.id}", {"json": {"role": "viewer"}}), ("DELETE", f"/members/{ann.id}", {}),
        ("POST", "/invitations", {"json": {"role": "viewer"}}), ("GET", "/invitations", {}),
        ("DELETE", f"/invitations/{uuid7()}", {}),
    ):  # fmt: skip
        answers = [
            await ben.send(method, f"/api/organizations/{named}{rest}", **body)
            for named in (firm, str(uuid7()), str(UUID(int=0)), "not-an-id", ann.id, ben.id)
        ]
        assert {answer.status_code for answer in answers} == {403}
        assert same_for_all(answers)
        assert answers[0].json()["type"].endswith("#space-forbidden")


async def test_a_dissolved_organization_is_gone_for_everybody(company: Company, firm: str) -> None:
    owner = company["owner"]
    made = (await owner.post(f"/api/{firm}/tasks", json={"title": "x"})).json()
    at = f"/api/organizations/{firm}"
    await owner.patch(at, json={"name": "Firm & Co"})
    for query, code in (("", "missing"), ("?name=", "another_name"), ("?name=Firm", "another_name")):
        answer = await owner.delete(f"{at}{query}")
        assert answer.status_code == 422
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/query/name", code)]
        for person in (company["admin"], company["viewer"]):
            refused = await person.delete(f"{at}{query}")
            assert (refused.status_code, refused.json()["type"]) == (403, "/docs/problems#role-too-low")
        assert (await (await somebody(owner.http)).delete(f"{at}{query}")).status_code == 403
    assert (await owner.delete(at, params={"name": "Firm & Co"})).status_code == 204
    for person in company.values():
        assert (await person.get(f"/api/organizations/{firm}")).status_code == 403
        assert (await person.get(f"/api/{firm}/tasks/{made['id']}")).status_code == 403
        assert (await person.get("/api/organizations")).json()["items"] == []


# Members


async def test_members_are_shown_with_their_accounts_and_roles(company: Company, firm: str) -> None:
    found = (await company["viewer"].get(f"/api/organizations/{firm}/members")).json()["items"]
    assert {member["role"]: (member["user_id"], member["email"], member["full_name"]) for member in found} == {
        role: (person.id, person.email, None) for role, person in company.items()
    }
    assert [moment(member["joined_at"]) for member in found] == sorted(moment(one["joined_at"]) for one in found)


async def test_nobody_raises_anyone_above_themselves_and_only_owners_touch_owners(company: Company, firm: str) -> None:
    owner, admin, member = company["owner"], company["admin"], company["member"]
    at = f"/api/organizations/{firm}/members"
    refused = [
        await admin.patch(f"{at}/{member.id}", json={"role": "owner"}),
        await admin.patch(f"{at}/{admin.id}", json={"role": "owner"}),
        await admin.patch(f"{at}/{owner.id}", json={"role": "viewer"}),
        await admin.delete(f"{at}/{owner.id}"),
        await admin.post(f"/api/organizations/{firm}/invitations", json={"role": "owner"}),
    ]
    assert {answer.status_code for answer in refused} == {403}
    assert {answer.json()["type"] for answer in refused} == {"/docs/problems#role-too-low"}
    assert (await admin.patch(f"{at}/{member.id}", json={"role": "admin"})).json()["role"] == "admin"
    assert (await owner.patch(f"{at}/{admin.id}", json={"role": "owner"})).json()["role"] == "owner"
    assert (await admin.patch(f"{at}/{owner.id}", json={"role": "member"})).status_code == 200


async def test_a_removed_member_is_refused_at_the_next_request_with_the_token_they_hold(
    company: Company, firm: str
) -> None:
    member = company["member"]
    assert (await member.get(f"/api/{firm}/tasks")).status_code == 200
    gone = await company["admin"].delete(f"/api/organizations/{firm}/members/{member.id}")
    assert gone.status_code == 204
    assert (await member.get(f"/api/{firm}/tasks")).status_code == 403
    assert (await member.get(f"/api/organizations/{firm}")).status_code == 403
    assert (await member.get("/api/tasks")).status_code == 200


async def test_who_is_no_member_is_404_to_those_who_manage(company: Company, firm: str, ben: Person) -> None:
    for user_id in (ben.id, str(uuid7()), "not-an-id"):
        address = f"/api/organizations/{firm}/members/{user_id}"
        answers = [
            await company["admin"].patch(address, json={"role": "viewer"}),
            await company["admin"].delete(address),
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert same_for_all(answers)


async def test_members_are_shown_with_the_state_of_their_accounts(company: Company, firm: str) -> None:
    members = (await company["viewer"].get(f"/api/organizations/{firm}/members")).json()["items"]
    assert {member["is_active"] for member in members} == {True}


# Invitations


async def test_an_invitation_is_bound_to_an_address(ann: Person, ben: Person) -> None:
    cleo = await somebody(ann.http)
    at = f"/api/organizations/{await ann.new_organization()}/invitations"
    invited = (await ann.post(at, json={"role": "member", "email": ben.email.upper()})).json()
    assert invited["email"] == ben.email.upper()
    assert [one["email"] for one in (await ann.get(at)).json()["items"]] == [ben.email.upper()]
    refused = await cleo.post("/api/invitations/accept", json={"token": invited["token"]})
    assert (refused.status_code, refused.json()["type"]) == (400, "/docs/problems#invitation-refused")
    assert (await ben.post("/api/invitations/accept", json={"token": invited["token"]})).status_code == 200


async def test_a_member_is_told_so_and_leaves_the_invitation_unused(ann: Person, ben: Person) -> None:
    cleo = await somebody(ann.http)
    firm = await ann.new_organization()
    await ben.join(await ann.invite(firm, "viewer"))
    token = await ann.invite(firm, "admin")
    refused = await ben.post("/api/invitations/accept", json={"token": token})
    assert (refused.status_code, refused.json()["type"]) == (409, "/docs/problems#already-member")
    assert (await cleo.post("/api/invitations/accept", json={"token": token})).status_code == 200


async def test_the_token_of_an_invitation_is_shown_once_and_lets_somebody_in(
    ann: Person, ben: Person, firm: str
) -> None:
    at = f"/api/organizations/{firm}/invitations"
    answer = await ann.post(at, json={"role": "admin"})
    assert answer.status_code == 201
    invited = answer.json()
    token = invited.pop("token")
    assert answer.headers["location"] == f"{at}/{invited['id']}"
    assert (invited["role"], invited["created_by"]) == ("admin", ann.id)
    assert moment(invited["expires_at"]) - moment(invited["created_at"]) == WEEK
    assert (await ann.get(at)).json()["items"] == [invited]
    accepted = await ben.post("/api/invitations/accept", json={"token": token})
    assert accepted.status_code == 200
    joined = accepted.json()
    assert (joined["organization_id"], joined["user_id"], joined["role"]) == (firm, ben.id, "admin")
    assert (await ben.get(f"/api/{firm}/tasks")).status_code == 200
    assert (await ann.get(at)).json()["items"] == []


@pytest.mark.parametrize(
    ("seconds", "status"), [(1, 201), (30 * 86400, 201), (30 * 86400 + 1, 422), (0, 422), (-1, 422)]
)
async def test_an_invitation_lasts_up_to_thirty_days(seconds: int, status: int, ann: Person) -> None:
    at = f"/api/organizations/{await ann.new_organization()}/invitations"
    answer = await ann.post(at, json={"role": "viewer", "expires_in": seconds})
    assert answer.status_code == status
    if status == 201:
        made = answer.json()
        assert moment(made["expires_at"]) - moment(made["created_at"]) == timedelta(seconds=seconds)
    else:
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/expires_in"]


async def test_every_token_that_is_good_for_nothing_gets_the_same_400(url: URL) -> None:
    clock = SetClock(datetime.now(UTC))
    settings = settings_for(url, access_token_minutes=1440, session_max_days=365, refresh_token_days=365)
    async with serving(settings, clock=clock) as http:
        ann, ben, eve = [await somebody(http) for _ in range(3)]
        firm = await ann.new_organization()
        at = f"/api/organizations/{firm}/invitations"
        used, revoked = await ann.invite(firm, "viewer"), (await ann.post(at, json={"role": "viewer"})).json()
        expired = (await ann.post(at, json={"role": "viewer", "expires_in": 60})).json()["token"]
        await ben.join(used)
        assert (await ann.delete(f"{at}/{revoked['id']}")).status_code == 204
        assert (await ann.delete(f"{at}/{revoked['id']}")).status_code == 404
        clock.advance(timedelta(seconds=60))
        tokens = (used, revoked["token"], expired, f"{firm}.{'x' * 43}", "x", "")
        answers = [await eve.post("/api/invitations/accept", json={"token": token}) for token in tokens]
        assert {answer.status_code for answer in answers} == {400}
        assert same_for_all(answers)
        assert answers[0].json()["type"].endswith("#invitation-refused")
        assert (await eve.get(f"/api/{firm}/tasks")).status_code == 403
