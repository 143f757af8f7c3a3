"""The exam itself: a hiccup of the machine neither makes a test unfit, nor hides a mutant, nor breaks a finding."""

import json
import sqlite3
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.walls.exam import Knowledge, Raised, Sitting
from tests.walls.mutants import Mutant, Piece
from tests.walls.test_mutations import assert_noticed

MUTANT: Final = Mutant("a mutant", Piece.SPACE, None, nullcontext)
FAILS: Final = AssertionError("seen")
HICCUP: Final = sqlite3.OperationalError("database is locked")


@dataclass(frozen=True)
class Scripted:
    """Stands in for a test of every store: what it dies of each time it is run, None where it passes."""

    nodeid: str
    script: list[Exception | None]


class ScriptedSitting(Sitting):
    """A sitting of tests that are not really run."""

    def _fails(self, item: Any) -> Raised:
        error = item.script.pop(0)
        if error is None:
            return None
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever is in the script
            raise error
        return caught


def sitting(**scripts: list[Exception | None]) -> ScriptedSitting:
    """One that has learnt already."""
    items: Any = [Scripted(name, script) for name, script in scripts.items()]
    return ScriptedSitting("sqlite", items, [], {name: Knowledge() for name in scripts})


def test_a_test_that_fails_once_as_it_is_is_fit() -> None:
    found = sitting(first=[None, None], second=[HICCUP, None], third=[FAILS, FAILS])
    found.known.clear()
    found.learn()
    assert {name: known.unfit for name, known in found.known.items()} == {
        "first": None,
        "second": None,
        "third": "AssertionError: seen",
    }


def test_what_nobody_has_noticed_is_tried_once_more() -> None:
    found = sitting(first=[None, FAILS, None]).finding(MUTANT)
    assert (found["by"], found["how"]) == ("first", "AssertionError: seen")
    found = sitting(first=[None, None], second=[None, None]).finding(MUTANT)
    assert (found["by"], len(found["tried"])) == (None, 4)


def test_a_hiccup_is_no_finding_and_what_is_broken_twice_is_one() -> None:
    assert sitting(first=[HICCUP, None], second=[FAILS, None]).finding(MUTANT)["by"] == "second"
    assert not sitting(first=[HICCUP, FAILS, None]).finding(MUTANT)["broken"]
    assert sitting(first=[HICCUP, HICCUP, None]).finding(MUTANT)["broken"]


def test_a_hiccup_without_the_mutant_does_not_hide_that_it_was_noticed() -> None:
    assert sitting(first=[FAILS, HICCUP, None]).finding(MUTANT)["by"] == "first"


def test_whoever_reads_of_a_failure_reads_all_that_is_known() -> None:
    found = sitting(first=[None, FAILS, FAILS, FAILS], unfit=[])
    found.known["unfit"].unfit = "TimeoutError"
    as_read = json.loads(json.dumps(found.finding(MUTANT)))
    with pytest.raises(AssertionError) as failure:
        assert_noticed([as_read])
    for line in ("first passes", "first fails without it, too: AssertionError: seen", "unfit is unfit: TimeoutError"):
        assert line in str(failure.value)
