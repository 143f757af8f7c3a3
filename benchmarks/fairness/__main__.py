"""Measure fair shares: ``make bench-fairness``, or ``python -m benchmarks.fairness --help``."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final

import httpx

from benchmarks.databases import Postgres, postgres
from benchmarks.fairness.contenders import PocketBaseStore, PostgresStore, SqliteStore, Store
from benchmarks.fairness.lines import LINES
from benchmarks.fairness.measuring import Plan, take_turn
from benchmarks.fairness.report import summary, table, write
from benchmarks.fairness.stocks import Sizes
from benchmarks.fairness.verdicts import Turn, Verdict, judge
from benchmarks.machine import describe
from benchmarks.stopping import scratch_folder, until_stopped

_ROOT: Final = Path(__file__).parents[2]
_WHOLE: Final = _ROOT / "benchmarks" / "results" / "fairness.json"
_PARTIAL: Final = _ROOT / "var" / "benchmarks" / "fairness.json"
_DATABASES: Final = ("sqlite", "postgresql", "pocketbase")
_WORKERS: Final = (1, 2)
_SECONDS: Final = 6.0
_CALM: Final = 4.0
_SMALL: Final = Sizes(tasks=2_000, events=2_000, organizations=100, documents=10)


def main() -> None:
    chosen = _read_options()
    turns: list[Turn] = []
    with until_stopped(needs_wrk=False), scratch_folder() as folder, postgres(folder / "postgres") as server:
        machine = describe("benchmarks.fairness", server.version())
        try:
            for turn in _turns(chosen, folder, server):
                turns.append(turn)
                _tell(turn)
        except (KeyboardInterrupt, RuntimeError, httpx.HTTPError) as error:  # What was measured is worth a table.
            print(f"Broken off: {error!r}", file=sys.stderr)
    verdicts = _judge(turns)
    file = chosen.json or (_WHOLE if _is_whole(chosen) else _PARTIAL)
    write(file, machine, turns, verdicts)
    print("\n".join(table(verdicts)))
    print(f"\n{summary(verdicts)}\nEvery number is in {file}")


def _read_options() -> argparse.Namespace:
    names = [line.name for line in LINES]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fairness", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="LINE", help=", ".join(names))
    parser.add_argument("--database", nargs="+", choices=_DATABASES, default=_DATABASES)
    parser.add_argument("--workers", nargs="+", type=int, choices=_WORKERS, default=_WORKERS)
    parser.add_argument("--rounds", type=int, default=1, help="how often each line has its turn")
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="how long an attack lasts")
    parser.add_argument("--calm", type=float, default=_CALM, help="how long is measured before it")
    parser.add_argument("--service", type=Path, metavar="DIR", help="another checkout, with its own .venv")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the results are written")
    parser.add_argument("--smoke", action="store_true", help="attacks of a second on small spaces: does it all work?")
    chosen = parser.parse_args()
    if chosen.smoke:
        chosen.rounds, chosen.seconds, chosen.calm = 1, 1.0, 1.0
    return chosen


def _is_whole(chosen: argparse.Namespace) -> bool:
    """Whether everything was measured, and long enough. Nothing less is kept with the project."""
    everything = len(set(chosen.only)) == len(LINES) and set(chosen.database) == set(_DATABASES)
    long_enough = chosen.seconds >= _SECONDS and chosen.calm >= _CALM and set(chosen.workers) == set(_WORKERS)
    return everything and long_enough and chosen.service is None


def _turns(chosen: argparse.Namespace, folder: Path, server: Postgres) -> Iterator[Turn]:
    """Every line against every contender; in each round a contender serves from a new copy of its database."""
    plan, sizes = Plan(seconds=chosen.seconds, calm=chosen.calm), _SMALL if chosen.smoke else Sizes()
    program = chosen.service and str((chosen.service / ".venv" / "bin" / "taskward").resolve())
    stores = [_store(name, folder, server, program) for name in chosen.database]
    for store in stores:
        print(f"filling {store.contender}", file=sys.stderr, flush=True)
        store.fill(sizes)
    for number in range(chosen.rounds):
        for store in stores:
            lines = [line for line in LINES if line.name in chosen.only and store.takes(line)]
            for workers in store.workers or chosen.workers:
                print(f"round {number + 1}: {store.contender}, {workers or 'all'} workers", file=sys.stderr, flush=True)
                yield from take_turn(store, workers, lines, plan)


def _store(name: str, folder: Path, server: Postgres, program: str | None) -> Store:
    make = {"sqlite": SqliteStore, "postgresql": partial(PostgresStore, server=server), "pocketbase": PocketBaseStore}
    return make[name](folder, program)  # type: ignore[operator, no-any-return]


def _tell(turn: Turn) -> None:
    """A line of progress."""
    course = turn.course
    print(
        f"  {turn.contender}-{turn.workers} {turn.line}: p99 {course.calm.p99:.1f} -> {course.attacked.p99:.1f} ms, "
        f"{course.refused} refused, over after {course.recovery:.1f} s; attacker {turn.attacker}",
        file=sys.stderr,
        flush=True,
    )


def _judge(turns: Sequence[Turn]) -> list[Verdict]:
    def place(turn: Turn) -> tuple[int, str, int]:
        return [line.name for line in LINES].index(turn.line), turn.contender, turn.workers

    return [judge(list(group)) for _, group in groupby(sorted(turns, key=place), key=place)]


if __name__ == "__main__":
    main()
