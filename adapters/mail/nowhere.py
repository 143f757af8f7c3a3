"""Mails where no mail server is named."""

from application.ports.mail import Mail, NotDelivered


class NoMailer:
    """Deliver nothing, and say so."""

    async def deliver(self, mail: Mail) -> None:  # noqa: ARG002 - the port's signature
        """Say that nobody takes it."""
        raise NotDelivered("TASKWARD_MAIL_URL is unset")
