"""Medians and ratios. A ratio is taken within a round; the median of the rounds is what counts."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, NamedTuple

from benchmarks.results import Measurements, Outcome


class Ratio(NamedTuple):
    """The median of the rounds, and how far they lie apart."""

    median: float
    lowest: float
    highest: float


Figure = Callable[[Outcome], float]


def per_second(outcome: Outcome) -> float:
    """How many requests were answered well in a second."""
    return outcome.per_second


def p50(outcome: Outcome) -> float:
    """The median latency."""
    return outcome.p50


def p99(outcome: Outcome) -> float:
    """The latency that one request in a hundred exceeds."""
    return outcome.p99


def ratios(figure: Figure, of: Sequence[Outcome], to: Sequence[Outcome]) -> list[float]:
    """The ratios of a figure, round by round; nothing where one side was not measured."""
    if not of or not to:
        return []
    return [_quotient(figure(one), figure(other)) for one, other in zip(of, to, strict=True)]


def ratio(figure: Figure, of: Sequence[Outcome], to: Sequence[Outcome]) -> Ratio | None:
    """The ratio of a figure; None where one side was not measured."""
    found = ratios(figure, of, to)
    return Ratio(median(found), min(found), max(found)) if found else None


def _quotient(one: float, other: float) -> float:
    return one / other if other else float("inf")


def summarise(measurements: Measurements, base: str) -> dict[str, Any]:
    """Medians for each contender, and its ratios to ``base``."""
    return {name: _of_contender(measurements, name, base) for name in measurements.contenders}


def _of_contender(measurements: Measurements, name: str, base: str) -> dict[str, Any]:
    turns = measurements.turns_of(name)
    return {
        "cold_start": median(turn.cold_start for turn in turns),
        "worker_memory": median(turn.worker_memory for turn in turns),
        "memory": median(turn.memory for turn in turns),
        "workloads": {
            workload: _of_workload(outcomes, measurements.outcomes(base, workload))
            for workload in measurements.workloads
            if (outcomes := measurements.outcomes(name, workload))
        },
    }


def _of_workload(outcomes: Sequence[Outcome], base: Sequence[Outcome]) -> dict[str, Any]:
    seen = [outcome.database_cores for outcome in outcomes if outcome.database_cores is not None]
    return {
        "per_second": median(map(per_second, outcomes)),
        "failed": max(outcome.failed for outcome in outcomes),
        **{name: median(getattr(outcome, name) for outcome in outcomes) for name in ("p50", "p95", "p99")},
        "cores": median(outcome.cores for outcome in outcomes),
        "database_cores": median(seen) if seen else None,
        "ratio": ratio(per_second, outcomes, base),
        "p50_ratio": ratio(p50, outcomes, base),
        "p99_ratio": ratio(p99, outcomes, base),
    }
