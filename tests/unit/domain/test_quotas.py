"""Quotas: how much is allowed, what is refused beyond, and for how long a count is good."""

import pytest

from domain.errors import QuotaReached
from domain.quotas import DEFAULTS, Quota, Quotas

TEN_TAGS = Quotas({Quota.TAGS: 10})


def test_everything_that_is_limited_has_a_default() -> None:
    assert set(DEFAULTS) == set(Quota)
    assert all(Quotas().limit_of(quota) == DEFAULTS[quota] > 0 for quota in Quota)


@pytest.mark.parametrize("quotas", [Quotas({Quota.TAGS: 0}), Quotas({})])
def test_what_is_zero_or_not_named_is_not_limited(quotas: Quotas) -> None:
    assert quotas.limit_of(Quota.TAGS) is None
    assert quotas.allowance(Quota.TAGS, 7) == 0
    quotas.require(Quota.TAGS, 10**9, 10**9)


@pytest.mark.parametrize(("used", "more"), [(0, 10), (9, 1), (10, 0)])
def test_a_quota_may_be_used_up(used: int, more: int) -> None:
    TEN_TAGS.require(Quota.TAGS, used, more)


@pytest.mark.parametrize(("used", "more"), [(0, 11), (9, 2), (10, 1), (11, 1)])
def test_more_than_the_quota_is_refused_with_what_is_full_and_how_much_is_allowed(used: int, more: int) -> None:
    with pytest.raises(QuotaReached) as refused:
        TEN_TAGS.require(Quota.TAGS, used, more)
    assert (refused.value.quota, refused.value.limit) == (Quota.TAGS, 10)


@pytest.mark.parametrize(("used", "allowance"), [(0, 50), (500, 25), (980, 1), (981, 0), (1000, 0), (1200, 0)])
def test_a_count_is_good_for_a_twentieth_of_the_room_that_it_found(used: int, allowance: int) -> None:
    assert Quotas({Quota.TASKS: 1000}).allowance(Quota.TASKS, used) == allowance
