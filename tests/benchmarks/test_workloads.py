"""What contenders are asked, and what their databases are filled with."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.contenders.contender import READER, WRITER, Contender, fits_filter
from benchmarks.filling import new_id, sizes_of
from benchmarks.workloads import WORKLOADS


class Silent(Contender):
    """Nobody starts it."""

    def command(self, port: int) -> Sequence[str]:
        raise NotImplementedError

    def environment(self, port: int) -> Mapping[str, str]:
        raise NotImplementedError


@pytest.fixture
def contender(tmp_path: Path) -> Contender:
    silent = Silent("silent", tmp_path)
    silent.ids[READER] = [f"task-{number}" for number in range(100)]
    return silent


def test_a_mix_has_the_shares_of_a_real_day_and_is_always_the_same(contender: Contender) -> None:
    (mix,) = (workload for workload in WORKLOADS if workload.name == "mix")
    requests = mix.requests(contender)
    kinds = Counter((request.method, request.path.removeprefix("/tasks")[:1], request.person) for request in requests)
    assert kinds == {
        ("GET", "/", READER): 650,
        ("GET", "", READER): 230,
        ("GET", "?", READER): 90,
        ("POST", "", WRITER): 30,
    }
    assert requests == mix.requests(contender)


def test_nobody_adds_to_what_is_read(contender: Contender) -> None:
    for workload in WORKLOADS:
        assert {request.method for request in workload.requests(contender) if request.person == READER} <= {"GET"}


def test_one_task_in_eight_fits_the_filter() -> None:
    assert sum(map(fits_filter, range(1000))) == 125


@pytest.mark.parametrize(("total", "large"), [(1_000, 500), (100_000, 50_000), (1_000_000, 100_000)])
def test_the_small_space_stays_as_it_is_while_the_database_grows(total: int, large: int) -> None:
    assert sizes_of(total) == {"small": 200, "large": large}


def test_ids_that_are_made_past_the_service_look_like_its_own() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    made = [new_id(noon + timedelta(seconds=number)) for number in range(100)]
    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert made[0].int >> 80 == int(noon.timestamp() * 1000)
