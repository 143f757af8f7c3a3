"""What is done once for each size of the database: people, tasks past the service, and a walk to the last page."""

import sys
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks.bulk import Bulk
from benchmarks.contenders.contender import WRITER, Contender, Request, new_task
from benchmarks.contenders.taskward import Taskward
from benchmarks.depths import QUESTIONS_OF_A_SPACE
from benchmarks.filling import LARGE, PATTERN, RARE, SMALL, fill, made_by_hand, sizes_of
from benchmarks.preparing import SHOWN, WrongAnswer
from benchmarks.serving import Running, serving

_PAGE: Final = 100
"""The largest. The sizes of the spaces are multiples of it, so that the last page is a whole one."""


def grow(contender: Taskward, bulk: Bulk, size: int) -> None:
    """Fill its database and find out what workloads ask for. Raises WrongAnswer."""
    print(f"filling {contender.name}", file=sys.stderr, flush=True)
    contender.set_up()
    with serving(contender) as running:
        for person in (SMALL, LARGE, WRITER, PATTERN):
            contender.open_account(running.client, person)
        _make(contender, running, PATTERN, list(made_by_hand()))
        for person in (SMALL, LARGE):
            _make(contender, running, person, [{**new_task(), "title": f"Feed the {RARE}"}])
    fill(bulk, size)
    contender.settle()
    with serving(contender) as running:
        for person, count in sizes_of(size).items():
            _walk(contender, running, person)
            _examine(contender, running, person, count)


def _make(contender: Taskward, running: Running, person: str, tasks: list[dict[str, Any]]) -> None:
    token = contender.sign_in(running.client, person)
    headers = {"Authorization": f"Bearer {token}"}
    running.client.post(f"{contender.tasks}/bulk", json={"items": tasks}, headers=headers).raise_for_status()


def _walk(contender: Contender, running: Running, person: str) -> None:
    """Page through all of somebody's tasks; note them, and where the last page begins."""
    token = contender.sign_in(running.client, person)
    ids: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        contender.cursors[person] = cursor
        query = urlencode({"cursor": cursor, "limit": _PAGE})
        answer = contender.ask(running.client, Request("GET", f"{contender.tasks}?{query}", person), token)
        ids.extend(task["id"] for task in answer["items"])
        cursor = answer["next_cursor"]
    contender.ids[person] = ids


def _examine(contender: Contender, running: Running, person: str, count: int) -> None:
    if len(set(contender.ids[person])) != count:
        raise WrongAnswer(f"{contender.name}: {len(contender.ids[person])} tasks are shown, and not {count}")
    token = contender.sign_in(running.client, person)
    for name, make in QUESTIONS_OF_A_SPACE.items():
        for request in make(person, contender)[:1]:
            answer = contender.ask(running.client, request, token)
            expected = 1 if name == "search" else SHOWN
            if name != "get" and len(answer["items"]) != expected:
                raise WrongAnswer(f"{contender.name}: {name} gives {len(answer['items'])} tasks, and not {expected}")
