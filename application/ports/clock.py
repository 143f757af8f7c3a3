"""What time it is."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tell the time."""

    def __call__(self) -> datetime:
        """The present moment, in UTC."""
        ...
