"""A queue that is shared fairly: by keys in rounds, first in first out within a key.

This is round robin with a limit of concurrency for each key, and with "drop from the longest queue" where it is full
(compare RFC 8290, which does the same for packets). It holds no clock and waits for nothing: adapters do.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping, Sized
from typing import Generic, TypeVar

from domain.shares import ShareKey

T = TypeVar("T", bound=Hashable)


class FairQueue(Generic[T]):
    """Entries that wait under a share.

    The shares take turns, and within a share its parts do. At most ``at_once`` entries of a share are in service at a
    time; None means any number, and then ``release`` is not needed. At most ``room`` entries wait: the next one evicts
    the newest entry of the share that has most waiting. Each operation takes constant time, but an eviction looks at
    the length of every share.
    """

    def __init__(self, *, room: int, at_once: int | None = None) -> None:
        self._room = room
        self._at_once = at_once
        self._places: dict[T, tuple[ShareKey, Hashable]] = {}
        """Where each waiting entry is, in the order of arrival."""
        self._lines: dict[ShareKey, _Line[T]] = {}
        self._ready: OrderedDict[ShareKey, _Line[T]] = OrderedDict()
        """The lines whose share may have another entry in service, the next one first."""
        self._in_service: dict[ShareKey, int] = {}

    def __len__(self) -> int:
        """How many entries wait."""
        return len(self._places)

    def __iter__(self) -> Iterator[T]:
        """The entries that wait, in the order of arrival."""
        return iter(self._places)

    def has(self, share: ShareKey) -> bool:
        """Tell whether an entry of the share waits."""
        return share in self._lines

    def admit(self, share: ShareKey) -> bool:
        """Count an entry of the share as in service without waiting, if the share may have another one.

        It overtakes none of its own share.
        """
        count = self._in_service.get(share, 0)
        if count == self._at_once or (self._lines and share in self._lines):
            return False
        self._in_service[share] = count + 1
        return True

    def put(self, entry: T, share: ShareKey, part: Hashable = None) -> T | None:
        """Let an entry wait. Return the entry that is evicted for it, which may be the same one."""
        line = self._lines.get(share)
        if line is None:
            line = self._lines[share] = _Line()
            if self._in_service.get(share, 0) != self._at_once:
                self._ready[share] = line
        line.put(entry, part)
        self._places[entry] = (share, part)
        if len(self._places) <= self._room:
            return None
        longest = _longest(self._lines, share)
        evicted = self._lines[longest].newest(part)
        self.remove(evicted)
        return evicted

    def next(self) -> tuple[ShareKey, T] | None:
        """Take the entry whose turn it is, with its share. None where no share that waits may have another one."""
        if not self._ready:
            return None
        share, line = next(iter(self._ready.items()))
        entry = line.take()
        del self._places[entry]
        if self._at_once is not None:
            self._in_service[share] = self._in_service.get(share, 0) + 1
        self._turn(share, line)
        return share, entry

    def release(self, share: ShareKey) -> None:
        """Count an entry of the share as in service no more."""
        count = self._in_service.pop(share) - 1
        if count:
            self._in_service[share] = count
        if self._lines and share in self._lines:
            self._ready.setdefault(share, self._lines[share])

    def remove(self, entry: T) -> bool:
        """Let an entry wait no more; tell whether it did."""
        place = self._places.pop(entry, None)
        if place is None:
            return False
        share, part = place
        line = self._lines[share]
        line.remove(entry, part)
        if not line:
            self._forget(share)
        return True

    def _turn(self, share: ShareKey, line: "_Line[T]") -> None:
        """Put a share that had its turn behind the others, or aside."""
        if not line:
            self._forget(share)
        elif self._in_service.get(share) == self._at_once is not None:
            del self._ready[share]
        else:
            self._ready.move_to_end(share)

    def _forget(self, share: ShareKey) -> None:
        del self._lines[share]
        self._ready.pop(share, None)


class _Line(Generic[T]):
    """The waiting entries of one share: its parts take turns."""

    __slots__ = ("_length", "_parts")

    def __init__(self) -> None:
        self._parts: OrderedDict[Hashable, OrderedDict[T, None]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def put(self, entry: T, part: Hashable) -> None:
        entries = self._parts.get(part)
        if entries is None:
            entries = self._parts[part] = OrderedDict()
        entries[entry] = None
        self._length += 1

    def take(self) -> T:
        part, entries = next(iter(self._parts.items()))
        entry, _ = entries.popitem(last=False)
        self._length -= 1
        if entries:
            self._parts.move_to_end(part)
        else:
            del self._parts[part]
        return entry

    def newest(self, preferred: Hashable) -> T:
        """The newest entry of the part that has most waiting."""
        return next(reversed(self._parts[_longest(self._parts, preferred)]))

    def remove(self, entry: T, part: Hashable) -> None:
        entries = self._parts[part]
        del entries[entry]
        self._length -= 1
        if not entries:
            del self._parts[part]


def _longest(lines: Mapping[Hashable, Sized], preferred: Hashable) -> Hashable:
    """The key of the longest line; of several, the preferred one."""
    return max(lines, key=lambda key: (len(lines[key]), key == preferred))
