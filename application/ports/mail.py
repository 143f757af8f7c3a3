"""How mails are sent."""

from dataclasses import dataclass, field
from typing import Protocol

from application.ports.errands import ErrandFailed
from domain.user import Email


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one person. It shows nobody whom it is to and what it says."""

    to: Email = field(repr=False)
    subject: str
    text: str = field(repr=False)


class NotDelivered(ErrandFailed):
    """Nobody has taken the mail. The message says why, and neither whom it was to nor what it said."""


class Mailer(Protocol):
    """Brings mails on their way."""

    async def deliver(self, mail: Mail) -> None:
        """Hand a mail to whoever carries it on; try again for a while where that may help. Raises NotDelivered."""
        ...
