"""What is promised, and whether a run has shown it."""

import pytest

from benchmarks import depths, lineup
from benchmarks.targets import Evidence, Target, Verdict, cold_start, faster, hashing, judge, slower, worst
from benchmarks.workloads import WORKLOADS
from tests.benchmarks.figures import measurements, outcome

NOTHING = measurements({"floor": {}})


@pytest.mark.parametrize(
    ("measured", "at_least", "verdict"),
    [(3.0, True, "met"), (2.9, True, "not met"), (3.0, False, "met"), (3.1, False, "not met")],
)
def test_the_median_is_compared_with_the_limit(measured: float, *, at_least: bool, verdict: str) -> None:
    target = Target("three", 3, lambda _: Evidence([0, measured, 100]), at_least=at_least)
    assert judge(target, NOTHING)[1:] == (measured, 0, verdict)


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    assert judge(Target("get", 1, faster("taskward", "floor", "get")), NOTHING).verdict is Verdict.NOT_MEASURED
    assert judge(Target("hashes", 1, hashing("floor", "sign-in")), NOTHING).verdict is Verdict.NOT_MEASURED
    assert judge(Target("start", 1, worst(["taskward"], cold_start)), NOTHING).verdict is Verdict.NOT_MEASURED


def test_whoever_fails_requests_has_met_nothing() -> None:
    found = measurements({"floor": {"get": outcome(100)}, "taskward": {"get": outcome(1000, unanswered=1)}})
    judgement = judge(Target("get", 0.6, faster("taskward", "floor", "get")), found)
    assert judgement.verdict is Verdict.NOT_MET
    assert judgement.failed == pytest.approx(1 / 1001)


def test_failures_of_the_other_side_do_not_count_against_it() -> None:
    found = measurements({"floor": {"get": outcome(100, refused=5)}, "taskward": {"get": outcome(60)}})
    assert judge(Target("get", 0.6, faster("taskward", "floor", "get")), found).verdict is Verdict.MET


def test_sign_ins_are_compared_with_what_the_machine_can_hash() -> None:
    found = measurements({"taskward": {"sign-in": outcome(9)}}, hashes=10)
    assert judge(Target("sign-in", 0.9, hashing("taskward", "sign-in")), found).measured == pytest.approx(0.9)


def test_a_flood_is_compared_with_the_calm_of_the_same_contender() -> None:
    found = measurements({"taskward": {"calm": outcome(p99=2), "flood": outcome(p99=5)}})
    judgement = judge(Target("flood", 2, slower("taskward", "flood", "calm"), at_least=False), found)
    assert (judgement.measured, judgement.verdict) == (2.5, Verdict.NOT_MET)


def test_the_worst_of_each_round_counts() -> None:
    found = measurements({"one": {}, "two": {}}, {"one": {}, "two": {}})
    assert judge(Target("start", 1.5, worst(["one", "two"], cold_start), at_least=False), found).measured == 2.5


@pytest.mark.parametrize("target", lineup.TARGETS, ids=lambda target: target.what)
def test_a_whole_run_measures_every_target(target: Target) -> None:
    outcomes = {workload.name: outcome() for workload in WORKLOADS}
    found = measurements(dict.fromkeys(lineup.CONTENDERS, outcomes))
    assert judge(target, found).verdict is not Verdict.NOT_MEASURED


def test_a_whole_run_at_every_size_measures_every_target_of_size() -> None:
    outcomes = {question.name: outcome() for question in depths.QUESTIONS}
    sizes = (1_000, 1_000_000)
    found = measurements({depths.name_of(size): outcomes for size in sizes})
    assert {judge(target, found).measured for target in depths.targets(sizes)} == {1.0}
