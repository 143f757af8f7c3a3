"""What is computed from the samples of a run of fair shares, and what is promised."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.fairness.report import summary, table, write
from benchmarks.fairness.samples import Course, Phase, Sample, corrected, course, percentile, phase
from benchmarks.fairness.verdicts import Turn, judge

BEGAN, ENDED, INTERVAL, FLOOR = 10.0, 20.0, 1.0, 50.0


def get(began: float, seconds: float = 0.01, status: int = 200) -> Sample:
    return Sample("get", began, seconds, status)


def cut(*samples: Sample) -> Course:
    return course(samples, began=BEGAN, ended=ENDED, interval=INTERVAL, floor=FLOOR)


def of(p99: float, refused: int = 0) -> Phase:
    return Phase(requests=100, refused=refused, p50=1, p99=p99, slowest=p99)


def turn(calm: float = 10, attacked: float = 10, *, refused: int = 0, recovery: float = 0.0) -> Turn:
    found = Course(calm=of(calm), attacked=of(attacked, refused), recovery=recovery)
    return Turn(line="searches", contender="taskward-sqlite", workers=1, course=found, memory=1, attacker={"200": 5})


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1, 100), (0.001, 1)])
def test_a_percentile_is_the_value_of_the_nearest_rank(share: float, expected: float) -> None:
    assert percentile([float(value) for value in range(1, 101)], share) == expected


def test_a_phase_counts_what_was_refused_or_not_answered() -> None:
    found = phase([get(0, 0.001), get(1, 0.002, 304), get(2, 0.003, 503), get(3, 0.004, 0)])
    assert (found.requests, found.refused) == (4, 2)
    assert (found.p50, found.p99, found.slowest) == (2, 4, 4)


def test_a_client_that_waits_is_as_if_it_had_gone_on_asking() -> None:
    assert list(corrected([get(5, 3.5)], INTERVAL)) == [get(5, 3.5), get(6, 2.5), get(7, 1.5)]
    assert list(corrected([get(5, 0.5)], INTERVAL)) == [get(5, 0.5)]


def test_samples_belong_to_the_phase_in_which_they_began() -> None:
    found = cut(get(1), get(9.999, 0.02), get(10, 0.03), get(19.9, 0.04), get(20, 0.001))
    assert (found.calm.requests, found.calm.slowest) == (2, 20)
    assert (found.attacked.requests, found.attacked.slowest) == (2, 40)


def test_the_end_of_a_request_that_began_in_calm_and_waited_belongs_to_the_attack() -> None:
    found = cut(get(9.5, 3), get(15))
    assert found.attacked.slowest == 2000


def test_recovery_lasts_until_the_last_answer_that_is_slow_or_refused() -> None:
    calm, attacked = get(1), get(15)
    assert cut(calm, attacked, get(20.5), get(21.5, 0.05)).recovery == 0
    assert cut(calm, attacked, get(20.5, 0.5), get(22)).recovery == pytest.approx(1)
    assert cut(calm, attacked, get(21, 0.01, 503), get(22)).recovery == pytest.approx(1.01)
    assert cut(calm, get(19, 4)).recovery == pytest.approx(3)


def test_the_limit_of_recovery_is_twice_the_calm_time_of_a_slow_machine() -> None:
    assert cut(get(1, 0.1), get(15), get(21, 0.19)).recovery == 0
    assert cut(get(1, 0.1), get(15), get(21, 0.21)).recovery > 1


def test_sign_ins_are_counted_apart_and_their_refusals_count_as_well() -> None:
    calm, attacked = Sample("sign-in", 1, 0.3, 200), Sample("sign-in", 15, 0.9, 503)
    found = cut(get(1), get(15, 0.01, 429), calm, attacked)
    assert found.sign_ins_calm == phase([calm])
    assert found.sign_ins == phase([attacked])
    assert found.refused == 2
    assert cut(get(1), get(15)).sign_ins is None


@pytest.mark.parametrize(
    ("measured", "broken"),
    [
        (turn(10, 50), []),
        (turn(10, 50.1), ["p99"]),
        (turn(40, 80), []),
        (turn(40, 80.1), ["p99"]),
        (turn(refused=1), ["refused"]),
        (turn(recovery=2), []),
        (turn(recovery=2.1), ["recovery"]),
        (replace(turn(), lag=2.0), []),
        (replace(turn(), lag=2.1), ["seals"]),
        (turn(1, 1000, refused=3, recovery=9), ["p99", "refused", "recovery"]),
    ],
)
def test_a_promise_is_broken_by_a_slow_p99_a_refusal_or_a_slow_recovery(measured: Turn, broken: list[str]) -> None:
    verdict = judge([measured])
    assert verdict.broken == broken
    assert verdict.kept is (not broken)


def test_times_are_medians_of_the_rounds_and_refusals_add_up() -> None:
    verdict = judge([turn(10, 40, refused=1), turn(20, 1000), turn(30, 60, refused=1)])
    assert (verdict.calm_p99, verdict.attacked_p99, verdict.ratio, verdict.refused) == (20, 60, 3, 2)
    assert verdict.slowest == 1000


def test_the_table_has_a_row_for_each_verdict_and_the_summary_counts_taskwards() -> None:
    verdicts = [
        judge([turn()]),
        judge([turn(attacked=500)]),
        judge([replace(turn(), contender="pocketbase", workers=0)]),
    ]
    heading, _, kept, broken, other = table(verdicts)
    assert heading.startswith("| line | contender | workers |")
    assert kept.startswith("| searches | taskward-sqlite | 1 | 1.0 | 10.0 | 1.0 | 10.0 | 1.0 |")
    assert kept.endswith("| kept |")
    assert broken.endswith("| broken: p99 |")
    assert "| pocketbase | all cores |" in other
    assert {row.count("|") for row in table(verdicts)} == {heading.count("|")}
    assert summary(verdicts).startswith("1 of 2 kept")


def test_the_file_has_every_turn_and_verdict(tmp_path: Path) -> None:
    file = tmp_path / "results" / "fairness.json"
    write(file, {"cores": 2}, [turn()], [judge([turn()])])
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["machine"] == {"cores": 2}
    assert written["turns"][0]["course"]["calm"]["p99"] == 10
    assert (written["verdicts"][0]["kept"], written["verdicts"][0]["broken"]) == (True, [])
