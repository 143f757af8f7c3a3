"""Versions for which a change is meant."""

import pytest

from domain.errors import PreconditionFailed
from domain.versions import Expectation, require_version


@pytest.mark.parametrize("expected", [None, {3}, {1, 3}, [4, 3]])
def test_a_version_that_is_expected_is_in_order(expected: set[int] | None) -> None:
    require_version(3, expected)


@pytest.mark.parametrize("expected", [set[int](), {2}, {2, 4}])
def test_a_version_that_is_not_expected_is_refused(expected: set[int]) -> None:
    with pytest.raises(PreconditionFailed):
        require_version(3, expected)


@pytest.mark.parametrize(
    ("expected", "for_new", "for_old"),
    [
        (Expectation(), True, True),
        (Expectation(is_new=True), True, False),
        (Expectation(is_new=False), False, True),
        (Expectation({3}, is_new=False), False, True),
        (Expectation({2}, is_new=False), False, False),
    ],
)
def test_what_is_put_is_what_was_expected_or_refused(expected: Expectation, *, for_new: bool, for_old: bool) -> None:
    for version, is_new, is_in_order in ((1, True, for_new), (3, False, for_old)):
        if is_in_order:
            expected.require(version, is_new=is_new)
        else:
            with pytest.raises(PreconditionFailed):
                expected.require(version, is_new=is_new)
