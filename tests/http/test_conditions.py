"""What a client has seen: ETag, If-None-Match and If-Match."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import URL

from tests.http.offer import OPERATIONS
from tests.http.people import JSON_TYPE, Json, Person, somebody
from tests.http.service import serving, settings_for

STALE = '"v9"'
GARBLED = ("", " ", ",", "v1", "1", '"v1', 'v1"', '""v1""', '"v1" "v1"', '"v1";', '*,"v1"', "**", 'w/"v1"', '"v 1"')
CHANGES: dict[str, tuple[str, str, Json | None]] = {
    "replace": ("PUT", "", {"title": "other"}),
    "change": ("PATCH", "", {"title": "other"}),
    "delete": ("DELETE", "", None),
    "complete": ("POST", "/complete", None),
    "toggle": ("POST", "/toggle", None),
    "transfer": ("POST", "/transfer", {"to": "oneself"}),
}
each_change = pytest.mark.parametrize("change", CHANGES)


async def do(who: Person, change: str, address: str, *tags: str) -> Any:
    """Send a change, with these lines of If-Match."""
    method, action, body = CHANGES[change]
    if body is not None and "to" in body:
        body = {"to": who.id}
    headers = [("Authorization", f"Bearer {who.access_token}"), *(("If-Match", tag) for tag in tags)]
    return await who.http.request(method, address + action, headers=headers, json=body)


@pytest.fixture(params=["/api/tasks", "/api/{id}/tasks"])
def tasks(request: pytest.FixtureRequest, ann: Person) -> str:
    """Both ways to one's own tasks."""
    return str(request.param).format(id=ann.id)


async def test_every_answer_that_shows_a_task_says_its_version(ann: Person, tasks: str) -> None:
    made = await ann.post(tasks, json={"title": "x"})
    address = f"{tasks}/{made.json()['id']}"
    answers = [
        made,
        await ann.get(address),
        await ann.patch(address, json={}),
        await ann.put(address, json={"title": "y"}),
        await ann.post(f"{address}/complete"),
        await ann.post(f"{address}/complete"),
        await ann.post(f"{address}/toggle"),
        await ann.post(f"{address}/transfer", json={"to": ann.id}),
    ]
    assert [answer.headers["etag"] for answer in answers] == [f'"v{answer.json()["version"]}"' for answer in answers]
    assert [answer.json()["version"] for answer in answers] == [1, 1, 1, 2, 3, 3, 4, 4]


async def test_the_tag_of_a_version_is_the_same_for_every_task_of_everybody(ann: Person, ben: Person) -> None:
    answers = [await who.post("/api/tasks", json={"title": who.email}) for who in (ann, ben)]
    assert len({answer.headers["etag"] for answer in answers}) == 1


@pytest.mark.parametrize("seen", ['"v1"', 'W/"v1"', '"x", "v1"', '"x",,\tW/"v1" ,', "*", '"a,b", "v1"', '"\xe9", "v1"'])
async def test_what_has_been_seen_is_not_sent_again(seen: str, ann: Person, tasks: str) -> None:
    task = await ann.new_task()
    answer = await ann.get(f"{tasks}/{task['id']}", headers={"If-None-Match": seen.encode("latin-1")})
    assert answer.status_code == 304
    assert answer.content == b""
    assert answer.headers["etag"] == '"v1"'
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("seen", ['"v2"', 'W/"v2"', '"x"', '"V1"', '"v01"', '""', '"*"', '"v1,v2"'])
async def test_what_has_not_been_seen_is_sent(seen: str, ann: Person, tasks: str) -> None:
    task = await ann.new_task()
    answer = await ann.get(f"{tasks}/{task['id']}", headers={"If-None-Match": seen})
    assert answer.status_code == 200
    assert answer.json() == task


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("garbled", GARBLED)
async def test_a_garbled_condition_is_refused_and_changes_nothing(header: str, garbled: str, ann: Person) -> None:
    task = await ann.new_task()
    address = f"/api/tasks/{task['id']}"
    if header == "If-None-Match":
        answers = [await ann.get(address, headers={header: garbled})]
    else:
        answers = [await do(ann, change, address, garbled) for change in CHANGES]
    assert {answer.status_code for answer in answers} == {400}
    assert {answer.json()["type"] for answer in answers} == {"/docs/problems#malformed-condition"}
    assert (await ann.get(address)).json() == task


async def test_a_condition_made_to_be_slow_is_read_at_once(ann: Person) -> None:
    task = await ann.new_task()
    headers = {"If-Match": ",  " * 5000 + "x"}
    answer = await asyncio.wait_for(ann.patch(f"/api/tasks/{task['id']}", json={}, headers=headers), timeout=5)
    assert answer.status_code == 400


