"""What processes take: a program, and whatever it has started."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import psutil

_MIB: Final = 1024 * 1024


@dataclass(frozen=True)
class Family:
    """A process with its descendants."""

    pid: int

    def cpu_seconds(self) -> float:
        """Processors' time since they were started, with that of children who have ended."""
        return sum(self._each(_busy))

    def memories(self) -> list[float]:
        """MiB that each of them keeps resident. What they share counts for each."""
        return self._each(_resident)

    def _each(self, figure: Callable[[Any], float]) -> list[float]:
        first = psutil.Process(self.pid)
        found = []
        for process in [first, *first.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                found.append(figure(process))
        return found


def _busy(process: Any) -> float:
    times = process.cpu_times()
    ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return float(times.user + times.system + ended)


def _resident(process: Any) -> float:
    return float(process.memory_info().rss / _MIB)
