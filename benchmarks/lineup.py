"""Whoever takes part in ``make bench``, and what is promised of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.contenders.contender import Contender
from benchmarks.contenders.floor import Floor
from benchmarks.contenders.pocketbase import PocketBase
from benchmarks.contenders.taskward import Taskward, TaskwardOnPostgres
from benchmarks.contenders.tutorial import Tutorial
from benchmarks.databases import Postgres
from benchmarks.targets import Target, cold_start, faster, hashing, slower, worker_memory, worst

FLOOR: Final = "floor"
TUTORIAL: Final = "tutorial"
POCKETBASE: Final = "pocketbase"
ON_POSTGRES: Final = "taskward-postgresql-1"
ON_POSTGRES_TWICE: Final = "taskward-postgresql-2"
ON_SQLITE: Final = "taskward-sqlite-1"
ON_SQLITE_TWICE: Final = "taskward-sqlite-2"

CONTENDERS: Final = (FLOOR, TUTORIAL, POCKETBASE, ON_POSTGRES, ON_POSTGRES_TWICE, ON_SQLITE, ON_SQLITE_TWICE)
"""Number 1 or 2 says how many workers. The first is what the others are compared with."""

_TASKWARDS: Final = (ON_POSTGRES, ON_POSTGRES_TWICE, ON_SQLITE, ON_SQLITE_TWICE)


def line_up(names: Sequence[str], folder: Path, server: Postgres) -> Sequence[Contender]:
    """Those of these names, each with a folder and a database of its own."""
    return [_make(name, folder, server) for name in CONTENDERS if name in names]


def _make(name: str, folder: Path, server: Postgres) -> Contender:
    match name:
        case "floor":
            return Floor(name, folder, server.new_database(name))
        case "tutorial":
            return Tutorial(name, folder, server.new_database(name))
        case "pocketbase":
            return PocketBase(name, folder)
        case "taskward-postgresql-1" | "taskward-postgresql-2":
            return TaskwardOnPostgres(name, folder, server.new_database(name), workers=int(name[-1]))
        case _:
            return Taskward(name, folder, workers=int(name[-1]))


TARGETS: Final = (
    *(
        Target(f"{workload}: PostgreSQL, one worker, by the floor", limit, faster(ON_POSTGRES, FLOOR, workload))
        for workload, limit in (("get", 0.6), ("list", 0.6), ("create", 0.4), ("mix", 0.6))
    ),
    *(
        Target(f"{workload}: PostgreSQL, one worker, by the tutorial", 3, faster(ON_POSTGRES, TUTORIAL, workload))
        for workload in ("get", "list", "filtered list", "create", "mix")
    ),
    *(
        Target(f"{workload}: SQLite, two workers, by PocketBase", 1, faster(ON_SQLITE_TWICE, POCKETBASE, workload))
        for workload in ("get", "list", "create")
    ),
    *(
        Target(f"sign-ins by cores / time of a hash: {name}", 0.9, hashing(name, "sign-in"))
        for name in (ON_POSTGRES, ON_SQLITE)
    ),
    *(
        Target(f"p99 of get, in a flood by calm: {name}", 2, slower(name, "get in a flood", "calm get"), at_least=False)
        for name in (ON_POSTGRES, ON_SQLITE)
    ),
    Target("start to ready, the slowest", 1.5, worst(_TASKWARDS, cold_start), at_least=False, unit=" s"),
    Target("worker after load, the largest", 120, worst(_TASKWARDS, worker_memory), at_least=False, unit=" MiB"),
)
