"""Behind pgbouncer in transaction mode many people share few connections of the server. Nobody notices.

Each transaction may run where somebody else's has just run: what a connection remembers, it remembers for others.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx
import pytest
from sqlalchemy import URL, make_url

from adapters.sql import dsn, history, migrations
from adapters.sql.url import database_at, read_url
from domain.errors import Unavailable
from tests.http.people import Person, somebody
from tests.http.service import running, serving, settings_for
from tests.isolation.over_http import OverHttp
from tests.isolation.walk import walk
from tests.support import pgbouncer, postgres

SERVER_CONNECTIONS: Final = 3
PEOPLE: Final = 12
ROUNDS: Final = 8
SAID: Final = {"pgbouncer": "1"}
A_SERVICES_SETTINGS: Final = "extra_float_digits,statement_timeout,idle_in_transaction_session_timeout"


def through(pooler: URL, url: URL) -> URL:
    """The same database as the same role, reached through the pooler; the URL does not say so."""
    return url.set(host=pooler.host, port=pooler.port, query={})


@pytest.fixture(scope="module")
def pooler(postgres_server: URL, service_url: URL) -> Iterator[URL]:
    with pgbouncer.server(postgres_server, service_url, default_pool_size=str(SERVER_CONNECTIONS)) as url:
        yield url


@pytest.fixture(scope="module")
def pooled_url(pooler: URL, service_url: URL) -> URL:
    """The service's database, behind pgbouncer."""
    return through(pooler, service_url).set(query=SAID)


async def ready(url: URL) -> str | None:
    async with running(settings_for(url)) as service:
        return await service.application.check_readiness()


async def used_connections(superuser: URL, service: URL) -> set[int]:
    """The server's processes that serve this role."""
    connection = await asyncpg.connect(**dsn.arguments(superuser))
    try:
        rows = await connection.fetch("SELECT pid FROM pg_stat_activity WHERE usename = $1", service.username)
    finally:
        await connection.close()
    return {row["pid"] for row in rows}


# Isolation.


async def test_the_service_starts_and_is_ready(pooled_url: URL) -> None:
    async with serving(settings_for(pooled_url)) as http:
        assert (await http.get("/readyz")).status_code == 200


def test_whatever_people_do_each_sees_and_does_what_the_model_allows(pooled_url: URL) -> None:
    walk(lambda: OverHttp(pooled_url), examples=5, steps=30)


