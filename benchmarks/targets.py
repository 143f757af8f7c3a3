"""What speed is promised, and whether a run has shown it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from benchmarks.results import Measurements, Outcome, Turn
from benchmarks.summary import Figure, p50, p99, per_second, ratios


class Evidence(NamedTuple):
    """What a run says about a target: a value for each round, and the largest share of requests that failed."""

    values: Sequence[float]
    failed: float = 0.0


Look = Callable[[Measurements], Evidence]


@dataclass(frozen=True)
class Target:
    """A promise, and how one looks whether it is kept."""

    what: str
    limit: float
    look: Look
    at_least: bool = True
    unit: str = ""


class Verdict(StrEnum):
    """What has become of a target."""

    MET = "met"
    NOT_MET = "not met"
    NOT_MEASURED = "not measured"


class Judgement(NamedTuple):
    """A target, the median of what was measured, and the verdict. Who fails requests has met nothing."""

    target: Target
    measured: float | None
    failed: float
    verdict: Verdict


def judge(target: Target, measurements: Measurements) -> Judgement:
    """Compare the median of the rounds with the limit."""
    values, failed = target.look(measurements)
    if not values:
        return Judgement(target, None, failed, Verdict.NOT_MEASURED)
    measured = median(values)
    kept = measured >= target.limit if target.at_least else measured <= target.limit
    return Judgement(target, measured, failed, Verdict.MET if kept and not failed else Verdict.NOT_MET)


def compared(figure: Figure, of: tuple[str, str], to: tuple[str, str]) -> Look:
    """A figure of a contender under a workload, by that of another contender or workload."""

    def look(measurements: Measurements) -> Evidence:
        one, other = measurements.outcomes(*of), measurements.outcomes(*to)
        return Evidence(ratios(figure, one, other), _failed(one))

    return look


def faster(contender: str, than: str, workload: str) -> Look:
    """How many requests a contender answers for each one of another."""
    return compared(per_second, (contender, workload), (than, workload))


def hashing(contender: str, workload: str) -> Look:
    """Sign-ins by the bcrypt hashes that the machine makes with all its cores, which is cores by the time of a hash."""

    def look(measurements: Measurements) -> Evidence:
        outcomes = measurements.outcomes(contender, workload)
        if not outcomes:
            return Evidence([])
        pairs = zip(outcomes, measurements.hashes_per_second, strict=True)
        return Evidence([outcome.per_second / hashes for outcome, hashes in pairs], _failed(outcomes))

    return look


def slower(contender: str, workload: str, than: str) -> Look:
    """By how much the slowest in a hundred of a contender's requests are slower under a workload than under another."""
    return compared(p99, (contender, workload), (contender, than))


def grown(size: str, smallest: str, workload: str) -> Look:
    """The same between two sizes of the database."""
    return compared(p99, (size, workload), (smallest, workload))


def deeper(size: str, workload: str, than: str) -> Look:
    """By how much the median latency of a workload is longer than that of another one."""
    return compared(p50, (size, workload), (size, than))


def worst(contenders: Sequence[str], figure: Callable[[Turn], float]) -> Look:
    """The largest figure of several contenders, round by round."""

    def look(measurements: Measurements) -> Evidence:
        rounds = zip(*(turns for name in contenders if (turns := measurements.turns_of(name))), strict=True)
        return Evidence([max(map(figure, turns)) for turns in rounds])

    return look


def cold_start(turn: Turn) -> float:
    """Seconds from the command to the first answer that it is ready."""
    return turn.cold_start


def worker_memory(turn: Turn) -> float:
    """MiB of its largest process."""
    return turn.worker_memory


def _failed(outcomes: Sequence[Outcome]) -> float:
    return max((outcome.failed for outcome in outcomes), default=0.0)
