"""HTTP/1.1 on one connection: uvicorn's protocol, with bounds for what a client may send and how long it may take.

Beyond uvicorn's public classes it uses the attributes of HttpToolsProtocol that hold the state of a connection and
``_start_asgi_task``. ``tests/server/`` fails where a newer uvicorn or httptools behaves differently.
"""

import asyncio
from functools import cache
from typing import Any, Final

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from entrypoints.http.connection_problems import HeadTooLarge, MalformedRequest, RequestTimeout, TooManyConnections
from entrypoints.http.problems import RequestRefused
from entrypoints.server.connections import Standing
from entrypoints.server.heads import (
    Refused,
    check_counts,
    check_escapes,
    check_meaning,
    check_size,
    with_path,
    without_upgrade,
)
from entrypoints.server.limits import limits_of
from entrypoints.server.reception import Expectation, Reception
from entrypoints.server.refusing import refusal_of
from entrypoints.settings import read_settings

_PIECE: Final = 4096
"""The parser gets so many bytes at once. What it makes of them is counted before it gets more."""

_PAUSE: Final = 0.05
"""Seconds between two looks at the rest of a body that is answered already: some megabytes in a second."""

_TUNNEL: Final = b"CONNECT"


_START: Final = 0
_HEAD: Final = 1
_BODY: Final = 2
"""Which part of a request comes next. Numbers, because members of an Enum cost more than all the rest of it."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    A request that is refused here is answered with a problem, in its turn behind those that came before it, and then
    the connection is closed.
    """

    def __init__(
        self,
        reception: Reception,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._reception = reception
        self._limits = reception.limits
        self._running: RequestResponseCycle | None = None
        self._phase = _START
        self._messages = 0
        self._parsed = 0
        """How many bytes the parser has got since the head began, or since the last bytes of a body."""
        self._body_bytes = 0
        self._held = b""
        """What came behind a request that waits for the one before it."""
        self._offers_upgrade = False
        self._is_admitted = True
        self._is_deaf = False
        """Whether everything that comes is thrown away."""
        self._lingers = False
        self._is_slowed = False

    # What the transport calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Begin."""
        super().connection_made(transport)
        self._is_admitted = self._reception.admit(self, self.client[0] if self.client else None, self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application, which may be serving a request before the newest one."""
        self._reception.leave(self)
        self._held = b""
        super().connection_lost(exc)
        if self._running is not None and not self._running.response_complete:
            self._abandon(self._running)

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless a request before it has to be answered first."""
        if self._is_deaf:
            return
        self._unset_keepalive_if_required()
        if self._held:
            self._held += data
            self.flow.pause_reading()
        else:
            self._parse(data)

    def shutdown(self) -> None:
        """Finish what is being served, and begin nothing more. What is not over in time is dropped.

        uvloop would wait for such a connection when it is closed itself.
        """
        self._held = b""
        super().shutdown()
        if self.config.timeout_graceful_shutdown is not None:
            self.loop.call_later(self.config.timeout_graceful_shutdown, self.drop)

    # Parsing

    def _parse(self, data: bytes) -> None:
        position = 0
        while position < len(data) and not self._is_deaf:
            if self.pipeline:
                self._held = data[position:]
                self.flow.pause_reading()
                return
            position += self._parse_piece(data[position : position + _PIECE])

    def _parse_piece(self, piece: bytes) -> int:
        """How many bytes were parsed."""
        self._parsed += len(piece)
        try:
            self.parser.feed_data(piece)
            self._check_progress()
        except httptools.HttpParserUpgrade as offer:
            return self._go_on_after(offer)
        except Refused as refused:
            self._refuse(refused.kind)
        except httptools.HttpParserError as error:
            self._refuse(_kind_of(error))
        return len(piece)

    def _check_progress(self) -> None:
        """Look at a head, or at the framing and the trailer section of a body, before more of it is parsed."""
        if self._phase != _START:
            check_counts(self.url, self.headers, self._limits)
            if self._parsed > self._limits.head_bytes:
                raise Refused(HeadTooLarge)

    def _go_on_after(self, offer: httptools.HttpParserUpgrade) -> int:
        """Parse a head again without its offer, and the rest as what it is: a body of HTTP/1.1, or another request.

        The parser takes everything behind an offer for another protocol. CONNECT is the one that cannot be ignored.
        """
        parsed: int = offer.args[0]
        if not self._offers_upgrade:
            self._is_deaf = True
            return parsed
        head = without_upgrade(self.parser.get_method(), self.url, self.parser.get_http_version(), self.headers)
        self._offers_upgrade = False
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as in uvicorn
        self._parse_piece(head)
        return parsed

    # What the parser calls

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        super().on_message_begin()
        self._phase = _HEAD
        self._messages += 1
        self._parsed = 0

    def on_headers_complete(self) -> None:
        """Begin to serve a request, if its head is one. Raises Refused."""
        check_counts(self.url, self.headers, self._limits)
        if self._parsed + _PIECE > self._limits.head_bytes:
            check_size(self.url, self.headers, self._limits)
        check_meaning(self.headers, self.parser.get_http_version())
        check_escapes(self.url)
        if self.parser.should_upgrade() and self.parser.get_method() != _TUNNEL:
            self._offers_upgrade = True
            return
        if not self._is_admitted:
            raise Refused(TooManyConnections)
        self.url = with_path(self.url)
        super().on_headers_complete()
        self.headers = []  # Trailer fields go there, away from the header fields (RFC 9110, 6.5.1).
        self._phase = _BODY
        self._parsed = self._body_bytes = 0

    def on_body(self, body: bytes) -> None:
        """Hand a part of a body on."""
        super().on_body(body)
        self._body_bytes += len(body)
        self._parsed = 0
        if self.cycle.response_complete:
            self._slow_down()

    def on_message_complete(self) -> None:
        """Note that a request is complete. Raises Refused."""
        if not self._offers_upgrade:
            if self.headers:  # They are trailer fields.
                check_counts(self.url, self.headers, self._limits)
            super().on_message_complete()
            self._phase = _START

    # Serving

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Go on with what had to wait."""
        super().on_response_complete()
        if self._is_slowed:
            self.flow.pause_reading()
        if self._held and not self.pipeline and not self.transport.is_closing():
            held, self._held = self._held, b""
            self._parse(held)

    def _refuse(self, kind: type[RequestRefused]) -> None:
        """Answer the request that is coming in with a problem, and close."""
        self._is_deaf = True
        self._held = b""
        waits = bool(self.pipeline)
        if self._phase == _BODY and waits:
            self.pipeline.popleft()
        elif self._phase == _BODY:
            if self.cycle.response_started:
                self.transport.close()
                return
            self._abandon(self.cycle)
        else:
            waits = waits or not self._is_answered
        self.cycle = refusal_of(self, self.parser.get_method() if self.url else b"-", kind, self._linger)
        if waits:
            self.pipeline.appendleft((self.cycle, self.app))
        else:
            self._start_asgi_task(self.cycle, self.app)

    def _slow_down(self) -> None:
        """Take the rest of a body that is answered already with pauses. Nothing of it is used."""
        if not self._is_slowed:
            self._is_slowed = True
            self.flow.pause_reading()
            self.loop.call_later(_PAUSE, self._speed_up)

    def _speed_up(self) -> None:
        self._is_slowed = False
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def _abandon(self, cycle: RequestResponseCycle) -> None:
        """Have the application see that its client is gone."""
        cycle.disconnected = True
        cycle.message_event.set()

    def _linger(self) -> None:
        """Send nothing more, and leave the client the time to read what was sent."""
        self._lingers = True
        if not self.transport.is_closing():
            self.transport.write_eof()

    # Waiting

    @property
    def _is_answered(self) -> bool:
        """Whether every request that was parsed has its whole response."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def _reads_body(self) -> bool:
        """Whether the client is to send more of a body. It is not while the application has too much of it already."""
        return (
            self._phase == _BODY
            and not self.pipeline
            and not self.flow.read_paused
            and not self.cycle.waiting_for_100_continue
        )

    @property
    def standing(self) -> Standing:
        """What the connection is doing."""
        if self._lingers or self.transport.is_closing():
            return Standing.IDLE
        if self._reads_body:
            return Standing.BODY
        if not self._is_answered or self.transport.get_write_buffer_size():
            return Standing.BUSY
        if self._phase == _HEAD:
            return Standing.HEAD
        return Standing.IDLE if self._messages else Standing.SILENT

    def drop(self) -> None:
        """Close the connection at once."""
        self.transport.abort()

    def expectation(self) -> Expectation:
        """What the connection waits for."""
        limits, unsent = self._limits, self.transport.get_write_buffer_size()
        closes = self._lingers or self.transport.is_closing()
        if unsent and (closes or self._is_answered or self.flow.write_paused):
            return Expectation(("write", unsent), limits.write_seconds, self.transport.abort)
        if closes:
            return Expectation("close", limits.linger_seconds, self.transport.abort)
        if self._is_answered:
            return self._expected_when_answered()
        if self._reads_body:
            seconds = limits.body_seconds + self._body_bytes / limits.body_bytes_per_second
            return Expectation(("body", self._messages), seconds, self._time_out)
        return Expectation(("work", self._messages), None, self.transport.close)

    def _expected_when_answered(self) -> Expectation:
        limits, close = self._limits, self.transport.close
        if self._phase == _BODY:
            return Expectation(("rest", self._messages), limits.body_seconds, close)
        seconds = limits.head_seconds if self._is_admitted else limits.linger_seconds
        if self._phase == _HEAD:
            return Expectation(("head", self._messages), seconds, self._time_out)
        return Expectation(("idle", self._messages), limits.idle_seconds if self._messages else seconds, close)

    def _time_out(self) -> None:
        self._refuse(RequestTimeout)


def _kind_of(error: httptools.HttpParserError) -> type[RequestRefused]:
    """With which problem a request is answered that stopped the parser. Raises what no request should cause."""
    cause = error.__context__ if isinstance(error, httptools.HttpParserCallbackError) else None
    if isinstance(cause, Refused):
        return cause.kind
    if cause is None or isinstance(cause, httptools.HttpParserError):
        return MalformedRequest
    raise cause


@cache
def _reception() -> Reception:
    """That of this process."""
    settings = read_settings()
    return Reception(limits_of(settings), settings.trusted_proxies)


def from_environment(
    config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None
) -> BoundedProtocol:
    """A connection of a service as the environment says; uvicorn calls it where it would make its own protocol."""
    return BoundedProtocol(_reception(), config, server_state, app_state, _loop)
