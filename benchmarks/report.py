"""What is said about the measurements: tables for people, a file for everything else."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.results import Measurements
from benchmarks.summary import Ratio
from benchmarks.targets import Judgement

_LOAD: Final = (
    f"{'workload':<24}{'contender':<24}{'requests/s':>11}{'ratio':>8}{'(range)':>14}{'failed':>9}"
    f"{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}{'p99 ratio':>11}{'cores':>7}{'of PostgreSQL':>15}"
)
_TURNS: Final = f"{'contender':<24}{'start to ready':>16}{'worker after load':>19}{'all processes':>15}"
_TARGETS: Final = f"{'target':<56}{'limit':>10}{'measured':>12}  verdict"

_IDLE: Final = 0.5
"""The load average up to which a machine counts as idle."""


def write(file: Path, measurements: Measurements, summary: Mapping[str, Any], found: Sequence[Judgement]) -> None:
    """Write everything as JSON."""
    everything = {
        "targets": [_as_json(judgement) for judgement in found],
        "summary": {name: _named(part) for name, part in summary.items()},
        **measurements.as_json(),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")


def _as_json(judgement: Judgement) -> dict[str, Any]:
    target = judgement.target
    return {
        "target": target.what,
        "limit": f"{'>=' if target.at_least else '<='} {target.limit}{target.unit}",
        "measured": judgement.measured,
        "failed": judgement.failed,
        "verdict": judgement.verdict,
    }


def _named(part: Any) -> Any:
    """Ratios by the names of their parts, where tuples would become bare lists."""
    if isinstance(part, Ratio):
        return part._asdict()
    return {name: _named(value) for name, value in part.items()} if isinstance(part, dict) else part


def show(measurements: Measurements, summary: Mapping[str, Any], found: Sequence[Judgement]) -> None:
    """Print the tables."""
    plan, machine = measurements.plan, measurements.machine
    busy = "  ! the machine was busy: do not trust this run" if machine["load_before"] > _IDLE else ""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    print(
        f"\n{machine['command']}\n{machine['cores']} cores, {machine['processor']}; {versions}\n"
        f"{plan.rounds} x {plan.seconds} s, {plan.connections} connections, {plan.tasks:,} tasks; "
        f"load average before: {machine['load_before']:.2f}{busy}\n\n{_LOAD}"
    )
    for workload in measurements.workloads:
        for name, part in summary.items():
            if workload in part["workloads"]:
                print(_load_line(workload, name, part["workloads"][workload]))
    print(f"\n{_TURNS}")
    for name, part in summary.items():
        worker, memory = f"{part['worker_memory']:.0f} MiB", f"{part['memory']:.0f} MiB"
        print(f"{name:<24}{part['cold_start']:>14.2f} s{worker:>19}{memory:>15}")
    print(f"\n{_TARGETS}")
    for judgement in found:
        print(_target_line(judgement))


def _load_line(workload: str, name: str, found: Mapping[str, Any]) -> str:
    ratio, p99_ratio, in_postgres = found["ratio"], found["p99_ratio"], found["database_cores"]
    middle, spread = (f"{ratio.median:.2f}", f"{ratio.lowest:.2f}-{ratio.highest:.2f}") if ratio else ("", "")
    return (
        f"{workload:<24}{name:<24}{found['per_second']:>11,.0f}{middle:>8}{spread:>14}{found['failed']:>9.2%}"
        f"{found['p50']:>10.2f}{found['p95']:>10.2f}{found['p99']:>10.2f}"
        f"{f'{p99_ratio.median:.2f}' if p99_ratio else '':>11}{found['cores']:>7.2f}"
        f"{'' if in_postgres is None else f'{in_postgres:.2f}':>15}"
    )


def _target_line(judgement: Judgement) -> str:
    target, measured = judgement.target, judgement.measured
    limit = f"{'>=' if target.at_least else '<='} {target.limit:g}{target.unit}"
    value = "" if measured is None else f"{measured:.2f}{target.unit}"
    failed = f" ({judgement.failed:.2%} of the requests failed)" if judgement.failed else ""
    return f"{target.what:<56}{limit:>10}{value:>12}  {judgement.verdict}{failed}"
