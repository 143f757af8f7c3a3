"""The audit log over HTTP: what is in it, who reads it, and how one turns its pages."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from sqlalchemy import URL
from uuid_utils.compat import uuid7

from entrypoints.container import Service
from tests.http.offer import DOCUMENT
from tests.http.people import PASSWORD, Json, Person, somebody
from tests.http.service import serving, settings_for
from tests.http.test_administration import administrator

ACTIONS: Final = {
    "CREATE", "READ", "UPDATE", "DELETE", "RESTORE", "PURGE", "COMPLETE", "TRANSFER", "LOGIN", "LOGOUT",
    "REFRESH_REUSE", "PASSWORD_CHANGE", "ROLE_CHANGE", "INVITE", "JOIN", "LEAVE",
}  # fmt: skip


async def log(who: Person, path: str = "/api/audit", **query: Any) -> list[Json]:
    """A stretch of a log, the newest event first."""
    answer = await who.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["items"]
    return found


def deeds(events: Iterable[Json]) -> list[tuple[str, str, str]]:
    return [(event["action"], event["resource_type"], event["outcome"]) for event in events]


async def test_an_event_says_who_did_what_to_what_from_where(ann: Person) -> None:
    headers = {"User-Agent": "Phone/1.0", "X-Request-Id": "request-7431"}
    before = datetime.now(UTC)
    task = (await ann.post("/api/tasks", json={"title": "x"}, headers=headers)).json()
    event = (await log(ann))[0]
    assert before <= datetime.fromisoformat(event["at"]) <= datetime.now(UTC)
    assert event == {
        "id": event["id"],
        "at": event["at"],
        "actor_id": ann.id,
        "action": "CREATE",
        "outcome": "success",
        "resource_type": "task",
        "resource_id": task["id"],
        "ip_address": "127.0.0.1",
        "user_agent": "Phone/1.0",
        "request_id": "request-7431",
        "changes": event["changes"],
        "source": "user",
    }
    assert event["changes"]["title"] == {"to": "x"}


async def test_whatever_one_does_is_in_ones_log_once(ann: Person, ben: Person) -> None:
    task = await ann.new_task()
    at = f"/api/tasks/{task['id']}"
    for method, path in (
        ("PATCH", at), ("POST", f"{at}/complete"), ("DELETE", at), ("POST", f"{at}/restore"), ("DELETE", at),
        ("DELETE", f"/api/tasks/trash/{task['id']}"),
    ):  # fmt: skip
        assert (await ann.send(method, path, **({"json": {"title": "y"}} if method == "PATCH" else {}))).is_success
    firm = await ann.new_organization()
    await ann.post(f"/api/tasks/{(await ann.new_task())['id']}/transfer", json={"to": firm})
    await ben.join(await ann.invite(firm, "member"))
    members = f"/api/organizations/{firm}/members/{ben.id}"
    await ann.patch(members, json={"role": "viewer"})
    await ann.delete(members)
    assert deeds(await log(ann))[::-1] == [
        ("CREATE", "account", "success"),
        ("LOGIN", "session", "success"),
        *((action, "task", "success") for action in ("CREATE", "UPDATE", "COMPLETE", "DELETE", "RESTORE", "DELETE")),
        *((action, "task", "success") for action in ("PURGE", "CREATE", "TRANSFER")),
    ]
    assert deeds(await log(ann, f"/api/{firm}/audit"))[::-1] == [
        ("CREATE", "organization", "success"),
        ("TRANSFER", "task", "success"),
        ("INVITE", "invitation", "success"),
        ("JOIN", "member", "success"),
        ("ROLE_CHANGE", "member", "success"),
        ("LEAVE", "member", "success"),
    ]


async def test_signing_in_and_out_and_changing_the_password_are_in_the_log(ann: Person) -> None:
    await (await ann.sign_in_again()).post("/api/auth/logout")
    assert (await ann.http.post("/api/auth/login", json={"email": ann.email, "password": "wrong"})).status_code == 401
    change = {"current_password": PASSWORD, "new_password": PASSWORD}
    assert (await ann.post("/api/users/me/password", json=change)).status_code == 204
    assert deeds(await log(ann))[:4][::-1] == [
        ("LOGIN", "session", "success"),
        ("LOGOUT", "session", "success"),
        ("LOGIN", "session", "failed"),
        ("PASSWORD_CHANGE", "account", "success"),
    ]


async def test_a_stolen_refresh_token_is_in_the_log(url: URL) -> None:
    async with serving(settings_for(url, refresh_grace_seconds=0)) as http:
        ann = await somebody(http)
        for _ in range(2):
            await http.post("/api/auth/refresh", json={"refresh_token": ann.refresh_token})
        events = await log(await ann.sign_in_again(), action="REFRESH_REUSE")
        assert deeds(events) == [("REFRESH_REUSE", "session", "success")]
        (event,) = events
        assert (event["source"], event["actor_id"]) == ("service", None)
        sessions = await log(await ann.sign_in_again(), action="LOGIN")
        assert event["resource_id"] == sessions[-1]["resource_id"]


async def test_tags_documents_and_settings_are_in_the_log(ann: Person) -> None:
    for collection, name in (("tags", "name"), ("documents", "title")):
        made = (await ann.post(f"/api/{collection}", json={name: "x"})).json()
        await ann.patch(f"/api/{collection}/{made['id']}", json={name: "y"})
        await ann.delete(f"/api/{collection}/{made['id']}")
    for value in (1, 2):
        await ann.put("/api/settings/a", json={"value": value})
    await ann.delete("/api/settings/a")
    for kind in ("tag", "document", "setting"):
        found = [action for action, _, _ in deeds(await log(ann, resource_type=kind))]
        assert found == ["DELETE", "UPDATE", "CREATE"]


async def test_refusals_are_in_the_log_of_the_one_who_was_refused_and_admins_see_them(
    ann: Person, ben: Person, service: Service
) -> None:
    theirs, firm = await ben.new_task(), await ben.new_organization()
    await ann.join(await ben.invite(firm, "viewer"))
    before, theirs_before = await log(ann), await log(ben)
    ended = await ann.sign_in_again()
    await ended.post("/api/auth/logout")
    refused = [
        await ann.get(f"/api/{ben.id}/tasks"),
        await ann.get(f"/api/tasks/{theirs['id']}"),
        await ann.post(f"/api/{firm}/tasks", json={"title": "x"}),
        await ended.get("/api/tasks"),
    ]
    assert [answer.status_code for answer in refused] == [403, 404, 403, 401]
    events = [event for event in await log(ann) if event not in before and event["outcome"] == "denied"][::-1]
    assert [event["changes"]["reason"] for event in events] == [
        "space-forbidden", "task-not-found", "role-too-low", "not-authenticated",
    ]  # fmt: skip
    assert events[1]["resource_id"] == theirs["id"]
    assert await log(ben) == theirs_before
    root = await administrator(ann, service.application)
    seen = await log(root, "/api/admin/audit", limit=100)
    assert [event for event in seen if event in events] == events[::-1]


async def test_a_log_is_read_by_whom_the_contract_says(ann: Person, ben: Person) -> None:
    firm = await ann.new_organization()
    for role, status in (("viewer", 403), ("member", 403), ("admin", 200)):
        person = await somebody(ann.http)
        await person.join(await ann.invite(firm, role))
        for path in ("audit", "audit/verify"):
            assert (await person.get(f"/api/{firm}/{path}")).status_code == status, role
            assert (await person.get(f"/api/{person.id}/{path}")).status_code == 200
    for path in (f"/api/{firm}/audit", f"/api/{ann.id}/audit", f"/api/{firm}/audit/verify"):
        assert (await ben.get(path)).status_code == 403


async def test_the_log_of_all_accounts_is_for_administrators(ann: Person, service: Service) -> None:
    assert (await ann.get("/api/admin/audit")).status_code == 403
    root = await administrator(ann, service.application)
    await ann.new_task("a secret")
    answer = await root.get("/api/admin/audit", params={"limit": 100})
    assert answer.status_code == 200
    assert {event["actor_id"] for event in answer.json()["items"]} >= {ann.id, root.id}
    assert "a secret" not in answer.text


async def test_only_what_fits_is_shown(ann: Person) -> None:
    first, second = await ann.new_task(), await ann.new_task()
    await ann.delete(f"/api/tasks/{first['id']}")
    assert deeds(await log(ann, action="DELETE")) == [("DELETE", "task", "success")]
    assert {event["resource_type"] for event in await log(ann, resource_type="session")} == {"session"}
    about_first = await log(ann, resource_id=first["id"])
    assert [event["action"] for event in about_first] == ["DELETE", "CREATE"]
    (made,) = await log(ann, resource_id=second["id"])
    assert [event["id"] for event in await log(ann, since=made["at"])] == [about_first[0]["id"], made["id"]]
    assert made not in await log(ann, until=made["at"])
    assert len(await log(ann, until=made["at"])) == 3


async def test_cursors_lead_through_the_whole_log_and_are_good_for_it_only(ann: Person, ben: Person) -> None:
    for _ in range(5):
        await ann.new_task()
    whole, found, query = await log(ann), list[Json](), {"limit": 2}
    while True:
        page = (await ann.get("/api/audit", params=query)).json()
        found += page["items"]
        if page["next_cursor"] is None:
            break
        query = {"limit": 2, "cursor": page["next_cursor"]}
    assert found == whole
    cursor = (await ann.get("/api/audit", params={"limit": 2})).json()["next_cursor"]
    changed = cursor[:5] + ("A" if cursor[5] != "A" else "B") + cursor[6:]
    for who, asked in ((ann, {"cursor": changed}), (ann, {"cursor": "forged"}), (ben, {"cursor": cursor}),
                       (ann, {"cursor": cursor, "action": "CREATE"})):  # fmt: skip
        answer = await who.get("/api/audit", params=asked)
        assert (answer.status_code, answer.json()["type"]) == (400, "/docs/problems#cursor-refused")


async def test_the_empty_cursor_leads_to_the_beginning_of_every_log(ann: Person, service: Service) -> None:
    root = await administrator(ann, service.application)
    for path in ("/api/audit", "/api/admin/audit"):
        answers = [(await root.get(path, params=query)).json() for query in ({}, {"cursor": ""})]
        assert answers[0]["items"]
        assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "action=create", "resource_type=tasks", "since=2026-05-01T12:00:00", "until=tomorrow",
     "page=1", "resource_id=%00"],
)  # fmt: skip
async def test_a_wrong_query_is_refused_by_its_pointer(query: str, ann: Person) -> None:
    answer = await ann.get(f"/api/audit?{query}")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/query/{query.split('=', maxsplit=1)[0]}"]


async def test_reading_is_in_the_log_where_that_is_wanted(url: URL) -> None:
    for wanted in (False, True):
        async with serving(settings_for(url, audit_reads=wanted)) as http:
            ann = await somebody(http)
            task = await ann.new_task()
            await ann.get(f"/api/tasks/{task['id']}")
            found = await log(ann, action="READ")
            assert [(event["resource_type"], event["resource_id"]) for event in found] == [
                ("task", task["id"])
            ] * wanted


async def test_a_log_that_nobody_has_touched_is_valid(ann: Person) -> None:
    await ann.new_task()
    verdict = (await ann.get(f"/api/{ann.id}/audit/verify")).json()
    assert verdict == {"valid": True, "checked": 3, "first_broken": None}


async def test_no_secret_is_in_any_log(ann: Person, service: Service) -> None:
    token = await ann.invite(await ann.new_organization(), "viewer")
    await ann.http.post("/api/auth/refresh", json={"refresh_token": ann.refresh_token})
    await ann.http.post("/api/auth/login", json={"email": ann.email, "password": "canary-7431"})
    await ann.post("/api/invitations/accept", json={"token": f"canary-{uuid7()}"})
    root = await administrator(ann, service.application)
    logs = [(await ann.get("/api/audit?limit=100")).text, (await root.get("/api/admin/audit?limit=100")).text]
    for secret in (PASSWORD, "canary", token, ann.refresh_token, ann.access_token, "$2b$"):
        assert secret not in "".join(logs)


def test_the_document_lists_the_actions_and_outcomes_of_the_contract() -> None:
    schemas = DOCUMENT.written["components"]["schemas"]
    assert set(schemas["Action"]["enum"]) == ACTIONS
    assert set(schemas["Outcome"]["enum"]) == {"success", "denied", "failed"}
