"""Reading tasks: filters, orders, pages, cursors and links, as a client sees them."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import URL

from adapters.system.clock import SetClock
from tests.http.offer import DOCUMENT
from tests.http.people import Json, Person, somebody
from tests.http.service import serving, settings_for

FRIDAY = datetime(2026, 5, 1, 12, tzinfo=UTC)
SORTS = ("created_at", "updated_at", "due_date", "priority", "title")
PRIORITIES = ("low", "medium", "high", "urgent")
NO_CURSORS = ("forged", "a", "=", "%00", "AAAA" * 40, "\N{SNOWMAN}")

Link = dict[str, str]


@pytest.fixture(params=["/api/tasks", "/api/{id}/tasks"])
def tasks(request: pytest.FixtureRequest, ann: Person) -> str:
    """The address of Ann's tasks, under both prefixes."""
    path: str = request.param.format(id=ann.id)
    return path


@pytest.fixture
async def on_friday(url: URL) -> AsyncIterator[Person]:
    """Somebody whose service believes that it is Friday, the first of May 2026, at noon in UTC."""
    async with serving(settings_for(url), clock=SetClock(FRIDAY)) as http:
        yield await somebody(http)


def titles(found: Json) -> list[str]:
    return [task["title"] for task in found["items"]]


def errors_of(answer: httpx.Response) -> dict[str, str]:
    return {error["pointer"]: error["code"] for error in answer.json().get("errors", [])}


def links_of(answer: httpx.Response) -> Link:
    """The targets of the header Link, by their relations."""
    parts = re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers.get("link", ""))
    assert ", ".join(f'<{target}>; rel="{rel}"' for target, rel in parts) == answer.headers.get("link", "")
    return {rel: target for target, rel in parts}


async def make(ann: Person, tasks: Mapping[str, Json]) -> None:
    for title, details in tasks.items():
        await ann.new_task(title, **details)


async def everything_by_cursor(ann: Person, path: str, query: Json) -> list[Json]:
    """All tasks, stretch by stretch."""
    found: list[Json] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await ann.get(path, params=query | {"cursor": cursor})
        assert answer.status_code == 200, answer.text
        stretch = answer.json()
        assert (stretch["total"], stretch["page"]) == (None, None)
        found += stretch["items"]
        cursor = stretch["next_cursor"]
    return found


# Filters


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "abcd"),
        ("priority=urgent", "d"),
        ("priority=low&priority=high", "ac"),
        ("status=pending", "a"),
        ("status=pending&status=cancelled", "ad"),
        ("status=pending&priority=urgent", ""),
        ("tag=work", "ab"),
        ("tag=WORK&tag=home", "abc"),
        ("tag=nothing", ""),
        ("tag=wor", ""),
        ("q=MILK", "bc"),
        ("q=%25", "d"),
        ("q=_", ""),
        ("q=milk&tag=work", "b"),
        ("q=", "abcd"),
        ("due_after=2026-05-01T12:00:00Z", "bc"),
        ("due_before=2026-05-01T12:00:00.000001Z", "a"),
        ("due_before=2026-05-01T12:00:00Z", ""),
        ("due_after=2026-05-01T12:00:00Z&due_before=2026-05-01T12:00:00.000002Z", "b"),
        ("due_after=2026-05-01T14:00:00%2B02:00&due_before=2026-05-01T07:00:00.000002-05:00", "b"),
        ("due_after=2026-05-02T00:00:00Z&due_before=2026-05-01T00:00:00Z", ""),
        ("due_after=9999-12-31T23:59:59.999999Z", ""),
        ("due_after=0001-01-01T00:00:00Z", "abc"),
        ("due_before=9999-12-31T23:59:59.999999Z", "abc"),
    ],
)
async def test_a_filter_finds_what_fits_it_and_nothing_else(query: str, expected: str, ann: Person, tasks: str) -> None:
    await make(
        ann,
        {
            "a": {"priority": "low", "tags": ["Work"], "due_date": "2026-05-01T12:00:00Z"},
            "b": {
                "status": "in_progress", "tags": ["work", "home"], "description": "Milk",
                "due_date": "2026-05-01T12:00:00.000001Z",
            },
            "c": {
                "priority": "high", "status": "completed", "tags": ["HOME"], "description": "no milk!",
                "due_date": "2026-05-01T12:00:00.000002Z",
            },
            "d": {"priority": "urgent", "status": "cancelled", "description": "100 %"},
        },
    )  # fmt: skip
    found = (await ann.get(f"{tasks}?sort=title&{query}")).json()
    assert titles(found) == list(expected)
    assert found["total"] == len(expected)
    by_cursor = (await ann.get(f"{tasks}?sort=title&cursor=&{query}")).json()
    assert (by_cursor["items"], by_cursor["total"]) == (found["items"], None)


