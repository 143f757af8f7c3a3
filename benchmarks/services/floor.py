"""The floor: the least that a task service on PostgreSQL can do. One statement a request, and nothing checked twice."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import jwt
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uuid_utils.compat import uuid7

_CONNECTIONS: Final = 32
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS tasks (
    owner uuid NOT NULL,
    id uuid NOT NULL,
    title text NOT NULL,
    description text,
    status text NOT NULL DEFAULT 'pending',
    priority text NOT NULL DEFAULT 'medium',
    due_date timestamptz,
    tags text[] NOT NULL DEFAULT '{}',
    assignee_id uuid,
    created_by uuid NOT NULL,
    completed_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (owner, id)
);
CREATE INDEX IF NOT EXISTS tasks_newest_idx ON tasks (owner, created_at, id)
"""
_GET: Final = "SELECT * FROM tasks WHERE owner = $1 AND id = $2"
_LIST: Final = """
SELECT *, count(*) OVER () AS total FROM tasks WHERE owner = $1 ORDER BY created_at DESC, id DESC LIMIT 20
"""
_LIST_SOME: Final = """
SELECT *, count(*) OVER () AS total FROM tasks WHERE owner = $1 AND status = $2 AND priority = $3
ORDER BY created_at DESC, id DESC LIMIT 20
"""
_CREATE: Final = """
INSERT INTO tasks (owner, id, title, description, priority, status, tags, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $1) RETURNING *
"""


def create_app() -> Starlette:
    """The service; for ``uvicorn --factory``."""
    routes = [
        Route("/tasks/{id}", _get),
        Route("/tasks", _list),
        Route("/tasks", _create, methods=["POST"]),
        Route("/readyz", _ready),
    ]
    app = Starlette(routes=routes, lifespan=_lifespan, exception_handlers={jwt.InvalidTokenError: _refused})
    app.state.secret = os.environ["FLOOR_SECRET"]
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    url = os.environ["FLOOR_DATABASE_URL"]
    async with asyncpg.create_pool(url, min_size=_CONNECTIONS, max_size=_CONNECTIONS, reset=_as_it_is) as pool:
        await pool.execute(_SCHEMA)
        app.state.pool = pool
        yield


async def _as_it_is(_: Any) -> None:
    """Spare the round trip that would clean a connection which comes back."""


def _owner(request: Request) -> str:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    subject: str = jwt.decode(token, request.app.state.secret, algorithms=["HS256"])["sub"]
    return subject


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value, default=str), status, media_type="application/json")


async def _get(request: Request) -> Response:
    row = await request.app.state.pool.fetchrow(_GET, _owner(request), request.path_params["id"])
    return Response(status_code=404) if row is None else _json(dict(row))


async def _list(request: Request) -> Response:
    pool, asked = request.app.state.pool, request.query_params
    found = (
        pool.fetch(_LIST_SOME, _owner(request), asked["status"], asked["priority"])
        if "status" in asked
        else pool.fetch(_LIST, _owner(request))
    )
    items = [dict(row) for row in await found]
    total = items[0]["total"] if items else 0
    for item in items:
        del item["total"]
    return _json({"items": items, "total": total})


async def _create(request: Request) -> Response:
    owner, task = _owner(request), orjson.loads(await request.body())
    texts = (task[name] for name in ("title", "description", "priority", "status"))
    row = await request.app.state.pool.fetchrow(_CREATE, owner, uuid7(), *texts, task["tags"])
    return _json(dict(row), 201)


async def _ready(_: Request) -> Response:
    return Response()


async def _refused(_: Request, __: Exception) -> Response:
    return Response(status_code=401)
