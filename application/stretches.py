"""Changes of very many rows, a bounded number in each transaction (ADR 0028)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar
from uuid import UUID

from application.ports.transactions import TransactionRolledBack
from domain.errors import PartlyDone, Unavailable
from domain.ids import NOBODY, SpaceId

T = TypeVar("T")

STRETCH: Final = 500
"""How many rows one transaction changes. Others have their turn between two of them."""

_SPACES_AT_ONCE: Final = 100


async def in_stretches(change: Callable[[], Awaitable[int]]) -> int:
    """Repeat ``change``, which opens a transaction of its own, until it changes less than a stretch; tell how many.

    Raises PartlyDone where the store fails after a part was done, and what ``change`` raises.
    """
    done = 0
    while True:
        try:
            changed = await once_more(change)
        except Unavailable as failure:
            if done:
                raise PartlyDone from failure
            raise
        done += changed
        if changed < STRETCH:
            return done


async def in_turns(
    behind: Callable[[UUID, int], Awaitable[Sequence[SpaceId]]], change: Callable[[SpaceId], Awaitable[bool]]
) -> None:
    """Change a stretch of each space, then a second stretch of those where ``change`` tells of more, and so on.

    ``behind`` finds so many spaces in the order of their ids, behind one. Raises what the two raise.
    """
    again: list[SpaceId] = []
    last: SpaceId = SpaceId(NOBODY)
    while found := await behind(last, _SPACES_AT_ONCE):
        last = found[-1]
        again += [space_id for space_id in found if await change(space_id)]
    while again:
        again = [space_id for space_id in again if await change(space_id)]


async def once_more(change: Callable[[], Awaitable[T]]) -> T:
    """Do it, and once again where the store has undone the transaction, as in ``application.retrying``."""
    try:
        return await change()
    except TransactionRolledBack:
        return await change()