async def test_the_assignee_is_a_filter(ann: Person, tasks: str) -> None:
    await make(ann, {"mine": {"assignee_id": ann.id}, "nobody's": {}})
    assert titles((await ann.get(f"{tasks}?assignee_id={ann.id}")).json()) == ["mine"]
    for nobody in (uuid4(), "somebody"):
        assert titles((await ann.get(f"{tasks}?assignee_id={nobody}")).json()) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("due=overdue", ["monday", "noon, just before"]),
        ("due=overdue&tz=Pacific/Kiritimati", ["monday", "noon, just before"]),
        ("due=overdue&status=completed", []),
        ("due=overdue&status=pending", ["noon, just before"]),
        ("due=today", ["noon, just before", "noon", "done", "evening"]),
        ("due=today&tz=UTC", ["noon, just before", "noon", "done", "evening"]),
        ("due=today&tz=Pacific/Kiritimati", ["noon, just before", "noon", "done", "evening", "saturday"]),
        ("due=today&tz=America/Los_Angeles", ["noon, just before", "noon", "done", "evening", "saturday"]),
        ("due=week", ["monday", "noon, just before", "noon", "done", "evening", "saturday", "sunday"]),
        ("due=week&tz=Asia/Tokyo", ["monday", "noon, just before", "noon", "done", "evening", "saturday"]),
        ("due=week&due_after=2026-05-01T20:00:00Z", ["saturday", "sunday"]),
        ("tz=Europe/Berlin&due_before=2026-04-28T00:00:00Z", ["sunday before", "monday"]),
    ],
)
async def test_what_is_due_is_seen_from_ones_own_clock(query: str, expected: list[str], on_friday: Person) -> None:
    dates = {
        "sunday before": "2026-04-26T14:59:59.999999Z",
        "monday": "2026-04-27T00:00:00Z",
        "noon, just before": "2026-05-01T11:59:59.999999Z",
        "noon": "2026-05-01T12:00:00Z",
        "evening": "2026-05-01T20:00:00Z",
        "saturday": "2026-05-02T06:59:59.999999Z",
        "sunday": "2026-05-03T23:59:59.999999Z",
        "next monday": "2026-05-04T00:00:00Z",
    }
    await make(on_friday, {title: {"due_date": date} for title, date in dates.items()})
    await make(on_friday, {"done": {"due_date": "2026-05-01T12:00:00.5Z", "status": "completed"}, "never": {}})
    by_title = {task["title"]: task["id"] for task in (await on_friday.tasks())["items"]}
    for title, status in (("monday", "in_progress"), ("sunday before", "cancelled")):
        await on_friday.patch(f"/api/tasks/{by_title[title]}", json={"status": status})
    found = (await on_friday.get(f"/api/tasks?sort=due_date&{query}")).json()
    assert titles(found) == expected


# Orders


