"""How passwords are kept."""

from typing import Protocol

from domain.shares import Share
from domain.user import Password


class Passwords(Protocol):
    """Hash and check passwords without holding up anybody else.

    It is scarce, so it is shared: ``share`` says on whose account it is done. Raises TooBusy for work that could not
    begin within two seconds, and for the newest of those who have most waiting where too many wait.
    """

    async def hash(self, password: Password, share: Share) -> str:
        """A salted hash, to be stored. Raises TooBusy."""
        ...

    async def verify(self, password: str, password_hash: str | None, share: Share) -> bool:
        """Tell whether the hash is the password's. Without a hash it takes as long and is False. Raises TooBusy.

        Each of ``password_spellings`` is tried, so what a refusal costs depends on the text alone.
        """
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether the hash is weaker than one made today and should be renewed."""
        ...
