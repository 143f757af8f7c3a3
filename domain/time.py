"""Times: always aware, always UTC, to the microsecond."""

from datetime import UTC, datetime, timedelta
from typing import Final

from domain.errors import InvalidValue

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """How many microseconds after the beginning of 1970."""
    return (moment - EPOCH) // MICROSECOND


def not_before(last: datetime, at: datetime) -> datetime:
    """The moment ``at``, but never one before ``last``: clocks are set back, and times within a row are not."""
    return max(last, at)


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises InvalidValue for a time without offset or outside the years 1 to 9999."""
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:
        raise InvalidValue("naive_time", "A time needs an offset: end it in 'Z' or '+hh:mm'.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise InvalidValue("out_of_range", "A time must lie in the years 1 to 9999, in UTC.") from None
