"""What clients are told while PostgreSQL fails: a request that can be done again is done again, the others are 503."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import httpx
import pytest
from sqlalchemy import URL

from adapters.sql import dsn, history, migrations
from tests.http.people import PASSWORD, Person, somebody
from tests.http.service import serving, settings_for
from tests.support.postgres import execute

CLIENTS: Final = 12
ROUNDS: Final = 10
END_THE_OTHERS: Final = """
SELECT pg_terminate_backend(pid, 5000)
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def url(fresh_postgres_url: URL) -> URL:
    await migrations.upgrade(fresh_postgres_url)
    return fresh_postgres_url


@pytest.fixture
async def http(url: URL) -> AsyncIterator[httpx.AsyncClient]:
    """A service of its own, whose role may do everything: this is not about rights."""
    async with serving(settings_for(url, unsafe_database_role=True)) as http:
        yield http


@pytest.fixture
async def ann(http: httpx.AsyncClient) -> Person:
    return await somebody(http)


@asynccontextmanager
async def another_session(url: URL) -> AsyncIterator[Any]:
    """Somebody else at the same database, in a transaction."""
    connection = await asyncpg.connect(**dsn.arguments(url))
    try:
        await connection.execute("SET deadlock_timeout = '30s'; BEGIN")
        yield connection
        await connection.execute("COMMIT")
    finally:
        await connection.close()


async def set_for_database(url: URL, setting: str) -> None:
    """Change a setting for connections that are made from now on, and end those that there are."""
    await execute(url, f'ALTER DATABASE "{url.database}" {setting}')
    await execute(url, END_THE_OTHERS)


def assert_come_again(answer: httpx.Response, code: str = "unavailable") -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["type"].endswith(f"#{code}")


async def test_a_request_after_the_connections_were_ended_is_answered_as_if_nothing_had_been(
    url: URL, ann: Person
) -> None:
    task = await ann.new_task()
    for turn in range(ROUNDS):
        await execute(url, END_THE_OTHERS)
        if turn % 2:
            assert (await ann.get(f"/api/tasks/{task['id']}")).status_code == 200
        else:
            await ann.new_task(f"{turn}")


async def test_many_clients_see_no_fault_of_the_service_while_connections_are_ended(url: URL, ann: Person) -> None:
    made: list[str] = []
    over = asyncio.Event()

    async def work(client: int) -> None:
        turn = 0
        while not over.is_set():
            turn += 1
            title = f"{client} {turn}"
            answer = await ann.post("/api/tasks", json={"title": title})
            if answer.status_code == 201:
                made.append(title)
                answer = await ann.get(f"/api/tasks/{answer.json()['id']}")
            if answer.status_code != 200:
                assert_come_again(answer)

    clients = [asyncio.create_task(work(client)) for client in range(CLIENTS)]
    for _ in range(ROUNDS):
        await asyncio.sleep(0.05)
        await execute(url, END_THE_OTHERS)
    over.set()
    await asyncio.gather(*clients)
    kept = await asyncpg.connect(**dsn.arguments(url))
    titles = [row["title"] for row in await kept.fetch("SELECT title FROM tasks")]
    await kept.close()
    assert len(titles) == len(set(titles)), "something was done twice"
    assert set(made) <= set(titles), "something was answered and not kept"
    assert made


async def test_a_database_that_takes_no_writes_is_503_and_not_ready(
    url: URL, postgres_server: URL, http: httpx.AsyncClient, ann: Person
) -> None:
    task, ben = await ann.new_task(), await somebody(http)
    credentials = {"email": ann.email, "password": PASSWORD}
    await set_for_database(url, "SET default_transaction_read_only = on")
    assert (await ann.get(f"/api/tasks/{task['id']}")).status_code == 200
    answers = [
        await ann.post("/api/tasks", json={"title": "another"}),
        await ann.patch(f"/api/tasks/{task['id']}", json={"title": "another"}),
        await ann.delete(f"/api/tasks/{task['id']}"),
        await http.post("/api/auth/login", json=credentials),
        await http.post("/api/auth/session", json=credentials),
        await http.post("/api/auth/refresh", json={"refresh_token": ann.refresh_token}),
        # What is refused is recorded; where that cannot be, it is not answered either.
        await ann.get(f"/api/tasks/{ben.id}"),
        await ann.get(f"/api/{ben.id}/tasks"),
    ]
    for answer in answers:
        assert_come_again(answer)
    readiness = await http.get("/readyz")
    assert (readiness.status_code, readiness.json()["detail"]) == (
        503,
        "The database takes no writes: it is read-only, or a standby.",
    )
    await execute(postgres_server, f'ALTER DATABASE "{url.database}" RESET default_transaction_read_only')
    # No connection was kept that a failed write had used.
    await ann.new_task("as before")


