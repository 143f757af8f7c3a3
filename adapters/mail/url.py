"""Which mail server, as a URL says it."""

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from domain.errors import InvalidValue
from domain.user import Email

_FORM: Final = "'smtp://user:password@host:port?starttls=1' or 'smtps://user:password@host:port', and '&from=name@host'"
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_LOOPBACK: Final = "localhost"
_NAMES: Final = frozenset({"starttls", "from"})


class Protection(Enum):
    """What keeps others from reading along."""

    NOTHING = auto()
    STARTTLS = auto()
    TLS = auto()


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server, how to sign in to it, and whom its mails are from."""

    host: str
    port: int
    protection: Protection
    sender: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)


_PORTS: Final = {Protection.NOTHING: 25, Protection.STARTTLS: 587, Protection.TLS: 465}


def read_mail_url(text: str) -> MailServer:
    """Read the URL of a mail server. Raises ValueError; its message never holds a secret."""
    parts = _split(text)
    options = _options(parts.query)
    protection = _protection(parts.scheme, options.get("starttls", ""))
    host, port = _place(parts)
    username, password = unquote(parts.username or "") or None, unquote(parts.password or "") or None
    if (username is None) != (password is None):
        raise ValueError("a user needs a password, and a password a user")
    if password is not None and protection is Protection.NOTHING and not _is_loopback(host):
        raise ValueError("a password is only sent with '?starttls=1' or through 'smtps://'")
    sender = _sender(options["from"]) if "from" in options else _default_sender(host)
    return MailServer(host, port or _PORTS[protection], protection, sender, username, password)


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(_FORM) from None
    if text != text.strip() or not text.isprintable() or parts.path not in {"", "/"} or "#" in text:
        raise ValueError(_FORM)
    return parts


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise ValueError(_FORM) from None
    options = dict(pairs)
    if len(options) < len(pairs) or not options.keys() <= _NAMES:
        raise ValueError(_FORM)
    return options


def _protection(scheme: str, starttls: str) -> Protection:
    match scheme, starttls:
        case "smtp", "" | "0":
            return Protection.NOTHING
        case "smtp", "1":
            return Protection.STARTTLS
        case "smtps", "" | "0":
            return Protection.TLS
    raise ValueError(_FORM)


def _place(parts: SplitResult) -> tuple[str, int | None]:
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(_FORM) from None
    if not (_HOST.fullmatch(host) or _is_address(host)) or port == 0:
        raise ValueError(_FORM)
    return host, port


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == _LOOPBACK or (_is_address(host) and ip_address(host).is_loopback)


def _default_sender(host: str) -> str:
    if _is_address(host):
        raise ValueError("say with '?from=name@host' whom the mails are from; an IP address is no place to answer to")
    return f"taskward@{host}"


def _sender(text: str) -> str:
    try:
        return Email(text)
    except InvalidValue:
        raise ValueError("'from' is an e-mail address: 'from=name@example.org'") from None
