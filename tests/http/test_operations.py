"""What probes are told: /livez while the process runs, /readyz while it can do its work."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import URL, make_url

from adapters.sql import history, migrations
from tests.http.people import PASSWORD
from tests.http.service import serving, settings_for
from tests.support.postgres import execute

OLDER = history.revisions()[-2]


async def test_a_service_that_can_do_its_work_says_so(http: httpx.AsyncClient) -> None:
    for path in ("/livez", "/readyz"):
        answer = await http.get(path)
        assert answer.status_code == 200
        assert answer.json() == {"status": "ok"}


async def test_probes_need_no_token_and_mind_none(http: httpx.AsyncClient) -> None:
    for path in ("/livez", "/readyz"):
        assert (await http.get(path, headers={"Authorization": "Bearer nonsense"})).status_code == 200


@pytest.fixture(params=["sqlite", "postgresql"])
def gone(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """The address of a database that is not there."""
    if request.param == "sqlite":
        return make_url(f"sqlite:///{tmp_path}/gone/taskward.db")
    url: URL = request.getfixturevalue("postgres_server")
    return url.set(database="taskward_gone")


@pytest.fixture
async def without_database(gone: URL) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(settings_for(gone)) as http:
        yield http


async def test_without_its_database_the_service_lives_and_is_not_ready(without_database: httpx.AsyncClient) -> None:
    answer = await without_database.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("#not-ready")
    assert answer.json()["detail"] in {
        "The database does not answer.",
        "The database has no tables yet: run 'taskward migrate'.",
    }
    assert (await without_database.get("/livez")).status_code == 200


async def test_without_its_database_the_service_answers_503_and_when_to_come_again(
    without_database: httpx.AsyncClient, ann_token: str
) -> None:
    headers = {"Authorization": f"Bearer {ann_token}"}
    answers = [
        await without_database.get("/api/tasks", headers=headers),
        await without_database.post("/api/tasks", headers=headers, json={"title": "x"}),
        await without_database.post("/api/tasks", headers=headers, json={"nonsense": "x"}),
        await without_database.get("/api/users/me", headers=headers),
        await without_database.post("/api/auth/logout", headers=headers),
        await without_database.post("/api/auth/login", json={"email": "ann@example.org", "password": PASSWORD}),
        await without_database.post("/api/auth/register", json={"email": "ann@example.org", "password": PASSWORD}),
        await without_database.post("/api/auth/refresh", json={"refresh_token": "x"}),
    ]
    for answer in answers:
        assert answer.status_code == 503, answer.request.url
        assert int(answer.headers["retry-after"]) >= 1
        assert "sql" not in answer.text.lower()


async def test_what_needs_no_database_is_answered_without_it(without_database: httpx.AsyncClient) -> None:
    for path, status in (("/api/nothing", 404), ("/api/tasks", 401), ("/docs", 200), ("/openapi.json", 200)):
        assert (await without_database.get(path)).status_code == status
    assert (await without_database.delete("/livez")).status_code == 405
    assert (await without_database.get("/api/tasks", headers={"Authorization": "Bearer x"})).status_code == 401


@pytest.fixture
async def ann_token(migrated_sqlite_url: URL) -> str:
    """A token that is good in every respect: all services of the tests share their keys."""
    async with serving(settings_for(migrated_sqlite_url)) as http:
        body = {"email": f"{id(http)}@example.org", "password": PASSWORD}
        await http.post("/api/auth/register", json=body)
        token: str = (await http.post("/api/auth/login", json=body)).json()["access_token"]
        return token


async def not_ready(url: URL) -> str:
    """The reason why a service on this database is not ready."""
    async with serving(settings_for(url, unsafe_database_role=True)) as http:
        answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert (await http.get("/livez")).status_code == 200
        detail: str = answer.json()["detail"]
        return detail


async def test_on_an_empty_database_the_service_is_not_ready(fresh_url: URL) -> None:
    assert "taskward migrate" in await not_ready(fresh_url)


async def test_after_the_last_downgrade_the_service_is_not_ready(fresh_url: URL) -> None:
    await migrations.upgrade(fresh_url)
    await migrations.move(fresh_url, "base")
    assert "taskward migrate" in await not_ready(fresh_url)


async def test_at_an_older_revision_the_service_is_not_ready(fresh_url: URL) -> None:
    await migrations.upgrade(fresh_url)
    await migrations.move(fresh_url, OLDER)
    reason = await not_ready(fresh_url)
    assert history.expected_revision() in reason
    assert "taskward migrate" in reason


async def test_at_a_revision_that_nobody_knows_the_service_is_not_ready(fresh_postgres_url: URL) -> None:
    await migrations.upgrade(fresh_postgres_url)
    await execute(fresh_postgres_url, "UPDATE alembic_version SET version_num = '9999'")
    assert await not_ready(fresh_postgres_url) == (
        f"The database is at revision 9999, newer than this version ({history.expected_revision()}):"
        " start the newer version."
    )


async def test_the_service_is_ready_as_soon_as_the_database_is(fresh_url: URL) -> None:
    await migrations.upgrade(fresh_url)
    await migrations.move(fresh_url, OLDER)
    async with serving(settings_for(fresh_url, unsafe_database_role=True)) as http:
        assert (await http.get("/readyz")).status_code == 503
        await migrations.upgrade(fresh_url)
        async with asyncio.timeout(30):
            # One verdict is good for two seconds.
            while (await http.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.1)


async def test_with_a_role_that_could_see_everything_the_service_is_not_ready(fresh_postgres_url: URL) -> None:
    await migrations.upgrade(fresh_postgres_url)
    async with serving(settings_for(fresh_postgres_url)) as http:
        answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert "TASKWARD_DATABASE_URL" in answer.json()["detail"]
