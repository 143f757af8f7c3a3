"""What the contenders are asked to do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from contender import Contender, Request

READER: Final = "reader"
"""Whose space holds the tasks that are read. Nobody adds to it while the clock runs."""

WRITER: Final = "writer"
"""Whose space the new tasks go to."""


@dataclass(frozen=True)
class Workload:
    """Requests that are sent again and again, in turn, in one person's name."""

    name: str
    person: str
    requests: Callable[[Contender, Sequence[str]], Sequence[Request]]
    """Makes them for a contender, from the ids of the reader's tasks."""


WORKLOADS: Final = (
    Workload("get", READER, lambda contender, ids: [contender.get_one(task_id) for task_id in ids]),
    Workload("list", READER, lambda contender, _: [contender.list_newest()]),
    Workload("create", WRITER, lambda contender, _: [contender.create()]),
)
