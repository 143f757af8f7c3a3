"""Passwords for tests: compared as they are, at no cost. Never for real ones."""

from domain.shares import Share
from domain.user import Password, password_spellings


class MemoryPasswords:
    """Keep passwords readable."""

    def __init__(self, generation: int = 1) -> None:
        self.generation = generation

    async def hash(self, password: Password, share: Share | None = None) -> str:  # noqa: ARG002 - nothing is scarce
        """The password, and the generation it was kept in."""
        return f"{self.generation}:{password}"

    async def verify(
        self,
        password: str,
        password_hash: str | None,
        share: Share | None = None,  # noqa: ARG002 - the same
    ) -> bool:
        """Compare."""
        return password_hash is not None and password_hash.partition(":")[2] in password_spellings(password)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was kept in an earlier generation."""
        return int(password_hash.partition(":")[0]) < self.generation
