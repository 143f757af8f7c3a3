"""HEAD and OPTIONS, which every address takes (RFC 9110, section 9.3)."""

from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from entrypoints.http.methods import as_get
from tests.http.belongings import belongings_of
from tests.http.document import Operation
from tests.http.listening import statements
from tests.http.offer import OPERATIONS
from tests.http.people import Person, bearer
from tests.support.targets import exactly

PAGES = ("/docs", "/docs/problems", "/docs/start.js", "/docs/assets/swagger-ui.css", "/openapi.json")
READING = [operation for operation in OPERATIONS if operation.method == "GET"]


def head_of(answer: httpx.Response) -> tuple[int, dict[str, str]]:
    """Status and fields, but for what is new each time."""
    return answer.status_code, {name: text for name, text in answer.headers.items() if name != "x-request-id"}


@pytest.mark.parametrize("operation", READING, ids=str)
async def test_head_is_answered_as_get_is_without_content_and_costs_no_more(operation: Operation, ann: Person) -> None:
    at = (await belongings_of(ann, operation)).at()
    await ann.get(at)
    with statements() as for_get:
        asked = await ann.get(at)
    with statements() as for_head:
        answer = await ann.send("HEAD", at)
    assert head_of(answer) == head_of(asked)
    assert answer.content == b""
    assert int(answer.headers["content-length"]) == len(asked.content)
    assert len(for_head) <= len(for_get)


@pytest.mark.parametrize(
    "path", [*PAGES, "/api/nothing", "/nothing", "/api/tasks/x", "/api/tasks/bulk", "/api/x/tasks", "/api/auth/login"]
)
async def test_so_are_pages_and_refusals(path: str, ann: Person) -> None:
    for headers in ({}, bearer(ann.access_token)):
        asked = await ann.http.get(path, headers=headers)
        answer = await ann.http.head(path, headers=headers)
        assert head_of(answer) == head_of(asked)
        assert answer.content == b""


async def test_head_takes_conditions_as_get_does(ann: Person) -> None:
    task = await ann.new_task()
    answer = await ann.send("HEAD", f"/api/tasks/{task['id']}", headers={"If-None-Match": '"v1"'})
    assert (answer.status_code, answer.headers["etag"]) == (304, '"v1"')


async def test_the_answer_to_head_ends_with_its_head_where_get_goes_on() -> None:
    sent: list[Message] = []

    async def endless(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"more", "more_body": True})

    async def keep(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    scope, send = as_get({"type": "http", "method": "HEAD"}, keep)
    assert scope["method"] == "GET"
    await endless(scope, receive, send)
    assert sent == [
        {"type": "http.response.start", "status": 200, "headers": []},
        {"type": "http.response.body", "body": b"", "more_body": False},
    ]


@pytest.mark.parametrize("path", sorted({operation.path for operation in OPERATIONS}))
async def test_options_says_what_an_address_takes_and_nothing_of_what_is_there(path: str, ann: Person) -> None:
    operations = [operation for operation in OPERATIONS if operation.path == path]
    taken = {operation.method for operation in operations} | {"OPTIONS"}
    there, not_there = (
        (await belongings_of(ann, operations[0])).at().partition("?")[0],
        path.replace("{", "x").replace("}", "x"),
    )
    for at in (there, not_there):
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": f"Bearer {ann.access_token}"}):
            with statements() as sent:
                answer = await ann.http.options(at, headers=headers)
            assert (answer.status_code, answer.content, sent) == (204, b"", [])
            assert set(answer.headers["allow"].split(", ")) == taken | ({"HEAD"} if "GET" in taken else set())


@pytest.mark.parametrize("path", PAGES)
async def test_pages_take_get_and_head(path: str, http: httpx.AsyncClient) -> None:
    answer = await http.options(path)
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("path", ["/", "/nothing", "/api/nothing", "/api/tasks/", "/api//tasks", "/api/tasks/%2F", "*"])
async def test_where_there_is_nothing_options_is_404(path: str, http: httpx.AsyncClient) -> None:
    asked: Any = exactly(path)
    assert (await http.options("/", **asked)).status_code == 404