async def test_a_lock_that_is_not_given_in_time_is_503(url: URL, ann: Person) -> None:
    task = await ann.new_task()
    await set_for_database(url, "SET lock_timeout = '50ms'")
    async with another_session(url) as other:
        await other.execute("SELECT FROM tasks FOR UPDATE")
        assert_come_again(await ann.patch(f"/api/tasks/{task['id']}", json={"title": "another"}))
    assert (await ann.patch(f"/api/tasks/{task['id']}", json={"title": "another"})).status_code == 200


async def test_a_column_whose_type_changes_while_the_service_runs_is_not_noticed(url: URL, ann: Person) -> None:
    task = await ann.new_task()
    address = f"/api/tasks/{task['id']}"
    await asyncio.gather(*(ann.get(address) for _ in range(CLIENTS)))
    for length in (300, 400):
        await execute(url, f"ALTER TABLE tasks ALTER COLUMN title TYPE varchar({length})")
        assert (await ann.patch(address, json={"title": f"{length}"})).status_code == 200
        answers = await asyncio.gather(*(ann.get(address) for _ in range(CLIENTS)))
        assert {(answer.status_code, answer.json()["title"]) for answer in answers} == {(200, f"{length}")}


async def test_who_gives_way_in_a_deadlock_is_done_once_more(url: URL, ann: Person) -> None:
    first, second = sorted([(await ann.new_task())["id"], (await ann.new_task())["id"]])
    await set_for_database(url, "SET deadlock_timeout = '2s'")
    await ann.get("/api/tasks")
    async with another_session(url) as other:
        await other.execute(f"SELECT FROM tasks WHERE id = '{second}' FOR UPDATE")
        changing = asyncio.create_task(ann.patch("/api/tasks/bulk", json={"ids": [first, second], "priority": "high"}))
        while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        await other.execute(f"SELECT FROM tasks WHERE id = '{first}' FOR UPDATE")
    answer = await changing
    assert (answer.status_code, answer.json()) == (200, {"updated_count": 2})


OUT_OF_ORDER: Final = """
CREATE TABLE shuffled AS SELECT * FROM tasks;
DELETE FROM tasks;
VACUUM tasks;
INSERT INTO tasks SELECT * FROM shuffled ORDER BY md5(id::text)
"""


async def test_a_tag_is_renamed_beside_a_change_of_many_tasks_that_lie_out_of_order(url: URL, ann: Person) -> None:
    tag = (await ann.post("/api/tags", json={"name": "red"})).json()["id"]
    made = await ann.post("/api/tasks/bulk", json={"items": [{"title": "x", "tags": ["red"]}] * 1000})
    ids = [task["id"] for task in made.json()["items"]]
    for statement in OUT_OF_ORDER.split(";"):
        await execute(url, statement)
    for turn in range(ROUNDS):
        answers = await asyncio.gather(
            ann.patch("/api/tasks/bulk", json={"ids": ids, "priority": "high" if turn % 2 else "low"}),
            ann.patch(f"/api/tags/{tag}", json={"name": f"red {turn}"}),
            ann.delete("/api/tasks?status=completed"),
            ann.delete("/api/tasks/trash?all=true"),
        )
        assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
    await execute(url, END_THE_OTHERS)  # A session adds what it has counted at its end.
    counted = await asyncpg.connect(**dsn.arguments(url))
    deadlocks = await counted.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    await counted.close()
    assert deadlocks == 0, "tasks are not locked in one order everywhere"


async def test_a_schema_of_another_version_is_503_and_a_mistake_is_not(
    url: URL, http: httpx.AsyncClient, ann: Person
) -> None:
    await execute(url, "ALTER TABLE tasks RENAME COLUMN title TO heading")
    assert (await ann.get("/api/tasks")).status_code == 500
    await execute(url, f"UPDATE alembic_version SET version_num = '{history.revisions()[-2]}'")  # noqa: S608 - a revision
    for _ in range(2):
        assert_come_again(await ann.get("/api/tasks"), "wrong-store-version")
        assert_come_again(await ann.post("/api/tasks", json={"title": "x"}), "wrong-store-version")
    assert history.expected_revision() in (await http.get("/readyz")).json()["detail"]
