"""Connections to one PostgreSQL server, kept for whoever needs one next.

Asyncpg's own pool wraps each connection and takes it back in a task; that is an eighth of a request. And it cannot do
what saves a round trip: leave the end of a transaction that only read to the beginning of the next.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final
from weakref import WeakSet

_SECONDS_TO_REST: Final = 0.01
"""How long a connection may be idle before the transaction that was left open on it is ended."""

_SECONDS_IDLE: Final = 300.0
"""How long a connection may be idle before it is closed."""

_TICK: Final = 0.5
_TICKS_TO_WAIT: Final = 4
"""How often the clock ticks before whoever waits for a connection is refused.

Ticks are counted and not seconds: a process that was stopped for a while finds its waiting clients where they were.
"""

_Waiter = asyncio.Future[Any]


class Pool:
    """At most ``size`` connections, made as they are needed. What was idle for the shortest time goes first."""

    def __init__(
        self, connect: Callable[[], Awaitable[Any]], end: Callable[[Any], Awaitable[None]], *, size: int
    ) -> None:
        self._connect = connect
        self._end = end
        """Ends what was left open on a connection; if that fails, it terminates the connection, and raises nothing."""
        self._size = size
        self._made = 0
        self._idle: list[tuple[Any, float]] = []
        """Each with when it came back, the last one at the end."""
        self._waiting: deque[tuple[_Waiter, int]] = deque()
        """Each with the tick at which it came, the first one first."""
        self._ticks = 0
        self._clock: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._current: WeakSet[Any] = WeakSet()
        """The connections that have been made since the last renewal."""

    def take(self) -> Any | None:
        """An idle connection, if there is one. A transaction that only read may still be open on it."""
        while self._idle:
            connection, _ = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._made -= 1
        return None

    async def wait(self) -> Any:
        """A connection as soon as there is one. Raises TimeoutError after two seconds, and what making one raises."""
        while True:
            found = self.take()
            if found is None and self._made < self._size:
                found = await self._make()
            elif found is None:
                found = await self._turn()
            if found is not None:
                return found

    def give_back(self, connection: Any) -> None:
        """Take a connection back. Nothing may be open on it but a transaction that only read."""
        if self._is_closed or connection not in self._current:
            connection.terminate()
        if connection.is_closed():
            self._made -= 1
            self._pass_on(None)
        elif not self._pass_on(connection):
            loop = asyncio.get_running_loop()
            self._idle.append((connection, loop.time()))
            if self._timer is None and connection.is_in_transaction():
                self._timer = loop.call_later(_SECONDS_TO_REST, self._rest)
            if self._sweeper is None:
                self._sweeper = loop.call_later(_SECONDS_IDLE, self._sweep)

    def renew(self, because: Any) -> None:
        """Close every connection that is as old as this one: those that are in use, when they come back.

        It has failed in a way that is not its own. If that was seen on another one before, they are closed already.
        """
        if because not in self._current:
            return
        self._current = WeakSet()
        while self._idle:
            connection, _ = self._idle.pop()
            self._made -= 1
            connection.terminate()

    async def close(self) -> None:
        """Close the idle connections; those in use are closed when they come back."""
        self._is_closed = True
        for timer in (self._timer, self._sweeper):
            if timer is not None:
                timer.cancel()
        await asyncio.gather(*self._ending)
        while (connection := self.take()) is not None:
            self._made -= 1
            await connection.close()

    async def _make(self) -> Any:
        self._made += 1
        try:
            connection = await self._connect()
        except BaseException:
            self._made -= 1
            self._pass_on(None)
            raise
        self._current.add(connection)
        return connection

    async def _turn(self) -> Any | None:
        """A connection that comes back; None where there is room for another one."""
        loop = asyncio.get_running_loop()
        waiter: _Waiter = loop.create_future()
        self._waiting.append((waiter, self._ticks))
        if self._clock is None:
            self._clock = loop.call_later(_TICK, self._tick)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._return(waiter.result())
            raise

    def _return(self, connection: Any | None) -> None:
        if connection is None:
            self._pass_on(None)
        else:
            self.give_back(connection)

    def _pass_on(self, connection: Any | None) -> bool:
        """Give it to whoever has waited longest; whether there was somebody."""
        while self._waiting:
            waiter, _ = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    def _tick(self) -> None:
        """Refuse those who have waited for too long."""
        self._ticks += 1
        while self._waiting and self._ticks - self._waiting[0][1] > _TICKS_TO_WAIT:
            waiter, _ = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(TimeoutError())
        self._clock = asyncio.get_running_loop().call_later(_TICK, self._tick) if self._waiting else None

    def _rest(self) -> None:
        """End what was left open on idle connections."""
        self._timer = None
        left_open = [connection for connection, _ in self._idle if connection.is_in_transaction()]
        self._idle = [idle for idle in self._idle if idle[0] not in left_open]
        for connection in left_open:
            task = asyncio.create_task(self._finish(connection))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _sweep(self) -> None:
        """Close what nobody has needed for long."""
        loop = asyncio.get_running_loop()
        forgotten = [connection for connection, since in self._idle if since <= loop.time() - _SECONDS_IDLE]
        self._idle = self._idle[len(forgotten) :]
        self._made -= len(forgotten)
        for connection in forgotten:
            connection.terminate()  # Nothing is open on it, and nobody waits for a server that does not answer.
        next_at = self._idle[0][1] + _SECONDS_IDLE if self._idle else None
        self._sweeper = None if next_at is None else loop.call_at(next_at, self._sweep)

    async def _finish(self, connection: Any) -> None:
        try:
            await self._end(connection)
        finally:
            self.give_back(connection)
