"""Requests with an Idempotency-Key: done once, answered as often as they are sent."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import URL

from adapters.sql.spaces import SqlOpenSpace
from adapters.system.clock import SetClock, SystemClock
from domain.ids import TaskId
from entrypoints.container import Service
from tests.http.belongings import belongings_of
from tests.http.document import Operation
from tests.http.offer import OPERATIONS
from tests.http.people import JSON_TYPE, Json, Person, bearer, somebody
from tests.http.service import KEYS, serving, settings_for

REPLAYED = "idempotency-replayed"
KEY = "Idempotency-Key"
GARBLED = (
    "", " ", "a b", "a\tb", "\xe9", "x" * 256, '"', '""', '"abc', '"abc" \\', '"a b"', '"abc";x=1', '"a", "b"', "a, b",
    '"' + "x" * 256 + '"', '"a\\b"', '"\xe9"',
)  # fmt: skip
KEYED = [o for o in OPERATIONS if any(p["name"] == KEY for p in o.spec.get("parameters", ()))]
every_keyed = pytest.mark.parametrize("operation", KEYED, ids=str)


def keyed(key: str | None = None) -> dict[str, str]:
    return {KEY: key or uuid4().hex}


def told(answer: httpx.Response) -> tuple[int, bytes, Any, Any]:
    """What a replay must have in common with the first answer."""
    return answer.status_code, answer.content, answer.headers.get("location"), answer.headers.get("etag")


async def ask(who: Person, operation: Operation, path: str, body: Json | None, headers: dict[str, str]) -> Any:
    sent: Any = {} if body is None or not operation.has_body else {"json": body}
    return await who.send(operation.method, path, headers=headers, **sent)


def test_every_post_that_makes_or_changes_items_takes_a_key() -> None:
    posts = {str(operation) for operation in OPERATIONS if operation.method == "POST"}
    others = {post for post in posts if post.startswith(("POST /api/auth/", "POST /api/users/"))}
    others |= {post for post in posts if "invitations" in post}
    assert {str(operation) for operation in KEYED} == posts - others
    for operation in KEYED:
        assert operation.spec["responses"].keys() >= {"400", "409", "422"}


@every_keyed
async def test_a_request_that_is_sent_again_is_answered_again_and_not_done_again(
    operation: Operation, ann: Person
) -> None:
    mine = await belongings_of(ann, operation)
    headers = keyed()
    first = await ask(ann, operation, mine.at(), mine.body, headers)
    assert first.is_success
    assert REPLAYED not in first.headers
    after = await ann.everything()
    for _ in range(2):
        again = await ask(ann, operation, mine.at(), mine.body, headers)
        assert told(again) == told(first)
        assert again.headers[REPLAYED] == "true"
        assert again.headers["content-type"] == first.headers["content-type"]
    assert await ann.everything() == after


async def test_the_first_answer_is_told_whatever_has_become_of_the_task(ann: Person) -> None:
    headers = keyed()
    first = await ann.post("/api/tasks", json={"title": "x"}, headers=headers)
    await ann.patch(f"/api/tasks/{first.json()['id']}", json={"title": "y"})
    assert told(await ann.post("/api/tasks", json={"title": "x"}, headers=headers)) == told(first)
    await ann.delete(f"/api/tasks/{first.json()['id']}")
    assert told(await ann.post("/api/tasks", json={"title": "x"}, headers=headers)) == told(first)
    assert (await ann.tasks())["total"] == 0


async def test_toggling_twice_with_one_key_is_toggling_once(ann: Person) -> None:
    task = await ann.new_task()
    headers = keyed()
    for _ in range(2):
        answer = await ann.post(f"/api/tasks/{task['id']}/toggle", headers=headers)
        assert answer.json()["status"] == "completed"
    assert (await ann.get(f"/api/tasks/{task['id']}")).json() == answer.json()


async def test_a_key_comes_with_one_request_only(ann: Person) -> None:
    headers, tasks = keyed(), [await ann.new_task() for _ in range(2)]
    first = await ann.post("/api/tasks", json={"title": "x"}, headers=headers)
    before = await ann.everything()
    others = [
        await ann.post("/api/tasks", json={"title": "y"}, headers=headers),
        await ann.post("/api/tasks", content=b'{"title":  "x"}', headers=headers | JSON_TYPE),
        await ann.post(f"/api/{ann.id}/tasks", json={"title": "x"}, headers=headers),
        await ann.post("/api/organizations", json={"name": "x"}, headers=headers),
        await ann.post(f"/api/tasks/{tasks[0]['id']}/complete", headers=headers),
    ]
    assert {answer.status_code for answer in others} == {422}
    for answer in others:
        assert answer.json()["type"] == "/docs/problems#idempotency-key-reused"
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/header/Idempotency-Key"]
    assert await ann.everything() == before
    assert told(await ann.post("/api/tasks", json={"title": "x"}, headers=headers)) == told(first)


async def test_a_key_comes_with_one_body_only_where_none_is_taken_too(ann: Person) -> None:
    headers, task = keyed(), await ann.new_task()
    first = await ann.post(f"/api/tasks/{task['id']}/toggle", headers=headers)
    assert first.json()["status"] == "completed"
    answer = await ann.post(f"/api/tasks/{task['id']}/toggle", json={}, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (422, "/docs/problems#idempotency-key-reused")
    assert told(await ann.post(f"/api/tasks/{task['id']}/toggle", headers=headers)) == told(first)


async def test_under_another_condition_it_is_another_request(ann: Person) -> None:
    task = await ann.new_task()
    headers, path = keyed() | {"If-Match": '"v1"'}, f"/api/tasks/{task['id']}/toggle"
    first = await ann.post(path, headers=headers)
    assert (first.status_code, first.headers["etag"]) == (200, '"v2"')
    unconditional = {name: value for name, value in headers.items() if name == KEY}
    for other in (unconditional, *(unconditional | {"If-Match": tags} for tags in ('"v2"', "*", '"v1", "v2"'))):
        answer = await ann.post(path, headers=other)
        assert (answer.status_code, answer.json()["type"]) == (422, "/docs/problems#idempotency-key-reused")
    assert told(await ann.post(path, headers=headers)) == told(first)
    assert (await ann.get(f"/api/tasks/{task['id']}")).json() == first.json()


async def test_everybody_has_keys_of_their_own(ann: Person, ben: Person) -> None:
    headers = keyed()
    first = await ann.post("/api/tasks", json={"title": "ann's"}, headers=headers)
    second = await ben.post("/api/tasks", json={"title": "ben's"}, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert REPLAYED not in second.headers
    assert second.json()["title"] == "ben's"
    third = await (await ann.sign_in_again()).post("/api/tasks", json={"title": "ann's"}, headers=headers)
    assert told(third) == told(first)


async def test_a_key_is_the_same_with_quotes_and_without(ann: Person) -> None:
    key = uuid4().hex
    first = await ann.post("/api/tasks", json={"title": "x"}, headers={KEY: f'"{key}"'})
    again = await ann.post("/api/tasks", json={"title": "x"}, headers={KEY: f" {key} "})
    assert told(again) == told(first)
    assert (await ann.post("/api/tasks", json={"title": "x"}, headers={KEY: f'"{key}\\""'})).status_code == 201


@pytest.mark.parametrize("key", ["x", "~" * 255, '"' + "!" * 255 + '"', "a,b", 'a"b'])
async def test_a_key_is_up_to_255_visible_characters(key: str, ann: Person) -> None:
    first = await ann.post("/api/tasks", json={"title": "x"}, headers={KEY: key})
    assert first.status_code == 201
    assert told(await ann.post("/api/tasks", json={"title": "x"}, headers={KEY: key})) == told(first)


@pytest.mark.parametrize("key", GARBLED)
async def test_a_garbled_key_is_refused_and_nothing_is_done(key: str, ann: Person) -> None:
    answer = await ann.post("/api/tasks", json={"title": "x"}, headers={KEY: key.encode("latin-1")})
    assert answer.status_code == 400
    assert answer.json()["type"] == "/docs/problems#malformed-idempotency-key"
    assert (await ann.tasks())["total"] == 0


async def test_two_keys_are_refused_even_if_they_are_the_same(ann: Person) -> None:
    headers = [("Authorization", f"Bearer {ann.access_token}"), (KEY, "one"), (KEY, "one")]
    answer = await ann.http.post("/api/tasks", json={"title": "x"}, headers=headers)
    assert answer.status_code == 400
    assert (await ann.tasks())["total"] == 0


@every_keyed
async def test_401_and_403_come_before_anything_about_the_key(operation: Operation, ann: Person, ben: Person) -> None:
    mine = await belongings_of(ann, operation)
    headers = keyed()
    assert (await ask(ann, operation, mine.at(), mine.body, headers)).is_success
    if "{owner_id}" in operation.path:
        assert (await ask(ben, operation, mine.at(), mine.body, headers)).status_code == 403
    await ann.post("/api/auth/logout")
    for key in (headers, keyed("other"), {KEY: "garb led"}):
        assert (await ask(ann, operation, mine.at(), mine.body, key)).status_code == 401


async def test_a_refused_request_leaves_its_key_free(ann: Person) -> None:
    headers, task = keyed(), await ann.new_task()
    nowhere = f"/api/tasks/{uuid4()}/complete"
    assert (await ann.post("/api/tasks", json={"title": ""}, headers=headers)).status_code == 422
    assert (await ann.post(nowhere, headers=headers)).status_code == 404
    stale = headers | {"If-Match": '"v9"'}
    address = f"/api/tasks/{task['id']}/complete"
    assert (await ann.post(address, headers=stale)).status_code == 412
    answer = await ann.post(address, headers=headers | {"If-Match": '"v1"'})
    assert answer.status_code == 200
    assert REPLAYED not in answer.headers
    assert told(await ann.post(address, headers=headers | {"If-Match": '"v1"'})) == told(answer)


async def test_of_many_at_once_one_is_done(ann: Person) -> None:
    headers = keyed()
    answers = await asyncio.gather(*(ann.post("/api/tasks", json={"title": "x"}, headers=headers) for _ in range(50)))
    made = [answer for answer in answers if answer.status_code == 201]
    running = [answer for answer in answers if answer.status_code == 409]
    assert len([answer for answer in made if REPLAYED not in answer.headers]) == 1
    assert len(made) + len(running) == 50
    assert {answer.json()["type"] for answer in running} <= {"/docs/problems#still-running"}
    assert len({told(answer) for answer in made}) == 1
    assert (await ann.tasks())["total"] == 1


async def test_what_is_still_running_is_said_to_be_so(ann: Person, service: Service) -> None:
    task, headers = await ann.new_task(), keyed()
    address = f"/api/tasks/{task['id']}/complete"
    actor = service.application.authenticate(ann.access_token)
    async with SqlOpenSpace(service._database, SystemClock())(actor, None) as space:
        await space.tasks.get(TaskId(UUID(task["id"])))  # held: whoever wants to change it waits
        first = asyncio.create_task(ann.post(address, headers=headers))
        await asyncio.sleep(0.2)
        assert not first.done()
        second = await ann.post(address, headers=headers)
        assert second.status_code == 409
        assert second.json()["type"] == "/docs/problems#still-running"
    done = await first
    assert done.status_code == 200
    assert told(await ann.post(address, headers=headers)) == told(done)


async def test_two_services_on_one_database_do_it_once(url: URL) -> None:
    """As two workers, or two hosts: neither sees what the other is doing but through the database."""
    async with serving(settings_for(url)) as one, serving(settings_for(url)) as other:
        ann = await somebody(one)
        sent = {"json": {"title": "x"}, "headers": bearer(ann.access_token) | keyed()}
        tries = [http.post("/api/tasks", **sent) for _ in range(10) for http in (one, other)]  # type: ignore[arg-type]
        answers = await asyncio.gather(*tries)
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len([a for a in answers if a.status_code == 201 and REPLAYED not in a.headers]) == 1
        assert (await ann.tasks())["total"] == 1


async def test_a_key_lives_for_a_day(url: URL) -> None:
    clock = SetClock(SystemClock()())
    async with serving(settings_for(url, access_token_minutes=1440, refresh_token_days=7), clock=clock) as http:
        ann = await somebody(http)
        headers = keyed()
        first = await ann.post("/api/tasks", json={"title": "x"}, headers=headers)
        clock.advance(timedelta(hours=23, minutes=59))
        assert told(await ann.post("/api/tasks", json={"title": "x"}, headers=headers)) == told(first)
        clock.advance(timedelta(minutes=1))
        ann = await ann.sign_in_again()
        second = await ann.post("/api/tasks", json={"title": "y"}, headers=headers)
        assert second.status_code == 201
        assert second.json()["id"] != first.json()["id"]


async def test_who_has_left_an_organization_is_not_answered_again(ann: Person, ben: Person) -> None:
    organization, headers = await ann.new_organization(), keyed()
    await ben.join(await ann.invite(organization, "member"))
    address = f"/api/{organization}/tasks"
    first = await ben.post(address, json={"title": "secret"}, headers=headers)
    assert told(await ben.post(address, json={"title": "secret"}, headers=headers)) == told(first)
    await ann.delete(f"/api/organizations/{organization}/members/{ben.id}")
    answer = await ben.post(address, json={"title": "secret"}, headers=headers)
    assert answer.status_code == 403
    assert "secret" not in answer.text


async def test_no_key_means_no_memory(ann: Person) -> None:
    made = [(await ann.post("/api/tasks", json={"title": "x"})).json()["id"] for _ in range(2)]
    assert len(set(made)) == 2


async def test_a_key_on_what_takes_none_is_left_alone(ann: Person) -> None:
    assert (await ann.get("/api/tasks", headers={KEY: "garb led"})).status_code == 200


# Answers that are lost


SECONDS_TO_START = 60


@asynccontextmanager
async def server(folder: Path, url: URL) -> AsyncIterator[httpx.AsyncClient]:
    """``taskward serve`` in a process of its own, which is given no time for anything at the end of the block."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = _start(folder, url, port)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http:
            await _until_ready(http, process)
            yield http
            process.kill()
    finally:
        process.kill()
        process.wait()


