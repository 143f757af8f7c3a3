"""The connections of one process: how many there are, from where, and which one makes room for another."""

from collections.abc import Callable
from enum import IntEnum
from ipaddress import ip_address, ip_network
from typing import Protocol

from domain.rates import neighbourhood
from entrypoints.server.limits import Limits


class Standing(IntEnum):
    """What a connection is doing. The lowest gives way first, and BUSY never does."""

    SILENT = 0
    """It has sent nothing yet."""
    IDLE = 1
    """It is between two requests, or about to be closed."""
    HEAD = 2
    """A part of a request head has come."""
    BODY = 3
    """A part of a request body has come."""
    BUSY = 4
    """A request is being served."""


class Connection(Protocol):
    """What the table asks of a connection."""

    @property
    def standing(self) -> Standing:
        """What it is doing."""

    def drop(self) -> None:
        """Close it at once, with what was not sent yet."""


class Connections:
    """The table of connections, in the order in which they came.

    Two bounds hold: one for each address, and one for all. Trusted proxies are not bounded by their address, because
    all of their clients have it, and none of their connections is closed for another.
    """

    def __init__(self, limits: Limits, trusted_proxies: str) -> None:
        self._limits = limits
        self._trusts = _trust(trusted_proxies)
        self._of: dict[str, dict[Connection, None]] = {}
        self._proxied: set[Connection] = set()
        self._address_of: dict[Connection, str] = {}

    def __len__(self) -> int:
        return len(self._address_of) + len(self._proxied)

    def admit(self, connection: Connection, address: str | None) -> bool:
        """Enter a connection in the table, closing another where that makes room. False: there is no room for it."""
        if self._trusts(address):
            if self._is_full and not self._make_room(0):
                return False
            self._proxied.add(connection)
            return True
        place = neighbourhood(address)
        peers = self._of.get(place, {})
        is_needed = len(peers) >= self._limits.per_address or self._is_full
        if is_needed and not self._close_one(peers, Standing.SILENT) and not self._make_room(len(peers) + 1):
            return False
        self._of.setdefault(place, {})[connection] = None
        self._address_of[connection] = place
        return True

    def leave(self, connection: Connection) -> None:
        """Take a connection out of the table, if it is there."""
        self._proxied.discard(connection)
        place = self._address_of.pop(connection, None)
        if place is not None:
            peers = self._of[place]
            del peers[connection]
            if not peers:
                del self._of[place]

    @property
    def _is_full(self) -> bool:
        return len(self) >= self._limits.connections

    def _make_room(self, held: int) -> bool:
        """Close a connection of the address that has most, if it has more than the newcomer's."""
        peers = max(self._of.values(), key=len, default={})
        return len(peers) > held and self._close_one(peers, Standing.BODY)

    def _close_one(self, peers: dict[Connection, None], highest: Standing) -> bool:
        """Close the first that does least, up to a standing. False: all of them do more."""
        found = min(peers, key=lambda each: each.standing, default=None)
        if found is None or found.standing > highest:
            return False
        self.leave(found)
        found.drop()
        return True


def _trust(trusted_proxies: str) -> Callable[[str | None], bool]:
    """Whether an address is one of these addresses and networks, which have commas between them."""
    networks = [ip_network(part.strip()) for part in trusted_proxies.split(",") if part.strip()]

    def trusts(address: str | None) -> bool:
        if not networks or address is None:
            return False
        found = ip_address(address)
        return any(found in network for network in networks)

    return trusts
