"""What is said about fair shares: a table for people, a file for everything else."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.fairness.verdicts import FLOOR, LONGEST_RECOVERY, Turn, Verdict

_COLUMNS: Final = (
    "line", "contender", "workers", "calm p50", "calm p99", "attacked p50", "attacked p99", "ratio", "slowest",
    "slowest sign-in", "refused", "recovery s", "seal lag s", "grew MiB", "verdict",
)  # fmt: skip


def table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """A table in Markdown. Times are in milliseconds unless a heading says otherwise."""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"| {' | '.join('---' if name in _COLUMNS[:2] else '--:' for name in _COLUMNS)} |"
    for verdict in verdicts:
        yield f"| {' | '.join(_cells(verdict))} |"


def _cells(verdict: Verdict) -> list[str]:
    times = (verdict.calm_p50, verdict.calm_p99, verdict.attacked_p50, verdict.attacked_p99)
    return [
        verdict.line,
        verdict.contender,
        str(verdict.workers or "all cores"),
        *(f"{time:.1f}" for time in times),
        f"{verdict.ratio:.1f}",
        f"{verdict.slowest:.0f}",
        "" if verdict.sign_in is None else f"{verdict.sign_in:.0f}",
        str(verdict.refused),
        f"{verdict.recovery:.1f}",
        "" if verdict.lag is None else f"{verdict.lag:.1f}",
        f"{verdict.memory:.0f}",
        "kept" if verdict.kept else f"broken: {', '.join(verdict.broken)}",
    ]


def summary(verdicts: Sequence[Verdict]) -> str:
    """How many promises Taskward keeps."""
    ours = [verdict for verdict in verdicts if verdict.contender.startswith("taskward")]
    kept = sum(verdict.kept for verdict in ours)
    return (
        f"{kept} of {len(ours)} kept: attacked p99 at most twice the calm one or {FLOOR:.0f} ms, "
        f"nothing refused, over within {LONGEST_RECOVERY:.0f} s."
    )


def write(file: Path, machine: Mapping[str, Any], turns: Sequence[Turn], verdicts: Sequence[Verdict]) -> None:
    """Write everything as JSON."""
    everything = {
        "machine": machine,
        "verdicts": [asdict(verdict) | {"kept": verdict.kept} for verdict in verdicts],
        "turns": [asdict(turn) for turn in turns],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
