"""Several workers: copies of a process that has imported everything, where the system copies processes safely.

Elsewhere libraries of the system may hold threads and locks that a copy lacks.
"""

import signal
import sys

from uvicorn import _subprocess

if sys.platform == "linux":
    from multiprocessing.context import ForkContext, ForkProcess
    from typing import ClassVar

    class _Worker(ForkProcess):
        """A worker that hears signals from the start, where who watches over it only writes them down."""

        def run(self) -> None:
            for number in signal.valid_signals():
                if callable(signal.getsignal(number)):
                    signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            super().run()

    class _Copying(ForkContext):
        Process: ClassVar = _Worker

    def copy_workers() -> None:
        """Have uvicorn's workers copied from this process. Each of them importing everything anew took a second."""
        _subprocess.spawn = _Copying()  # type: ignore[assignment] # uvicorn offers no other place for it

else:

    def copy_workers() -> None:
        """Nothing: uvicorn's workers begin anew."""
