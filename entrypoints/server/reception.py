"""Where the connections of a process meet: the table of them, and the timer that looks after all of them."""

import asyncio
from collections.abc import Callable, Hashable
from typing import NamedTuple, Protocol

from entrypoints.server.connections import Connection, Connections
from entrypoints.server.limits import Limits


class Expectation(NamedTuple):
    """What a connection waits for."""

    state: Hashable
    """It is another one as soon as there is progress."""
    seconds: float | None
    """How long it may stay the same; None: for ever."""
    give_up: Callable[[], None]
    """What is done when it has stayed the same for so long."""


class WatchedConnection(Connection, Protocol):
    """What the timer asks of a connection."""

    def expectation(self) -> Expectation:
        """What it waits for at this moment."""


class Reception:
    """Admits connections, and gives up those that make no progress.

    One timer per process compares what each connection waits for with what it waited for before. So a deadline costs
    a request nothing. The clock leaves out the time in which the process itself did not run: clients are not held to
    a deadline that they could not meet.
    """

    def __init__(self, limits: Limits, trusted_proxies: str = "") -> None:
        self.limits = limits
        self._table = Connections(limits, trusted_proxies)
        self._waiting: dict[WatchedConnection, tuple[Hashable, float]] = {}
        self._turned_away: set[WatchedConnection] = set()
        self._now = self._last_tick = 0.0
        self._is_ticking = False

    def admit(self, connection: WatchedConnection, address: str | None, loop: asyncio.AbstractEventLoop) -> bool:
        """Enter a connection. False: there is no room, and it is only kept open to be told so, or dropped at once."""
        admitted = self._table.admit(connection, address)
        if not admitted:
            if len(self._turned_away) >= self.limits.lobby:
                connection.drop()
                return False
            self._turned_away.add(connection)
        if not self._is_ticking:
            self._last_tick = loop.time()
            self._tick_again(loop)
        self._waiting[connection] = (None, self._now)
        return admitted

    def leave(self, connection: WatchedConnection) -> None:
        """Forget a connection that is closed."""
        self._table.leave(connection)
        self._turned_away.discard(connection)
        self._waiting.pop(connection, None)

    def _look_after_all(self, loop: asyncio.AbstractEventLoop) -> None:
        reading = loop.time()
        self._now += min(reading - self._last_tick, 2 * self.limits.tick)
        self._last_tick = reading
        for connection, (state, since) in list(self._waiting.items()):
            expected = connection.expectation()
            if expected.state != state:
                self._waiting[connection] = (expected.state, self._now)
            elif expected.seconds is not None and self._now - since >= expected.seconds:
                expected.give_up()
        self._is_ticking = False
        if self._waiting:
            self._tick_again(loop)

    def _tick_again(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_ticking = True
        loop.call_later(self.limits.tick, self._look_after_all, loop)
