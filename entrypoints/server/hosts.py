"""The Host field (RFC 9112, 3.2)."""

import re
from collections.abc import Sequence
from ipaddress import AddressValueError, IPv6Address
from typing import Final

_HOST: Final = re.compile(
    rb"(?:(?:[A-Za-z0-9._~!$&'()*+,;=-]++|%[0-9A-Fa-f]{2})++|\[([0-9A-Fa-f:.]{2,45})\])(?::([0-9]{0,5}))?"
)
"""A registered name or an IPv4 address, or an IPv6 address in brackets, and a port (RFC 3986, 3.2.2)."""

_LAST_PORT: Final = 65535


def names_one_host(values: Sequence[bytes], http_version: str) -> bool:
    """Whether these values of Host are what a request must have: one that is valid. HTTP/1.0 may have none."""
    if len(values) != 1:
        return not values and http_version == "1.0"
    return is_host(values[0])


def is_host(value: bytes) -> bool:
    """Whether a value of Host is a host with at most a port."""
    found = _HOST.fullmatch(value)
    if found is None:
        return False
    address, port = found.groups()
    return (not port or int(port) <= _LAST_PORT) and (address is None or _is_ipv6(address))


def _is_ipv6(text: bytes) -> bool:
    try:
        IPv6Address(text.decode())
    except AddressValueError:
        return False
    return True
