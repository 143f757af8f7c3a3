"""The commands of whoever runs the service."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from adapters.security.keys import KeyRing
from adapters.sql import history, migrations
from adapters.sql.url import read_url
from domain.errors import WrongCredentials
from entrypoints.cli.main import cli
from entrypoints.container import build
from entrypoints.settings import read_settings
from tests.http.offer import DOCUMENT

PASSWORD = "four random words here"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKWARD_ENVIRONMENT", "test")
    monkeypatch.setenv("TASKWARD_BCRYPT_COST", "4")


def run(*command: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli, list(command), input=typed)


def complaint(result: Result) -> str:
    """The one line that says what is wrong."""
    assert result.exit_code == 1, result.output
    assert not isinstance(result.exception, Exception), "a stack trace"
    (line,) = result.stderr.splitlines()
    assert line.startswith("taskward: ")
    return line


def revision() -> str | None:
    return asyncio.run(migrations.current_revision(read_url("sqlite:///var/taskward.db")))


async def _sign_in(email: str) -> str:
    async with build(read_settings()).running() as application:
        pair = await application.sign_in(email, PASSWORD)
        return (await application.get_me(application.authenticate(pair.access_token))).role


async def _why_not_ready() -> str | None:
    async with build(read_settings()).running() as application:
        return await application.check_readiness()


class TestMigrate:
    def test_it_makes_the_database_and_its_folder(self, folder: Path) -> None:
        result = run("migrate")
        assert result.exit_code == 0
        assert str(folder / "var" / "taskward.db") in result.stdout
        assert revision() == history.expected_revision()

    def test_it_goes_up_and_down_and_may_be_repeated(self) -> None:
        for target, expected in (
            ("head", history.expected_revision()),
            ("head", history.expected_revision()),
            ("base", None),
            ("base", None),
            *((older, older) for older in history.revisions()),
            *((older, older) for older in reversed(history.revisions())),
            ("head", history.expected_revision()),
        ):
            result = run("migrate", target)
            assert result.exit_code == 0
            assert result.stdout.endswith(f"is at {expected or 'base'}.\n")
            assert revision() == expected

    @pytest.mark.parametrize("target", ["nonsense", "9999", "head+1", "-1", "-99", "", "../head", "heads"])
    def test_a_revision_that_there_is_not_is_refused_in_one_line(self, target: str) -> None:
        assert run("migrate").exit_code == 0
        assert complaint(run("migrate", "--", target))
        assert revision() == history.expected_revision()

    def test_a_database_that_does_not_answer_is_said_in_one_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        url = "postgresql://taskward:canary-7431@127.0.0.1:1/taskward"
        monkeypatch.setenv("TASKWARD_DATABASE_URL", url)
        assert "canary" not in complaint(run("migrate"))

    def test_the_password_of_the_database_is_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TASKWARD_DATABASE_URL", "postgresql://taskward:canary-7431@127.0.0.1/taskward")
        monkeypatch.setenv("TASKWARD_MIGRATION_DATABASE_URL", "sqlite:///taskward.db")
        assert "canary" not in run("migrate").output

    def test_the_owners_url_is_for_migrations_only(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TASKWARD_DATABASE_URL", "sqlite:///service.db")
        monkeypatch.setenv("TASKWARD_MIGRATION_DATABASE_URL", "sqlite:///owner.db")
        assert run("migrate").exit_code == 0
        assert [file.name for file in folder.glob("*.db")] == ["owner.db"]
        assert asyncio.run(_why_not_ready()) is not None
        monkeypatch.delenv("TASKWARD_MIGRATION_DATABASE_URL")
        assert run("migrate").exit_code == 0
        assert asyncio.run(_why_not_ready()) is None

    def test_a_wrong_owners_url_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TASKWARD_MIGRATION_DATABASE_URL", "mysql://owner:canary-7431@localhost/taskward")
        line = complaint(run("migrate"))
        assert line.startswith("taskward: TASKWARD_MIGRATION_DATABASE_URL: ")
        assert "canary" not in line


class TestCreateAdmin:
    @pytest.fixture(autouse=True)
    def _migrated(self) -> None:
        assert run("migrate").exit_code == 0

    def test_the_account_administers_and_can_sign_in(self) -> None:
        result = run("create-admin", "root@example.org", "--password-stdin", typed=f"{PASSWORD}\n")
        assert result.exit_code == 0
        assert "root@example.org" in result.stdout
        assert PASSWORD not in result.output
        assert asyncio.run(_sign_in("root@example.org")) == "admin"

    def test_the_password_may_come_without_a_line_break(self) -> None:
        assert run("create-admin", "root@example.org", "--password-stdin", typed=PASSWORD).exit_code == 0
        assert asyncio.run(_sign_in("root@example.org")) == "admin"

    def test_the_password_is_asked_for_twice_and_not_shown(self) -> None:
        result = run("create-admin", "root@example.org", "--name", "Root", typed=f"{PASSWORD}\n{PASSWORD}\n")
        assert result.exit_code == 0
        assert PASSWORD not in result.output
        assert asyncio.run(_sign_in("root@example.org")) == "admin"

    @pytest.mark.parametrize(
        ("email", "password", "name"),
        [
            ("root", PASSWORD, "Root"),
            ("", PASSWORD, "Root"),
            ("root@example.org\n", PASSWORD + "\x00", "Root"),
            ("root@example.org", "", "Root"),
            ("root@example.org", "short", "Root"),
            ("root@example.org", "x" * 129, "Root"),
            ("root@example.org", "password", "Root"),
            ("root@example.org", PASSWORD, ""),
            ("root@example.org", PASSWORD, "x" * 201),
        ],
    )
    def test_what_is_wrong_is_said_in_one_line_and_nothing_is_made(self, email: str, password: str, name: str) -> None:
        result = run("create-admin", email, "--name", name, "--password-stdin", typed=f"{password}\n")
        line = complaint(result)
        assert not password or len(password) < 10 or password not in line
        with closing(sqlite3.connect("var/taskward.db")) as file:
            assert file.execute("SELECT count(*) FROM users").fetchone() == (0,)

    def test_an_address_that_is_taken_is_said_in_one_line(self) -> None:
        command = ("create-admin", "root@example.org", "--password-stdin")
        assert run(*command, typed=PASSWORD).exit_code == 0
        assert "exists already" in complaint(run(*command, typed="another password"))
        assert asyncio.run(_sign_in("root@example.org")) == "admin"


def said(*command: str) -> str:
    """What a command about accounts says."""
    return run("users", *command).stdout.rstrip("\n")


class TestUsers:
    @pytest.fixture(autouse=True)
    def _accounts(self) -> None:
        assert run("migrate").exit_code == 0
        for name in ("root", "ann"):
            made = run(
                "create-admin", f"{name}@example.org", "--name", name.title(), "--password-stdin", typed=PASSWORD
            )
            assert made.exit_code == 0

    def test_accounts_are_listed_the_newest_first(self) -> None:
        lines = run("users", "list").stdout.splitlines()
        assert [line.split()[3:] for line in lines[:2]] == [["ann@example.org", "Ann"], ["root@example.org", "Root"]]
        assert lines[2:] == ["2 of 2"]
        assert run("users", "list", "--limit", "1", "--skip", "1").stdout.splitlines()[-1] == "1 of 2"

    def test_accounts_are_searched(self) -> None:
        lines = run("users", "list", "--search", "ROOT@").stdout.splitlines()
        assert "root@example.org" in lines[0]
        assert lines[1:] == ["1 of 1"]
        assert run("users", "list", "--search", "nobody").stdout == "0 of 0\n"

    def test_a_deactivated_account_cannot_sign_in_until_it_is_active_again(self) -> None:
        assert (
            run("users", "deactivate", "ANN@example.org").stdout
            == "ann@example.org is inactive, with the role admin.\n"
        )
        with pytest.raises(WrongCredentials):
            asyncio.run(_sign_in("ann@example.org"))
        assert (
            run("users", "reactivate", "ann@example.org").stdout == "ann@example.org is active, with the role admin.\n"
        )
        assert asyncio.run(_sign_in("ann@example.org")) == "admin"

    def test_a_role_is_changed(self) -> None:
        assert (
            run("users", "role", "ann@example.org", "user").stdout == "ann@example.org is active, with the role user.\n"
        )
        assert asyncio.run(_sign_in("ann@example.org")) == "user"

    def test_the_last_administrator_stays(self) -> None:
        assert run("users", "role", "ann@example.org", "user").exit_code == 0
        for command in (("role", "root@example.org", "user"), ("deactivate", "root@example.org")):
            assert "last active administrator" in complaint(run("users", *command))
        assert asyncio.run(_sign_in("root@example.org")) == "admin"

    @pytest.mark.parametrize("address", ["nobody@example.org", "nonsense", ""])
    def test_an_account_that_there_is_not_is_said_in_one_line(self, address: str) -> None:
        for command in ("deactivate", "reactivate"):
            assert complaint(run("users", command, address))


def test_a_new_key_is_random_and_good() -> None:
    printed = [run("keys", "new").stdout.strip() for _ in range(2)]
    assert printed[0] != printed[1]
    for text in printed:
        ring = KeyRing.parse(text)
        assert len(ring.newest.secret) >= 64


def test_create_admin_before_there_is_a_database_says_what_to_do() -> None:
    result = run("create-admin", "root@example.org", "--password-stdin", typed=PASSWORD)
    if result.exit_code == 0:
        assert asyncio.run(_sign_in("root@example.org")) == "admin"
    else:
        assert "taskward migrate" in complaint(result)


def test_openapi_prints_the_document_that_the_service_serves() -> None:
    result = run("openapi")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == DOCUMENT.written


@pytest.mark.parametrize("command", [(), ("nonsense",), ("migrate", "a", "b"), ("create-admin",)], ids=str)
def test_a_wrong_command_is_answered_with_the_usage(command: tuple[str, ...]) -> None:
    result = run(*command)
    assert result.exit_code == 2
    assert "Usage" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["serve", "migrate", "create-admin", "openapi", "create-roles"])
def test_every_command_says_what_it_does(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


class TestAudit:
    @pytest.fixture(autouse=True)
    def space(self) -> str:
        """The space of an administrator in whose log two things were done."""
        assert run("migrate").exit_code == 0
        for name in ("root", "ann"):
            assert run("create-admin", f"{name}@example.org", "--password-stdin", typed=PASSWORD).exit_code == 0
        assert run("users", "role", "ann@example.org", "user").exit_code == 0
        with closing(sqlite3.connect("var/taskward.db")) as file:
            (found,) = file.execute("SELECT hex(id) FROM users WHERE email = 'ann@example.org'").fetchone()
        return str(UUID(found))

    def test_what_the_operator_did_names_no_account(self) -> None:
        with closing(sqlite3.connect("var/taskward.db")) as file:
            found = file.execute("SELECT DISTINCT actor_id, source FROM audit_events").fetchall()
        assert found == [(None, "operator")]

    def test_a_log_that_holds_is_said_to_and_how_far_it_is(self, space: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("entrypoints.cli.main._EVENTS_BETWEEN_LINES", 1)
        monkeypatch.setattr("application.verifying._STRETCH", 1)
        monkeypatch.setattr("application.verifying._AT_ONCE", 1)
        result = run("audit", "verify", space)
        assert (result.exit_code, result.stdout) == (0, "2 events hold.\n")
        assert result.stderr.splitlines()[:2] == ["1 events hold so far.", "2 events hold so far."]

    def test_a_log_that_was_touched_is_broken(self, space: str) -> None:
        with closing(sqlite3.connect("var/taskward.db")) as file:
            file.execute("DROP TRIGGER audit_events_no_update")
            file.execute("UPDATE audit_events SET source = 'user'")
            file.commit()
        result = run("audit", "verify", space)
        assert result.exit_code == 1
        assert "behind 0 that hold" in result.stderr
