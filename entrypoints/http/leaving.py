"""Clients that leave before their answer: what is done for them is given up."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive

T = TypeVar("T")

CLIENT_LEFT = 499
"""The status that the log shows: no client sees it. Servers of the field write it so, and it is in no standard."""


class ClientLeft(Exception):
    """The client has disconnected before its answer."""


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives, which is cancelled when the client disconnects. For work that takes long.

    The body has to be read before. Raises ClientLeft, and what the work raises.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_disconnect(request.receive))
    both = (working, watching)
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not working.done():
            working.cancel()
        watching.cancel()
        await asyncio.wait(both)
    if working.cancelled():
        raise ClientLeft
    return working.result()


async def _disconnect(receive: Receive) -> None:
    """Return when the client disconnects (ASGI: ``http.disconnect``).

    A body that goes on is read no further: behind it a disconnect is not seen.
    """
    message = await receive()
    while message["type"] == "http.request" and not message.get("more_body"):
        message = await receive()
    if message["type"] != "http.disconnect":
        await asyncio.get_running_loop().create_future()


async def answer_nothing(_: Request, __: Exception) -> Response:
    """What is sent to a client that has left: the server drops it."""
    return Response(status_code=CLIENT_LEFT)
