"""How many passwords the machine can check at best."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import bcrypt

from benchmarks.cores import cores

_COST: Final = 12
_HASHES_A_CORE: Final = 4


def hashes_per_second() -> float:
    """Cores by the time that a hash takes one of them, measured with all of them at it. bcrypt leaves Python alone."""
    salt, hashes = bcrypt.gensalt(_COST), cores() * _HASHES_A_CORE
    with ThreadPoolExecutor(cores()) as threads:
        started = time.perf_counter()
        list(threads.map(lambda number: bcrypt.hashpw(str(number).encode(), salt), range(hashes)))
        return hashes / (time.perf_counter() - started)
