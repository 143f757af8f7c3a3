"""How passwords are kept."""

from typing import Protocol

from domain.user import Password


class Passwords(Protocol):
    """Hash and check passwords without holding up anybody else."""

    async def hash(self, password: Password) -> str:
        """A salted hash, to be stored. Raises TooBusy."""
        ...

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Tell whether the hash is the password's. Without a hash it takes as long and is False. Raises TooBusy."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether the hash is weaker than one made today and should be renewed."""
        ...
