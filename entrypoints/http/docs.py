"""The documentation in the browser, served from here: no page of ours loads anything from elsewhere."""

from html import escape
from mimetypes import guess_type
from pathlib import Path
from typing import Final

import fastapi_offline
from fastapi import FastAPI

from entrypoints.http.pages import Page, serve_page
from entrypoints.http.problem_types import every_type
from entrypoints.http.problems import PAGE
from entrypoints.http.responses import Json

_ASSETS: Final = Path(fastapi_offline.__file__).parent / "static"
_FILES: Final = ("favicon.png", "swagger-ui.css", "swagger-ui-bundle.js")
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
    """Serve ``/docs`` with its files, the page that explains every problem, and the OpenAPI document."""
    for name in _FILES:
        media_type = guess_type(name)[0] or "application/octet-stream"
        serve_page(app, f"/docs/assets/{name}", Page((_ASSETS / name).read_bytes, media_type))
    serve_page(app, "/docs", Page(_SWAGGER.encode, "text/html"))
    serve_page(app, "/docs/start.js", Page(_START.encode, "text/javascript"))
    serve_page(app, PAGE, Page(lambda: _problem_page().encode(), "text/html"))
    serve_page(app, "/openapi.json", Page(lambda: bytes(Json(app.openapi()).body), Json.media_type))


def _problem_page() -> str:
    rows = "".join(
        f'<dt id="{escape(each.code)}">{escape(each.code)} ({each.status})</dt><dd>{escape(each.detail)}</dd>'
        for each in every_type()
    )
    return f"{_PROBLEMS}<dl>{rows}</dl></body></html>"
