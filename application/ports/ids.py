"""Where new ids come from."""

from typing import Protocol
from uuid import UUID


class IdGenerator(Protocol):
    """Make ids that nobody has used and nobody can count."""

    def __call__(self) -> UUID:
        """A new UUIDv7 (RFC 9562, section 5.7)."""
        ...
