"""What "overdue", "today" and "this week" mean, seen from one's own clock."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from domain.due import ALWAYS, Due, DueIn, Span
from domain.time import MICROSECOND
from tests.unit.builders import LATER, NOON

HAVANA, CAIRO, BERLIN = (ZoneInfo(name) for name in ("America/Havana", "Africa/Cairo", "Europe/Berlin"))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def days(span: Span) -> tuple[datetime, datetime]:
    """The first moment that is meant, and the first that is not any more."""
    assert span.after is not None
    assert span.before is not None
    return span.after + MICROSECOND, span.before


def test_overdue_is_before_now() -> None:
    assert DueIn(Due.OVERDUE).span(NOON) == Span(None, NOON)
    assert DueIn(Due.OVERDUE).is_overdue
    assert not DueIn(Due.TODAY).is_overdue


@pytest.mark.parametrize(
    ("zone", "now", "first", "end"),
    [
        (UTC, "2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"),
        (UTC, "2026-05-01T23:59:59.999999Z", "2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"),
        (timezone(timedelta(hours=14)), "2026-05-01T12:00:00Z", "2026-05-01T10:00:00Z", "2026-05-02T10:00:00Z"),
        (timezone(timedelta(hours=-12)), "2026-05-01T11:59:00Z", "2026-04-30T12:00:00Z", "2026-05-01T12:00:00Z"),
        (BERLIN, "2026-03-29T12:00:00Z", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        (BERLIN, "2026-10-25T12:00:00Z", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
        (HAVANA, "2025-11-02T12:00:00Z", "2025-11-02T00:00:00-04:00", "2025-11-03T00:00:00-05:00"),
        (HAVANA, "2025-03-09T12:00:00Z", "2025-03-09T01:00:00-04:00", "2025-03-10T00:00:00-04:00"),
        (CAIRO, "2025-04-25T12:00:00Z", "2025-04-25T01:00:00+03:00", "2025-04-26T00:00:00+03:00"),
    ],
)
def test_today_lasts_from_midnight_to_midnight_there(zone: tzinfo, now: str, first: str, end: str) -> None:
    assert days(DueIn(Due.TODAY, zone).span(moment(now))) == (moment(first), moment(end))


@pytest.mark.parametrize("day", range(27, 34))
def test_this_week_lasts_from_monday_to_sunday_there(day: int) -> None:
    now = datetime(2026, 4, 1, 12, tzinfo=BERLIN) + timedelta(days=day - 1)
    found = days(DueIn(Due.WEEK, BERLIN).span(now.astimezone(UTC)))
    assert found == (moment("2026-04-27T00:00:00+02:00"), moment("2026-05-04T00:00:00+02:00"))


def test_a_week_goes_on_over_the_turn_of_the_year() -> None:
    found = days(DueIn(Due.WEEK).span(moment("2027-01-01T12:00:00Z")))
    assert found == (moment("2026-12-28T00:00:00Z"), moment("2027-01-04T00:00:00Z"))


def test_what_two_stretches_have_in_common_has_the_later_beginning_and_the_earlier_end() -> None:
    assert Span(NOON, None).within(Span(LATER, LATER)) == Span(LATER, LATER)
    assert Span(LATER, LATER).within(Span(NOON, NOON)) == Span(LATER, NOON)
    assert Span(NOON, LATER).within(ALWAYS) == Span(NOON, LATER)
    assert ALWAYS.within(ALWAYS) == ALWAYS
