"""Walls hide each other: what one has lost, the next one holds. So here each loses a piece, and somebody must notice.

The exam of the ports must notice what is missing from the door and from the WHERE, on SQLite and on PostgreSQL without
row-level security; the tests of the policies what is missing from a table's guard. That the service itself sees it at
its start is tested in ``test_start_refusals``.
``pytest -v tests/walls/test_mutations.py`` ends with a table of who noticed what.
"""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from sqlalchemy import URL, Table

from tests.walls import test_policies_alone
from tests.walls.conftest import NOTICED
from tests.walls.exam import SITS, UNNOTICEABLE
from tests.walls.ground import Ground
from tests.walls.lifting import Lift, lifted
from tests.walls.mutants import Piece, all_mutants
from tests.walls.test_policies_alone import every_table

ROOT: Final = Path(__file__).parents[2]
MINUTES: Final = 10

Finding = dict[str, Any]

# The door and the WHERE.


@pytest.fixture(scope="session")
def findings(
    postgres_server: URL, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> list[Finding]:
    """What came out when every mutant sat the exam."""
    file = tmp_path_factory.mktemp("findings") / "findings.json"
    server = postgres_server.render_as_string(hide_password=False)
    options = ["-p", "tests.walls.exam", f"--sitting={','.join(SITS)}", f"--findings={file}", "tests/contract"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options],
        cwd=ROOT,
        env=os.environ | {"TASKWARD_TEST_POSTGRES_URL": server, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=MINUTES * 60,
        check=False,
    )
    assert file.exists(), done.stdout + done.stderr
    found: list[Finding] = json.loads(file.read_text(encoding="utf-8"))
    request.config.stash[NOTICED] += [(one["mutant"], one["store"], one["by"]) for one in found]
    return found


def assert_noticed(found: list[Finding]) -> None:
    for one in found:
        if (one["store"], one["mutant"]) in UNNOTICEABLE:
            assert one["by"] is None, f"{one['mutant']} is noticed by {one['by']}: take it off the list"
            continue
        tests = f"{len(one['able'])} tests of tests/contract that could notice on {one['store']}"
        assert one["by"] is not None, f"{one['mutant']}: none of {tests} does{all_that_is_known(one)}"
        why = f"{one['mutant']}: {one['by']} fails for another reason: {one['how']}"
        assert not one["broken"], why + all_that_is_known(one)


def all_that_is_known(one: Finding) -> str:
    """What came of each test that could notice, in order, and which could not because they fail anyway."""
    tried = [f"{name} {came_of_it}" for name, came_of_it in one["tried"]] or ["nobody could"]
    unfit = [f"{name} is unfit: {why}" for name, why in one["unfit"].items()] or ["nobody is unfit"]
    return "".join(f"\n  {line}" for line in (*tried, *unfit))


@pytest.mark.parametrize("mutant", [mutant.name for mutant in all_mutants()])
def test_the_exam_notices_what_is_missing(findings: list[Finding], mutant: str) -> None:
    found = [one for one in findings if one["mutant"] == mutant]
    assert {"sqlite", "postgres_bypassing"} <= {one["store"] for one in found}
    noticeable = [one for one in found if (one["store"], mutant) not in UNNOTICEABLE]
    assert noticeable, "somewhere it must be noticed"
    assert_noticed(found)


@pytest.mark.parametrize("store", [store for store, pieces in SITS.items() if Piece.ENTRANCE in pieces])
def test_the_exam_notices_what_is_missing_where_postgresql_checks_who_comes_in(
    findings: list[Finding], store: str
) -> None:
    found = [one for one in findings if one["piece"] == Piece.ENTRANCE and one["store"] == store]
    missing = " ".join(one["mutant"] for one in found)
    for word in ("session", "user", "revoked_at", "expires_at", "is_active", "space", "role"):
        assert word in missing
    assert_noticed(found)


def test_where_nothing_is_missing_nobody_notices_anything(findings: list[Finding]) -> None:
    (nothing,) = (one for one in findings if one["piece"] == Piece.NOTHING)
    assert nothing["able"]
    assert nothing["by"] is None, nothing["how"] + all_that_is_known(nothing)


def test_nothing_is_listed_that_is_no_mutant(findings: list[Finding]) -> None:
    assert set(UNNOTICEABLE) <= {(one["store"], one["mutant"]) for one in findings}


# Row-level security.

Check = Callable[[Ground, Table], Coroutine[Any, Any, None]]

WOULD_NOTICE: Final = (AssertionError, pytest.fail.Exception, asyncpg.PostgresError)


def checks() -> Iterator[tuple[str, Check]]:
    """The tests of the policies that look at one table."""
    for name, test in vars(test_policies_alone).items():
        if name.startswith("test_") and [*inspect.signature(test).parameters] == ["guarded", "table"]:
            yield name, test
    test = test_policies_alone.test_the_service_cannot_lift_the_guard_of_a_table
    for statement in test_policies_alone.ON_A_TABLE:
        yield f"{test.__name__}[{statement}]", partial(test, statement=statement)


async def first_to_notice(scratch: Ground, table: Table) -> str | None:
    for name, check in checks():
        try:
            await check(scratch, table)
        except WOULD_NOTICE:
            return name
    return None


@pytest.mark.parametrize("lift", Lift)
@every_table
async def test_a_test_of_the_policies_notices_that_a_guard_is_lifted(
    scratch: Ground, table: Table, lift: Lift, request: pytest.FixtureRequest
) -> None:
    async with lifted(scratch, table, lift):
        noticed = await first_to_notice(scratch, table)
    assert noticed is not None
    request.config.stash[NOTICED].append((f"{table.name}: {lift}", "test_policies_alone", noticed))


@every_table
async def test_where_no_guard_is_lifted_no_test_of_the_policies_fails(scratch: Ground, table: Table) -> None:
    assert len(list(checks())) >= 20
    assert await first_to_notice(scratch, table) is None
