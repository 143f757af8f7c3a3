"""What Taskward writes to people, and how it is sent. Nothing that somebody else may have typed gets into it."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from ipaddress import ip_address
from typing import Final

from application.ports.errands import Errands
from application.ports.mail import Mail, Mailer
from domain.access import Origin
from domain.shares import share_of_origin
from domain.user import Email

_RESET: Final = """\
Somebody has asked for a way back into your Taskward account.
{origin}

If it was you, choose a new password and send it together with this token
to POST /api/auth/password-reset/confirm:

{token}

The token works once, and for 30 minutes. If you ask again, only the newest
one works. Do not give it to anybody: nobody at Taskward will ask for it.

If it was not you, there is nothing to do. Your password is what it was, and
without this mail nobody can change it.
"""
_CHANGED: Final = """\
The password of your Taskward account has been changed.
{origin}

All other devices have been signed out.

If it was not you, somebody else has your password or reads your mail. Make
your mailbox safe first. Then ask for a new password with
POST /api/auth/password-reset, which signs everybody out.
"""
_MOVED: Final = """\
The e-mail address of your Taskward account has been changed to another one.
{origin}

Letters about the account go there from now on, and not to this address.

If it was not you, somebody else has your password. Write to those who run
the service: they see in the log of the account what was done.
"""


@dataclass(frozen=True, slots=True)
class Post:
    """Sends mails that nobody waits for. A mail that there is no room for is given up; the errands note that."""

    mailer: Mailer
    errands: Errands

    def send(self, mail: Mail, *, origin: Origin) -> None:
        """Have a mail delivered that somebody's request has caused."""
        deliver = partial(self.mailer.deliver, mail)
        self.errands.take("mail", deliver, share=share_of_origin(origin), request_id=origin.request_id)


def reset_letter(to: Email, token: str, *, origin: Origin, at: datetime) -> Mail:
    """The token that lets somebody choose a new password."""
    return Mail(to, "Choose a new password for Taskward", _RESET.format(token=token, origin=_told(origin, at)))


def changed_letter(to: Email, *, origin: Origin, at: datetime) -> Mail:
    """The news that the password is another one now."""
    return Mail(to, "Your Taskward password has been changed", _CHANGED.format(origin=_told(origin, at)))


def moved_letter(to: Email, *, origin: Origin, at: datetime) -> Mail:
    """The news for the former address that the account has another one now, which is not told."""
    return Mail(to, "Your Taskward account has another e-mail address", _MOVED.format(origin=_told(origin, at)))


def _told(origin: Origin, at: datetime) -> str:
    return f"That was on {at:%Y-%m-%d at %H:%M} UTC, from {_address(origin.ip_address)}."


def _address(text: str | None) -> str:
    """The address, if it is one and nothing else. A zone (RFC 4007) could be any text."""
    try:
        return f"the address {ip_address(text or '')}" if "%" not in (text or "") else "an unknown address"
    except ValueError:
        return "an unknown address"