async def test_every_order_goes_both_ways(ann: Person, tasks: str) -> None:
    letters = ["B", "a", "\N{LATIN SMALL LETTER E WITH ACUTE}", "b", "_", "a"]
    for number, title in enumerate(letters):
        due = None if number % 3 == 0 else f"2030-01-0{number % 2 + 1}T00:00:00Z"
        await ann.new_task(title, priority=PRIORITIES[number % 4], due_date=due)
    made = (await ann.tasks())["items"]
    await ann.patch(f"/api/tasks/{made[3]['id']}", json={"description": "changed"})
    made = (await ann.tasks())["items"]
    keys: dict[str, Any] = {
        "created_at": lambda task: task["created_at"],
        "updated_at": lambda task: task["updated_at"],
        "priority": lambda task: PRIORITIES.index(task["priority"]),
        "title": lambda task: task["title"].casefold(),
    }
    for name, key in keys.items():
        expected = sorted(made, key=lambda task, key=key: (key(task), task["id"]))  # type: ignore[misc] # a key of any type
        assert (await ann.get(f"{tasks}?sort={name}")).json()["items"] == expected
        assert (await ann.get(f"{tasks}?sort=-{name}")).json()["items"] == expected[::-1]
    dated = sorted((t for t in made if t["due_date"]), key=lambda task: (task["due_date"], task["id"]))
    undated = sorted((t for t in made if not t["due_date"]), key=lambda task: str(task["id"]))
    assert (await ann.get(f"{tasks}?sort=due_date")).json()["items"] == dated + undated
    assert (await ann.get(f"{tasks}?sort=-due_date")).json()["items"] == dated[::-1] + undated[::-1]


# Cursors


@pytest.mark.parametrize("sort", [sign + name for name in SORTS for sign in ("", "-")])
async def test_cursors_show_each_task_once(sort: str, ann: Person, tasks: str) -> None:
    for number in range(7):
        due = None if number % 2 else "2030-01-01T00:00:00Z"
        await ann.new_task("same" if number % 3 else "other", priority=PRIORITIES[number % 2], due_date=due)
    whole = (await ann.get(f"{tasks}?sort={sort}")).json()["items"]
    for size in ({"page_size": 2}, {"limit": 3}, {}):
        assert await everything_by_cursor(ann, tasks, {"sort": sort} | size) == whole


@pytest.mark.parametrize("sort", [sign + name for name in SORTS for sign in ("", "-")])
async def test_whoever_goes_on_by_cursor_sees_once_what_stays_as_it_is(sort: str, ann: Person) -> None:
    for number in range(20):
        due = None if number % 3 else f"2030-01-{number // 2 + 1:02}T00:00:00Z"
        await ann.new_task(f"m{number // 2}", due_date=due, priority=PRIORITIES[number % 4])
    for task in (await ann.tasks())["items"][::3]:
        await ann.patch(f"/api/tasks/{task['id']}", json={"description": "changed"})
    whole = [task["id"] for task in (await ann.tasks(sort=sort))["items"]]
    seen, touched = list[str](), set[str]()
    cursor: str | None = ""
    while cursor is not None:
        assert len(seen) <= len(whole), "It goes round in a circle."
        stretch = await ann.tasks(sort=sort, page_size=2, cursor=cursor)
        seen += [task["id"] for task in stretch["items"] if task["id"] in whole]
        cursor = stretch["next_cursor"]
        if len(touched) < 10:
            touched |= await disturb(ann, seen, [id_ for id_ in whole if id_ not in seen and id_ not in touched])
    assert len(touched) >= 10
    assert [id_ for id_ in seen if id_ not in touched] == [id_ for id_ in whole if id_ not in touched]


async def disturb(ann: Person, seen: list[str], ahead: list[str]) -> set[str]:
    """Add tasks at both ends; delete the last one seen and the next; move one seen, and one far ahead, elsewhere."""
    ends = [{"title": "a", "priority": "low"}, {"title": "z", "priority": "urgent", "due_date": "2031-01-01T00:00:00Z"}]
    for end in (*ends, ends[1] | {"due_date": "2029-01-01T00:00:00Z"}):
        await ann.new_task(**end)
    moved = [seen[-2], *ahead[-1:]]
    for id_, end in zip(moved, ends[:: 1 if len(ahead) % 4 else -1], strict=False):
        await ann.patch(f"/api/tasks/{id_}", json=end)
    gone = [seen[-1], *ahead[:1]]
    for id_ in gone:
        await ann.delete(f"/api/tasks/{id_}")
    return {*moved, *gone}


async def test_a_page_is_counted_and_leads_on_by_cursor_too(ann: Person) -> None:
    for number in range(5):
        await ann.new_task(str(number))
    page = await ann.tasks(page_size=2)
    assert (page["total"], page["page"], page["page_size"]) == (5, 1, 2)
    behind = await ann.tasks(page_size=3, cursor=page["next_cursor"])
    assert titles(behind) == ["2", "1", "0"]
    assert (behind["total"], behind["page"], behind["page_size"], behind["next_cursor"]) == (None, None, 3, None)
    assert (await ann.tasks(page=3, page_size=2))["next_cursor"] is None


