"""Medians and ratios."""

import pytest

from benchmarks.summary import Ratio, p99, per_second, ratio, summarise
from tests.benchmarks.figures import measurements, outcome


def test_a_ratio_is_taken_round_by_round_and_its_median_counts() -> None:
    of = [outcome(50), outcome(300), outcome(80)]
    to = [outcome(100), outcome(200), outcome(100)]
    assert ratio(per_second, of, to) == Ratio(median=0.8, lowest=0.5, highest=1.5)


def test_there_is_no_ratio_to_what_was_not_measured() -> None:
    assert ratio(per_second, [outcome()], []) is None
    assert ratio(per_second, [], [outcome()]) is None


def test_rounds_of_which_one_is_missing_are_not_compared() -> None:
    with pytest.raises(ValueError, match="argument 2 is longer"):
        ratio(per_second, [outcome()], [outcome(), outcome()])


def test_nothing_is_infinitely_better_than_whoever_answers_nothing() -> None:
    assert ratio(per_second, [outcome(5)], [outcome(0)]) == (float("inf"),) * 3


def test_the_summary_has_medians_and_the_worst_share_of_failures() -> None:
    found = measurements(
        {"floor": {"get": outcome(100)}, "other": {"get": outcome(50, p99=4)}},
        {"floor": {"get": outcome(100)}, "other": {"get": outcome(30, refused=10, p99=8)}},
        {"floor": {"get": outcome(100)}, "other": {"get": outcome(40, p99=6)}},
    )
    summary = summarise(found, "floor")
    other = summary["other"]["workloads"]["get"]
    assert (other["per_second"], other["p99"], other["failed"]) == (40, 6, 0.25)
    assert other["ratio"] == Ratio(0.4, 0.3, 0.5)
    assert other["p99_ratio"] == Ratio(3, 2, 4)
    assert summary["other"]["cold_start"] == 3


def test_rounds_are_compared_in_their_order_whoever_went_first() -> None:
    found = measurements(
        {"a": {"get": outcome(p99=1)}, "b": {"get": outcome(p99=2)}},
        {"b": {"get": outcome(p99=8)}, "a": {"get": outcome(p99=2)}},
    )
    assert ratio(p99, found.outcomes("b", "get"), found.outcomes("a", "get")) == Ratio(3, 2, 4)
