"""The signing key of a service that nobody has configured: made once, read by its owner only."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.security.keys import KeyRing
from entrypoints.cli.main import cli
from entrypoints.keys import KEY_FILE, development_keys
from entrypoints.settings import WrongSetting


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_umask")
def test_the_key_is_made_for_its_owner_only(folder: Path) -> None:
    assert development_keys()
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_the_key_is_made_once(folder: Path) -> None:
    first = development_keys()
    assert development_keys() == first
    assert [file.name for file in (folder / KEY_FILE).parent.iterdir()] == [KEY_FILE.name], "and no draft is left"


def test_every_installation_has_a_key_of_its_own(folder: Path) -> None:
    keys = {development_keys(folder / str(number) / "keys") for number in range(5)}
    assert len(keys) == 5


def test_the_key_is_a_good_one() -> None:
    key = KeyRing.parse(development_keys()).newest
    assert len(key.secret) >= 43


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o610, 0o601], ids=oct)
def test_a_key_that_others_may_read_or_change_is_refused(mode: int, folder: Path) -> None:
    text = development_keys()
    (folder / KEY_FILE).chmod(mode)
    with pytest.raises(WrongSetting, match="others may read") as refused:
        development_keys()
    assert str(refused.value).startswith("TASKWARD_SECRET_KEYS: ")
    assert "chmod 600" in str(refused.value)
    assert text.partition(":")[2] not in str(refused.value)
    (folder / KEY_FILE).chmod(0o400)
    assert development_keys() == text


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"nonsense", b"k:short", b"k:\xff\xfe" + b"x" * 40, b"\x00" * 64], ids=repr
)
def test_a_file_without_a_good_key_stops_the_start_with_one_line(content: bytes, folder: Path) -> None:
    (folder / KEY_FILE).parent.mkdir()
    (folder / KEY_FILE).touch(0o600)
    (folder / KEY_FILE).write_bytes(content)
    result = CliRunner().invoke(cli, ["openapi"])
    assert result.exit_code == 1
    assert not isinstance(result.exception, Exception), "a stack trace"
    (line,) = result.stderr.splitlines()
    assert line.startswith("taskward: TASKWARD_SECRET_KEYS: ")


def test_of_several_that_start_at_once_the_first_ones_key_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def somebody_was_faster(draft: Path, file: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        other = file.with_name("other")
        other.touch(0o600)
        other.write_text("first:Zk8uQw3nYx6vBr1tLp9sHd4fGj7mCa2e\n")
        link(other, file)
        link(draft, file)

    monkeypatch.setattr(os, "link", somebody_was_faster)
    assert development_keys() == "first:Zk8uQw3nYx6vBr1tLp9sHd4fGj7mCa2e"
    assert development_keys() == "first:Zk8uQw3nYx6vBr1tLp9sHd4fGj7mCa2e"
    assert sorted(file.name for file in (folder / KEY_FILE).parent.iterdir()) == ["other", KEY_FILE.name]


def test_a_draft_that_a_crash_left_behind_is_no_obstacle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container every process may have the same id as the one that crashed."""

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crashing:
        crashing.setattr(os, "link", crash)
        crashing.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            development_keys()
    assert not (folder / KEY_FILE).exists()
    assert development_keys() == development_keys()


def test_processes_that_start_at_once_have_the_same_key() -> None:
    command = [sys.executable, "-c", "from entrypoints.keys import development_keys as keys; print(keys())"]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = {process.communicate(timeout=60)[0] for process in started}
    assert len(said) == 1
    assert said == {development_keys() + "\n"}
