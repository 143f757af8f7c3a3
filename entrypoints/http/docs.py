"""The documentation in the browser, served from here: no page of ours loads anything from elsewhere."""

from html import escape
from pathlib import Path
from typing import Final

import fastapi_offline
from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from entrypoints.http.problem_types import every_type
from entrypoints.http.problems import PAGE
from entrypoints.http.routing import PlainRoute

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
        app.router.add_api_route(path, _answering(page), include_in_schema=False, route_class_override=PlainRoute)


def _answering(page: Response):  # type: ignore[no-untyped-def] # noqa: ANN202
    async def answer() -> Response:
        return Response(page.body, media_type=page.media_type)

    return answer


def _problem_page() -> str:
    rows = "".join(
        f'<dt id="{escape(each.code)}">{escape(each.code)} ({each.status})</dt><dd>{escape(each.detail)}</dd>'
        for each in every_type()
    )
    return f"{_PROBLEMS}<dl>{rows}</dl></body></html>"
