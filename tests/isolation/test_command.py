"""``taskward prove-isolation`` against services that really listen: a healthy one, a leaking one, and none."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from typer.testing import CliRunner, Result

from adapters.memory.store import Contents
from domain.errors import Conflict
from domain.user import Email, Password
from entrypoints.cli.main import cli
from entrypoints.proof import command
from entrypoints.proof.callers import Caller
from entrypoints.proof.rules import Rule
from entrypoints.proof.table import RULES
from tests.isolation.listening import listening, offering
from tests.isolation.services import MemoryService
from tests.isolation.wrong_use_cases import tasks_are_found_in_any_space

SOME = ("list_tasks", "get_task", "change_task", "get_me", "remove_member", "list_events")
"""The whole table takes a while over a network; the matrix itself is tested elsewhere."""
FEW = ("list_tasks", "get_task")


def only(names: tuple[str, ...], patch: pytest.MonkeyPatch) -> Mapping[str, Rule]:
    """Have the command know the rules of these operations, and no others."""
    rules = {name: rule for name, rule in RULES.items() if name.startswith(names)}
    patch.setattr(command, "RULES", rules)
    return rules


def prove(url: str, *options: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli, ["prove-isolation", "--url", url, *options], input=typed)


def test_a_service_that_holds_gives_0_and_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules, file, service = only(SOME, monkeypatch), tmp_path / "report.json", MemoryService()
    with listening(offering(service.app(), rules)) as url:
        ran = prove(url, "--json", str(file))
    assert ran.exit_code == 0, ran.output
    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["url"] == url
    assert report["counts"]["failed"] == 0
    assert report["counts"]["held"] > len(rules) * len(Caller) / 2
    assert {result["operation"] for result in report["results"]} == rules.keys()
    for name in rules:
        assert f"\n{name} " in ran.output
    counts = report["counts"]
    assert f"{counts['held']} held, 0 failed, {counts['skipped']} skipped" in ran.output
    assert "the deployment has no route to change an account: PATCH /api/admin/users/{id}" in ran.output
    _nothing_is_left_but_accounts(service.contents, ran.output)


def test_without_an_administrator_what_takes_one_is_skipped_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    rules, service = only(("get_task", "register", "close_account", "change_user"), monkeypatch), MemoryService()
    with listening(offering(service.app(), rules)) as url:
        ran = prove(url)
    assert ran.exit_code == 0, ran.output
    assert ", 0 skipped" not in ran.output


def test_with_an_administrator_everything_is_tried_and_no_account_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("get_task", "register", "close_account", "list_users", "change_user")
    rules, service = only(names, monkeypatch), MemoryService()
    chief = ("chief@example.org", "three wise green owls")
    with listening(offering(service.app(), rules)) as url:
        asyncio.run(service.application.create_admin(Email(chief[0]), Password(chief[1]), None))
        ran = prove(url, "--admin-email", chief[0], "--admin-password-stdin", typed=f"{chief[1]}\n")
    assert ran.exit_code == 0, ran.output
    assert ", 0 skipped" in ran.output
    assert "remain" not in ran.output
    assert [credentials.user.email for credentials in service.contents.accounts.values()] == [chief[0]]
    assert service.contents.tasks == {}


def _nothing_is_left_but_accounts(contents: Contents, output: str) -> None:
    assert contents.organizations == {}
    assert [task for task in contents.tasks.values() if task.deleted_at is None] == []
    for credentials in contents.accounts.values():
        assert credentials.user.email in output


def test_a_service_that_leaks_gives_1_and_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    rules, service = only(FEW, monkeypatch), MemoryService()
    tasks_are_found_in_any_space(service, monkeypatch)
    with listening(offering(service.app(), rules)) as url:
        ran = prove(url)
    assert ran.exit_code == 1, ran.output
    assert "NOT HELD: get_task by other user" in ran.output


def test_an_operation_that_nobody_made_a_rule_for_gives_1(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = only(("get_me",), monkeypatch)
    app = offering(MemoryService().app(), {**rules, "complete_task": RULES["complete_task"]})
    with listening(app) as url:
        ran = prove(url)
    assert ran.exit_code == 1, ran.output
    assert "no rule knows this operation: POST /api/tasks/{task_id}/complete" in ran.output


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "nonsense", "http://[", "ftp://127.0.0.1", "http://ann:pw@127.0.0.1:9"]
)
def test_an_address_that_does_not_answer_gives_2_and_one_line(url: str) -> None:
    ran = prove(url)
    assert ran.exit_code == 2
    assert ran.stderr.count("\n") == 1
    assert ran.stderr.startswith("taskward: ")
    assert ran.stdout == ""
    assert "pw" not in ran.stderr


def test_something_else_that_answers_gives_2() -> None:
    with listening(FastAPI(openapi_url=None)) as url:
        ran = prove(url)
    assert ran.exit_code == 2
    assert ran.stderr == 'taskward: GET /openapi.json was answered with 404: {"detail":"Not Found"}\n'


async def refuse(*_: object) -> None:
    raise Conflict


def test_a_run_that_breaks_off_gives_2_and_names_the_accounts_that_it_leaves() -> None:
    service = MemoryService()
    service.application = replace(service.application, found_organization=refuse)  # type: ignore[arg-type]
    with listening(service.app()) as url:
        ran = prove(url)
    assert ran.exit_code == 2
    assert "POST /api/organizations was answered with 409" in ran.stderr
    for credentials in service.contents.accounts.values():
        assert credentials.user.email in ran.stderr


def test_an_administrator_who_cannot_sign_in_gives_2_and_no_password() -> None:
    with listening(MemoryService().app()) as url:
        ran = prove(url, "--admin-email", "chief@example.org", "--admin-password-stdin", typed="not the password\n")
    assert ran.exit_code == 2
    assert "POST /api/auth/login was answered with 401" in ran.stderr
    assert "not the password" not in ran.output
