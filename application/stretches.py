"""Changes of very many rows, a bounded number in each transaction (ADR 0028)."""

from collections.abc import Awaitable, Callable
from typing import Final

from application.ports.transactions import TransactionRolledBack
from domain.errors import PartlyDone, Unavailable

STRETCH: Final = 500
"""How many rows one transaction changes. Others have their turn between two of them."""


async def in_stretches(change: Callable[[], Awaitable[int]]) -> int:
    """Repeat ``change``, which opens a transaction of its own, until it changes less than a stretch; tell how many.

    Raises PartlyDone where the store fails after a part was done, and what ``change`` raises.
    """
    done = 0
    while True:
        try:
            changed = await _once_more(change)
        except Unavailable as failure:
            if done:
                raise PartlyDone from failure
            raise
        done += changed
        if changed < STRETCH:
            return done


async def _once_more(change: Callable[[], Awaitable[int]]) -> int:
    """Do it, and once again where the store has undone the transaction, as in ``application.retrying``."""
    try:
        return await change()
    except TransactionRolledBack:
        return await change()
