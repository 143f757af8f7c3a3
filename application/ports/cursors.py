"""Cursors: where a client has got to in a list, given to it for safe-keeping."""

from typing import Protocol


class Cursors(Protocol):
    """Make positions into opaque text that nobody can forge."""

    def write(self, position: str, *, bound_to: str) -> str:
        """The cursor for a position, good for one caller, space and query only."""
        ...

    def read(self, cursor: str, *, bound_to: str) -> str:
        """The position. Raises CursorRefused for a cursor that was not written for this."""
        ...
