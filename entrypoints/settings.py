"""The settings, from the environment (``TASKWARD_…``) and from ``.env``."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated, Final, Literal, Self, TypeVar

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.quotas import DEFAULTS, Quota
from domain.registration import RegistrationMode, RegistrationPolicy

T = TypeVar("T")

PREFIX: Final = "TASKWARD_"
_ENV_FILE: Final = ".env"
_FOR_THE_TESTS: Final = "TASKWARD_TEST_"
_LOWEST_SAFE_COST: Final = 10
_SHORTEST_PEPPER: Final = 32
_ORIGIN: Final = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?")
_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}")


class Environment(StrEnum):
    """Where the service runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"
    TEST = "test"


class WrongSetting(Exception):
    """A setting is wrong. The message is one line that names it and says what is allowed."""

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(f"{PREFIX}{name.upper()}: {rule}")


def parsed(setting: str, parse: Callable[[str], T], text: str) -> T:
    """What a setting's text means. Raises WrongSetting where ``parse`` raises ValueError."""
    try:
        return parse(text)
    except ValueError as error:
        raise WrongSetting(setting, str(error)) from None


def _not_yet(value: object) -> object:
    """Refuse what this version would silently ignore."""
    if value:
        raise ValueError("this version does not support it yet; leave it unset")
    return value


def _addresses(text: str) -> str:
    """Refuse what is no comma-separated list of IP addresses and networks."""
    for part in filter(None, text.split(",")):
        try:
            ip_network(part.strip())
        except ValueError:
            raise ValueError("IP addresses and networks, with commas between: '10.0.0.5,10.1.0.0/16'") from None
    return text


def _origins(text: str) -> str:
    """Refuse what is no comma-separated list of origins (RFC 6454), in the spelling that browsers use."""
    for part in _parts(text):
        if not _ORIGIN.fullmatch(part):
            raise ValueError(
                "origins as browsers write them, with commas between: 'https://app.example.org,https://example.org:8443'"
            )
    return text


def _domains(text: str) -> str:
    """Refuse what is no comma-separated list of domain names (RFC 1035)."""
    for part in _parts(text):
        if not _DOMAIN.fullmatch(part):
            raise ValueError("domain names in lower case, with commas between: 'example.org,example.com'")
    return text


