"""The service that the suite talks to: once on SQLite, once on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from sqlalchemy import URL, make_url

from adapters.sql import migrations
from entrypoints.container import Service
from entrypoints.http.app import create_app
from tests.http.people import Company, Person, somebody
from tests.http.service import client, quiet_log, running, settings_for


@pytest.fixture(scope="session", autouse=True)
def _quiet_log() -> Iterator[None]:
    with quiet_log():
        yield


@pytest.fixture(scope="session")
async def migrated_sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> URL:
    url = make_url(f"sqlite:///{tmp_path_factory.mktemp('http') / 'taskward.db'}")
    await migrations.upgrade(url)
    return url


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> URL:
    """A database with its tables; on PostgreSQL as the service's own role, whom row-level security holds."""
    found: URL = request.getfixturevalue("migrated_sqlite_url" if request.param == "sqlite" else "service_url")
    return found


@pytest.fixture(scope="session")
async def service(url: URL) -> AsyncIterator[Service]:
    async with running(settings_for(url)) as service:
        yield service


@pytest.fixture(scope="session")
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is not signed in."""
    async with client(create_app(service)) as http:
        yield http


@pytest.fixture
async def ann(http: httpx.AsyncClient) -> Person:
    return await somebody(http)


@pytest.fixture
async def ben(http: httpx.AsyncClient) -> Person:
    """Somebody else."""
    return await somebody(http)


@pytest.fixture
async def company(ann: Person) -> Company:
    """Somebody in every role of one organisation, which Ann has founded."""
    people = {role: await somebody(ann.http) for role in ("viewer", "member", "admin")}
    organization = await ann.new_organization("Firm")
    for role, person in people.items():
        await person.join(await ann.invite(organization, role))
    return people | {"owner": ann}


@pytest.fixture
async def firm(company: Company) -> str:
    """The id of their organisation."""
    (found,) = (await company["owner"].get("/api/organizations")).json()["items"]
    return str(found["id"])
