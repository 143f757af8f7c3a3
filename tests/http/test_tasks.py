"""Tasks, row by row of the contract."""

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from tests.http.people import Json, Person

FULL: Json = {
    "title": "Write the report",
    "description": "All of it",
    "status": "in_progress",
    "priority": "urgent",
    "due_date": "2030-05-01T12:00:00Z",
    "tags": ["work", "Friday"],
}
DEFAULTS: Json = {
    "description": None,
    "status": "pending",
    "priority": "medium",
    "due_date": None,
    "tags": [],
    "assignee_id": None,
}
STATUSES = ("pending", "in_progress", "completed", "cancelled")


@pytest.fixture(params=["/api/tasks", "/api/{id}/tasks"])
def tasks(request: pytest.FixtureRequest, ann: Person) -> str:
    """The address of Ann's tasks, under both prefixes."""
    path: str = request.param.format(id=ann.id)
    return path


def errors_of(body: Json) -> dict[str, str]:
    return {error["pointer"]: error["code"] for error in body.get("errors", [])}


def writes(task: Json) -> list[tuple[str, str]]:
    """The requests whose body describes a task."""
    return [("POST", "/api/tasks"), ("PUT", f"/api/tasks/{task['id']}"), ("PATCH", f"/api/tasks/{task['id']}")]


def moment(text: str) -> datetime:
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


async def test_a_new_task_has_its_defaults(ann: Person, tasks: str) -> None:
    before = datetime.now(UTC)
    answer = await ann.post(tasks, json={"title": "Write the report"})
    after = datetime.now(UTC)
    assert answer.status_code == 201
    task = answer.json()
    assert task | DEFAULTS == task
    assert task["title"] == "Write the report"
    assert task["owner_id"] == task["created_by"] == ann.id
    assert task["completed_at"] is None
    assert task["version"] == 1
    assert before <= moment(task["created_at"]) <= after
    assert task["updated_at"] == task["created_at"]
    assert UUID(task["id"]).version == 7


async def test_the_location_of_a_new_task_answers_with_the_task(ann: Person, tasks: str) -> None:
    answer = await ann.post(tasks, json=FULL)
    task = answer.json()
    assert answer.headers["location"] == f"{tasks}/{task['id']}"
    found = await ann.get(answer.headers["location"])
    assert found.status_code == 200
    assert found.json() == task


async def test_a_new_task_keeps_all_that_was_said_of_it(ann: Person, tasks: str) -> None:
    task = (await ann.post(tasks, json=FULL | {"assignee_id": ann.id})).json()
    assert task == task | FULL | {"assignee_id": ann.id}


async def test_both_prefixes_show_the_same_tasks(ann: Person) -> None:
    await ann.new_task()
    task = await ann.new_task(**{k: v for k, v in FULL.items() if k != "title"})
    assert (await ann.get(f"/api/{ann.id}/tasks")).json() == await ann.tasks()
    assert (await ann.get(f"/api/{ann.id}/tasks/{task['id']}")).json() == task


async def test_the_id_may_be_written_in_capitals(ann: Person, tasks: str) -> None:
    task = await ann.new_task()
    assert (await ann.get(f"{tasks}/{task['id'].upper()}")).json() == task


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x"),
        ("title", "x" * 255),
        ("title", "\N{FACE WITH TEARS OF JOY}" * 255),
        ("title", "  blanks at both ends  "),
        ("title", "line\nbreak\ttab"),
        ("title", "'; DROP TABLE tasks; --"),
        ("title", "\x7f\x1b[31m\u202e"),
        ("description", ""),
        ("description", "\N{FACE WITH TEARS OF JOY}" * 10_000),
        ("description", None),
        ("tags", []),
        ("tags", ["x" * 100]),
        ("tags", [str(number) for number in range(50)]),
        ("tags", ['",\\"}{', "null", "\N{SNOWMAN}"]),
        ("due_date", None),
        *[("status", status) for status in STATUSES],
        *[("priority", priority) for priority in ("low", "medium", "high", "urgent")],
    ],
)
async def test_a_value_at_the_edge_of_the_allowed_is_kept_as_it_is(field: str, value: Any, ann: Person) -> None:
    task = (await ann.post("/api/tasks", json={"title": "x", field: value})).json()
    assert task[field] == value
    assert (await ann.get(f"/api/tasks/{task['id']}")).json() == task
    assert (await ann.patch(f"/api/tasks/{task['id']}", json={field: value})).json() == task


