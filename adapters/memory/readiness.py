"""Memory is always ready."""


class MemoryReadiness:
    """There is nothing that could be out of order."""

    async def __call__(self) -> str | None:
        """None: everything is in order."""
        return None
