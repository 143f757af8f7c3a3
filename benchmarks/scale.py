"""Measure Taskward with ever more tasks: ``make bench-scale``, or ``python -m benchmarks.scale --help``."""

import argparse
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.bulk import BulkOnPostgres, BulkOnSqlite
from benchmarks.contenders.taskward import Taskward, TaskwardOnPostgres
from benchmarks.databases import Postgres, postgres
from benchmarks.depths import QUESTIONS, name_of, targets
from benchmarks.growing import grow
from benchmarks.machine import describe
from benchmarks.measuring import measure
from benchmarks.results import Measurements, Plan
from benchmarks.stopping import scratch_folder, until_stopped
from benchmarks.summary import summarise
from benchmarks.targets import judge

_HERE: Final = Path(__file__).parent
_SIZES: Final = (1_000, 100_000, 1_000_000)
_TEN_MILLION: Final = 10_000_000
_ROUNDS: Final = 3
_SECONDS: Final = 3
_SMOKE_SIZES: Final = (1_000, 5_000)
_SMALLEST: Final = 1_000


def main() -> None:
    chosen = _read_options()
    with until_stopped():
        measurements = _measure(chosen)
    summary = summarise(measurements, name_of(min(chosen.sizes)))
    found = [judge(target, measurements) for target in targets(chosen.sizes)]
    file = _file(chosen)
    report.write(file, measurements, summary, found)
    report.show(measurements, summary, found)
    print(f"\nEvery number is in {file}")


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=_size, default=_SIZES, help="how many tasks the databases have")
    parser.add_argument("--ten-million", action="store_true", help="one more, with 10,000,000")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="how often each database has its turn")
    parser.add_argument("--seconds", type=int, default=_SECONDS, help="how long a question is asked in each round")
    parser.add_argument("--connections", type=int, default=4, help="how many requests are under way at once")
    parser.add_argument("--smoke", action="store_true", help="small ones, a round of a second: does it all work?")
    chosen = parser.parse_args()
    if chosen.smoke:
        chosen.sizes, chosen.rounds, chosen.seconds = _SMOKE_SIZES, 1, 1
    chosen.sizes = sorted({*chosen.sizes, *([_TEN_MILLION] if chosen.ten_million else [])})
    return chosen


def _size(text: str) -> int:
    size = int(text)
    if size < _SMALLEST or size % _SMALLEST:
        raise argparse.ArgumentTypeError(f"a multiple of {_SMALLEST}")
    return size


def _file(chosen: argparse.Namespace) -> Path:
    """Only what was measured at every size and often enough is kept with the project."""
    is_whole = set(_SIZES) <= set(chosen.sizes) and chosen.rounds >= _ROUNDS and chosen.seconds >= _SECONDS
    folder = _HERE / "results" if is_whole else _HERE.parent / "var" / "benchmarks"
    return folder / f"scale-{chosen.database}.json"


def _measure(chosen: argparse.Namespace) -> Measurements:
    plan = Plan(chosen.rounds, chosen.seconds, chosen.connections, max(chosen.sizes))
    with scratch_folder() as folder, postgres(folder / "postgres") as server:
        measurements = Measurements(describe("benchmarks.scale", server.version()), plan)
        contenders = [_grown(size, chosen.database, folder, server) for size in chosen.sizes]
        measure(measurements, contenders, QUESTIONS, server.pid())
        return measurements


def _grown(size: int, kind: str, folder: Path, server: Postgres) -> Taskward:
    name = name_of(size)
    if kind == "sqlite":
        embedded = Taskward(name, folder)
        grow(embedded, BulkOnSqlite(embedded.file), size)
        return embedded
    database = server.new_database(name)
    contender = TaskwardOnPostgres(name, folder, database)
    grow(contender, BulkOnPostgres(database.owner), size)
    return contender


if __name__ == "__main__":
    main()