WRONG_VALUES: list[tuple[str, Any, str | None]] = [
    ("title", "", "too_short"),
    ("title", "x" * 256, "too_long"),
    ("title", " \t\n", "blank"),
    ("title", None, None),
    ("title", 1, None),
    ("title", ["x"], None),
    ("description", "x" * 10_001, "too_long"),
    ("description", 1, None),
    ("status", "done", None),
    ("status", "PENDING", None),
    ("status", "", None),
    ("status", None, None),
    ("status", 0, None),
    ("priority", "highest", None),
    ("priority", None, None),
    ("tags", None, None),
    ("tags", "work", None),
    ("tags", {"work": 1}, None),
    ("assignee_id", 1, None),
    ("assignee_id", "somebody", "not_a_member"),
]
"""The field, its value, and the code of the rule that it breaks where that is a rule of ours."""


async def test_a_wrong_value_is_refused_by_its_pointer_and_nothing_is_written(ann: Person) -> None:
    task = await ann.new_task()
    for method, path in writes(task):
        for field, value, code in WRONG_VALUES:
            answer = await ann.send(method, path, json={"title": "other", field: value})
            assert answer.status_code == 422, (field, value)
            found = errors_of(answer.json())
            assert found.keys() == {f"/{field}"}
            assert code in {None, *found.values()}
    assert (await ann.tasks())["items"] == [task]


@pytest.mark.parametrize(
    ("tags", "pointer"),
    [
        ([""], "/tags/0"),
        (["fine", "  "], "/tags/1"),
        (["x" * 101], "/tags/0"),
        ([1], "/tags/0"),
        ([None], "/tags/0"),
        ([["x"]], "/tags/0"),
        ([str(number) for number in range(51)], "/tags"),
    ],
)
async def test_a_wrong_tag_is_refused_by_its_place(tags: list[Any], pointer: str, ann: Person) -> None:
    answer = await ann.post("/api/tasks", json={"title": "x", "tags": tags})
    assert answer.status_code == 422
    assert errors_of(answer.json()).keys() == {pointer}


async def test_tags_are_kept_once_each_without_regard_to_case(ann: Person) -> None:
    task = await ann.new_task(tags=["Work", "home", "WORK", "work", "Home"])
    assert task["tags"] == ["Work", "home"]


async def test_every_wrong_value_is_named_at_once(ann: Person) -> None:
    answer = await ann.post("/api/tasks", json={"title": "", "status": "?", "tags": [1], "more": 1})
    assert errors_of(answer.json()).keys() == {"/title", "/status", "/tags/0", "/more"}


MOMENTS = {
    "2030-05-01T12:00:00Z": "2030-05-01T12:00:00Z",
    "2030-05-01T12:00:00z": "2030-05-01T12:00:00Z",
    "2030-05-01t12:00:00Z": "2030-05-01T12:00:00Z",
    "2030-05-01T12:00:00+00:00": "2030-05-01T12:00:00Z",
    "2030-05-01T12:00:00-00:00": "2030-05-01T12:00:00Z",
    "2030-05-01T12:00:00+05:30": "2030-05-01T06:30:00Z",
    "2030-05-01T23:30:00-08:00": "2030-05-02T07:30:00Z",
    "2030-05-01T12:00:00.5Z": "2030-05-01T12:00:00.500000Z",
    "2030-05-01T12:00:00.123456+01:00": "2030-05-01T11:00:00.123456Z",
    "0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z": "9999-12-31T23:59:59.999999Z",
    "2028-02-29T00:00:00Z": "2028-02-29T00:00:00Z",
}
"""What is sent, and what is answered."""

