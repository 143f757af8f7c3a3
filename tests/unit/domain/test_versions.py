"""Versions for which a change is meant."""

import pytest

from domain.errors import PreconditionFailed
from domain.versions import require_version


@pytest.mark.parametrize("expected", [None, {3}, {1, 3}, [4, 3]])
def test_a_version_that_is_expected_is_in_order(expected: set[int] | None) -> None:
    require_version(3, expected)


@pytest.mark.parametrize("expected", [set[int](), {2}, {2, 4}])
def test_a_version_that_is_not_expected_is_refused(expected: set[int]) -> None:
    with pytest.raises(PreconditionFailed):
        require_version(3, expected)
