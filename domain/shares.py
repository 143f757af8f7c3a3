"""On whose account something scarce is used."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, Self

from domain.access import Actor, Origin
from domain.rates import neighbourhood

ShareKey = Hashable
"""A key under which use is counted: an account, or an address where there is no account."""

SERVICE: Final[ShareKey] = "the service"
"""The share of the service's own work: sealing, sweeping, readiness, the command line."""


def share_of_actor(actor: Actor) -> ShareKey:
    """The share of an account. A plain number: the hash of a UUID is computed in Python each time."""
    return actor.user_id.int


def share_of_origin(origin: Origin) -> ShareKey:
    """The share of an address, for a request without an account; the service's own where no address is known."""
    return neighbourhood(origin.ip_address) or SERVICE


@dataclass(frozen=True, slots=True)
class Share:
    """A share in two levels: addresses share first, and the accounts of one address share its part."""

    address: ShareKey
    account: ShareKey

    @classmethod
    def of(cls, origin: Origin, account: object) -> Self:
        """The share of an account, however it is named, at an address."""
        return cls(share_of_origin(origin), str(account))
