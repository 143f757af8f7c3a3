"""What is said about the measurements: a table for people, a file for everything else."""

import json
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any, Final

from measuring import Measurements, Turn

_TURN_COLUMNS: Final = f"{'contender':<12}{'start to ready':>16}{'memory after load':>20}"
_LOAD_COLUMNS: Final = (
    f"{'workload':<10}{'contender':<12}{'requests/s':>12}{'ratio':>8}{'(range)':>14}"
    f"{'failed':>10}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}"
)

_MEDIANS: Final = ("per_second", "p50", "p95", "p99")


def summarise(measurements: Measurements) -> dict[str, Any]:
    """Medians for each contender, and its ratio to the first: taken round by round, then the median of those."""
    by_contender: dict[str, list[Turn]] = {}
    for turn in measurements.turns:
        by_contender.setdefault(turn.contender, []).append(turn)
    first = measurements.turns[0].contender
    return {name: _summary(turns, by_contender[first]) for name, turns in by_contender.items()}


def _summary(turns: list[Turn], first: list[Turn]) -> dict[str, Any]:
    weighed = [turn.memory for turn in turns if turn.memory is not None]
    return {
        "cold_start": median(turn.cold_start for turn in turns),
        "memory": median(weighed) if weighed else None,
        "workloads": {workload: _of_workload(workload, turns, first) for workload in turns[0].outcomes},
    }


def _of_workload(workload: str, turns: list[Turn], first: list[Turn]) -> dict[str, float]:
    outcomes = [turn.outcomes[workload] for turn in turns]
    base = [turn.outcomes[workload].per_second for turn in first]
    ratios = [outcome.per_second / other for outcome, other in zip(outcomes, base, strict=True)]
    return {
        **{name: median(getattr(outcome, name) for outcome in outcomes) for name in _MEDIANS},
        "failed": max(outcome.failed for outcome in outcomes),
        "ratio": median(ratios),
        "lowest_ratio": min(ratios),
        "highest_ratio": max(ratios),
    }


def write(measurements: Measurements, file: Path) -> None:
    """Write everything as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    everything = {"summary": summarise(measurements), **asdict(measurements)}
    file.write_text(json.dumps(everything, indent=2) + "\n", encoding="utf-8")


def show(measurements: Measurements) -> None:
    """Print the tables."""
    plan, summary = measurements.plan, summarise(measurements)
    print(
        f"\n{measurements.cores} cores, Python {measurements.python}, PostgreSQL {measurements.postgres}; "
        f"{plan.rounds} x {plan.seconds} s, {plan.connections} connections, {plan.tasks:,} tasks; "
        f"load average before: {measurements.load_before:.2f}\n\n{_LOAD_COLUMNS}"
    )
    for workload in measurements.turns[0].outcomes:
        for name, found in summary.items():
            print(_load_line(workload, name, found["workloads"][workload]))
    print(f"\n{_TURN_COLUMNS}")
    for name, found in summary.items():
        memory = "unknown" if found["memory"] is None else f"{found['memory']:.0f} MiB"
        print(f"{name:<12}{found['cold_start']:>14.2f} s{memory:>20}")


def _load_line(workload: str, name: str, found: dict[str, float]) -> str:
    spread = f"{found['lowest_ratio']:.2f}-{found['highest_ratio']:.2f}"
    mark = "  ! requests failed: this line counts for nothing" if found["failed"] else ""
    return (
        f"{workload:<10}{name:<12}{found['per_second']:>12,.0f}{found['ratio']:>8.2f}{spread:>14}"
        f"{found['failed']:>10.2%}{found['p50']:>10.2f}{found['p95']:>10.2f}{found['p99']:>10.2f}{mark}"
    )