@asynccontextmanager
async def workers(url: URL, number: int) -> AsyncIterator[list[httpx.AsyncClient]]:
    """As many services, each with connections of its own to the pooler."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serving(settings_for(url))) for _ in range(number)]


async def work(person: Person, others: list[Person], through_workers: list[httpx.AsyncClient]) -> None:
    """Make things and look around, now through this worker and now through that one."""
    made: set[str] = set()
    for turn in range(ROUNDS):
        here = replace(person, http=through_workers[turn % len(through_workers)])
        made.add((await here.new_task(f"{person.id} {turn}"))["id"])
        page = (await here.get("/api/tasks?page_size=100")).json()
        assert ({task["id"] for task in page["items"]}, page["total"]) == (made, len(made))
        other = others[turn % len(others)]
        assert (await here.get(f"/api/{other.id}/tasks")).status_code == 403
        assert (await here.post(f"/api/tasks/{uuid4()}/complete")).status_code == 404


async def test_many_at_once_see_their_own_on_connections_that_they_share(
    pooled_url: URL, migrated_postgres_url: URL
) -> None:
    others = await used_connections(migrated_postgres_url, pooled_url)
    async with workers(pooled_url, 3) as clients:
        crowd = [await somebody(clients[0]) for _ in range(PEOPLE)]
        await asyncio.gather(*(work(one, [two for two in crowd if two is not one], clients) for one in crowd))
        assert len(await used_connections(migrated_postgres_url, pooled_url) - others) <= SERVER_CONNECTIONS


async def test_a_request_with_a_key_that_comes_many_times_at_once_is_done_once(pooled_url: URL) -> None:
    """What is held is held by the transaction and not by the connection."""
    key = {"Idempotency-Key": uuid4().hex}
    async with workers(pooled_url, 2) as clients:
        person = await somebody(clients[0])
        here = [replace(person, http=client) for client in clients]
        sending = [here[n % 2].post("/api/tasks", json={"title": "once"}, headers=key) for n in range(8)]
        statuses = {answer.status_code for answer in await asyncio.gather(*sending)}
        assert statuses <= {201, 409}
        assert (await person.tasks())["total"] == 1


# What a connection remembers.


async def test_nothing_is_left_on_the_connections(pooled_url: URL) -> None:
    async with serving(settings_for(pooled_url)) as http:
        person = await somebody(http)
        await asyncio.gather(*(person.new_task() for _ in range(SERVER_CONNECTIONS * 4)))
        for found in await asyncio.gather(*(remembered(pooled_url) for _ in range(SERVER_CONNECTIONS * 2))):
            assert found == ("", "", "0", 0)


async def remembered(url: URL) -> tuple[Any, ...]:
    """The context, the limit of statements and the prepared statements that a stranger finds."""
    connection = await asyncpg.connect(**dsn.arguments(url))
    try:
        return tuple(
            await connection.fetchrow(
                "SELECT coalesce(current_setting('app.space_id', true), ''), "
                "coalesce(current_setting('app.user_id', true), ''), current_setting('statement_timeout'), "
                "(SELECT count(*) FROM pg_prepared_statements WHERE name <> '')"
            )
        )
    finally:
        await connection.close()


@pytest.mark.parametrize("read_only", [True, False])
async def test_a_transaction_has_the_limits_that_it_has_without_a_pooler(
    pooled_url: URL, service_url: URL, *, read_only: bool
) -> None:
    for url in (pooled_url, service_url):
        database = database_at(url)
        await database.open()
        async with database.begin(read_only=read_only) as connection:
            raw: Any = connection
            for name, value in (("statement_timeout", "5s"), ("idle_in_transaction_session_timeout", "1min")):
                assert await raw.raw.fetchval(f"SHOW {name}") == value
        await database.close()


async def test_migrations_go_through_it_too(postgres_server: URL, fresh_postgres_url: URL) -> None:
    password = uuid4().hex
    owner = fresh_postgres_url.set(username=f"owner_{password}", password=password)
    await postgres.execute(postgres_server, f"CREATE ROLE {owner.username} LOGIN PASSWORD '{password}'")
    await postgres.execute(
        fresh_postgres_url,
        f'ALTER DATABASE "{owner.database}" OWNER TO {owner.username}; DROP SCHEMA public; '
        f"CREATE SCHEMA public AUTHORIZATION {owner.username}",
    )
    with pgbouncer.server(postgres_server, owner, default_pool_size="1") as pooler:
        url = through(pooler, owner).set(query=SAID)
        for revision in ("head", "base", "head"):
            await migrations.move(url, revision)
        assert await migrations.current_revision(url) == history.expected_revision()
        assert (await remembered(url))[-1] == 0
    await postgres.execute(fresh_postgres_url, f"DROP OWNED BY {owner.username} CASCADE")
    await postgres.execute(postgres_server, f'ALTER DATABASE "{owner.database}" OWNER TO CURRENT_USER')
    await postgres.execute(postgres_server, f"DROP ROLE {owner.username}")


# Where it is not as the URL says.


async def test_a_pooler_that_knows_no_settings_and_is_not_said_is_named(pooler: URL, service_url: URL) -> None:
    assert "?pgbouncer=1" in str(await ready(through(pooler, service_url)))


async def test_a_pooler_that_ignores_settings_and_is_not_said_is_named(postgres_server: URL, service_url: URL) -> None:
    with pgbouncer.server(postgres_server, service_url, ignore_startup_parameters=A_SERVICES_SETTINGS) as lenient:
        assert "?pgbouncer=1" in str(await ready(through(lenient, service_url)))
        others = await asyncpg.connect(**dsn.arguments(through(lenient, service_url).set(query=SAID)))
        assert await others.fetchval("SHOW plan_cache_mode") == "auto"
        await others.close()
        assert await ready(through(lenient, service_url).set(query=SAID)) is None


async def test_what_is_said_of_a_server_without_a_pooler_does_no_harm(service_url: URL) -> None:
    assert await ready(service_url.update_query_dict(SAID)) is None


async def test_a_server_that_is_gone_is_unavailable_and_no_fault(postgres_server: URL, service_url: URL) -> None:
    nowhere = postgres_server.set(host="127.0.0.1", port=1, query={})
    with pgbouncer.server(nowhere, service_url) as pooler:
        url = through(pooler, service_url).set(query=SAID)
        # The pooler itself waits for the server, perhaps for longer than the look at the database may take.
        assert await ready(url) in {"The database does not answer.", "The database does not answer in time."}
        database = database_at(url)
        await database.open()
        with pytest.raises(Unavailable):
            async with database.begin(read_only=True):
                raise AssertionError
        await database.close()


# The URL.


@pytest.mark.parametrize("said", ["2", "on", "1&pgbouncer=1"])
def test_a_url_that_says_something_else_of_pgbouncer_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="write \\?pgbouncer=1"):
        read_url(f"postgresql://taskward:secret@localhost/taskward?pgbouncer={said}")


def test_the_driver_is_not_told_what_is_said_to_the_service() -> None:
    said = make_url("postgresql://taskward:secret@localhost/taskward?sslmode=require&pgbouncer=1")
    assert dsn.arguments(said) == {
        "dsn": "postgresql://taskward:secret@localhost/taskward?sslmode=require",
        "statement_cache_size": 0,
    }
    assert "statement_cache_size" not in dsn.arguments(said.set(query={}))
