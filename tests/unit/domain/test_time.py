"""Times are moments, kept in UTC."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest

from domain.errors import InvalidValue
from domain.time import in_utc
from tests.unit.builders import NOON

EAST, WEST = timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))


class Nowhere(tzinfo):
    """A zone that does not know its offset."""

    def utcoffset(self, _: datetime | None) -> None: ...

    def dst(self, _: datetime | None) -> None: ...

    def tzname(self, _: datetime | None) -> None: ...


def refusal(moment: datetime) -> tuple[str, str]:
    """Why a time is refused."""
    with pytest.raises(InvalidValue) as refused:
        in_utc(moment)
    return refused.value.reason, refused.value.message


def test_a_time_in_utc_stays_as_it_is() -> None:
    assert in_utc(NOON) is NOON


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 5, 1, 17, 30, 0, 1, tzinfo=EAST), datetime(2026, 5, 1, 12, 0, 0, 1, tzinfo=UTC)),
        (datetime(2026, 5, 1, 20, tzinfo=WEST), datetime(2026, 5, 2, 4, tzinfo=UTC)),
        (datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(0), "Z")), NOON),
        (datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)),
        (datetime(1, 1, 1, 5, 30, tzinfo=EAST), datetime(1, 1, 1, tzinfo=UTC)),
        (datetime(9999, 12, 31, 15, 59, tzinfo=WEST), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)),
    ],
)
def test_a_time_elsewhere_is_the_same_moment_in_utc(moment: datetime, expected: datetime) -> None:
    found = in_utc(moment)
    assert found == expected
    assert found.tzinfo is UTC


@pytest.mark.parametrize("moment", [NOON.replace(tzinfo=None), NOON.replace(tzinfo=Nowhere())])
def test_a_time_without_an_offset_is_no_moment(moment: datetime) -> None:
    assert refusal(moment) == ("naive_time", "A time needs an offset: end it in 'Z' or '+hh:mm'.")


@pytest.mark.parametrize(
    "moment",
    [datetime(1, 1, 1, 5, 29, tzinfo=EAST), datetime(9999, 12, 31, 16, tzinfo=WEST)],
    ids=["before year 1", "after year 9999"],
)
def test_a_time_that_utc_cannot_express_is_refused(moment: datetime) -> None:
    assert refusal(moment) == ("out_of_range", "A time must lie in the years 1 to 9999, in UTC.")
