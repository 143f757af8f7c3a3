"""UUIDs in the order of time, and a row of known ones for tests."""

from uuid import UUID

from uuid_utils.compat import uuid7


class Uuid7Generator:
    """Random UUIDv7 (RFC 9562, section 5.7)."""

    def __call__(self) -> UUID:
        """A new id."""
        return uuid7()


class CountingIdGenerator:
    """UUIDv7 in a row: the same ones in every run."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self) -> UUID:
        """The next id."""
        self._count += 1
        return UUID(f"00000000-0000-7000-8000-{self._count:012x}")