def _start(folder: Path, url: URL, port: int) -> subprocess.Popen[bytes]:
    settings = {
        "PORT": str(port),
        "ENVIRONMENT": "test",
        "BCRYPT_COST": "4",
        "RATE_LIMITS": "off",
        "SECRET_KEYS": KEYS,
        "DATABASE_URL": url.render_as_string(hide_password=False),
    }
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("taskward")), "serve"],
        cwd=folder,
        env=os.environ | {f"TASKWARD_{name}": value for name, value in settings.items()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def _until_ready(http: httpx.AsyncClient, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            if (await http.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.05)
    raise TimeoutError


async def _first_task(who: Person) -> list[Json]:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        found: list[Json] = (await who.tasks())["items"]
        if found:
            return found
        await asyncio.sleep(0.01)
    raise TimeoutError


async def test_an_answer_that_was_lost_with_the_server_is_told_by_the_next_one(url: URL, tmp_path: Path) -> None:
    """Nobody reads the first answer: once the task is there, the server is killed."""
    body, headers = b'{"title": "once"}', keyed()
    async with server(tmp_path, url) as http:
        ann = await somebody(http)
        _, writer = await asyncio.open_connection("127.0.0.1", http.base_url.port)
        lines = {"Host": "x", **JSON_TYPE, **headers, **bearer(ann.access_token), "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"POST /api/tasks HTTP/1.1\r\n{head}\r\n".encode() + body)
        found = await _first_task(ann)
    writer.close()
    async with server(tmp_path, url) as http:
        ann = replace(ann, http=http)
        answer = await ann.post("/api/tasks", content=body, headers=headers | JSON_TYPE)
        assert answer.status_code == 201
        assert answer.headers[REPLAYED] == "true"
        assert answer.headers["etag"] == '"v1"'
        assert answer.headers["location"] == f"/api/tasks/{found[0]['id']}"
        assert answer.json() == found[0]
        assert (await ann.tasks())["items"] == found


async def test_whenever_the_server_is_killed_each_request_is_done_once(url: URL, tmp_path: Path) -> None:
    bodies = {f"key-{number}": {"title": str(number)} for number in range(60)}

    async def send(who: Person, key: str) -> Json | None:
        try:
            answer = await who.post("/api/tasks", json=bodies[key], headers=keyed(key))
        except httpx.TransportError:
            return None
        return answer.json() if answer.status_code == 201 else None

    ann, answered = None, dict[str, Json]()
    for _ in range(2):
        async with server(tmp_path, url) as http:
            ann = await somebody(http) if ann is None else replace(ann, http=http)
            tries = {key: asyncio.create_task(send(ann, key)) for key in bodies if key not in answered}
            await asyncio.wait(tries.values(), return_when=asyncio.FIRST_COMPLETED)
        for key, answer in tries.items():
            if (task := await answer) is not None:
                answered[key] = task
    assert ann is not None
    async with server(tmp_path, url) as http:
        ann = replace(ann, http=http)
        for key in bodies:
            task = await send(ann, key)
            assert task is not None
            assert answered.get(key, task) == task
        titles = [task["title"] for task in (await ann.tasks(page_size=100))["items"]]
        assert sorted(titles, key=int) == [body["title"] for body in bodies.values()]
