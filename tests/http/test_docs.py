"""The documentation in the browser: nothing is loaded from elsewhere."""

import re
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

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
