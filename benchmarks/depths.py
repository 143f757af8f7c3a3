"""What a large database is asked, and what is promised of its size."""

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final
from urllib.parse import urlencode

from benchmarks.contenders.contender import WRITER, Contender, Request
from benchmarks.filling import LARGE, RARE, SMALL, TAGS
from benchmarks.targets import Target, deeper, grown
from benchmarks.workloads import Workload

_MOST_TASKS: Final = 2000
"""How many different ones of a space are asked for."""

_GROWTH: Final = 1.3


def name_of(size: int) -> str:
    """What the contender with so many tasks is called."""
    return f"{size}-tasks"


def _get(person: str, contender: Contender) -> Sequence[Request]:
    ids = contender.ids[person]
    chosen = random.Random(len(ids)).sample(ids, min(len(ids), _MOST_TASKS))
    return [contender.get_one(person, task_id) for task_id in chosen]


def _list(person: str, contender: Contender) -> Sequence[Request]:
    return [contender.list_newest(person)]


def _list_some(person: str, contender: Contender) -> Sequence[Request]:
    return [contender.list_some(person)]


def _asking(**parameters: str) -> Callable[[str, Contender], Sequence[Request]]:
    return lambda person, contender: [Request("GET", f"{contender.tasks}?{urlencode(parameters)}", person)]


def _last_page(person: str, contender: Contender) -> Sequence[Request]:
    return _asking(cursor=contender.cursors[person])(person, contender)


QUESTIONS_OF_A_SPACE: Final = {
    "get": _get,
    "list": _list,
    "list by status": _list_some,
    "list by tag": _asking(tag=TAGS[0]),
    "search": _asking(q=RARE),
    "first page": _asking(cursor=""),
    "last page": _last_page,
}


def _in_space(person: str) -> Sequence[Workload]:
    return [
        Workload(name=f"{person}: {name}", requests=partial(make, person))
        for name, make in QUESTIONS_OF_A_SPACE.items()
    ]


QUESTIONS: Final = (
    *_in_space(SMALL),
    *_in_space(LARGE),
    Workload(name="create", requests=lambda contender: [contender.create(WRITER)]),
)
"""In the order in which each database goes through them. ``create`` goes to a third space."""


def targets(sizes: Sequence[int]) -> Sequence[Target]:
    """What is promised of the largest, beside the smallest."""
    largest, smallest = name_of(max(sizes)), name_of(min(sizes))
    steady = (f"{SMALL}: get", f"{SMALL}: list", f"{LARGE}: get", f"{LARGE}: first page")
    return [
        *(
            Target(f"p99 of {name}, {largest} by {smallest}", _GROWTH, grown(largest, smallest, name), at_least=False)
            for name in steady
        ),
        *(
            Target(
                f"p50 of {person}: last page by first page, {largest}",
                _GROWTH,
                deeper(largest, f"{person}: last page", f"{person}: first page"),
                at_least=False,
            )
            for person in (SMALL, LARGE)
        ),
    ]