async def test_nobody_learns_by_a_condition_what_is_not_theirs(ann: Person, ben: Person) -> None:
    task = await ben.new_task()
    for tag in ('"v1"', "*", STALE):
        for header in ("If-None-Match", "If-Match"):
            for owner, status in (("", 404), (f"/{ben.id}", 403)):
                address = f"/api{owner}/tasks/{task['id']}"
                seen = await ann.get(address, headers={header: tag})
                assert seen.status_code == (400 if header == "If-Match" else status)
                for change in CHANGES:
                    assert (await do(ann, change, address, tag)).status_code == status


@each_change
@pytest.mark.parametrize("tags", [['"v1"'], ["*"], ['"v7", "v1"'], ['"v7"', '"v1"'], ['"x,y" , "v1",']], ids=str)
async def test_a_change_that_is_meant_for_what_is_there_is_made(
    change: str, tags: list[str], ann: Person, tasks: str
) -> None:
    task = await ann.new_task()
    answer = await do(ann, change, f"{tasks}/{task['id']}", *tags)
    assert answer.status_code == (204 if change == "delete" else 200)


@each_change
@pytest.mark.parametrize("tag", [STALE, 'W/"v1"', '"v7", W/"v1"', '"x"', '""', '"v01"', '"*"', f'"v{"1" * 5000}"'])
async def test_a_change_that_is_meant_for_something_else_is_refused(
    change: str, tag: str, ann: Person, tasks: str
) -> None:
    task = await ann.new_task()
    answer = await do(ann, change, f"{tasks}/{task['id']}", tag)
    assert answer.status_code == 412
    assert answer.json()["type"] == "/docs/problems#precondition-failed"
    assert (await ann.get(f"/api/tasks/{task['id']}")).json() == task


@each_change
async def test_401_403_and_404_come_before_412(change: str, ann: Person, ben: Person) -> None:
    organization = await ann.new_organization()
    await ben.join(await ann.invite(organization, "viewer"))
    made = await ann.post(f"/api/{organization}/tasks", json={"title": "x"})
    address = f"/api/{organization}/tasks/{made.json()['id']}"
    assert (await do(ben, change, address, STALE)).status_code == 403
    assert (await do(ann, change, f"/api/{organization}/tasks/{organization}", STALE)).status_code == 404
    await ben.post("/api/auth/logout")
    assert (await do(ben, change, address, STALE)).status_code == 401
    assert (await do(ben, change, address, "garbled")).status_code == 401


async def test_who_may_not_delete_what_others_made_is_told_so_before_it_is_compared(ann: Person, ben: Person) -> None:
    organization = await ann.new_organization()
    await ben.join(await ann.invite(organization, "member"))
    made = await ann.post(f"/api/{organization}/tasks", json={"title": "x"})
    address = f"/api/{organization}/tasks/{made.json()['id']}"
    for change in ("delete", "transfer"):
        assert (await do(ben, change, address, STALE)).status_code == 403


@pytest.mark.parametrize("change", ["replace", "change", "toggle", "delete"])
async def test_of_fifty_writers_with_the_same_tag_exactly_one_wins(change: str, ann: Person) -> None:
    task = await ann.new_task()
    address = f"/api/tasks/{task['id']}"
    answers = await asyncio.gather(*(do(ann, change, address, '"v1"') for _ in range(50)))
    statuses = sorted(answer.status_code for answer in answers)
    lost = 404 if change == "delete" else 412
    assert statuses == ([204] if change == "delete" else [200]) + [lost] * 49
    if change != "delete":
        assert (await ann.get(address)).json()["version"] == 2


@pytest.mark.parametrize("change", CHANGES)
async def test_where_a_condition_is_demanded_nothing_is_changed_without(change: str, url: URL) -> None:
    async with serving(settings_for(url, require_if_match=True)) as http:
        ann = await somebody(http)
        task = await ann.new_task()
        address = f"/api/tasks/{task['id']}"
        refused = await do(ann, change, address)
        assert refused.status_code == 428
        assert refused.json()["type"] == "/docs/problems#precondition-required"
        assert (await ann.get(address)).json() == task
        assert (await do(ann, change, address, STALE)).status_code == 412
        assert (await do(ann, change, address, '"v1"')).is_success
        await ann.post("/api/auth/logout")
        assert (await do(ann, change, address)).status_code == 401


KEY = "/api/settings/theme"


