"""Measure Taskward beside others: ``make bench``, or ``python -m benchmarks.run --help``."""

import argparse
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.databases import postgres
from benchmarks.lineup import CONTENDERS, FLOOR, TARGETS, line_up
from benchmarks.machine import describe
from benchmarks.measuring import measure
from benchmarks.picture import draw
from benchmarks.preparing import prepare
from benchmarks.results import Measurements, Plan
from benchmarks.stopping import scratch_folder, until_stopped
from benchmarks.summary import summarise
from benchmarks.targets import judge
from benchmarks.workloads import WORKLOADS

_HERE: Final = Path(__file__).parent
_WHOLE: Final = _HERE / "results" / "latest"
_PARTIAL: Final = _HERE.parent / "var" / "benchmarks" / "partial"
_ROUNDS: Final = 3
_SECONDS: Final = 5


def main() -> None:
    chosen = _read_options()
    with until_stopped():
        measurements = _measure(chosen)
    summary = summarise(measurements, FLOOR)
    found = [judge(target, measurements) for target in TARGETS]
    place = _WHOLE if _is_whole(chosen) else _PARTIAL
    report.write(place.with_suffix(".json"), measurements, summary, found)
    report.show(measurements, summary, found)
    machine = measurements.machine
    title = f"{machine['cores']} cores, {machine['processor']}; {chosen.rounds} rounds of {chosen.seconds} s"
    draw(summary, FLOOR, f"Taskward {machine['versions']['taskward']}, {title}", place.with_suffix(".svg"))
    print(f"\nEvery number is in {place.with_suffix('.json')}")


def _read_options() -> argparse.Namespace:
    names = [workload.name for workload in WORKLOADS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="how often each contender has its turn")
    parser.add_argument("--seconds", type=int, default=_SECONDS, help="how long a workload lasts in each round")
    parser.add_argument("--connections", type=int, default=32, help="how many requests are under way at once")
    parser.add_argument("--tasks", type=int, default=1000, help="how many tasks the listed space holds")
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=CONTENDERS, metavar="CONTENDER")
    parser.add_argument("--workloads", nargs="+", choices=names, default=names, metavar="WORKLOAD")
    parser.add_argument("--smoke", action="store_true", help="one round of a second: does it all work?")
    chosen = parser.parse_args()
    if chosen.smoke:
        chosen.rounds = chosen.seconds = 1
    return chosen


def _is_whole(chosen: argparse.Namespace) -> bool:
    """Whether everybody did everything, and long enough. Nothing less is kept with the project."""
    everything = set(chosen.only) == set(CONTENDERS) and len(set(chosen.workloads)) == len(WORKLOADS)
    return everything and chosen.rounds >= _ROUNDS and chosen.seconds >= _SECONDS


def _measure(chosen: argparse.Namespace) -> Measurements:
    plan = Plan(chosen.rounds, chosen.seconds, chosen.connections, chosen.tasks)
    workloads = [workload for workload in WORKLOADS if workload.name in chosen.workloads]
    with scratch_folder() as folder, postgres(folder / "postgres") as server:
        measurements = Measurements(describe("benchmarks.run", server.version()), plan)
        contenders = line_up(chosen.only, folder, server)
        for contender in contenders:
            prepare(contender, plan.tasks)
        measure(measurements, contenders, workloads, server.pid())
        return measurements


if __name__ == "__main__":
    main()
