"""What is due: the words people use, as stretches of time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from domain.time import MICROSECOND

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(weeks=1)


class Due(StrEnum):
    """When a task is due, seen from now."""

    OVERDUE = "overdue"
    TODAY = "today"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time between two moments, neither of which is in it. None: it has no end on that side."""

    after: datetime | None = None
    before: datetime | None = None

    def within(self, other: "Span") -> "Span":
        """What this stretch and another one have in common."""
        afters = [moment for moment in (self.after, other.after) if moment is not None]
        befores = [moment for moment in (self.before, other.before) if moment is not None]
        return Span(max(afters, default=None), min(befores, default=None))


ALWAYS: Final = Span()
"""All of time."""


@dataclass(frozen=True, slots=True)
class DueIn:
    """When a task is due, for somebody whose clock shows the time of ``zone``.

    A day lasts from midnight to midnight there, a week from Monday to Sunday (ISO 8601).
    """

    due: Due
    zone: tzinfo = UTC

    @property
    def is_overdue(self) -> bool:
        """Whether only what is not done yet counts."""
        return self.due is Due.OVERDUE

    def span(self, at: datetime) -> Span:
        """The stretch of time that is meant at this moment."""
        if self.is_overdue:
            return Span(before=at)
        day = at.astimezone(self.zone).date()
        if self.due is Due.TODAY:
            return self._from(day, _DAY)
        return self._from(day - day.weekday() * _DAY, _WEEK)

    def _from(self, first: date, length: timedelta) -> Span:
        return Span(self._midnight(first) - MICROSECOND, self._midnight(first + length))

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)