NO_MOMENTS: tuple[Any, ...] = (
    "2030-05-01T12:00:00",
    "2030-05-01",
    "12:00:00Z",
    "tomorrow",
    "",
    " ",
    "1777636800",
    "-1",
    "1777636800.5",
    1777636800,
    1777636800.5,
    True,
    "2030-02-30T12:00:00Z",
    "2030-05-01T25:00:00Z",
    "2030-05-01T12:60:00Z",
    "2030-05-01T12:00:00+24:00",
    "0001-01-01T00:00:00+05:00",
    "9999-12-31T23:59:59-05:00",
    "10000-01-01T00:00:00Z",
    "2030-05-01T12:00:00Z\x00",
    "2030-05-01T12:00:00Z ",
    {"date": "2030-05-01"},
)


async def test_a_due_date_with_an_offset_is_answered_in_utc(ann: Person) -> None:
    made = {sent: await ann.new_task(due_date=sent) for sent in MOMENTS}
    assert {sent: task["due_date"] for sent, task in made.items()} == MOMENTS
    kept = {task["id"]: task["due_date"] for task in (await ann.tasks())["items"]}
    assert kept == {task["id"]: MOMENTS[sent] for sent, task in made.items()}


async def test_a_due_date_that_is_no_moment_is_refused_by_its_pointer(ann: Person) -> None:
    task = await ann.new_task()
    for method, path in writes(task):
        answers = {
            repr(sent): await ann.send(method, path, json={"title": "x", "due_date": sent}) for sent in NO_MOMENTS
        }
        found = {sent: (answer.status_code, list(errors_of(answer.json()))) for sent, answer in answers.items()}
        assert found == dict.fromkeys(answers, (422, ["/due_date"]))
    assert (await ann.tasks())["items"] == [task]


async def test_put_returns_what_is_left_out_to_its_default(ann: Person, tasks: str) -> None:
    task = await ann.new_task(**FULL | {"assignee_id": ann.id})
    answer = await ann.put(f"{tasks}/{task['id']}", json={"title": "another"})
    assert answer.status_code == 200
    replaced = answer.json()
    kept = {name: task[name] for name in ("id", "owner_id", "created_by", "created_at")}
    changed = {"title": "another", "version": 2, "completed_at": None, "updated_at": replaced["updated_at"]}
    assert replaced == kept | DEFAULTS | changed
    assert moment(replaced["updated_at"]) > moment(task["updated_at"])
    assert (await ann.get(f"{tasks}/{task['id']}")).json() == replaced


async def test_put_needs_a_title(ann: Person, tasks: str) -> None:
    task = await ann.new_task(**FULL)
    answer = await ann.put(f"{tasks}/{task['id']}", json={"description": "x"})
    assert answer.status_code == 422
    assert errors_of(answer.json()) == {"/title": "missing"}
    assert (await ann.get(f"{tasks}/{task['id']}")).json() == task


async def test_put_takes_the_completion_back_with_the_status(ann: Person) -> None:
    task = await ann.new_task(status="completed")
    assert task["completed_at"] is not None
    replaced = (await ann.put(f"/api/tasks/{task['id']}", json={"title": "again"})).json()
    assert (replaced["status"], replaced["completed_at"]) == ("pending", None)


@pytest.mark.parametrize("field", FULL)
async def test_patch_changes_what_is_said_and_nothing_else(field: str, ann: Person, tasks: str) -> None:
    task = await ann.new_task()
    answer = await ann.patch(f"{tasks}/{task['id']}", json={field: FULL[field]})
    assert answer.status_code == 200
    changed = answer.json()
    version = task["version"] + (FULL[field] != task[field])
    assert changed == task | {field: FULL[field], "version": version, "updated_at": changed["updated_at"]}
    assert (await ann.get(f"{tasks}/{task['id']}")).json() == changed