@pytest.mark.parametrize("cursor", NO_CURSORS)
async def test_a_forged_cursor_is_refused(cursor: str, ann: Person, tasks: str) -> None:
    answer = await ann.get(tasks, params={"cursor": cursor})
    assert answer.status_code == (422 if "\x00" in cursor else 400)
    assert answer.json()["type"].endswith("#cursor-refused")


async def test_a_changed_cursor_is_refused(ann: Person) -> None:
    for number in range(3):
        await ann.new_task(str(number))
    cursor = (await ann.tasks(page_size=1, cursor=""))["next_cursor"]
    assert "." not in cursor
    other = {"A": "B"}
    for place in range(0, len(cursor), 7):
        changed = cursor[:place] + other.get(cursor[place], "A") + cursor[place + 1 :]
        answer = await ann.get("/api/tasks", params={"cursor": changed, "page_size": 1})
        assert (answer.status_code, answer.json()["type"]) == (400, "/docs/problems#cursor-refused")


async def test_a_cursor_is_good_for_its_reader_its_space_and_its_query_only(ann: Person, ben: Person) -> None:
    organization = await ann.new_organization()
    await ben.join(await ann.invite(organization, "viewer"))
    for path in ("/api/tasks", f"/api/{organization}/tasks"):
        for number in range(3):
            assert (await ann.post(path, json={"title": str(number)})).status_code == 201
    query = {"page_size": 1, "status": "pending", "sort": "title", "tz": "Europe/Berlin"}
    own = (await ann.tasks(**query, cursor=""))["next_cursor"]
    shared = (await ann.get(f"/api/{organization}/tasks", params=query | {"cursor": ""})).json()["next_cursor"]
    for who, path, asked, cursor, status in (
        (ann, "/api/tasks", query, own, 200),
        (ann, f"/api/{ann.id}/tasks", query, own, 200),
        (ann, f"/api/{organization}/tasks", query, shared, 200),
        (ann, "/api/tasks", query | {"page_size": 2}, own, 200),
        (ben, "/api/tasks", query, own, 400),
        (ben, f"/api/{organization}/tasks", query, shared, 400),
        (ben, f"/api/{ann.id}/tasks", query, own, 403),
        (ann, f"/api/{organization}/tasks", query, own, 400),
        (ann, "/api/tasks", query, shared, 400),
        (ann, "/api/tasks", query | {"sort": "-title"}, own, 400),
        (ann, "/api/tasks", query | {"sort": "priority"}, own, 400),
        (ann, "/api/tasks", query | {"status": "completed"}, own, 400),
        (ann, "/api/tasks", query | {"q": "x"}, own, 400),
        (ann, "/api/tasks", query | {"due": "today"}, own, 400),
        (ann, "/api/tasks", query | {"due_after": "2026-05-01T12:00:00Z"}, own, 400),
        (ann, "/api/audit", {}, own, 400),
    ):
        answer = await who.get(path, params=asked | {"cursor": cursor})
        assert answer.status_code == status, (path, asked)


# Links


@pytest.mark.parametrize("by", ["page", "skip"])
async def test_the_links_of_pages_lead_through_all_of_them(by: str, ann: Person, tasks: str) -> None:
    for number in range(5):
        await ann.new_task(f"a&b {number}")
    query = "q=A%26B&sort=title&status=pending&status=completed&" + ("page_size=2" if by == "page" else "limit=2")
    at, seen, rels = f"{tasks}?{query}", [], []
    while at:
        answer = await ann.get(at)
        links = links_of(answer)
        seen += titles(answer.json())
        rels.append(sorted(links))
        for target in links.values():
            assert target.startswith(f"{tasks}?q=A%26B&sort=title&status=pending&status=completed&")
        last = links["last"]
        at = urljoin(at, links["next"]) if "next" in links else ""
    assert seen == [f"a&b {number}" for number in range(5)]
    assert rels == [["first", "last", "next"], ["first", "last", "next", "prev"], ["first", "last", "prev"]]
    assert titles((await ann.get(last)).json()) == ["a&b 4"]
    back = links_of(await ann.get(last))
    assert titles((await ann.get(back["prev"])).json()) == ["a&b 2", "a&b 3"]
    assert titles((await ann.get(back["first"])).json()) == ["a&b 0", "a&b 1"]