def _parts(text: str) -> list[str]:
    """What stands between the commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


Most = Annotated[int, Field(ge=0, le=10**12)]
"""A quota; 0 does not limit."""

LaterText = Annotated[str, AfterValidator(_not_yet)]
LaterFlag = Annotated[bool, AfterValidator(_not_yet)]


class Settings(BaseSettings):
    """Everything that can be set. Frozen; read once, at start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=_ENV_FILE, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: SecretStr = SecretStr("sqlite:///var/taskward.db")
    migration_database_url: SecretStr | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    keep_alive_seconds: Annotated[int, Field(ge=1, le=3600)] = 75
    max_connections: Annotated[int, Field(ge=16, le=100_000)] = 1000
    max_connections_per_address: Annotated[int, Field(ge=1, le=100_000)] = 256
    max_buffered_bytes: Annotated[int, Field(ge=2**23, le=2**40)] = 2**25
    environment: Environment = Environment.DEVELOPMENT
    secret_keys: SecretStr | None = None
    password_pepper: SecretStr | None = None
    access_token_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    refresh_token_days: Annotated[int, Field(ge=1, le=365)] = 7
    session_max_days: Annotated[int, Field(ge=1, le=365)] = 30
    refresh_grace_seconds: Annotated[int, Field(ge=0, le=60)] = 10
    bcrypt_cost: Annotated[int, Field(ge=4, le=15)] = 12
    rate_limits: bool = True
    registration: RegistrationMode = RegistrationMode.OPEN
    registration_domains: Annotated[str, AfterValidator(_domains)] = ""
    redis_url: SecretStr | None = None
    allowed_origins: Annotated[str, AfterValidator(_origins)] = ""
    trusted_proxies: Annotated[str, AfterValidator(_addresses)] = ""
    require_https: bool | None = None
    max_tasks_per_space: Most = DEFAULTS[Quota.TASKS]
    max_tags_per_space: Most = DEFAULTS[Quota.TAGS]
    max_documents_per_space: Most = DEFAULTS[Quota.DOCUMENTS]
    max_document_bytes_per_space: Most = DEFAULTS[Quota.DOCUMENT_BYTES]
    max_settings_per_space: Most = DEFAULTS[Quota.SETTINGS]
    max_members_per_organization: Most = DEFAULTS[Quota.MEMBERS]
    max_invitations_per_organization: Most = DEFAULTS[Quota.INVITATIONS]
    max_owned_organizations_per_account: Most = DEFAULTS[Quota.OWNED]
    max_organizations_per_account: Most = DEFAULTS[Quota.JOINED]
    max_sessions_per_account: Most = DEFAULTS[Quota.SESSIONS]
    trash_days: Annotated[int, Field(ge=0, le=3650)] = 30
    audit_reads: bool = False
    require_if_match: bool = False
    unsafe_database_role: bool = False
    mail_url: SecretStr | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] | None = None
    metrics: LaterFlag = False

    @property
    def trash_kept(self) -> timedelta | None:
        """For how long a deleted task is kept; None for ever."""
        return timedelta(days=self.trash_days) if self.trash_days else None

    @property
    def in_production(self) -> bool:
        """Whether every refusal of production applies."""
        return self.environment is Environment.PRODUCTION

    @property
    def https_only(self) -> bool:
        """Whether plain HTTP is refused: as set, and in production unless set otherwise."""
        return self.in_production if self.require_https is None else self.require_https

    @property
    def origins(self) -> list[str]:
        """The origins whose pages may use the service."""
        return _parts(self.allowed_origins)

    @property
    def registration_policy(self) -> RegistrationPolicy:
        """Who may register."""
        return RegistrationPolicy(self.registration, frozenset(_parts(self.registration_domains)))

    @property
    def mails(self) -> bool:
        """Whether a mail server is named."""
        return self.mail_url is not None and bool(self.mail_url.get_secret_value())

    @property
    def logs_as_json(self) -> bool:
        """Whether a line of the log is a JSON object."""
        return self.in_production if self.log_format is None else self.log_format == "json"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.bcrypt_cost < _LOWEST_SAFE_COST and self.environment is not Environment.TEST:
            raise WrongSetting("bcrypt_cost", "10 to 15; lower only where TASKWARD_ENVIRONMENT=test")
        pepper = self.password_pepper
        if pepper is not None and len(pepper.get_secret_value().encode()) < _SHORTEST_PEPPER:
            raise WrongSetting("password_pepper", f"at least {_SHORTEST_PEPPER} bytes")
        if self.in_production and self.secret_keys is None:
            raise WrongSetting("secret_keys", "production needs 'kid:secret' with 32 random bytes or more")
        if self.in_production and not (self.https_only and self.trusted_proxies):
            raise WrongSetting(
                "trusted_proxies",
                "production needs the address of the proxy that ends HTTPS, and REQUIRE_HTTPS on",
            )
        if self.in_production and self.unsafe_database_role:
            raise WrongSetting("unsafe_database_role", "production never starts with such a role; leave it unset")
        return self


def read_settings() -> Settings:
    """Read them all. Raises WrongSetting for the first that is wrong, or that nobody knows."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in (*os.environ, *dotenv_values(_ENV_FILE)):
        if name.startswith(PREFIX) and name not in known and not name.startswith(_FOR_THE_TESTS):
            raise WrongSetting(name.removeprefix(PREFIX), "there is no such setting; see the README")
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise WrongSetting(str(first["loc"][0]), first["msg"].removeprefix("Value error, ")) from None
