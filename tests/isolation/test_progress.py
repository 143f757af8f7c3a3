"""How far a run of the proof has come: counted by steps, with a clock of the test's own."""

import pytest
from typer.testing import CliRunner

from entrypoints.cli.main import cli
from entrypoints.cli.telling import progress_on_stderr
from entrypoints.proof.callers import Caller
from entrypoints.proof.matrix import offered, results
from entrypoints.proof.progress import CLEAR, Progress, on_paper, on_terminal
from entrypoints.proof.results import Result
from entrypoints.proof.table import RULES
from tests.isolation.services import MemoryService

HELD = Result(operation="get_task", caller=Caller.STRANGER, space="", ok=True)
FAILED = Result(operation="get_task", caller=Caller.STRANGER, space="", ok=False)


class Clock:
    """It stands still unless it is put on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_counts_and_an_estimate_follow_from_steps_and_time() -> None:
    told, clock = list[str](), Clock()
    progress = Progress(told.append, clock=clock)
    progress.expect(200)
    for result in (HELD, HELD, FAILED):
        progress.check(result)
    clock.now += 30
    progress.step(50)
    assert told == ["3 checks made, 1 not held; 25% done, about 90 s left"]
    clock.now += 570
    progress.step(50)
    assert told[1:] == ["3 checks made, 1 not held; 50% done, about 10 min left"]


def test_there_is_no_estimate_before_enough_is_done() -> None:
    told, clock = list[str](), Clock()
    progress = Progress(told.append, clock=clock)
    progress.expect(1000)
    clock.now += 1
    progress.step(19)
    assert told == ["0 checks made, 0 not held; 2% done"]


def test_a_line_comes_once_in_its_time() -> None:
    told, clock = list[str](), Clock()
    progress = Progress(told.append, every=10, clock=clock)
    progress.expect(100)
    for _ in range(30):
        clock.now += 1
        progress.step()
    assert len(told) == 3


def test_a_line_on_a_terminal_takes_the_place_of_the_one_before() -> None:
    told = list[str]()
    on_terminal(told.append)("one")
    on_paper(told.append)("two")
    assert told == [f"{CLEAR}one", "two\n"]


async def test_a_whole_run_makes_every_step_that_it_expects() -> None:
    rules = {name: rule for name, rule in RULES.items() if name in {"get_task", "create_task", "get_me"}}
    progress = Progress()
    async with MemoryService().served() as served:
        operations = [operation for operation in await offered(served.deployment) if operation.id in rules]
        async for result in results(served.deployment, operations, rules, served.operator, progress):
            progress.check(result)
    assert progress.done == progress.total > progress.checks > 0


@pytest.mark.parametrize(
    ("shown", "is_terminal", "told"),
    [
        (None, False, ""),
        (None, True, f"{CLEAR}0 checks made, 0 not held; 50% done, about 60 s left{CLEAR}"),
        (False, True, ""),
        (True, False, "0 checks made, 0 not held; 50% done, about 60 s left\n"),
    ],
)
def test_progress_is_told_on_a_terminal_or_where_it_is_asked_for(
    shown: bool | None,  # noqa: FBT001 - a parameter of the test
    is_terminal: bool,  # noqa: FBT001
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    with progress_on_stderr(shown=shown) as progress:
        clock = progress.clock = Clock()
        progress.expect(100)
        clock.now += 60
        progress.step(50)
    said = capsys.readouterr()
    assert said.err == told
    assert said.out == ""


def test_the_command_offers_both() -> None:
    said = CliRunner().invoke(cli, ["prove-isolation", "--help"], env={"COLUMNS": "200"}).output
    assert "--progress" in said
    assert "--load" in said
