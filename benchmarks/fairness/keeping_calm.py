"""The victims: a calm client in a process of its own. ``python -m benchmarks.fairness.keeping_calm``.

It reads its plan from standard input, says ``ready``, and prints its samples when standard input ends.
"""

import asyncio
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from benchmarks.fairness.plans import Calm, Routine
from entrypoints.proof.wire import FAILURES, Wire, read_answer

_SECONDS_TO_ANSWER: Final = 20
_REQUESTS_OF_A_CONNECTION: Final = 50
"""Then a new one is opened, so that a service that takes none is noticed."""

Row = tuple[str, float, float, int]
"""Routine, moment at which it began, seconds, status (0: none)."""


@dataclass
class _Client:
    """One connection of a routine."""

    plan: Calm
    routine: Routine
    number: int
    rows: list[Row]
    stop: asyncio.Event
    wire: Wire | None = None

    async def run(self) -> None:
        requests = [request.encode() for request in self.routine.requests]
        count = self.number
        while not self.stop.is_set():
            due = time.monotonic() + self.routine.interval
            began = time.monotonic()
            status = await self._attempt(requests[count % len(requests)])
            self.rows.append((self.routine.name, began, time.monotonic() - began, status))
            count += self.routine.connections
            if count // self.routine.connections % _REQUESTS_OF_A_CONNECTION == 0:
                self._close()
            await asyncio.sleep(max(due - time.monotonic(), 0))
        self._close()

    async def _attempt(self, request: bytes) -> int:
        try:
            async with asyncio.timeout(_SECONDS_TO_ANSWER):
                return await self._exchange(request)
        except FAILURES:
            self._close()
            return 0

    async def _exchange(self, request: bytes) -> int:
        if self.wire is None:
            self.wire = await self.plan.server.connect(self.plan.source)
        self.wire.writer.write(request)
        answer = await read_answer(self.wire.reader)
        if not answer.reusable:
            self._close()
        return answer.status

    def _close(self) -> None:
        if self.wire is not None:
            self.wire.writer.close()
            self.wire = None


@dataclass
class Victims:
    """All clients of a plan."""

    plan: Calm
    rows: list[Row] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> list[Row]:
        """Ask until they are stopped."""
        clients = [
            _Client(self.plan, routine, number, self.rows, stop)
            for routine in self.plan.routines
            for number in range(routine.connections)
        ]
        await asyncio.gather(*(client.run() for client in clients))
        return self.rows


async def until_input_ends(victims: Victims) -> list[Row]:
    """Have the victims ask until standard input ends."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    return await victims.run(stop)


def main() -> None:
    plan = Calm.from_line(sys.stdin.readline())
    print("ready", flush=True)
    print(json.dumps(asyncio.run(until_input_ends(Victims(plan)))), flush=True)


if __name__ == "__main__":
    main()
