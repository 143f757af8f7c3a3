"""The answer to a request that the server refuses, as one more response on the connection."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from entrypoints.http.connection_problems import REFUSED
from entrypoints.http.problems import RequestRefused

_OF_THE_CONNECTION = ("type", "asgi", "http_version", "server", "client", "scheme", "root_path", "state", "headers")


class LingeringTransport:
    """A transport that is closed for writing first, so that what was written reaches a client that still sends.

    A socket that is closed with unread input resets its connection, and the client may lose the answer.
    """

    def __init__(self, transport: asyncio.Transport, linger: Callable[[], None]) -> None:
        self._transport = transport
        self._linger = linger

    def write(self, data: bytes) -> None:
        """Send something."""
        self._transport.write(data)

    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Send nothing more."""
        self._linger()


def refusal_of(
    protocol: HttpToolsProtocol, method: bytes, kind: type[RequestRefused], linger: Callable[[], None]
) -> RequestResponseCycle:
    """A response of uvicorn's to nothing but a scope: the application answers it with the problem."""
    scope: dict[str, Any] = {name: protocol.scope[name] for name in _OF_THE_CONNECTION}  # type: ignore[literal-required]
    scope |= {"method": method.decode("ascii"), "path": "", "raw_path": b"", "query_string": b"", REFUSED: kind}
    return RequestResponseCycle(
        scope=cast("Any", scope),
        transport=cast("asyncio.Transport", LingeringTransport(protocol.transport, linger)),
        flow=protocol.flow,
        logger=protocol.logger,
        access_logger=protocol.access_logger,
        access_log=protocol.access_log,
        default_headers=protocol.server_state.default_headers,
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=False,
        on_response=protocol.on_response_complete,
    )
