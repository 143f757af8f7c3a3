"""Mails for developers: shown in the log instead of sent."""

from typing import Any

import structlog

from application.ports.mail import Mail

log: Any = structlog.get_logger("taskward.mail")


class ConsoleMailer:
    """Show every mail in the log, with the token that it holds. Never for production."""

    async def deliver(self, mail: Mail) -> None:
        """Show it."""
        log.info("mail, shown and not sent", to=mail.to, subject=mail.subject, text=mail.text)
