"""What is promised about fair shares, and whether a run has shown it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.fairness.samples import Course, Phase, slow_from

FLOOR: Final = 50.0
"""Milliseconds. Below it a machine's own noise is larger than what a neighbour does."""
LONGEST_RECOVERY: Final = 2.0
LONGEST_LAG: Final = 2.0
"""Seconds that a victim's change may wait for its seal while others write."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One line against one contender, once."""

    line: str
    contender: str
    workers: int
    course: Course
    memory: float
    """MiB by which the contender grew at most while it was attacked."""
    attacker: dict[str, int]
    """What came of the attacker's requests: how many for each status, ``closed`` and ``given up``."""
    lag: float | None = None
    """Seconds that a victim's change waited for its seal at most, where that was looked at."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The medians of the rounds, and whether the promise is kept. Refusals of every round count. Times in ms and s."""

    line: str
    contender: str
    workers: int
    calm_p50: float
    calm_p99: float
    attacked_p50: float
    attacked_p99: float
    slowest: float
    sign_in: float | None
    refused: int
    recovery: float
    lag: float | None
    memory: float
    broken: Sequence[str]
    """Which parts of the promise are not kept."""

    @property
    def kept(self) -> bool:
        """Whether the victim noticed too little to mind."""
        return not self.broken

    @property
    def ratio(self) -> float:
        """The attacked p99 by the calm one."""
        return self.attacked_p99 / self.calm_p99


def judge(turns: Sequence[Turn]) -> Verdict:
    """Judge the rounds of one line against one contender."""
    courses = [turn.course for turn in turns]
    calm, attacked = [course.calm for course in courses], [course.attacked for course in courses]
    lags = [turn.lag for turn in turns if turn.lag is not None]
    sign_ins = [course.sign_ins.slowest for course in courses if course.sign_ins is not None]
    figures = {
        "calm_p50": _median(calm, "p50"),
        "calm_p99": _median(calm, "p99"),
        "attacked_p50": _median(attacked, "p50"),
        "attacked_p99": _median(attacked, "p99"),
        "slowest": max(phase.slowest for phase in attacked),
        "recovery": median(course.recovery for course in courses),
        "memory": max(turn.memory for turn in turns),
    }
    lag = median(lags) if lags else None
    refused = sum(course.refused for course in courses)
    return Verdict(
        line=turns[0].line,
        contender=turns[0].contender,
        workers=turns[0].workers,
        sign_in=median(sign_ins) if sign_ins else None,
        refused=refused,
        lag=lag,
        broken=_broken(figures["calm_p99"], figures["attacked_p99"], refused, figures["recovery"], lag),
        **figures,
    )


def _broken(calm_p99: float, attacked_p99: float, refused: int, recovery: float, lag: float | None) -> list[str]:
    found = {
        "p99": attacked_p99 > slow_from(calm_p99, FLOOR),
        "refused": refused > 0,
        "recovery": recovery > LONGEST_RECOVERY,
        "seals": lag is not None and lag > LONGEST_LAG,
    }
    return [name for name, is_broken in found.items() if is_broken]


def _median(phases: Sequence[Phase], name: str) -> float:
    return float(median(getattr(phase, name) for phase in phases))
