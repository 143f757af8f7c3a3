"""Progress of long commands on standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import typer

from entrypoints.proof.progress import CLEAR, Progress, on_paper, on_terminal

_SECONDS_ON_PAPER: Final = 10.0


@contextmanager
def progress_on_stderr(*, shown: bool | None) -> Iterator[Progress]:
    """Tell how far a command is: in one line on a terminal, in a line every ten seconds elsewhere.

    ``shown`` says whether; None: on a terminal only.
    """
    is_terminal = sys.stderr.isatty()
    write = partial(typer.echo, err=True, nl=False)
    if not (is_terminal if shown is None else shown):
        yield Progress()
    elif is_terminal:
        try:
            yield Progress(on_terminal(write))
        finally:
            write(CLEAR)
    else:
        yield Progress(on_paper(write), every=_SECONDS_ON_PAPER)
