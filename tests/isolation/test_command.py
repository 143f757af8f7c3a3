"""``taskward prove-isolation`` against services that really listen: a healthy one, a leaking one, and none."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from typer.testing import CliRunner, Result

from entrypoints.cli.main import cli
from entrypoints.proof import command
from entrypoints.proof.operations import operations_in
from entrypoints.proof.rules import Rule
from entrypoints.proof.table import RULES
from tests.isolation.knocked_out import tasks_are_found_in_any_space
from tests.isolation.services import MemoryService

SOME = ("list_tasks", "get_task", "change_task", "get_me", "remove_member", "list_events")
"""The whole table takes a while over a network; the matrix itself is tested elsewhere."""


@pytest.fixture
def some_rules(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Rule]:
    rules = {name: rule for name, rule in RULES.items() if name.startswith(SOME)}
    monkeypatch.setattr(command, "RULES", rules)
    return rules


def offering(app: FastAPI, rules: Mapping[str, Rule]) -> FastAPI:
    """The application, with nothing in its document but what there are rules for."""
    document = app.openapi()
    for operation in operations_in(document):
        if operation.id not in rules:
            del document["paths"][operation.path][operation.method.lower()]
    return app


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """Serve on a free port, in a thread."""
    # Said to be TCP, or else asyncio lets small answers wait for an acknowledgement.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, loop="asyncio", lifespan="on"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def prove(url: str, *options: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli, ["prove-isolation", "--url", url, *options], input=typed)


def test_a_service_that_holds_gives_0_and_a_report(some_rules: Mapping[str, Rule], tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    service = MemoryService()
    with listening(offering(service.app(), some_rules)) as url:
        ran = prove(url, "--json", str(file))
    assert ran.exit_code == 0, ran.output
    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["counts"]["failed"] == 0
    assert report["counts"]["held"] > 200
    assert {result["operation"] for result in report["results"]} == some_rules.keys()
    for name in some_rules:
        assert f"\n{name} " in ran.output
    assert f"{report['counts']['held']} held, 0 failed, {report['counts']['skipped']} skipped" in ran.output


def test_what_was_not_tried_and_what_is_left_is_told(some_rules: Mapping[str, Rule]) -> None:
    service = MemoryService()
    with listening(offering(service.app(), some_rules)) as url:
        ran = prove(url)
    assert "the deployment has no route to change an account: PATCH /api/admin/users/{id}" in ran.output
    contents = service.store._contents
    assert contents.organizations == {}
    assert [task for task in contents.tasks.values() if task.deleted_at is None] == []
    for credentials in contents.accounts.values():
        assert credentials.user.email in ran.output


def test_a_service_that_leaks_gives_1_and_says_where(
    some_rules: Mapping[str, Rule], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = MemoryService()
    tasks_are_found_in_any_space(service, monkeypatch)
    with listening(offering(service.app(), some_rules)) as url:
        ran = prove(url)
    assert ran.exit_code == 1, ran.output
    assert "NOT HELD: get_task by other user" in ran.output


def test_a_service_with_an_operation_that_nobody_made_a_rule_for_gives_1(some_rules: Mapping[str, Rule]) -> None:
    app = offering(MemoryService().app(), {**some_rules, "complete_task": RULES["complete_task"]})
    with listening(app) as url:
        ran = prove(url)
    assert ran.exit_code == 1, ran.output
    assert "no rule knows this operation: POST /api/tasks/{task_id}/complete" in ran.output


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense", "http://[", "ftp://127.0.0.1"])
def test_an_address_that_does_not_answer_gives_2_and_one_line(url: str) -> None:
    ran = prove(url)
    assert ran.exit_code == 2
    assert ran.stderr.count("\n") == 1
    assert ran.stderr.startswith("taskward: ")
    assert ran.stdout == ""


def test_something_else_that_answers_gives_2() -> None:
    with listening(FastAPI(openapi_url=None)) as url:
        ran = prove(url)
    assert ran.exit_code == 2
    assert ran.stderr == 'taskward: GET /openapi.json was answered with 404: {"detail":"Not Found"}\n'


def test_an_administrator_who_cannot_sign_in_gives_2_and_no_password(some_rules: Mapping[str, Rule]) -> None:
    with listening(offering(MemoryService().app(), some_rules)) as url:
        ran = prove(url, "--admin-email", "chief@example.org", "--admin-password-stdin", typed="not the password\n")
    assert ran.exit_code == 2
    assert "POST /api/auth/login was answered with 401" in ran.stderr
    assert "not the password" not in ran.output
