"""The documentation in the browser, served from here: no page of ours loads anything from elsewhere."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

import fastapi_offline
from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from domain.errors import DomainError
from entrypoints.http.problems import OTHERS, PAGE, STATUS_OF, RequestRefused

_ASSETS: Final = Path(fastapi_offline.__file__).parent / "static"
_SWAGGER: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Taskward</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/assets/favicon.png"></head>
<body><div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>
"""
_PROBLEMS: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Problems</title></head><body><h1>Problems</h1>
"""
_START: Final = """SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true});"""


def serve_docs(app: FastAPI) -> None:
    """Serve ``/docs`` and the page that explains every problem."""
    app.mount("/docs/assets", StaticFiles(directory=_ASSETS), name="assets")
    pages = {
        "/docs": HTMLResponse(_SWAGGER),
        "/docs/start.js": Response(_START, media_type="text/javascript"),
        PAGE: HTMLResponse(_problem_page()),
    }
    for path, page in pages.items():
        app.add_api_route(path, _answering(page), include_in_schema=False)


def _answering(page: Response):  # type: ignore[no-untyped-def] # noqa: ANN202
    async def answer() -> Response:
        return Response(page.body, media_type=page.media_type)

    return answer


def problems() -> Iterator[tuple[str, int, str]]:
    """Every problem there can be: its code, its status, what to do."""
    for family, status in STATUS_OF.items():
        for kind in _with_subclasses(family):
            yield kind.code, int(status), getattr(kind, "detail", "See the list of errors.")
    for refusal in RequestRefused.__subclasses__():
        yield refusal.code, int(refusal.status), refusal.text
    for other, (code, detail) in OTHERS.items():
        yield code, other, detail


def _with_subclasses(family: type[DomainError]) -> Iterator[type[DomainError]]:
    yield family
    for kind in family.__subclasses__():
        yield from _with_subclasses(kind)


def _problem_page() -> str:
    rows = "".join(
        f'<dt id="{escape(code)}">{escape(code)} ({status})</dt><dd>{escape(detail)}</dd>'
        for code, status, detail in sorted(problems())
    )
    return f"{_PROBLEMS}<dl>{rows}</dl></body></html>"
