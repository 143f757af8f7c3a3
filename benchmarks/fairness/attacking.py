"""The attacker: a process of its own that sends prepared bytes. ``python -m benchmarks.fairness.attacking``.

It reads its plan from standard input, says ``ready``, begins at the next line and prints what came of it. It is light
and has a low priority, since it shares the processors with the service that it presses.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from benchmarks.fairness.plans import Attack, Stream
from entrypoints.proof.wire import FAILURES, Server, Wire, read_answer

_NICENESS: Final = 10
_NAP: Final = 0.5
_NAP_AFTER: Final = frozenset({"closed", "408", "429", "503"})
"""A connection that is told to wait, or closed, asks again after half a second: floods of refusals are no line here."""
_SMALL: Final = 4096
_LARGE: Final = 1 << 20


@dataclass
class _Connection:
    """One connection of a stream, opened anew whenever it is closed."""

    server: Server
    stream: Stream
    number: int
    counts: Counter[str]
    wire: Wire | None = None

    async def run(self) -> None:
        requests = self.stream.requests
        sent = self.number
        while not self.stream.once or sent < len(requests):
            outcome = await self._attempt(requests[sent % len(requests)])
            self.counts[outcome] += 1
            sent += self.stream.connections if self.stream.once else 1
            await asyncio.sleep(max(self.stream.pause, _NAP if outcome in _NAP_AFTER else 0))

    async def _attempt(self, request: bytes) -> str:
        try:
            async with asyncio.timeout(self.stream.patience):
                return await self._exchange(request)
        except TimeoutError:
            self.close()
            return "given up"
        except FAILURES:
            self.close()
            return "closed"

    async def _exchange(self, request: bytes) -> str:
        if self.wire is None:
            limit = _LARGE if self.stream.reads else _SMALL
            self.wire = await self.server.connect(self.stream.source, limit=limit)
        await self._send(self.wire.writer, request)
        if not self.stream.reads:
            await asyncio.sleep(self.stream.patience)
        answer = await read_answer(self.wire.reader)
        if not answer.reusable:
            self.close()
        return str(answer.status)

    async def _send(self, writer: asyncio.StreamWriter, request: bytes) -> None:
        size = self.stream.piece or max(len(request), 1)
        for start in range(0, len(request), size):
            writer.write(request[start : start + size])
            await writer.drain()
            if self.stream.gap:
                await asyncio.sleep(self.stream.gap)

    def close(self) -> None:
        if self.wire is not None:
            self.wire.close()
            self.wire = None


@dataclass
class Attacker:
    """All connections of a plan."""

    plan: Attack
    counts: Counter[str] = field(default_factory=Counter)

    async def run(self) -> Counter[str]:
        """Send for as long as the plan says; count what came of it."""
        connections = [
            _Connection(self.plan.server, stream, number, self.counts)
            for stream in self.plan.streams
            for number in range(stream.connections)
        ]
        tasks = [asyncio.create_task(connection.run()) for connection in connections]
        await asyncio.wait(tasks, timeout=self.plan.seconds)
        for task, connection in zip(tasks, connections, strict=True):
            task.cancel()
            connection.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        return self.counts


def main() -> None:
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    plan = Attack.from_line(sys.stdin.readline())
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(asyncio.run(Attacker(plan).run())), flush=True)


if __name__ == "__main__":
    main()
