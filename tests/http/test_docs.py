"""The documentation in the browser: nothing is loaded from elsewhere."""

import re
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from entrypoints.container import Service
from entrypoints.http.app import create_app
from entrypoints.http.problem_types import every_type
from tests.http.service import ORIGIN


@pytest.mark.parametrize("page", ["/docs", "/docs/problems"])
async def test_a_page_loads_only_what_is_here(page: str, http: httpx.AsyncClient) -> None:
    answer = await http.get(page)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", answer.text), "the policy forbids scripts in the page"
    assert not re.findall(r"\son\w+=", answer.text)
    for address in re.findall(r"(?:src|href)=\"([^\"]+)\"", answer.text):
        found = urljoin(f"{ORIGIN}{page}", address)
        assert urlsplit(found).netloc == urlsplit(ORIGIN).netloc, address
        loaded = await http.get(found)
        assert loaded.status_code == 200, address
        assert loaded.content


async def test_the_documentation_loads_something(http: httpx.AsyncClient) -> None:
    text = (await http.get("/docs")).text
    assert len(re.findall(r"(?:src|href)=\"", text)) >= 3


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/docs/assets/swagger-ui.css", "text/css"),
        ("/docs/assets/swagger-ui-bundle.js", "text/javascript"),
        ("/docs/assets/favicon.png", "image/png"),
        ("/docs/start.js", "text/javascript"),
    ],
)
async def test_what_is_loaded_says_what_it_is(path: str, media_type: str, http: httpx.AsyncClient) -> None:
    answer = await http.get(path)
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert "'self'" in answer.headers["content-security-policy"]


async def test_the_documentation_shows_the_document_of_this_service(http: httpx.AsyncClient) -> None:
    addresses = re.findall(r"url:\s*\"([^\"]+)\"", (await http.get("/docs/start.js")).text)
    assert addresses == ["/openapi.json"]


async def test_every_problem_is_explained_once(http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs/problems")).text
    codes = [each.code for each in every_type()]
    assert len(codes) > 15
    assert len(set(codes)) == len(codes)
    assert re.findall(r'<dt id="([^"]+)">', page) == codes
    for each in every_type():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", each.code)
        assert 400 <= each.status < 600
        assert each.detail.endswith(".")


async def test_the_page_can_show_this_version_of_openapi(http: httpx.AsyncClient) -> None:
    version = (await http.get("/openapi.json")).json()["openapi"]
    script = (await http.get("/docs/assets/swagger-ui-bundle.js")).text
    assert version.rpartition(".")[0].replace(".", r"\.") in script


PAGES = (
    "/docs", "/docs/problems", "/docs/start.js", "/docs/assets/swagger-ui.css", "/docs/assets/swagger-ui-bundle.js",
    "/docs/assets/favicon.png", "/openapi.json",
)  # fmt: skip
PLAIN = {"Accept-Encoding": "identity"}


@pytest.mark.parametrize("path", PAGES)
async def test_what_is_the_same_for_everyone_is_asked_for_again_and_not_sent_again(
    path: str, http: httpx.AsyncClient
) -> None:
    for encoding in ({"Accept-Encoding": "gzip, br"}, PLAIN):
        answer = await http.get(path, headers=encoding)
        assert answer.headers["cache-control"] == "no-cache"
        assert "Accept-Encoding" in answer.headers["vary"]
        etag = answer.headers["etag"]
        assert re.fullmatch(r'"[\w-]{20,}"', etag)
        for seen in (etag, f"W/{etag}", f'"another", {etag}', "*"):
            again = await http.get(path, headers=encoding | {"If-None-Match": seen})
            assert (again.status_code, again.content) == (304, b"")
            for name in ("etag", "cache-control", "vary", "content-security-policy"):
                assert again.headers[name] == answer.headers[name]
        assert (await http.get(path, headers=encoding | {"If-None-Match": '"another"'})).status_code == 200
        assert (await http.get(path, headers=encoding | {"If-None-Match": "garbled"})).status_code == 400


@pytest.mark.parametrize("path", ["/openapi.json", "/docs/assets/swagger-ui-bundle.js", "/docs/problems"])
async def test_what_is_large_is_compressed_for_who_takes_that(path: str, http: httpx.AsyncClient) -> None:
    plain = await http.get(path, headers=PLAIN)
    assert "content-encoding" not in plain.headers
    for accepted in ("gzip", "GZIP;q=0.5", "br, gzip", "x-gzip"):
        answer = await http.get(path, headers={"Accept-Encoding": accepted})
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < len(plain.content) / 2
        assert answer.content == plain.content  # The client decompresses it.
        assert answer.headers["etag"] != plain.headers["etag"]
    for refused in ("", "br", "gzip;q=0", "gzip; q=0.0", "*"):
        answer = await http.get(path, headers={"Accept-Encoding": refused})
        assert "content-encoding" not in answer.headers
        assert answer.content == plain.content


async def test_what_is_small_or_compressed_already_is_sent_as_it_is(http: httpx.AsyncClient) -> None:
    for path in ("/docs/start.js", "/docs/assets/favicon.png"):
        answer = await http.get(path, headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in answer.headers


async def test_the_document_is_written_once(service: Service) -> None:
    app, written = create_app(service), list[object]()

    def write() -> dict[str, str]:
        written.append(None)
        return {"openapi": "3.1.0"}

    app.openapi = write  # type: ignore[method-assign]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN) as http:
        answers = [await http.get("/openapi.json", headers=headers) for headers in ({}, PLAIN, {"If-None-Match": "*"})]
    assert [answer.status_code for answer in answers] == [200, 200, 304]
    assert len(written) == 1
