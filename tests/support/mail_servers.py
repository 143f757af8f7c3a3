"""A real mail server on this machine, which keeps what it is handed."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

USER = "taskward"
PASSWORD = "canary-5290 of the mail server"


@dataclass
class Letterbox:
    """What a server was handed, and how it is to answer."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    signed_in: list[bool] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    asked: int = 0
    answers: list[str] = field(default_factory=list)
    """To the next recipients that are named; then everybody is taken."""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - the library's name
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer.replace("{address}", address)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the same
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.senders.append(envelope.mail_from)
        self.recipients.append(envelope.rcpt_tos)
        self.signed_in.append(bool(session.authenticated))
        self.encrypted.append(server.transport.get_extra_info("cipher") is not None)
        return "250 OK"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.password)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=right)  # a refusal is worded by the library


@dataclass(frozen=True)
class Certificates:
    """An authority, and a certificate that it has made for a host."""

    authority: trustme.CA = field(default_factory=trustme.CA)

    def trusted_file(self, folder: Path) -> Path:
        """What somebody who trusts the authority has in a file."""
        file = folder / "authority.pem"
        self.authority.cert_pem.write_to_path(str(file))
        return file

    def of(self, host: str) -> ssl.SSLContext:
        """What a server needs that is called so."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert(host).configure_cert(context)
        return context


@asynccontextmanager
async def mail_server(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Letterbox]:
    """Serve SMTP: plain, with STARTTLS before everything else, or through TLS. Where there is TLS, one may sign in."""
    letterbox = Letterbox()

    def session() -> SMTP:
        return SMTP(
            letterbox,
            hostname="localhost",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=starttls is not None,
            auth_require_tls=tls is None,  # the library does not notice that the connection is encrypted already
            auth_exclude_mechanism=() if starttls or tls else ("LOGIN", "PLAIN"),
            authenticator=letterbox.authenticate,
        )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0, ssl=tls)
    letterbox.port = server.sockets[0].getsockname()[1]
    try:
        yield letterbox
    finally:
        server.close()


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """A port where somebody listens and says nothing."""
    held = list[asyncio.StreamWriter]()

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    try:
        yield port
    finally:
        for writer in held:
            writer.close()
        server.close()


async def closed_port() -> int:
    """A port where nobody listens."""
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    return port
