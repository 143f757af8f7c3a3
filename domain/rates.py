"""How often things may be done: the rates, as one table, and what is counted for them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address, ip_network
from types import MappingProxyType
from typing import Final, Self

_IPV6_PREFIX: Final = 64
"""What one customer of a provider usually has at least: all of it is one address here."""

_LONGEST_ADDRESS: Final = 100
"""Longer text is no IP address: one of version 6 has up to 45 characters (RFC 4291, section 2.2), and a zone."""

_FINGERPRINT_BYTES: Final = 16

_THINGS_PER_REQUEST: Final = 50
"""So many things in one request weigh as much as another request."""


class By(StrEnum):
    """What a rate holds for."""

    ACCOUNT = "account"
    ADDRESS = "address"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many times in so much time, for each account, address or session, or for each pair of them.

    ``name`` is told to clients and never changes.
    """

    name: str
    amount: int
    per: timedelta
    by: tuple[By, ...]

    def of(
        self, *, account: str = "", address: str | None = None, session: str = "", unless: "Tally | None" = None
    ) -> "Tally":
        """What is counted for this account, this address and this session, as far as the rate is about them."""
        named = [
            account if by is By.ACCOUNT else neighbourhood(address) if by is By.ADDRESS else session for by in self.by
        ]
        return Tally(self, tuple(named), unless)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something was done by one account, from one address, or both.

    While something is counted on ``unless``, nothing is on this one. ``cost`` is how much is counted, or given back, at
    once; whatever it is, it is the same tally.
    """

    rate: Rate
    of: tuple[str, ...]
    unless: "Tally | None" = None
    cost: int = field(default=1, compare=False)

    def costing(self, cost: int) -> Self:
        """The same, with so much counted at once."""
        return replace(self, cost=cost)

    @property
    def share(self) -> str:
        """Whose work it is to count: the address's, or the account's where the rate is about no address."""
        return self.of[-1]

    def fingerprint(self, secret: bytes) -> bytes:
        """A name for it from which nobody without the secret learns an address, of either kind."""
        text = json.dumps([self.rate.name, *self.of])
        return blake2b(text.encode(), key=secret, digest_size=_FINGERPRINT_BYTES).digest()


def weight_of(things: int) -> int:
    """How much a request about so many things counts beyond one: one for each fifty of them, or part of fifty."""
    return -(-things // _THINGS_PER_REQUEST)


def neighbourhood(address: str | None) -> str:
    """Who is told apart by address: one IPv4 address, or one IPv6 network of 64 bits. Other text is itself."""
    text = address or ""
    if len(text) > _LONGEST_ADDRESS:
        return text
    try:
        found = ip_address(text)
    except ValueError:
        return text
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network((int(found), _IPV6_PREFIX), strict=False))
    return str(found)


_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)

REQUESTS: Final = Rate("requests", 600, _MINUTE, (By.ACCOUNT,))
"""Everything that somebody does who is signed in."""

ENDED_SESSION: Final = Rate("ended-session", 10, _MINUTE, (By.SESSION,))
"""Requests with a token or a cookie of a session that has ended."""

SIGN_IN: Final = Rate("sign-in", 10, 15 * _MINUTE, (By.ACCOUNT, By.ADDRESS))
"""Failed sign-ins to one account from one address."""

SIGN_IN_OF_ADDRESS: Final = Rate("sign-in-address", 100, 15 * _MINUTE, (By.ADDRESS,))
"""Failed sign-ins from one address, to whatever accounts."""

SIGN_IN_OF_ACCOUNT: Final = Rate("sign-in-account", 100, _HOUR, (By.ACCOUNT,))
"""Failed sign-ins to one account from wherever it has not been signed in to lately."""

CORRECT_PASSWORD_OF_ACCOUNT: Final = Rate("correct-password-account", 120, 15 * _MINUTE, (By.ACCOUNT,))
"""Sign-ins and other uses of the right password of one account. More than the guesses that SIGN_IN_OF_ACCOUNT lets
through at once, so that these cannot use it up while they are checked."""

CORRECT_PASSWORD_OF_ADDRESS: Final = Rate("correct-password-address", 600, 15 * _MINUTE, (By.ADDRESS,))
"""Sign-ins and other uses of a right password from one address."""

USUAL_ADDRESS: Final = Rate("usual-address", 1, 30 * _DAY, (By.ACCOUNT, By.ADDRESS))
"""Not a limit: it is counted that somebody signed in to an account from an address lately."""

REGISTRATION: Final = Rate("registration", 100, _HOUR, (By.ADDRESS,))
"""Accounts that are opened, or tried to."""

REFRESH: Final = Rate("refresh", 300, _MINUTE, (By.ADDRESS,))
"""Refresh tokens that are exchanged, or tried to."""

PASSWORD_RESET: Final = Rate("password-reset", 20, _HOUR, (By.ADDRESS,))
"""Password resets that are asked for from one address."""

PASSWORD_RESET_CONFIRM: Final = Rate("password-reset-confirm", 60, _HOUR, (By.ADDRESS,))
"""Tokens of a password reset that are presented from one address, good ones or not."""

PASSWORD_RESET_OF_ACCOUNT: Final = Rate("password-reset-account", 5, _HOUR, (By.ACCOUNT,))
"""Password resets that are asked for one account."""

EMAIL_CHANGE: Final = Rate("email-change", 5, _HOUR, (By.ACCOUNT,))
"""Changes of the e-mail address of one account, those to an address that is taken included."""

LIMITS: Final[Mapping[str, Rate]] = MappingProxyType(
    {
        rate.name: rate
        for rate in (
            REQUESTS,
            ENDED_SESSION,
            SIGN_IN,
            SIGN_IN_OF_ADDRESS,
            SIGN_IN_OF_ACCOUNT,
            CORRECT_PASSWORD_OF_ACCOUNT,
            CORRECT_PASSWORD_OF_ADDRESS,
            REGISTRATION,
            REFRESH,
            PASSWORD_RESET,
            PASSWORD_RESET_CONFIRM,
            PASSWORD_RESET_OF_ACCOUNT,
            EMAIL_CHANGE,
        )
    }
)
"""The table: all that is limited, by name."""
