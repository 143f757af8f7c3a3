"""Every row of the contract is held by tests that are there, or is on the list of those that are not there yet."""

from typing import Any, Final

import pytest

from tests.docs.contract import CONTRACT, COVERAGE, HOLDING, ROOT, Holding, collected_in, is_there, tables
from tests.docs.coverage_page import page, written
from tests.http.offer import DOCUMENT

MOST_OPEN: Final = 2
"""How many rows may be open. The number only ever gets smaller."""

ROWS: Final = {key: row for table in tables(CONTRACT.read_text(encoding="utf-8")) for key, row in table.rows.items()}
TESTS: Final = collected_in(ROOT / "tests")


def test_every_row_has_tests_or_is_open_and_never_both() -> None:
    assert faults(Holding.read()) == []
    assert len(ROWS) > 150


def faults(holding: Holding) -> list[str]:
    """What is wrong with what is said of the rows."""
    said = holding.held.keys() | holding.open.keys()
    return [
        *(f"{key}: no test holds it" for key in ROWS if not holding.held.get(key) and key not in holding.open),
        *(f"{key}: there is no such row" for key in sorted(said - ROWS.keys())),
        *(f"{key}: is it open or held?" for key in sorted(holding.held.keys() & holding.open.keys())),
        *(f"{test}: there is no such test" for test in sorted(holding.named - TESTS)),
    ]


def test_what_is_open_is_not_there_yet() -> None:
    there = [key for key, row in Holding.read().open.items() if is_there(row["absent"], DOCUMENT.written)]
    assert there == [], f"name the tests that hold them in {HOLDING.relative_to(ROOT)}"


def test_fewer_and_fewer_rows_are_open() -> None:
    assert len(Holding.read().open) == MOST_OPEN, "it may be lowered and never be raised"


def test_the_page_is_what_the_script_writes() -> None:
    assert COVERAGE.read_text(encoding="utf-8") == written(), "make docs"


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"held": {"login": []}}, "login: no test holds it"),
        ({"held": {"sign-in": []}}, "sign-in: there is no such row"),
        ({"open": {"login": {}}}, "login: is it open or held?"),
        ({"held": {"login": ["tests/x.py::test_y"]}}, "tests/x.py::test_y: there is no such test"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_is_wrong_is_seen(changed: dict[str, Any], fault: str) -> None:
    holding = Holding.read()
    parts = {name: {**getattr(holding, name), **changed.get(name, {})} for name in ("held", "open")}
    assert faults(Holding(**parts)) == [fault]


def test_what_has_come_is_seen() -> None:
    assert is_there({"openapi": "/paths/~1api~1tasks/get"}, DOCUMENT.written)
    assert is_there({"setting": "PORT"}, DOCUMENT.written)
    assert not is_there({"openapi": "/paths/~1api~1tasks/get/summary/x"}, DOCUMENT.written)


def test_a_key_that_comes_twice_is_seen() -> None:
    with pytest.raises(ValueError, match="twice"):
        list(tables("## x\n| Key | y |\n| --- | --- |\n| `a` | 1 |\n| `a` | 2 |\n"))


def test_a_row_that_is_open_has_no_tick() -> None:
    found = list(tables("## x\n| Key | y |\n| --- | --- |\n| `a` | 1 |\n| `b` | 2 |\n"))
    lines = page(found, Holding({"a": ["tests/x.py::test_y_z"]}, {"b": {"why": "later"}})).splitlines()
    assert "| ✓ | `a` | 1 | [`test_y_z`](../tests/x.py) |" in lines
    assert "| open | `b` | 2 | later |" in lines
    assert "1 of 2 rows are held, by 1 tests." in lines
