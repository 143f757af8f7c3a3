"""What every answer carries, and the ways into the service. The answers of the whole suite are checked for the rest."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import URL

from tests.http.document import PROBLEM
from tests.http.people import PASSWORD, Person, new_email
from tests.http.service import serving, settings_for

HSTS = "strict-transport-security"
PAGES = ("/docs", "/docs/problems", "/docs/start.js", "/openapi.json", "/livez", "/readyz")


@pytest.mark.parametrize(
    "path", ["/api/tasks", "/api/nothing", "/api/users/me", "/api", "/api/x/tasks", "/api/tasks/x"]
)
async def test_nothing_below_api_is_stored_anywhere(path: str, ann: Person) -> None:
    for answer in (await ann.get(path), await ann.http.get(path), await ann.http.put(path)):
        assert answer.headers.get_list("cache-control") == ["no-store"]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/livez/", "/", "/nothing", "/docs/nothing"])
async def test_what_a_probe_is_told_and_what_is_not_there_is_stored_nowhere(path: str, http: httpx.AsyncClient) -> None:
    assert (await http.get(path)).headers.get_list("cache-control") == ["no-store"]


@pytest.mark.parametrize("path", [*PAGES, "/", "/nothing", "/api/tasks", "/docs/assets/swagger-ui.css"])
async def test_every_answer_has_the_security_headers_once(path: str, ann: Person) -> None:
    answer = await ann.get(path)
    for name in ("x-content-type-options", "referrer-policy", "content-security-policy", "x-request-id"):
        assert len(answer.headers.get_list(name)) == 1, name
    policy = answer.headers["content-security-policy"]
    assert ("default-src 'none'" in policy) == (not path.startswith("/docs"))
    assert "unsafe-eval" not in policy
    assert "script-src 'unsafe-inline'" not in policy
    assert HSTS not in answer.headers


async def test_no_page_may_be_framed_by_another(http: httpx.AsyncClient) -> None:
    for path in (*PAGES, "/nothing"):
        assert "frame-ancestors 'none'" in (await http.get(path)).headers["content-security-policy"], path


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://taskward.test", "http://localhost"])
async def test_no_other_origin_is_allowed_anything(origin: str, ann: Person) -> None:
    preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    for answer in (
        await ann.get("/api/tasks", headers={"Origin": origin}),
        await ann.http.options("/api/tasks", headers=preflight),
        await ann.http.get("/api/tasks", headers={"Origin": origin}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", ""])
async def test_nothing_in_an_answer_depends_on_the_host_header(host: str, ann: Person) -> None:
    headers = {"Host": host, "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    answer = await ann.post("/api/tasks", json={"title": "x"}, headers=headers)
    assert answer.status_code == 201
    assert "evil" not in str(answer.headers)
    assert "evil" not in answer.text


class TestWhereHttpsIsRequired:
    """The service with ``REQUIRE_HTTPS``; the scheme is what the server says it is."""

    @pytest.fixture
    async def plain(self, migrated_sqlite_url: URL) -> AsyncIterator[httpx.AsyncClient]:
        async with serving(settings_for(migrated_sqlite_url, require_https=True)) as http:
            yield http

    @pytest.fixture
    async def secure(self, migrated_sqlite_url: URL) -> AsyncIterator[httpx.AsyncClient]:
        settings = settings_for(migrated_sqlite_url, require_https=True)
        async with serving(settings, origin="https://taskward.test") as http:
            yield http

    @pytest.mark.parametrize("path", ["/api/tasks", "/", "/docs", "/openapi.json", "/nothing", "/livez/x"])
    async def test_plain_requests_are_refused(self, path: str, plain: httpx.AsyncClient) -> None:
        for method in ("GET", "POST", "TRACE"):
            answer = await plain.request(method, path)
            assert answer.status_code == 403
            assert answer.headers["content-type"] == PROBLEM
            assert answer.json()["type"].endswith("#https-required")

    async def test_plain_requests_write_nothing(self, plain: httpx.AsyncClient, secure: httpx.AsyncClient) -> None:
        body = {"email": new_email(), "password": PASSWORD}
        assert (await plain.post("/api/auth/register", json=body)).status_code == 403
        assert (await secure.post("/api/auth/login", json=body)).status_code == 401
        assert (await secure.post("/api/auth/register", json=body)).status_code == 201

    async def test_a_client_cannot_say_that_it_was_https(self, plain: httpx.AsyncClient) -> None:
        for headers in (
            {"X-Forwarded-Proto": "https"},
            {"Forwarded": "proto=https"},
            {"X-Forwarded-Ssl": "on"},
            {"Front-End-Https": "on"},
        ):
            assert (await plain.get("/api/tasks", headers=headers)).status_code == 403

    @pytest.mark.parametrize("path", ["/livez", "/readyz", "/livez/"])
    async def test_probes_are_answered_all_the_same(self, path: str, plain: httpx.AsyncClient) -> None:
        assert (await plain.get(path)).status_code == 200

    async def test_browsers_are_told_to_come_by_https_only(self, secure: httpx.AsyncClient) -> None:
        for path in ("/livez", "/docs", "/api/tasks", "/nothing"):
            directives = (await secure.get(path)).headers[HSTS].split("; ")
            age = next(d for d in directives if d.startswith("max-age="))
            assert int(age.removeprefix("max-age=")) >= 31_536_000
            assert "includeSubDomains" in directives
