"""Whether the service can do its work."""

from typing import Protocol


class Readiness(Protocol):
    """Look at what the service depends on."""

    async def __call__(self) -> str | None:
        """None when everything is in order, else the reason in a sentence."""
        ...
