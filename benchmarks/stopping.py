"""What a run leaves behind: nothing, also where it ends before its time."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.load import demand_wrk


@contextmanager
def until_stopped(*, needs_wrk: bool = True) -> Iterator[None]:
    """Measure until it is done or somebody stops it. Leaves at once if wrk is needed and missing."""
    if needs_wrk:
        demand_wrk()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(130)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    # A program that has left may still be writing its last lines into it.
    with TemporaryDirectory(prefix="taskward-bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)
