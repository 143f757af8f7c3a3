"""Cursors for tests: readable."""

from domain.errors import CursorRefused


class MemoryCursors:
    """The position and what it is bound to, as they are."""

    def write(self, position: str, *, bound_to: str) -> str:
        """Both."""
        return f"{position}|{bound_to}"

    def read(self, cursor: str, *, bound_to: str) -> str:
        """The first, if the second fits."""
        if not cursor.endswith(f"|{bound_to}"):
            raise CursorRefused
        return cursor.removesuffix(f"|{bound_to}")
