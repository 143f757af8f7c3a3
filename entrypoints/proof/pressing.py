"""How a mechanism is pressed: one account keeps connections busy, within bounds, while another one measures."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from entrypoints.proof.shares import CLOSED, OPEN, Taken
from entrypoints.proof.wire import FAILURES, Server, Wire, read_answer

_SECONDS_TO_ANSWER: Final = 20
_NAP: Final = 0.2
"""Seconds that a connection waits after it was closed."""


@dataclass(frozen=True, slots=True)
class Pressure:
    """Requests that several connections send in turn, so many in all."""

    server: Server
    requests: Sequence[bytes]
    connections: int
    most: int
    outcomes: Counter[str]

    @asynccontextmanager
    async def applied(self, *, to_the_end: bool = False) -> AsyncIterator[None]:
        """Press for as long as something else happens, or to the end: until everything is sent and answered."""
        waiting, connected = iter(range(self.most)), asyncio.Barrier(self.connections + 1)
        tasks = [asyncio.create_task(self._keep_busy(waiting, connected)) for _ in range(self.connections)]
        try:
            await connected.wait()
            yield
            if to_the_end:
                await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_busy(self, waiting: Iterator[int], connected: asyncio.Barrier) -> None:
        client = Client(self.server)
        try:
            await client.open()
            await connected.wait()
            for number in waiting:
                taken = await client.ask(self.requests[number % len(self.requests)])
                self.outcomes[str(taken.status or CLOSED)] += 1
                if not taken.status:
                    await asyncio.sleep(_NAP)
        finally:
            client.close()


@dataclass(slots=True)
class Client:
    """One connection, opened anew where it was closed."""

    server: Server
    wire: Wire | None = None

    async def open(self) -> None:
        """Connect, if that is possible."""
        try:
            async with asyncio.timeout(_SECONDS_TO_ANSWER):
                self.wire = await self.server.connect()
        except FAILURES:
            self.wire = None

    async def ask(self, request: bytes) -> Taken:
        """Send a request, and tell how long the answer took."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(_SECONDS_TO_ANSWER):
                status = await self._exchange(request)
        except FAILURES:
            self.close()
            status = 0
        return Taken(time.monotonic() - began, status)

    async def _exchange(self, request: bytes) -> int:
        if self.wire is None:
            self.wire = await self.server.connect()
        self.wire.writer.write(request)
        answer = await read_answer(self.wire.reader)
        if not answer.reusable:
            self.close()
        return answer.status

    def close(self) -> None:
        """Close the connection."""
        if self.wire is not None:
            self.wire.close()
            self.wire = None


@dataclass(frozen=True, slots=True)
class Gauge:
    """The account that measures: one request after the other."""

    server: Server
    request: bytes
    times: int = 30
    rest: float = 0.025
    """Seconds between two requests."""
    reconnects: bool = False
    """Whether each request comes by a connection of its own."""

    async def take(self) -> list[Taken]:
        """Ask so many times."""
        client, found = Client(self.server), list[Taken]()
        try:
            for _ in range(self.times):
                found.append(await client.ask(self.request))
                if self.reconnects:
                    client.close()
                await asyncio.sleep(self.rest)
        finally:
            client.close()
        return found


@dataclass(frozen=True, slots=True)
class Idle:
    """Connections that send the beginning of a request and then nothing."""

    server: Server
    beginnings: Sequence[bytes]
    outcomes: Counter[str]

    @asynccontextmanager
    async def held(self, patience: float = 0.0) -> AsyncIterator[None]:
        """Hold them open while something else happens, and then until the service closes them or patience ends."""
        began, connected = time.monotonic(), asyncio.Barrier(len(self.beginnings) + 1)
        tasks = [asyncio.create_task(self._hold(beginning, connected)) for beginning in self.beginnings]
        try:
            await connected.wait()
            yield
            left = began + patience - time.monotonic()
            await asyncio.wait(tasks, timeout=max(left, 0))
        finally:
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                self.outcomes[outcome if isinstance(outcome, str) else OPEN] += 1

    async def _hold(self, beginning: bytes, connected: asyncio.Barrier) -> str:
        client = Client(self.server)
        await client.open()
        await connected.wait()
        if client.wire is None:
            return CLOSED
        try:
            client.wire.writer.write(beginning)
            return str((await read_answer(client.wire.reader)).status)
        except FAILURES:
            return CLOSED
        finally:
            client.close()
