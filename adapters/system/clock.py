"""The system's clock, and one that tests can set."""

from datetime import UTC, datetime, timedelta


class SystemClock:
    """The time of this machine."""

    def __call__(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time it was set to."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self.now += by
