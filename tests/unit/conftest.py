"""Unit tests touch nothing outside their process: no file, no database, no network, no waiting."""

import pytest

from tests.unit.builders import House


@pytest.fixture
def house() -> House:
    """An application in which nobody has done anything yet."""
    return House()
