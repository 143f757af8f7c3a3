"""Formats are read as the OpenAPI document says, and no more leniently, wherever a value of theirs is taken."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import URL

from adapters.system.clock import SetClock
from tests.http.document import Operation
from tests.http.offer import DOCUMENT, OPERATIONS, WITH_BODY
from tests.http.people import Person, somebody
from tests.http.service import serving, settings_for

SECURED = [o for o in OPERATIONS if not o.is_public and o.method == "GET"]


def _parameters(kind: str, key: str) -> list[tuple[Operation, str]]:
    """The parameters of queries whose schema says so."""
    return [
        (operation, parameter["name"])
        for operation in SECURED
        for parameter in operation.spec.get("parameters", ())
        if parameter["in"] == "query" and parameter["schema"].get(key) == kind
    ]


NUMBERS = _parameters("integer", "type")
MOMENTS = _parameters("date-time", "format")
NO_NUMBERS = ("1_0", " 1", "1 ", "+1", "01", "1.0", "1e0", "0x1", "\uff11", "\u0661", "", "1\n", "9" * 30)
NO_MOMENTS = {
    "2026-12-01T10:00Z": "not_a_moment",
    "2026-12-01 10:00:00Z": "not_a_moment",
    "2026-12-01T10:00:00,5Z": "not_a_moment",
    "2026-12-01T10:00:00.Z": "not_a_moment",
    "20261201T100000Z": "not_a_moment",
    "2026-W49-2T10:00:00Z": "not_a_moment",
    "2026-12-01T24:00:00Z": "not_a_moment",
    "2026-12-01T10:00:00+0100": "not_a_moment",
    "2026-12-01T10:00:00+01": "not_a_moment",
    "2026-12-01T10:00:00+24:00": "not_a_moment",
    "2026-02-30T10:00:00Z": "not_a_moment",
    "0000-01-01T10:00:00Z": "not_a_moment",
    "\u0662026-12-01T10:00:00Z": "not_a_moment",
    "2026-12-01T10:00:00Z\n": "not_a_moment",
    "1796119200": "not_a_moment",
    "now": "not_a_moment",
    "2026-12-01T10:00:00": "naive_time",
    "2026-12-01T10:00:00.1234567Z": "too_precise",
    "2026-12-01T10:00:00.123456789+01:00": "too_precise",
    "2026-12-31T23:59:60Z": "leap_second",
    "0001-01-01T00:00:00+01:00": "out_of_range",
}
MOMENTS_AS_READ = {
    "2026-12-01T10:00:00Z": "2026-12-01T10:00:00Z",
    "2026-12-01t10:00:00z": "2026-12-01T10:00:00Z",
    "2026-12-01T10:00:00.5Z": "2026-12-01T10:00:00.500000Z",
    "2026-12-01T10:00:00.123456-00:30": "2026-12-01T10:30:00.123456Z",
    "2026-12-01T10:00:00+01:00": "2026-12-01T09:00:00Z",
}


async def at(person: Person, operation: Operation, **query: str) -> httpx.Response:
    organization_id = await person.new_organization() if "{organization_id}" in operation.path else ""
    return await person.get(operation.at(owner_id=person.id, organization_id=organization_id), params=query)


def codes(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def test_there_are_parameters_to_try() -> None:
    assert {"page", "page_size", "skip", "limit"} == {name for _, name in NUMBERS}
    assert {"due_before", "due_after", "since", "until"} == {name for _, name in MOMENTS}


@pytest.mark.parametrize(("operation", "name"), NUMBERS, ids=str)
async def test_a_number_in_a_query_is_written_in_digits(operation: Operation, name: str, ann: Person) -> None:
    for text in NO_NUMBERS:
        answer = await at(ann, operation, **{name: text})
        assert (answer.status_code, [pointer for pointer, _ in codes(answer)]) == (422, [f"/query/{name}"]), ascii(text)
    assert (await at(ann, operation, **{name: "1"})).status_code in {200, 403}


@pytest.mark.parametrize(("operation", "name"), MOMENTS, ids=str)
async def test_a_moment_in_a_query_is_written_as_rfc_3339_says(operation: Operation, name: str, ann: Person) -> None:
    for text, code in NO_MOMENTS.items():
        answer = await at(ann, operation, **{name: text})
        assert (answer.status_code, codes(answer)) == (422, [(f"/query/{name}", code)]), ascii(text)
    for text in MOMENTS_AS_READ:
        assert (await at(ann, operation, **{name: text})).status_code in {200, 403}, text


async def test_a_moment_in_a_body_is_written_as_rfc_3339_says(ann: Person) -> None:
    for text, code in NO_MOMENTS.items():
        answer = await ann.post("/api/tasks", json={"title": "x", "due_date": text})
        assert (answer.status_code, codes(answer)) == (422, [("/due_date", code)]), ascii(text)
    for text, read in MOMENTS_AS_READ.items():
        answer = await ann.post("/api/tasks", json={"title": "x", "due_date": text})
        assert (answer.status_code, answer.json()["due_date"]) == (201, read)


def test_every_moment_in_a_body_is_a_due_date() -> None:
    schemas: list[Any] = [DOCUMENT.body_schema(operation)["properties"] for operation in WITH_BODY]
    named = {name for schema in schemas for name, part in schema.items() if "date-time" in str(part)}
    assert named == {"due_date"}


LISTS = [o for o in SECURED if o.id in {"list_tasks", "list_tags", "list_events", "list_users"}]


@pytest.mark.parametrize("operation", LISTS, ids=str)
@pytest.mark.parametrize("query", ["q=%FF", "tag=%C3", "%FF=1", "cursor=%ED%A0%80", "q=a&tag=%C3%A9%"])
async def test_a_query_that_is_no_utf_8_is_refused(operation: Operation, query: str, ann: Person) -> None:
    answer = await ann.get(f"{operation.at(owner_id=ann.id)}?{query}")
    if query.endswith("%A9%"):
        assert "not_utf8" not in [code for _, code in codes(answer)] if answer.status_code == 422 else True
    else:
        assert (answer.status_code, [code for _, code in codes(answer)]) == (422, ["not_utf8"])


async def test_text_is_found_in_every_spelling(ann: Person) -> None:
    composed, decomposed = "Caf\u00e9 Z\u00fcrich", "Cafe\u0301 Zu\u0308rich"
    made = [(await ann.new_task(title))["id"] for title in (composed, decomposed, "tea")]
    for text in (composed, decomposed, "cafe zurich", "CAF\u00c9"):
        found = (await ann.get("/api/tasks", params={"q": text})).json()["items"]
        assert {task["id"] for task in found} == set(made[:2]), ascii(text)


async def test_a_search_for_nothing_but_accents_is_refused_and_deletes_nothing(ann: Person) -> None:
    await ann.new_task("caf\u00e9")
    for answer in (
        await ann.get("/api/tasks", params={"q": "\u0301"}),
        await ann.delete("/api/tasks", params={"q": "\u0301"}),
    ):
        assert (answer.status_code, codes(answer)) == (422, [("/query/q", "blank")])
    assert (await ann.tasks())["total"] == 1


async def test_a_walk_keeps_its_day(url: URL) -> None:
    clock = SetClock(datetime(2026, 5, 1, 23, 59, 59, tzinfo=UTC))
    async with serving(settings_for(url), clock=clock) as http:
        ann = await somebody(http)
        made = [
            (await ann.post("/api/tasks", json={"title": "x", "due_date": "2026-05-01T12:00:00Z"})).json()["id"]
            for _ in range(3)
        ]
        query = {"due": "today", "limit": "2", "cursor": ""}
        first = (await ann.get("/api/tasks", params=query)).json()
        clock.now += timedelta(seconds=2)
        rest = (await ann.get("/api/tasks", params=query | {"cursor": first["next_cursor"]})).json()
        assert [task["id"] for task in first["items"] + rest["items"]] == made[::-1]
        assert (await ann.get("/api/tasks", params=query)).json()["items"] == []


async def test_tags_that_look_alike_are_one(ann: Person) -> None:
    assert (await ann.post("/api/tags", json={"name": " vue "})).json()["name"] == "vue"
    for name in ("vue", "vue ", "vue\u00a0", "vue\t", "VUE", "vue\u2003"):
        assert (await ann.post("/api/tags", json={"name": name})).status_code == 409, ascii(name)
    answer = await ann.post("/api/tags", json={"name": "vue\u200b"})
    assert (answer.status_code, codes(answer)) == (422, [("/name", "invisible_character")])
    task = (await ann.post("/api/tasks", json={"title": "x", "tags": ["Vue", "vue ", "other\t one"]})).json()
    assert task["tags"] == ["vue", "other one"]
    found = (await ann.get("/api/tasks", params={"tag": " VUE"})).json()
    assert [item["id"] for item in found["items"]] == [task["id"]]


@pytest.mark.parametrize("title", ["\u200b", "\u3164", "\u2800 \ufeff"], ids=ascii)
async def test_a_name_that_shows_nothing_is_blank(title: str, ann: Person) -> None:
    for path, body in (
        ("/api/tasks", {"title": title}),
        ("/api/documents", {"title": title}),
        ("/api/organizations", {"name": title}),
    ):
        answer = await ann.post(path, json=body)
        assert (answer.status_code, codes(answer)) == (422, [(f"/{next(iter(body))}", "blank")])
    answer = await ann.patch("/api/users/me", json={"full_name": title})
    assert (answer.status_code, codes(answer)) == (422, [("/full_name", "blank")])


async def test_a_filter_that_is_repeated_stands_in_the_links_once(ann: Person) -> None:
    for _ in range(2):
        await ann.post("/api/tasks", json={"title": "x", "tags": ["a"]})
    answer = await ann.get("/api/tasks?tag=a&tag=a&tag=b&tag=a&page_size=1")
    assert answer.headers["link"].count("tag=a&tag=b&page_size=1") == answer.headers["link"].count("<")
    many = "&".join(f"tag={number}" for number in range(21))
    assert (await ann.get(f"/api/tasks?{many}")).status_code == 422
