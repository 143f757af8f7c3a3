"""How far a run has come, for people who wait for it."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from entrypoints.proof.results import Result

_FEWEST: Final = 20
"""Steps before there is an estimate."""

_MINUTE: Final = 60

CLEAR: Final = "\r\x1b[K"
"""Empties the line that a terminal's cursor is in (ECMA-48, CR and EL)."""

Write = Callable[[str], None]


@dataclass(slots=True)
class Progress:
    """Counts checks, and estimates from the steps that were made when the others will be made.

    ``write`` gets a line at most every so many seconds; None: no one waits.
    """

    write: Write | None = None
    every: float = 1.0
    clock: Callable[[], float] = monotonic
    total: int = 0
    done: int = 0
    checks: int = 0
    failed: int = 0
    _began: float = 0.0
    _written: float = 0.0

    def expect(self, steps: int) -> None:
        """Take note that there are more steps to make."""
        if not self.total:
            self._began = self._written = self.clock()
        self.total += steps

    def check(self, result: Result) -> None:
        """Count a check."""
        self.checks += 1
        self.failed += not result.ok

    def step(self, steps: int = 1) -> None:
        """Count steps, and tell how far it has come."""
        self.done += steps
        now = self.clock()
        if self.write is not None and now - self._written >= self.every:
            self._written = now
            self.write(self.line(now))

    def line(self, now: float) -> str:
        """How far it has come."""
        share = self.done / self.total
        said = f"{self.checks:,} checks made, {self.failed} not held; {share:.0%} done"
        if self.done < _FEWEST:
            return said
        return f"{said}, about {_span((now - self._began) * (1 / share - 1))} left"


def _span(seconds: float) -> str:
    return f"{max(round(seconds), 0)} s" if seconds < 2 * _MINUTE else f"{round(seconds / _MINUTE)} min"


def on_terminal(write: Write) -> Write:
    """Have each line take the place of the one before."""
    return lambda line: write(f"{CLEAR}{line}")


def on_paper(write: Write) -> Write:
    """Have each line follow the one before."""
    return lambda line: write(f"{line}\n")