@pytest.mark.parametrize("field", ["description", "due_date", "assignee_id"])
async def test_patch_with_null_clears(field: str, ann: Person, tasks: str) -> None:
    task = await ann.new_task(**FULL | {"assignee_id": ann.id})
    changed = (await ann.patch(f"{tasks}/{task['id']}", json={field: None})).json()
    assert changed == task | {field: None, "version": 2, "updated_at": changed["updated_at"]}


@pytest.mark.parametrize("field", ["title", "status", "priority", "tags"])
async def test_patch_with_null_is_refused_where_nothing_can_be_cleared(field: str, ann: Person) -> None:
    task = await ann.new_task(**FULL)
    answer = await ann.patch(f"/api/tasks/{task['id']}", json={field: None, "description": "new"})
    assert answer.status_code == 422
    assert errors_of(answer.json()).keys() == {f"/{field}"}
    assert (await ann.get(f"/api/tasks/{task['id']}")).json() == task


@pytest.mark.parametrize("same", [{}, FULL], ids=["nothing", "the same values"])
async def test_patch_that_changes_nothing_leaves_the_task_as_it_is(same: Json, ann: Person, tasks: str) -> None:
    task = await ann.new_task(**FULL)
    answer = await ann.patch(f"{tasks}/{task['id']}", json=same)
    assert answer.status_code == 200
    assert answer.json() == task


async def test_each_change_is_a_version(ann: Person) -> None:
    task = await ann.new_task()
    for version in range(2, 5):
        task = (await ann.patch(f"/api/tasks/{task['id']}", json={"title": str(version)})).json()
        assert task["version"] == version


async def test_of_changes_at_once_each_is_a_version_or_a_conflict(ann: Person) -> None:
    task = await ann.new_task()
    address = f"/api/tasks/{task['id']}"
    answers = await asyncio.gather(*(ann.patch(address, json={"title": str(number)}) for number in range(20)))
    done = [answer.json() for answer in answers if answer.status_code == 200]
    refused = [answer.json() for answer in answers if answer.status_code != 200]
    assert done
    assert {problem["type"] for problem in refused} <= {"/docs/problems#stale-version"}
    assert sorted(changed["version"] for changed in done) == list(range(2, 2 + len(done)))
    last = max(done, key=lambda changed: int(changed["version"]))
    assert (await ann.get(address)).json() == last


