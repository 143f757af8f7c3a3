"""Large bodies and answers: a process holds a bounded number of bytes of them, and shares that by accounts."""

from collections import Counter
from typing import Final

from domain.errors import TooBusy
from domain.shares import ShareKey

LARGE_BODY: Final = 16 * 1024
"""Bodies up to this size are not counted: the number of connections bounds them."""

LARGE_ANSWER: Final = 64 * 1024
"""The same for answers."""


class Buffers:
    """How many bytes are held for requests that are under way, and on whose account.

    A share may hold as much as there is room left: one share fills half of it, two fill a third each, and a new one
    finds room (dynamic thresholds, as for mails). So nothing that has begun is given up for another request.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._held = Counter[ShareKey]()
        self.total = 0
        """How many bytes are held in all."""

    def reserve(self, share: ShareKey, size: int) -> None:
        """Hold so many bytes. Raises TooBusy where the share may not hold so many more."""
        if self._held.get(share, 0) + size > self._room - self.total:
            raise TooBusy
        self.hold(share, size)

    def hold(self, share: ShareKey, size: int) -> None:
        """Hold so many bytes that are there already, whether or not there is room."""
        self._held[share] += size
        self.total += size

    def release(self, share: ShareKey, size: int) -> None:
        """Hold so many bytes no more."""
        self._held[share] -= size
        self.total -= size
        if not self._held[share]:
            del self._held[share]
