"""The file of an embedded database: which commands make it, and who may read it."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from stat import S_IMODE
from typing import Final

import pytest

from adapters.sql import history, migrations
from adapters.sql.sqlite_file import FileNotPrivate, keep_private, make_private
from adapters.sql.url import read_url
from entrypoints.cli.main import _prepare
from entrypoints.settings import read_settings
from tests.cli.test_commands import complaint, run

FILE: Final = Path("var/taskward.db")
BESIDE: Final = ("-wal", "-shm")


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKWARD_ENVIRONMENT", "test")
    monkeypatch.setenv("TASKWARD_BCRYPT_COST", "4")


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(file: Path) -> int:
    return S_IMODE(file.stat().st_mode)


@pytest.mark.usefixtures("_umask")
def test_a_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "taskward.db"
    make_private(file)
    assert mode(file) == 0o600


@pytest.mark.parametrize("command", ["migrate", "serve"])
def test_migrate_and_serve_make_the_database_for_its_owner_alone(command: str) -> None:
    before = os.umask(0o022)
    try:
        if command == "migrate":
            assert run("migrate").exit_code == 0
        else:
            asyncio.run(_prepare(read_settings()))
    finally:
        os.umask(before)
    assert mode(FILE) == 0o600
    assert mode(FILE.parent) == 0o700


@pytest.mark.parametrize(
    "command",
    [
        ("users", "list"),
        ("users", "deactivate", "ann@example.org"),
        ("create-admin", "root@example.org", "--password-stdin"),
        ("audit", "verify", "0190a000-0000-7000-8000-00000000000a"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_other_commands_make_no_database_and_say_what_to_run(command: tuple[str, ...]) -> None:
    line = complaint(run(*command, typed="four random words here\n"))
    assert line == "taskward: The database has no tables yet: run 'taskward migrate'."
    assert not FILE.exists()


@pytest.mark.parametrize("command", ["migrate", "serve"])
@pytest.mark.parametrize("found", [0o644, 0o660, 0o666, 0o604], ids=oct)
def test_a_file_that_others_may_read_or_write_is_kept_from_them(command: str, found: int) -> None:
    assert run("migrate").exit_code == 0
    with closing(sqlite3.connect(FILE)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE others (id INTEGER)")
        files = [FILE, *(Path(f"{FILE}{end}") for end in BESIDE)]
        for file in files:
            file.chmod(found)
        if command == "migrate":
            assert run("migrate").exit_code == 0
        else:
            asyncio.run(_prepare(read_settings()))
        assert {mode(file) for file in files} == {0o600}


def test_a_file_whose_mode_cannot_be_changed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "taskward.db"
    file.touch(0o644)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(FileNotPrivate, match="make it 0600"):
        keep_private(file)


def test_a_folder_that_cannot_be_made_is_said_in_one_line(folder: Path) -> None:
    (folder / "var").touch()
    assert "cannot be written" in complaint(run("migrate"))


def at_a_revision_of_later() -> None:
    assert run("migrate").exit_code == 0
    with closing(sqlite3.connect(FILE)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize("command", ["migrate", "serve", "users list", "create-admin a@example.org --password-stdin"])
@pytest.mark.parametrize("environment", ["test", "production"])
def test_a_database_that_is_newer_is_said_in_one_line(
    command: str, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_a_revision_of_later()
    if environment == "production":
        monkeypatch.setenv("TASKWARD_ENVIRONMENT", environment)
        monkeypatch.setenv("TASKWARD_BCRYPT_COST", "10")
        monkeypatch.setenv("TASKWARD_SECRET_KEYS", "k1:Fq3zW8hYt5nRc1xLp0vBs7dKm2gJe9uA")
        monkeypatch.setenv("TASKWARD_TRUSTED_PROXIES", "127.0.0.1")
    line = complaint(run(*command.split(), typed="four random words here\n"))
    expected = history.expected_revision()
    assert line == (
        f"taskward: The database is at revision 9999, newer than this version ({expected}): start the newer version."
    )


def test_a_newer_database_is_not_brought_down_either() -> None:
    at_a_revision_of_later()
    assert "start the newer version" in complaint(run("migrate", history.revisions()[0]))
    with pytest.raises(migrations.NewerDatabase):
        asyncio.run(migrations.upgrade(read_url("sqlite:///var/taskward.db")))
