"""Measure Taskward against the floor: ``make bench``, or ``python benchmarks/run.py --help``."""

import argparse
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import report
from contender import Contender
from contenders import Floor, Taskward
from databases import Postgres, postgres
from measuring import Measurements, Plan, measure

_RESULTS: Final = Path(__file__).parents[1] / "var" / "benchmarks" / "results.json"
_WRK_IS_MISSING: Final = "The load tool wrk is missing: 'apt install wrk' or 'brew install wrk'."


def main() -> None:
    plan = _read_plan()
    if shutil.which("wrk") is None:
        print(_WRK_IS_MISSING, file=sys.stderr)
        sys.exit(2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        measurements = _measure(plan)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(130)
    report.write(measurements, _RESULTS)
    report.show(measurements)
    print(f"\nEvery number is in {_RESULTS}")


def _read_plan() -> Plan:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each contender has its turn")
    parser.add_argument("--seconds", type=int, default=5, help="how long a workload lasts in each round")
    parser.add_argument("--connections", type=int, default=32, help="how many requests are under way at once")
    parser.add_argument("--tasks", type=int, default=1000, help="how many tasks the listed space holds")
    parser.add_argument("--quick", action="store_true", help="one round of a second: does it all work?")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds = chosen.seconds = 1
    return Plan(chosen.rounds, chosen.seconds, chosen.connections, chosen.tasks)


def _measure(plan: Plan) -> Measurements:
    # A program that has left may still be writing its last lines into its folder.
    with TemporaryDirectory(prefix="taskward-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with postgres(folder / "postgres") as server:
            return measure(_contenders(server, folder), plan, server.version())


def _contenders(server: Postgres, folder: Path) -> Sequence[Contender]:
    """Whoever takes part. The first is what the others are compared with."""
    return [
        Floor(folder / Floor.name, server.new_database(Floor.name)),
        Taskward(folder / Taskward.name, server.new_database(Taskward.name)),
    ]


if __name__ == "__main__":
    main()
