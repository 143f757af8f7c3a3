"""Settings: a wrong one stops the start with one line that names it, and no line ever shows a secret."""

import json
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adapters.sql import history
from domain.quotas import DEFAULTS
from entrypoints.cli.main import cli
from entrypoints.databases import database_place
from entrypoints.settings import Environment, Settings, read_settings

KEYS = "k1:Fq3zW8hYt5nRc1xLp0vBs7dKm2gJe9uA"
CANARY = "canary-7431-and-some-more-of-it"
PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEYS": KEYS,
    "TRUSTED_PROXIES": "10.0.0.1",
    "REQUIRE_HTTPS": "on",
    "BCRYPT_COST": "10",
}


def started(monkeypatch: pytest.MonkeyPatch, **settings: str) -> Result:
    """Start with these settings as far as it goes without a database."""
    for name, value in settings.items():
        monkeypatch.setenv(f"TASKWARD_{name}", value)
    return CliRunner().invoke(cli, ["openapi"])


def complaint(result: Result, name: str) -> str:
    """The one line that says what is wrong with the setting."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert not isinstance(result.exception, Exception), "a stack trace"
    (line,) = result.stderr.splitlines()
    prefix = f"taskward: TASKWARD_{name}: "
    assert line.startswith(prefix), line
    assert len(line) > len(prefix) + 5, "it says what is allowed"
    return line


def test_nothing_needs_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    result = started(monkeypatch)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["info"]["title"] == "Taskward"


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = read_settings()
    assert settings.database_url.get_secret_value() == "sqlite:///var/taskward.db"
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.environment is Environment.DEVELOPMENT
    assert (settings.access_token_minutes, settings.refresh_token_days) == (15, 7)
    assert (settings.session_max_days, settings.refresh_grace_seconds) == (30, 10)
    assert settings.bcrypt_cost == 12
    assert settings.max_buffered_bytes == 33_554_432
    assert settings.rate_limits is True
    assert settings.https_only is False
    assert settings.log_level == "info"
    assert settings.logs_as_json is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("PORT", value) for value in ("", "0", "-1", "65536", "80a", "8000.5", "1e9", "9" * 5000)],
        *[("WORKERS", value) for value in ("", "0", "65", "two")],
        *[("KEEP_ALIVE_SECONDS", value) for value in ("", "0", "3601", "7.5")],
        *[("MAX_CONNECTIONS", value) for value in ("", "15", "100001", "many")],
        *[("MAX_CONNECTIONS_PER_ADDRESS", value) for value in ("", "0", "100001", "many")],
        *[("MAX_BUFFERED_BYTES", value) for value in ("", "8388607", "1099511627777", "32M")],
        *[("ENVIRONMENT", value) for value in ("", "staging", "prod", "Production")],
        *[("ACCESS_TOKEN_MINUTES", value) for value in ("0", "1441", "-5", "NaN")],
        *[("REFRESH_TOKEN_DAYS", value) for value in ("0", "366")],
        *[("SESSION_MAX_DAYS", value) for value in ("0", "366")],
        *[("REFRESH_GRACE_SECONDS", value) for value in ("-1", "61", "ten")],
        *[("BCRYPT_COST", value) for value in ("3", "4", "9", "16", "31", "twelve")],
        *[("REQUIRE_HTTPS", value) for value in ("", "maybe", "2")],
        *[("RATE_LIMITS", value) for value in ("", "maybe")],
        *[("UNSAFE_DATABASE_ROLE", value) for value in ("maybe",)],
        *[("LOG_LEVEL", value) for value in ("", "loud", "INFO ")],
        *[("LOG_FORMAT", value) for value in ("xml", "JSON")],
        *[("PASSWORD_PEPPER", value) for value in ("", "x", "x" * 31)],
        *[("SECRET_KEYS", value) for value in ("", ",", "k", "k:", "k:short", f"{KEYS},{KEYS}", "k:" + "a" * 40)],
        *[
            ("TRUSTED_PROXIES", value)
            for value in ("nonsense", "10.0.0.1,nonsense", "10.0.0.0/33", "10.0.0.1/8", "1.2.3", "*")
        ],
        *[
            ("DATABASE_URL", value)
            for value in (
                "",
                "nonsense",
                "taskward.db",
                "mysql://ann:pw@localhost/taskward",
                "sqlite://",
                "sqlite:///:memory:",
                "sqlite+aiosqlite:///taskward.db",
                "postgresql://ann:pw@localhost",
                "postgresql+psycopg://ann:pw@localhost/taskward",
                "postgresql://ann:pw@localhost:port/taskward",
                "postgresql://ann:pw@localhost:99999/taskward",
            )
        ],
        *[
            ("ALLOWED_ORIGINS", value)
            for value in (
                "*",
                "null",
                "example.org",
                "https://example.org/",
                "https://*.example.org",
                "https://EXAMPLE.org",
                "https://example.org:0",
                "ftp://example.org",
                "https://a.example b",
            )
        ],
        *[("REGISTRATION", value) for value in ("", "Open", "yes")],
        *[("REGISTRATION_DOMAINS", value) for value in ("example", "Example.org", "@example.org", "a.org;b.org")],
        ("AUDIT_READS", "maybe"),
        *[
            ("REDIS_URL", value)
            for value in (
                "nonsense",
                "localhost:6379",
                "http://localhost:6379",
                "redis://",
                "redis://:6379",
                "redis://localhost:port",
                "redis://localhost:99999",
                "redis://localhost:6379/first",
                "redis://localhost:6379/0?socket_timeout=never",
                "redis://[::1:6379",
                "unix:///run/redis.sock",
            )
        ],
        ("REQUIRE_IF_MATCH", "perhaps"),
        *[
            ("MAIL_URL", value)
            for value in (
                "nonsense",
                "http://mail.example.org",
                "smtp://",
                "smtp://mail.example.org:port",
                "smtp://mail.example.org?starttls=yes",
                "smtp://ann:pw@mail.example.org",
                "smtp://127.0.0.1",
            )
        ],
        ("METRICS", "on"),
    ],
    ids=lambda part: part[:40],
)
def test_a_wrong_value_stops_the_start_with_one_line(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert complaint(started(monkeypatch, **{name: value}), name)


@pytest.mark.parametrize("name", ["X", "PORTS", "DATABASE", "SECRET_KEY", "", "JWT_SECRET", "port"])
def test_a_setting_that_nobody_knows_stops_the_start(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line = complaint(started(monkeypatch, **{name: "1"}), name.upper())
    assert "no such setting" in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "1"),
        ("PORT", "65535"),
        ("WORKERS", "64"),
        ("KEEP_ALIVE_SECONDS", "3600"),
        ("MAX_CONNECTIONS", "16"),
        ("MAX_CONNECTIONS_PER_ADDRESS", "1"),
        ("MAX_BUFFERED_BYTES", "8388608"),
        ("REFRESH_GRACE_SECONDS", "0"),
        ("BCRYPT_COST", "10"),
        ("BCRYPT_COST", "15"),
        ("REQUIRE_HTTPS", "on"),
        ("REQUIRE_HTTPS", "off"),
        ("RATE_LIMITS", "off"),
        ("LOG_FORMAT", "json"),
        ("SECRET_KEYS", f"{KEYS},old:Pt5yRm2wKx8zNq4vJc7bFh1sDg9lTe6u"),
        ("PASSWORD_PEPPER", "x" * 32),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("TRUSTED_PROXIES", "10.0.0.1,192.168.0.0/16,::1"),
        ("DATABASE_URL", "postgresql://ann:pw@localhost:5432/taskward"),
        ("DATABASE_URL", "sqlite:////var/lib/taskward/taskward.db"),
        ("AUDIT_READS", "on"),
        ("REQUIRE_IF_MATCH", "on"),
        ("ALLOWED_ORIGINS", "https://app.example.org, http://localhost:3000,https://[::1]:8443"),
        ("REGISTRATION", "invited"),
        ("REGISTRATION_DOMAINS", ""),
        ("REGISTRATION_DOMAINS", "example.org, sub.example.com"),
        ("REDIS_URL", ""),
        ("MAIL_URL", ""),
        ("MAIL_URL", "smtp://localhost:1025"),
        ("MAIL_URL", "smtp://ann:pw@mail.example.org?starttls=1&from=no-reply@example.org"),
        ("MAIL_URL", "smtps://ann:pw@mail.example.org"),
        ("REDIS_URL", "redis://localhost"),
        ("REDIS_URL", "redis://ann:pw@localhost:6379/3"),
        ("REDIS_URL", "rediss://:pw@[::1]:6380/"),
    ],
    ids=lambda part: part[:40],
)
def test_a_right_value_starts(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert started(monkeypatch, **{name: value}).exit_code == 0


def test_tests_may_hash_cheaply(monkeypatch: pytest.MonkeyPatch) -> None:
    assert started(monkeypatch, ENVIRONMENT="test", BCRYPT_COST="4").exit_code == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", f"redis://ann:{CANARY}@localhost:port/0"),
        ("REDIS_URL", f"rediss://ann:{CANARY}@localhost/0?x=1"),
        ("SECRET_KEYS", CANARY),
        ("SECRET_KEYS", f"k:{CANARY[:20]}"),
        ("SECRET_KEYS", f"k:{CANARY}-changeme"),
        ("SECRET_KEYS", f"k 1:{CANARY}-{CANARY}"),
        ("PASSWORD_PEPPER", CANARY[:20]),
        ("DATABASE_URL", f"mysql://ann:{CANARY}@localhost/taskward"),
        ("DATABASE_URL", f"postgresql://ann:{CANARY}@localhost"),
        ("DATABASE_URL", f"postgresql://ann:{CANARY}@localhost:port/taskward"),
        ("DATABASE_URL", f"postgresql://ann:x@{CANARY}:{CANARY}@localhost/taskward"),
        ("DATABASE_URL", f"postgresql:ann:{CANARY}@localhost/taskward"),
        ("DATABASE_URL", f"{CANARY}"),
        ("MAIL_URL", CANARY),
        ("MAIL_URL", f"smtp://ann:{CANARY}@mail.example.org"),
        ("MAIL_URL", f"smtps://ann:{CANARY}@mail.example.org:port"),
        ("MAIL_URL", f"smtps://ann:{CANARY}@mail.example.org?from=nobody"),
        ("MAIL_URL", f"smtps://:{CANARY}@mail.example.org"),
    ],
)
def test_a_wrong_secret_is_not_shown(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line = complaint(started(monkeypatch, **{name: value}), name)
    assert CANARY[:12] not in line


def test_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("SECRET_KEYS", f"k:{CANARY}"),
        ("PASSWORD_PEPPER", f"{CANARY}-{CANARY}"),
        ("DATABASE_URL", f"postgresql://ann:{CANARY}@localhost/taskward"),
        ("MIGRATION_DATABASE_URL", f"postgresql://ann:{CANARY}@localhost/taskward"),
        ("MAIL_URL", f"smtps://ann:{CANARY}@mail.example.org"),
    ):
        monkeypatch.setenv(f"TASKWARD_{name}", value)
    settings = read_settings()
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert CANARY not in shown


def test_a_file_named_env_is_read_and_the_environment_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("TASKWARD_PORT=8123\nTASKWARD_WORKERS=3\nOTHER=1\n")
    monkeypatch.setenv("TASKWARD_WORKERS", "2")
    settings = read_settings()
    assert (settings.port, settings.workers) == (8123, 2)


def test_a_wrong_value_in_the_file_stops_the_start_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("TASKWARD_PORT=0\n")
    assert complaint(started(monkeypatch), "PORT")


@pytest.mark.parametrize("name", ["X", "PORTS", "SECRET_KEY"])
def test_a_setting_that_nobody_knows_in_the_file_stops_the_start_too(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text(f"OTHER=1\nTASKWARD_{name}={CANARY}\n")
    line = complaint(started(monkeypatch), name)
    assert "no such setting" in line
    assert CANARY not in line


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ann:{CANARY}@localhost/taskward",
        f"postgresql://localhost/taskward?user=ann&password={CANARY}",
        f"postgresql://ann@localhost/taskward?password={CANARY}&sslmode=disable",
    ],
)
def test_where_the_data_lies_is_said_without_the_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKWARD_DATABASE_URL", url)
    for place in (database_place(read_settings()), database_place(read_settings(), of_owner=True)):
        assert "taskward" in place
        assert CANARY not in place


def test_settings_do_not_change_while_the_service_runs() -> None:
    settings = read_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


class TestInProduction:
    """What must be set before the service faces anybody."""

    def test_everything_that_is_needed_is_enough(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        assert started(monkeypatch, **PRODUCTION).exit_code == 0
        assert list(folder.iterdir()) == [], "no key is made"
        settings = read_settings()
        assert settings.https_only
        assert settings.logs_as_json

    @pytest.mark.parametrize(
        ("name", "change"),
        [
            ("SECRET_KEYS", {"SECRET_KEYS": None}),
            ("SECRET_KEYS", {"SECRET_KEYS": ""}),
            ("SECRET_KEYS", {"SECRET_KEYS": "k:too short"}),
            ("SECRET_KEYS", {"SECRET_KEYS": "k:changeme-changeme-changeme-changeme"}),
            ("TRUSTED_PROXIES", {"TRUSTED_PROXIES": None}),
            ("TRUSTED_PROXIES", {"TRUSTED_PROXIES": ""}),
            ("TRUSTED_PROXIES", {"REQUIRE_HTTPS": "off"}),
            ("BCRYPT_COST", {"BCRYPT_COST": "9"}),
            ("UNSAFE_DATABASE_ROLE", {"UNSAFE_DATABASE_ROLE": "on"}),
        ],
        ids=str,
    )
    def test_without_it_there_is_no_start(
        self, name: str, change: dict[str, str | None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = {key: value for key, value in (PRODUCTION | change).items() if value is not None}
        assert complaint(started(monkeypatch, **settings), name)

    @pytest.mark.parametrize("revision", [None, "base", *history.revisions()[:-1]])
    def test_pending_migrations_stop_the_start(
        self, revision: str | None, monkeypatch: pytest.MonkeyPatch, folder: Path
    ) -> None:
        served: list[object] = []
        monkeypatch.setattr("signal.signal", lambda *_: None)
        monkeypatch.setattr("uvicorn.run", lambda *_, **__: served.append(True))
        for name, value in (PRODUCTION | {"DATABASE_URL": f"sqlite:///{folder}/taskward.db"}).items():
            monkeypatch.setenv(f"TASKWARD_{name}", value)
        if revision is not None:
            assert CliRunner().invoke(cli, ["migrate"]).exit_code == 0
            assert CliRunner().invoke(cli, ["migrate", revision]).exit_code == 0
        result = CliRunner().invoke(cli, ["serve"])
        assert result.exit_code == 1, result.output
        assert not isinstance(result.exception, Exception), "a stack trace"
        (line,) = result.stderr.splitlines()
        assert "taskward migrate" in line
        assert not served
        assert CliRunner().invoke(cli, ["migrate"]).exit_code == 0
        assert CliRunner().invoke(cli, ["serve"]).exit_code == 0
        assert served


def test_these_tests_start_from_a_clean_environment() -> None:
    assert not [name for name in os.environ if name.startswith("TASKWARD_") and "TEST" not in name]


QUOTAS = [name for name in Settings.model_fields if re.fullmatch(r"max_\w+_per_(space|organization|account)", name)]


def test_there_is_a_setting_for_every_quota() -> None:
    settings = read_settings()
    assert sorted(getattr(settings, name) for name in QUOTAS) == sorted(DEFAULTS.values())


@pytest.mark.parametrize("name", QUOTAS)
def test_a_quota_is_a_number_and_zero_does_not_limit(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"TASKWARD_{name.upper()}", "0")
    assert getattr(read_settings(), name) == 0
    for wrong in ("-1", "many", "1.5"):
        complaint(started(monkeypatch, **{name.upper(): wrong}), name.upper())


def test_the_trash_may_be_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().trash_kept == timedelta(days=30)
    monkeypatch.setenv("TASKWARD_TRASH_DAYS", "0")
    assert read_settings().trash_kept is None
    for wrong in ("-1", "3651", "long"):
        complaint(started(monkeypatch, TRASH_DAYS=wrong), "TRASH_DAYS")