async def test_the_links_of_cursors_lead_to_the_end(ann: Person, tasks: str) -> None:
    for number in range(5):
        await ann.new_task(str(number))
    at, seen = f"{tasks}?cursor=&page_size=2&sort=title", []
    while at:
        answer = await ann.get(at)
        links = links_of(answer)
        assert links.keys() <= {"next"}
        seen += titles(answer.json())
        at = urljoin(at, links["next"]) if links else ""
    assert seen == [str(number) for number in range(5)]


async def test_links_are_not_made_from_what_the_client_says_of_the_host(ann: Person, tasks: str) -> None:
    for number in range(2):
        await ann.new_task(str(number))
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    answer = await ann.get(f"{tasks}?page_size=1", headers=headers)
    for target in links_of(answer).values():
        assert (urlsplit(target).netloc, urlsplit(target).path) == ("", tasks)


async def test_an_empty_list_is_its_own_first_and_last_page(ann: Person, tasks: str) -> None:
    answer = await ann.get(tasks)
    assert links_of(answer) == {"first": f"{tasks}?page=1", "last": f"{tasks}?page=1"}
    behind = links_of(await ann.get(f"{tasks}?page=7"))
    assert behind["prev"] == f"{tasks}?page=1"


# The trash


async def test_the_trash_shows_the_last_deleted_first(ann: Person, tasks: str) -> None:
    made = [await ann.new_task(str(number)) for number in range(4)]
    for number in (2, 0, 1):
        await ann.delete(f"/api/tasks/{made[number]['id']}")
    answer = await ann.get(f"{tasks}/trash")
    found = answer.json()
    assert titles(found) == ["1", "0", "2"]
    assert (found["total"], found["page"], found["page_size"]) == (3, 1, 20)
    assert all(task["deleted_at"] == task["updated_at"] for task in found["items"])
    second = await ann.get(f"{tasks}/trash?page=2&page_size=2")
    assert titles(second.json()) == ["2"]
    assert links_of(second)["prev"] == f"{tasks}/trash?page_size=2&page=1"
    assert titles((await ann.get(f"{tasks}/trash?skip=1&limit=1")).json()) == ["0"]


async def test_the_trash_is_ones_own(ann: Person, ben: Person) -> None:
    await ben.delete(f"/api/tasks/{(await ben.new_task())['id']}")
    assert (await ann.get("/api/tasks/trash")).json()["total"] == 0
    assert (await ann.get(f"/api/{ben.id}/tasks/trash")).status_code == 403


async def test_a_viewer_may_look_into_the_trash(ann: Person, ben: Person) -> None:
    organization = await ann.new_organization()
    await ben.join(await ann.invite(organization, "viewer"))
    task = (await ann.post(f"/api/{organization}/tasks", json={"title": "gone"})).json()
    await ann.delete(f"/api/{organization}/tasks/{task['id']}")
    assert titles((await ben.get(f"/api/{organization}/tasks/trash")).json()) == ["gone"]


