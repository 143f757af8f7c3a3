"""What is done once for each contender: accounts, and tasks through its own door."""

import sys
from collections.abc import Callable
from typing import Any, Final

from benchmarks.contenders.contender import READER, Contender, Request, fits_filter
from benchmarks.serving import serving
from benchmarks.workloads import PEOPLE

SHOWN: Final = 20
"""How many tasks a page has."""

Ask = Callable[[Request], Any]


class WrongAnswer(Exception):
    """A contender does something else than it was asked to. To be fast at that is no merit."""


def prepare(contender: Contender, tasks: int) -> None:
    """Open accounts, fill the reader's space, and see that everything is answered rightly. Raises WrongAnswer."""
    print(f"preparing {contender.name}", file=sys.stderr, flush=True)
    contender.set_up()
    with serving(contender) as running:
        contender.configure(running.client)
        for person in PEOPLE:
            contender.open_account(running.client, person)
        token = contender.sign_in(running.client, READER)

        def ask(request: Request) -> Any:
            return contender.ask(running.client, request, token)

        contender.ids[READER] = [ask(contender.create(READER, number))["id"] for number in range(tasks)]
        _examine(contender, ask, tasks)
    contender.settle()


def _examine(contender: Contender, ask: Ask, tasks: int) -> None:
    one = contender.ids[READER][-1]
    if ask(contender.get_one(READER, one))["id"] != one:
        raise WrongAnswer(f"{contender.name} shows another task than it was asked for")
    fitting = sum(map(fits_filter, range(tasks)))
    for request, total in ((contender.list_newest(READER), tasks), (contender.list_some(READER), fitting)):
        answer = ask(request)
        if (answer[contender.total], len(answer["items"])) != (total, min(total, SHOWN)):
            raise WrongAnswer(f"{contender.name} lists other tasks than {request.path} asks for")
