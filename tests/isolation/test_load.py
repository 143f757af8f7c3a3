"""The proof of fair shares: how it judges what was measured, and that it notices a mechanism that is missing."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from entrypoints.cli.main import cli
from entrypoints.http.bodies import LARGEST_BODY
from entrypoints.http.routing import PublicRoute
from entrypoints.proof import command, mechanisms
from entrypoints.proof.shares import CLOSED, OPEN, Limit, Share, Taken, lines
from entrypoints.proof.table import RULES
from tests.isolation.listening import listening, offering
from tests.isolation.places import with_places
from tests.isolation.pressed import pressed
from tests.isolation.services import MemoryService


def taken(*seconds: float, status: int = 200) -> list[Taken]:
    return [Taken(one, status) for one in seconds]


def share(
    calm: Sequence[Taken], attacked: Sequence[Taken], outcomes: Sequence[str] = (), expected: Sequence[str] = ()
) -> Share:
    limit = Limit(expected=frozenset(expected))
    return Share(
        mechanism="database", sent="much", calm=calm, attacked=attacked, outcomes=Counter(outcomes), limit=limit
    )


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (share(taken(0.01), taken(0.25)), []),
        (share(taken(0.01), taken(0.26)), ["another account waited 0.26 s, and 0.25 s are allowed"]),
        (share(taken(0.2), taken(0.4)), []),
        (share(taken(0.2), taken(0.41)), ["another account waited 0.41 s, and 0.40 s are allowed"]),
        (share(taken(0.01), taken(0.01, status=304)), []),
        (
            share(taken(0.01), taken(0.01, 0.01) + taken(0.01, status=503) + taken(0.01, status=0)),
            ["2 of 4 requests of another account were refused"],
        ),
        (share(taken(0.01), taken(0.01), ["413", "413"], ["413"]), []),
        (share(taken(0.01), taken(0.01), ["413", "422"], ["413"]), ["came to 1 x 422 instead of 413"]),
        (
            share(taken(0.01), taken(0.01), [CLOSED, "408", OPEN], [CLOSED, "408"]),
            ["came to 1 x still open instead of 408 or closed"],
        ),
        (share(taken(0.01), taken(0.01), [], ["413"]), ["came to nothing instead of 413"]),
        (share(taken(0.01), taken(0.01), ["503"]), []),
    ],
)
def test_a_share_is_fair_if_nothing_is_refused_or_slow_and_everything_comes_to_what_it_must(
    found: Share, wrong: list[str]
) -> None:
    assert found.wrong == wrong
    assert found.as_json()["ok"] is (not wrong)


def test_one_slow_answer_in_a_hundred_does_not_count() -> None:
    assert share(taken(0.01), taken(*[0.01] * 99, 9)).wrong == []
    assert share(taken(0.01), taken(*[0.01] * 98, 9, 9)).wrong != []


def test_the_table_names_what_does_not_hold() -> None:
    fair, unfair = share(taken(0.01), taken(0.02)), share(taken(0.01), taken(3))
    said = list(lines([fair, unfair]))
    assert said[1] == "database       10 ms        20 ms        0  held  (much)"
    assert said[2] == "database       10 ms      3000 ms        0  NOT HELD  (much)"
    assert said[3:] == ["NOT HELD: database: another account waited 3.00 s, and 0.25 s are allowed"]


@pytest.mark.parametrize("mechanism", ["database", "passwords", "readiness"])
async def test_places_that_are_shared_fairly_are_held(mechanism: str) -> None:
    found = await pressed(mechanism, with_places(fair=True))
    assert found.wrong == []


@pytest.mark.parametrize("mechanism", ["database", "passwords", "readiness"])
async def test_places_that_the_first_takes_are_noticed(mechanism: str) -> None:
    moment = 0.2 if mechanism == "passwords" else 0.05
    found = await pressed(mechanism, with_places(fair=False, moment=moment))
    assert "another account waited" in "; ".join(found.wrong)


async def test_large_bodies_without_an_account_are_refused_by_their_size() -> None:
    assert (await pressed("bodies", MemoryService())).wrong == []


async def test_large_bodies_that_are_read_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PublicRoute, "largest_body", LARGEST_BODY)
    assert (await pressed("bodies", MemoryService())).wrong == ["came to 8 x 422 instead of 413"]


def pressing(patch: pytest.MonkeyPatch, *found: Share) -> list[str]:
    """Have the command find these, as if it had pressed; which of them it has pressed."""
    made_to_press = list[str]()

    async def nothing_but(share: Share) -> Share:
        made_to_press.append(share.mechanism)
        return share

    made = {share.mechanism: (lambda _, share=share: nothing_but(share)) for share in found}
    patch.setattr(mechanisms, "MECHANISMS", made)
    patch.setattr(command, "MECHANISMS", made)
    patch.setattr(command, "RULES", {"get_me": RULES["get_me"]})
    return made_to_press


def served(file: Path, *options: str) -> tuple[Result, dict[str, Any]]:
    """What the command says and writes."""
    with listening(offering(MemoryService().app(), {"get_me": RULES["get_me"]})) as url:
        ran = CliRunner().invoke(cli, ["prove-isolation", "--url", url, "--json", str(file), *options])
    return ran, json.loads(file.read_text(encoding="utf-8"))


def test_load_gives_0_where_everything_is_held(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pressing(monkeypatch, share(taken(0.01), taken(0.02)))
    ran, report = served(tmp_path / "report.json", "--load")
    assert ran.exit_code == 0, ran.output
    assert "database       10 ms        20 ms        0  held  (much)" in ran.output
    assert [(found["mechanism"], found["ok"]) for found in report["load"]] == [("database", True)]


def test_load_gives_1_where_a_mechanism_is_not_held(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pressing(monkeypatch, share(taken(0.01), taken(0.02)), replace(share(taken(0.01), taken(3)), mechanism="heads"))
    ran, report = served(tmp_path / "report.json", "--load")
    assert ran.exit_code == 1
    assert "NOT HELD: heads: another account waited 3.00 s" in ran.output
    assert [found["ok"] for found in report["load"]] == [True, False]


def test_without_load_nothing_is_pressed_and_the_report_is_as_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made_to_press = pressing(monkeypatch, share(taken(0.01), taken(3)))
    ran, report = served(tmp_path / "report.json")
    assert made_to_press == []
    assert ran.exit_code == 0, ran.output
    assert "load" not in report
    assert "database" not in ran.output
