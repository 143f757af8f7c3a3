"""A way back into an account: how long it is open, and to whom."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.password_reset import PasswordReset
from domain.user import Email, User, UserRole
from tests.unit.builders import ANN, NOON, TICK

HALF_AN_HOUR = timedelta(minutes=30)
USER = User.register(id=ANN, email=Email("ann@example.org"), full_name=None, role=UserRole.USER, at=NOON)
RESET = PasswordReset.offer(USER, token_hash=b"a hash", at=NOON)


def test_it_is_offered_for_half_an_hour() -> None:
    assert PasswordReset(user_id=ANN, token_hash=b"a hash", created_at=NOON, expires_at=NOON + HALF_AN_HOUR) == RESET


@pytest.mark.parametrize(
    ("after", "is_open"), [(timedelta(), True), (HALF_AN_HOUR - TICK, True), (HALF_AN_HOUR, False)]
)
def test_it_is_open_until_it_expires(after: timedelta, *, is_open: bool) -> None:
    assert RESET.is_open(USER, at=NOON + after) is is_open


def test_it_leads_into_no_account_that_is_not_active() -> None:
    assert not RESET.is_open(replace(USER, is_active=False), at=NOON)
