"""What came of pressing one mechanism, and whether it keeps shares fair. Nothing here waits or sends."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil
from typing import Any, Final

CLOSED: Final = "closed"
"""What a connection comes to that the service closes or does not take."""

OPEN: Final = "still open"
"""What a connection comes to that the service would have had to close."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One request of the account that measures. Without an answer its status is 0."""

    seconds: float
    status: int

    @property
    def refused(self) -> bool:
        """Whether the account did not get what it asked for."""
        return not HTTPStatus.OK <= self.status < HTTPStatus.BAD_REQUEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What holds: durations are in seconds."""

    floor: float = 0.25
    """An answer that takes no longer is never slow: networks and machines have a noise of their own."""
    times_calm: float = 2.0
    expected: frozenset[str] = frozenset()
    """What every request of the account that presses must come to; empty: anything."""

    def seconds(self, calm: float) -> float:
        """How long an answer may take under pressure."""
        return max(self.times_calm * calm, self.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One mechanism, pressed."""

    mechanism: str
    sent: str
    """What the account that presses has sent, in words."""
    calm: Sequence[Taken]
    attacked: Sequence[Taken]
    outcomes: Counter[str] = field(default_factory=Counter)
    """What came of it: how many for each status, and closed connections."""
    limit: Limit = field(default_factory=Limit)

    @property
    def calm_p99(self) -> float:
        """Seconds that 99 of 100 requests take no longer than, before anything presses."""
        return _p99(self.calm)

    @property
    def attacked_p99(self) -> float:
        """The same under pressure."""
        return _p99(self.attacked)

    @property
    def refused(self) -> int:
        """How many requests of the account that measures were refused."""
        return sum(taken.refused for taken in self.attacked)

    @property
    def wrong(self) -> list[str]:
        """What does not hold."""
        return list(self._wrong())

    def _wrong(self) -> Iterator[str]:
        allowed = self.limit.seconds(self.calm_p99)
        if self.refused:
            yield f"{self.refused} of {len(self.attacked)} requests of another account were refused"
        if self.attacked_p99 > allowed:
            yield f"another account waited {self.attacked_p99:.2f} s, and {allowed:.2f} s are allowed"
        unexpected = {name: count for name, count in self.outcomes.items() if name not in self.limit.expected}
        if self.limit.expected and (unexpected or not self.outcomes):
            found = ", ".join(f"{count} x {name}" for name, count in sorted(unexpected.items())) or "nothing"
            yield f"came to {found} instead of {' or '.join(sorted(self.limit.expected))}"

    def as_json(self) -> dict[str, Any]:
        """The share as plain values; durations in milliseconds."""
        return {
            "mechanism": self.mechanism,
            "sent": self.sent,
            "calm_p99_ms": round(self.calm_p99 * 1000, 1),
            "attacked_p99_ms": round(self.attacked_p99 * 1000, 1),
            "refused": self.refused,
            "outcomes": dict(self.outcomes),
            "ok": not self.wrong,
            "reason": "; ".join(self.wrong),
        }


def lines(shares: Sequence[Share]) -> Iterator[str]:
    """A table for people, then what does not hold."""
    widest = max(len(share.mechanism) for share in shares)
    yield f"{'':{widest}}{'calm p99':>12}{'pressed p99':>13}{'refused':>9}  verdict"
    for share in shares:
        calm, attacked = (f"{seconds * 1000:.0f} ms" for seconds in (share.calm_p99, share.attacked_p99))
        verdict = "NOT HELD" if share.wrong else "held"
        yield f"{share.mechanism:{widest}}{calm:>12}{attacked:>13}{share.refused:>9}  {verdict}  ({share.sent})"
    for share in shares:
        yield from (f"NOT HELD: {share.mechanism}: {reason}" for reason in share.wrong)


def _p99(taken: Sequence[Taken]) -> float:
    """The nearest rank."""
    ordered = sorted(one.seconds for one in taken)
    return ordered[ceil(0.99 * len(ordered)) - 1]