@pytest.mark.parametrize(
    ("header", "tag", "for_none", "for_second"),
    [
        ("If-Match", '"v2"', 412, 200),
        ("If-Match", '"v1"', 412, 412),
        ("If-Match", 'W/"v2"', 412, 412),
        ("If-Match", "*", 412, 200),
        ("If-None-Match", "*", 201, 412),
        ("If-Match", "v2", 400, 400),
        ("If-None-Match", '"v2"', 400, 400),
    ],
)
async def test_a_setting_is_put_where_it_is_as_expected(
    header: str, tag: str, for_none: int, for_second: int, ann: Person
) -> None:
    answer = await ann.put(KEY, json={"value": 1}, headers={header: tag})
    assert answer.status_code == for_none
    assert (await ann.get(KEY)).status_code == (200 if for_none == 201 else 404)
    await ann.put(KEY, json={"value": 1})
    was = await ann.put(KEY, json={"value": 2})
    assert (was.json()["version"], was.headers["etag"]) == (2, '"v2"')
    answer = await ann.put(KEY, json={"value": 3}, headers={header: tag})
    assert answer.status_code == for_second
    assert (await ann.get(KEY)).json()["value"] == (3 if for_second == 200 else 2)


async def test_both_conditions_at_once_are_none(ann: Person) -> None:
    answer = await ann.put(KEY, json={"value": 1}, headers={"If-Match": '"v1"', "If-None-Match": "*"})
    assert answer.status_code == 400
    assert (await ann.get(KEY)).status_code == 404


async def test_a_setting_says_its_version_and_is_not_sent_again_or_deleted_in_another(ann: Person) -> None:
    made = await ann.put(KEY, json={"value": 1})
    read = await ann.get(KEY)
    assert made.headers["etag"] == read.headers["etag"] == '"v1"'
    assert (await ann.get(KEY, headers={"If-None-Match": '"v1"'})).status_code == 304
    assert (await ann.delete(KEY, headers={"If-Match": STALE})).status_code == 412
    assert (await ann.delete(KEY, headers={"If-Match": '"v1"'})).status_code == 204


async def test_of_fifty_who_set_the_same_version_exactly_one_wins(ann: Person) -> None:
    await ann.put(KEY, json={"value": 1})
    putting = (ann.put(KEY, json={"value": f"by {n}"}, headers={"If-Match": '"v1"'}) for n in range(50))
    statuses = [answer.status_code for answer in await asyncio.gather(*putting)]
    assert sorted(statuses) == [200] + [412] * 49
    assert (await ann.get(KEY)).json()["version"] == 2


async def test_of_fifty_who_make_a_setting_exactly_one_does(ann: Person) -> None:
    putting = (ann.put(KEY, json={"value": f"by {n}"}, headers={"If-None-Match": "*"}) for n in range(50))
    statuses = [answer.status_code for answer in await asyncio.gather(*putting)]
    assert sorted(statuses) == [201] + [412] * 49
    assert (await ann.get(KEY)).json()["version"] == 1


async def test_where_a_condition_is_demanded_a_setting_is_made_but_not_replaced_without(url: URL) -> None:
    async with serving(settings_for(url, require_if_match=True)) as http:
        ann = await somebody(http)
        assert (await ann.put(KEY, json={"value": 1})).status_code == 201
        refused = await ann.put(KEY, json={"value": 2})
        assert (refused.status_code, refused.json()["type"]) == (428, "/docs/problems#precondition-required")
        assert (await ann.get(KEY)).json()["value"] == 1
        assert (await ann.put(KEY, json={"value": 2}, headers={"If-None-Match": "*"})).status_code == 412
        assert (await ann.put(KEY, json={"value": 2}, headers={"If-Match": '"v1"'})).status_code == 200
        assert (await ann.delete(KEY)).status_code == 428
        assert (await ann.delete(KEY, headers={"If-Match": "*"})).status_code == 204


def test_the_document_names_the_condition_wherever_one_is_read() -> None:
    named = {
        str(operation): {parameter["name"] for parameter in operation.spec.get("parameters", ())}
        & {"If-Match", "If-None-Match"}
        for operation in OPERATIONS
    }
    for operation in OPERATIONS:
        responses = operation.spec["responses"]
        puts = operation.method == "PUT"
        assert ("If-None-Match" in named[str(operation)]) == ("304" in responses or puts)
        assert ("If-Match" in named[str(operation)]) == ("412" in responses) == ("428" in responses)
        if "304" in responses:
            assert responses["200"]["headers"]["ETag"]["required"] is True
    for prefix in ("/api", "/api/{owner_id}"):
        assert named[f"GET {prefix}/tasks/{{task_id}}"] == {"If-None-Match"}
        for method, action, _ in CHANGES.values():
            expected = {"If-Match", "If-None-Match"} if method == "PUT" else {"If-Match"}
            assert named[f"{method} {prefix}/tasks/{{task_id}}{action}"] == expected


async def test_a_garbled_condition_that_is_not_evaluated_is_refused_too(ann: Person) -> None:
    answer = await ann.post("/api/tasks", content=b'{"title": "x"}', headers=JSON_TYPE | {"If-Match": "garbled"})
    assert answer.status_code == 400
    assert (await ann.tasks())["items"] == []
