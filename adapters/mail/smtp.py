"""Mails through a mail server (RFC 5321)."""

import asyncio
import ssl
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import Final

import aiosmtplib

from adapters.mail.url import MailServer, Protection
from application.ports.mail import Mail, NotDelivered

WAITS: Final = (1.0, 5.0, 30.0)
"""Seconds before each further attempt."""

_AT_ONCE: Final = 4
_SECONDS_FOR_A_STEP: Final = 10.0
_SECONDS_FOR_ALL: Final = 30.0
_REFUSED_FOR_GOOD: Final = 500


class SmtpMailer:
    """Hand mails to one server, a few at once. What it refuses for good is not tried again.

    The server's certificate must be one that this machine trusts, and for this server's name.
    """

    def __init__(self, server: MailServer, waits: Sequence[float] = WAITS) -> None:
        self._server = server
        self._waits = waits
        # Made once: reading the certificates that this machine trusts takes a while.
        self._tls = None if server.protection is Protection.NOTHING else ssl.create_default_context()
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def deliver(self, mail: Mail) -> None:
        """Hand a mail over."""
        message = message_of(mail, self._server.sender)
        for attempt, wait in enumerate((*self._waits, None), start=1):
            try:
                await self._send(message, mail.to)
            except (aiosmtplib.SMTPException, OSError) as error:
                if wait is None or _is_for_good(error):
                    # What the server says may name the person: it stays out of the log.
                    raise NotDelivered(f"{_named(error)}, attempts: {attempt}") from None
                await asyncio.sleep(wait)
            else:
                return

    async def _send(self, message: EmailMessage, to: str) -> None:
        server = self._server
        async with self._turns, asyncio.timeout(_SECONDS_FOR_ALL):
            await aiosmtplib.send(
                message,
                sender=server.sender,
                recipients=[to],
                hostname=server.host,
                port=server.port,
                username=server.username,
                password=server.password,
                timeout=_SECONDS_FOR_A_STEP,
                use_tls=server.protection is Protection.TLS,
                start_tls=server.protection is Protection.STARTTLS,
                tls_context=self._tls,
            )


def message_of(mail: Mail, sender: str) -> EmailMessage:
    """The mail as it travels. Raises ValueError for a line break where there is one line only."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Taskward", addr_spec=sender)
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
    message.set_content(mail.text)
    return message


def _is_for_good(error: Exception) -> bool:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(_is_for_good(refused) for refused in error.recipients)
    refused = isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= _REFUSED_FOR_GOOD
    return refused or _is_lack(error) or isinstance(error, aiosmtplib.SMTPNotSupported)


def _is_lack(error: BaseException) -> bool:
    """Whether the server lacks what is needed, STARTTLS or a way to sign in: the library raises its plainest error."""
    return type(error) is aiosmtplib.SMTPException


def _named(error: BaseException) -> str:
    """What kind of failure it is, and what is behind it, in words of ours only."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    code = f" {error.code}" if isinstance(error, aiosmtplib.SMTPResponseException) else ""
    lack = f": {error}" if _is_lack(error) else ""
    behind = f" from {_named(error.__cause__)}" if error.__cause__ else ""
    return f"{type(error).__name__}{code}{lack}{behind}"
