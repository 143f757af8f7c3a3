"""The log: no secret, no local variable, one event a line."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from entrypoints.http.app import from_environment
from entrypoints.logs import configure_logs
from entrypoints.settings import read_settings

CANARY = "canary-7431"
KEYS = "k1:Fq3zW8hYt5nRc1xLp0vBs7dKm2gJe9uA"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


def configured(monkeypatch: pytest.MonkeyPatch, **settings: str) -> Any:
    for name, value in settings.items():
        monkeypatch.setenv(f"TASKWARD_{name}", value)
    configure_logs(read_settings())
    return structlog.get_logger("test")


def fail_with_a_secret() -> None:
    password = f"{CANARY} of the log"
    raise LookupError(len(password))


@pytest.mark.parametrize("kind", ["console", "json"])
def test_an_exception_is_logged_without_local_variables(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = configured(monkeypatch, LOG_FORMAT=kind)
    try:
        fail_with_a_secret()
    except LookupError:
        log.exception("failed", request_id="x")
        logging.getLogger("elsewhere").exception("failed")
    written = capsys.readouterr().err
    assert written.count("LookupError") >= 2
    assert "fail_with_a_secret" in written
    assert CANARY not in written


def test_machines_read_one_object_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    log = configured(monkeypatch, LOG_FORMAT="json")
    log.info("served", path="/a\nb\r\n{}", request_id="x")
    logging.getLogger("elsewhere").warning("line\nbreak")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    served, other = (json.loads(line) for line in lines)
    assert (served["event"], served["path"], served["level"]) == ("served", "/a\nb\r\n{}", "info")
    assert served["timestamp"].endswith("Z")
    assert other["event"] == "line\nbreak"


def test_a_line_break_in_a_value_makes_no_second_line_for_people(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = configured(monkeypatch, LOG_FORMAT="console")
    log.info("served", path="/a\n2026-05-01T12:00:00Z [info] served path=/forged\r\x1b[31m", request_id="x")
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 1
    assert "\x1b[31m" not in written


UNPRINTABLE = {
    "terminal escape": "\x1b[2J",
    "vertical tab": "\x0b",
    "form feed": "\x0c",
    "delete": "\x7f",
    "next line": "\x85",
    "C1 escape": "\x9b31m",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "zero width": "\u200b",
    "surrogate": "\udc80",
}


@pytest.mark.parametrize("kind", ["console", "json"])
@pytest.mark.parametrize("what", UNPRINTABLE)
def test_what_is_not_printable_is_escaped(
    what: str, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"/a{UNPRINTABLE[what]}b"
    log = configured(monkeypatch, LOG_FORMAT=kind)
    log.info("served", path=text, request_id="x")
    log.info(text, path=f"{text} with a blank")
    logging.getLogger("elsewhere").warning(text)
    log.error("failed", exc_info=LookupError(text))
    written = capsys.readouterr().err
    assert all(line.isprintable() for line in written.split("\n"))
    assert "/a\\" in written
    if kind == "json":
        assert json.loads(written.splitlines()[0])["path"] == text


def test_text_that_is_printable_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(monkeypatch, LOG_FORMAT="console").info("served", path="/api/caf\u00e9/\U0001f600")
    assert "path=/api/caf\u00e9/\U0001f600" in capsys.readouterr().err


def test_the_level_is_the_one_that_was_set(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    log = configured(monkeypatch, LOG_LEVEL="warning")
    log.info("quiet")
    log.warning("loud")
    written = capsys.readouterr().err
    assert "quiet" not in written
    assert "loud" in written


@pytest.mark.parametrize(("url", "warnings"), [(None, 1), ("", 1), ("smtps://mail.example.org", 0)])
def test_production_without_a_mail_server_starts_and_says_what_does_not_work(
    url: str | None, warnings: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"ENVIRONMENT": "production", "SECRET_KEYS": KEYS, "TRUSTED_PROXIES": "10.0.0.1"}
    for name, value in (settings | ({} if url is None else {"MAIL_URL": url})).items():
        monkeypatch.setenv(f"TASKWARD_{name}", value)
    from_environment()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["level"] for line in lines if "TASKWARD_MAIL_URL" in line["event"]] == ["warning"] * warnings


def test_development_without_a_mail_server_needs_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    from_environment()
    assert capsys.readouterr().err == ""