# What is refused


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("priority=highest", {"/query/priority/0"}),
        ("status=pending&status=done", {"/query/status/1"}),
        ("status=", {"/query/status/0"}),
        ("tag=", {"/query/tag/0"}),
        ("tag=a&tag=%20", {"/query/tag/1"}),
        ("tag=%00", {"/query/tag/0"}),
        ("&".join(f"tag={number}" for number in range(51)), {"/query/tag"}),
        ("due_before=2026-05-01T12:00:00", {"/query/due_before"}),
        ("due_after=2026-05-01", {"/query/due_after"}),
        ("due_after=1777636800", {"/query/due_after"}),
        ("due_after=tomorrow&due_before=", {"/query/due_after", "/query/due_before"}),
        ("due=tomorrow", {"/query/due"}),
        ("due=", {"/query/due"}),
        ("due=today&tz=Europe/Atlantis", {"/query/tz"}),
        ("tz=", {"/query/tz"}),
        ("tz=Europe", {"/query/tz"}),
        ("tz=../../etc/passwd", {"/query/tz"}),
        ("tz=/etc/localtime", {"/query/tz"}),
        ("tz=%00", {"/query/tz"}),
        ("tz=%2B02:00", {"/query/tz"}),
        ("sort=", {"/query/sort"}),
        ("sort=id", {"/query/sort"}),
        ("sort=--title", {"/query/sort"}),
        ("sort=title,id", {"/query/sort"}),
        ("sort=TITLE", {"/query/sort"}),
        ("sort=title;DROP%20TABLE%20tasks", {"/query/sort"}),
        ("q=" + "x" * 256, {"/query/q"}),
        ("q=%00", {"/query/q"}),
        ("assignee_id=%00", {"/query/assignee_id"}),
        ("cursor=%00", {"/query/cursor"}),
        ("page_size=101", {"/query/page_size"}),
        ("page_size=0", {"/query/page_size"}),
        ("cursor=&page_size=101", {"/query/page_size"}),
        ("limit=101", {"/query/limit"}),
        ("page=0", {"/query/page"}),
        ("page=100000000000000000000", {"/query/page"}),
        ("skip=-1", {"/query/skip"}),
        ("page=x", {"/query/page"}),
        ("cursor=&page=1", {"/query"}),
        ("cursor=&skip=0", {"/query"}),
        ("cursor=x&page=2", {"/query"}),
        ("cursor=&page_size=1&limit=1", {"/query"}),
        ("priorities=low", {"/query/priorities"}),
        ("order=title", {"/query/order"}),
        ("owner_id=x", {"/query/owner_id"}),
        ("Status=pending", {"/query/Status"}),
    ],
)
async def test_a_wrong_value_is_refused_by_its_pointer(query: str, pointers: set[str], ann: Person) -> None:
    answer = await ann.get(f"/api/tasks?{query}")
    assert answer.status_code == 422
    assert errors_of(answer).keys() == pointers


@pytest.mark.parametrize("query", ["page=0", "page=1&skip=1", "cursor=&page=1", "sort=title", "status=pending", "x=1"])
async def test_the_trash_takes_pages_and_nothing_else(query: str, ann: Person, tasks: str) -> None:
    assert (await ann.get(f"{tasks}/trash?{query}")).status_code == 422


# Further


async def test_a_zone_and_a_moment_far_away_are_no_mistake(on_friday: Person) -> None:
    for zone in ("Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Etc/GMT+12"):
        for due in ("overdue", "today", "week"):
            assert (await on_friday.get("/api/tasks", params={"due": due, "tz": zone})).status_code == 200


def test_every_parameter_is_in_the_document_with_its_rules() -> None:
    operation = DOCUMENT.operation("GET", "/api/tasks")
    assert operation is not None
    parameters = {one["name"]: one for one in operation.spec["parameters"]}
    assert parameters.keys() == {
        "page", "page_size", "skip", "limit", "cursor", "status", "priority", "tag", "assignee_id", "due_before",
        "due_after", "due", "tz", "q", "sort",
    }  # fmt: skip
    assert set(parameters["sort"]["schema"]["enum"]) == {sign + name for name in SORTS for sign in ("", "-")}
    assert parameters["sort"]["schema"]["default"] == "-created_at"
    assert parameters["tz"]["schema"]["default"] == "UTC"
    assert parameters["q"]["schema"]["maxLength"] == 255
    assert parameters["page_size"]["schema"]["maximum"] == 100
    assert parameters["due_before"]["schema"]["format"] == "date-time"
    assert "Link" in operation.spec["responses"]["200"]["headers"]
    assert "400" in operation.spec["responses"]


async def test_the_moment_of_a_cursor_is_kept_to_the_microsecond(on_friday: Person) -> None:
    for number in range(4):
        due = (FRIDAY + timedelta(microseconds=number)).isoformat().replace("+00:00", "Z")
        await on_friday.new_task(str(number), due_date=due)
    found = await everything_by_cursor(on_friday, "/api/tasks", {"sort": "-due_date", "page_size": 1})
    assert [task["title"] for task in found] == ["3", "2", "1", "0"]
