"""A service that really listens, in a thread of the process of the tests."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from entrypoints.proof.operations import operations_in
from entrypoints.proof.rules import Rule


@contextmanager
def listening(app: FastAPI, **options: Any) -> Iterator[str]:
    """Serve on a free port, in a thread; options are those of uvicorn."""
    # Said to be TCP, or else asyncio lets small answers wait for an acknowledgement.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # From now on requests wait for the server, however long it takes to start.
        settings: dict[str, Any] = {"log_level": "error", "access_log": False, "loop": "asyncio", "lifespan": "on"}
        server = uvicorn.Server(uvicorn.Config(app, **settings | options))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def offering(app: FastAPI, rules: Mapping[str, Rule]) -> FastAPI:
    """The application, with nothing in its document but what there are rules for."""
    document = app.openapi()
    for operation in operations_in(document):
        if operation.id not in rules:
            del document["paths"][operation.path][operation.method.lower()]
    return app