async def test_a_task_completed_by_many_at_once_is_completed_once(ann: Person) -> None:
    task = await ann.new_task()
    answers = await asyncio.gather(*(ann.post(f"/api/tasks/{task['id']}/complete") for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    found = (await ann.get(f"/api/tasks/{task['id']}")).json()
    assert (found["status"], found["version"]) == ("completed", 2)


async def test_a_task_deleted_by_many_at_once_is_deleted_once(ann: Person) -> None:
    task = await ann.new_task()
    answers = await asyncio.gather(*(ann.delete(f"/api/tasks/{task['id']}") for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [204] + [404] * 9


async def test_complete_marks_as_completed_and_is_idempotent(ann: Person, tasks: str) -> None:
    task = await ann.new_task()
    first = await ann.post(f"{tasks}/{task['id']}/complete")
    assert first.status_code == 200
    done = first.json()
    assert (done["status"], done["version"]) == ("completed", 2)
    assert moment(done["created_at"]) < moment(done["completed_at"]) == moment(done["updated_at"])
    again = await ann.post(f"{tasks}/{task['id']}/complete")
    assert again.status_code == 200
    assert again.json() == done


async def test_toggle_flips_between_completed_and_pending(ann: Person, tasks: str) -> None:
    task = await ann.new_task()
    seen = []
    for _ in range(4):
        answer = await ann.post(f"{tasks}/{task['id']}/toggle")
        assert answer.status_code == 200
        task = answer.json()
        seen.append((task["status"], task["completed_at"] is not None))
    assert seen == [("completed", True), ("pending", False)] * 2


@pytest.mark.parametrize("status", STATUSES)
async def test_completed_at_is_there_exactly_while_completed(status: str, ann: Person) -> None:
    task = await ann.new_task(status=status)
    assert (task["completed_at"] is not None) == (status == "completed")
    for other in STATUSES:
        task = (await ann.patch(f"/api/tasks/{task['id']}", json={"status": other})).json()
        assert task["status"] == other
        assert (task["completed_at"] is not None) == (other == "completed")


async def test_the_time_of_completion_outlives_other_changes(ann: Person) -> None:
    done = await ann.new_task(status="completed")
    changed = (await ann.patch(f"/api/tasks/{done['id']}", json={"title": "x", "status": "completed"})).json()
    assert changed["completed_at"] == done["completed_at"]


@pytest.mark.parametrize("action", ["complete", "toggle"])
async def test_an_action_takes_an_empty_body(action: str, ann: Person) -> None:
    task = await ann.new_task()
    answer = await ann.post(f"/api/tasks/{task['id']}/{action}", content=b"")
    assert answer.status_code == 200


async def test_a_deleted_task_is_gone_from_everywhere(ann: Person, tasks: str) -> None:
    task, other = await ann.new_task("deleted"), await ann.new_task("kept")
    address = f"{tasks}/{task['id']}"
    answer = await ann.delete(address)
    assert answer.status_code == 204
    assert answer.content == b""
    assert "content-type" not in answer.headers
    for method, path in (
        ("GET", address),
        ("PUT", address),
        ("PATCH", address),
        ("DELETE", address),
        ("POST", f"{address}/complete"),
        ("POST", f"{address}/toggle"),
    ):
        body = {"json": {"title": "x"}} if method in {"PUT", "PATCH"} else {}
        again = await ann.send(method, path, **body)
        assert again.status_code == 404, method
        assert again.json()["type"].endswith("#task-not-found")
    found = await ann.tasks()
    assert (found["items"], found["total"]) == ([other], 1)


async def test_the_list_is_newest_first(ann: Person, tasks: str) -> None:
    made = [await ann.new_task(str(number)) for number in range(5)]
    await ann.patch(f"/api/tasks/{made[0]['id']}", json={"title": "changed last"})
    found = (await ann.get(tasks)).json()
    assert [task["id"] for task in found["items"]] == [task["id"] for task in reversed(made)]
    assert all(moment(a["created_at"]) >= moment(b["created_at"]) for a, b in pairwise(found["items"]))


@pytest.fixture
async def twelve(ann: Person) -> list[str]:
    """The ids of twelve tasks, newest first."""
    made = [(await ann.new_task(str(number), status=STATUSES[number % 4]))["id"] for number in range(12)]
    return made[::-1]


STRETCHES: list[tuple[Json, int, int, int, int]] = [
    ({}, 0, 12, 1, 20),
    ({"page": 1}, 0, 12, 1, 20),
    ({"page_size": 5}, 0, 5, 1, 5),
    ({"page": 2, "page_size": 5}, 5, 10, 2, 5),
    ({"page": 3, "page_size": 5}, 10, 12, 3, 5),
    ({"page": 4, "page_size": 5}, 12, 12, 4, 5),
    ({"page": 1000, "page_size": 100}, 12, 12, 1000, 100),
    ({"page": 12, "page_size": 1}, 11, 12, 12, 1),
    ({"page_size": 100}, 0, 12, 1, 100),
    ({"skip": 0}, 0, 12, 1, 20),
    ({"limit": 3}, 0, 3, 1, 3),
    ({"skip": 3, "limit": 3}, 3, 6, 2, 3),
    ({"skip": 11, "limit": 100}, 11, 12, 1, 100),
    ({"skip": 12}, 12, 12, 1, 20),
    ({"skip": 2**31 - 1, "limit": 100}, 12, 12, 2**31 // 100 + 1, 100),
]
"""The query; from which to which task, on which page of which size."""


async def test_the_list_comes_in_stretches(ann: Person, tasks: str, twelve: list[str]) -> None:
    for query, start, stop, page, page_size in STRETCHES:
        found = (await ann.get(tasks, params=query)).json()
        assert [task["id"] for task in found["items"]] == twelve[start:stop], query
        assert (found["total"], found["page"], found["page_size"]) == (12, page, page_size), query


async def test_repeated_statuses_mean_any_of_them(ann: Person, tasks: str, twelve: list[str]) -> None:
    for wanted in (["pending"], ["completed", "cancelled"], ["pending", "pending"], list(STATUSES)):
        found = (await ann.get(tasks, params={"status": wanted, "page_size": 2})).json()
        assert found["total"] == 3 * len(set(wanted))
        expected = [id_ for number, id_ in enumerate(twelve) if STATUSES[(11 - number) % 4] in wanted]
        assert [task["id"] for task in found["items"]] == expected[:2]


async def test_a_status_that_nothing_has_finds_nothing(ann: Person) -> None:
    await ann.new_task()
    assert await ann.tasks(status="cancelled") == {
        "items": [],
        "total": 0,
        "page": 1,
        "page_size": 20,
        "next_cursor": None,
    }


WRONG_QUERIES = {
    "page=0": "page",
    "page=-1": "page",
    "page=100000000000000000000": "page",
    "page=9223372036854775807": "page",
    "page=2147483648": "page",
    "page=x": "page",
    "page=": "page",
    "page=1.5": "page",
    "page=NaN": "page",
    "page=%00": "page",
    "page=1%00": "page",
    "page_size=0": "page_size",
    "page_size=101": "page_size",
    "page_size=-1": "page_size",
    "page_size=100000000000000000000": "page_size",
    "skip=-1": "skip",
    "skip=100000000000000000000": "skip",
    "limit=0": "limit",
    "limit=101": "limit",
    "limit=1e2": "limit",
    "status=done": "status/0",
    "status=": "status/0",
    "status=pending,completed": "status/0",
    "status=pending&status=done": "status/1",
    "status=pending%00": "status/0",
    "status=%ED%A0%80": "status/0",
    "status=%ff": "status/0",
    "nonsense=1": "nonsense",
    "nonsense": "nonsense",
    "Status=pending": "Status",
    "status%00=pending": "status\x00",
    "owner_id=1": "owner_id",
    "user_id=1": "user_id",
    "access_token=1": "access_token",
}
"""The query, and the parameter that is wrong in it."""


async def test_a_wrong_query_is_refused_by_its_pointer(ann: Person, tasks: str) -> None:
    answers = {query: await ann.get(f"{tasks}?{query}") for query in WRONG_QUERIES}
    assert {query: answer.status_code for query, answer in answers.items()} == dict.fromkeys(WRONG_QUERIES, 422)
    pointers = {query: list(errors_of(answer.json())) for query, answer in answers.items()}
    assert pointers == {query: [f"/query/{name}"] for query, name in WRONG_QUERIES.items()}


async def test_there_is_one_way_of_paging_at_a_time(ann: Person, tasks: str) -> None:
    for by_page in ("page=1", "page_size=10", "page=1&page_size=10"):
        for by_skip in ("skip=0", "limit=10", "skip=0&limit=10"):
            answer = await ann.get(f"{tasks}?{by_page}&{by_skip}")
            assert answer.status_code == 422
            assert list(errors_of(answer.json()).values()) == ["paging_twice"]
