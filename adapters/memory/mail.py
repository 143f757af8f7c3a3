"""Mails for tests: they go nowhere."""

from application.ports.mail import Mail, NotDelivered


class MemoryMailer:
    """Keep every mail; or refuse them all, while the post is ``closed``."""

    def __init__(self) -> None:
        self.delivered: list[Mail] = []
        self.closed = False

    async def deliver(self, mail: Mail) -> None:
        """Keep it."""
        if self.closed:
            raise NotDelivered("the post is closed")
        self.delivered.append(mail)
