"""What a request head must be, and how one is written again."""

import re
from collections.abc import Sequence
from typing import Final

import httptools

from entrypoints.http.connection_problems import (
    HeadTooLarge,
    MalformedHost,
    MalformedRequest,
    TargetTooLong,
    TransferCodingNotSupported,
)
from entrypoints.http.problems import RequestRefused
from entrypoints.server.hosts import names_one_host
from entrypoints.server.limits import Limits

Headers = Sequence[tuple[bytes, bytes]]

_VERSIONS: Final = frozenset({"1.0", "1.1"})
_NO_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_BLANKS: Final = frozenset({b" ", b"\t"})
_AROUND: Final = len(b": \r\n")


class Refused(Exception):
    """A request that is answered with a refusal, and with which its connection ends."""

    def __init__(self, kind: type[RequestRefused]) -> None:
        super().__init__(kind.code)
        self.kind = kind


def check_counts(target: bytes, headers: Headers, limits: Limits) -> None:
    """Raise Refused for a target that is too long or for too many fields, of a head that may be incomplete."""
    if len(target) > limits.target_bytes:
        raise Refused(TargetTooLong)
    if len(headers) > limits.fields:
        raise Refused(HeadTooLarge)


def check_size(target: bytes, headers: Headers, limits: Limits) -> None:
    """Raise Refused for a complete head that is too large."""
    if len(target) + sum(len(name) + len(value) + _AROUND for name, value in headers) > limits.head_bytes:
        raise Refused(HeadTooLarge)


def check_meaning(headers: list[tuple[bytes, bytes]], http_version: str) -> None:
    """Take away the white space behind values, which is no part of them (RFC 9112, 5.1): the parser leaves it there.

    Raise Refused for a version that is not served, for a Host that is missing, repeated or no host, and for a body that
    is encoded on the way in another manner than chunked (RFC 9112, 6.1): what is decoded is not what was read.
    """
    hosts, codings = [], []
    for index, (name, value) in enumerate(headers):
        if value[-1:] in _BLANKS:
            headers[index] = name, value.rstrip(b" \t")
        if name == b"host":
            hosts.append(headers[index][1])
        elif name == b"transfer-encoding":
            codings.append(value.lower())  # With white space behind it the parser takes it for another one.
    if http_version not in _VERSIONS:
        raise Refused(MalformedRequest)
    if not names_one_host(hosts, http_version):
        raise Refused(MalformedHost)
    if codings and codings != [b"chunked"]:
        raise Refused(TransferCodingNotSupported)


def check_escapes(target: bytes) -> None:
    """Raise Refused for a target with a percent sign that begins no escape (RFC 3986, 2.1)."""
    if b"%" in target and _NO_ESCAPE.search(target):
        raise Refused(MalformedRequest)


def with_path(target: bytes) -> bytes:
    """A request target that uvicorn can read: an absolute form without a path means the root (RFC 9110, 4.2.3).

    Raises HttpParserInvalidURLError.
    """
    if target.startswith(b"/"):
        return target
    parsed = httptools.parse_url(target)
    if parsed.path:
        return target
    return b"/?" + parsed.query if parsed.query else b"/"


def without_upgrade(method: bytes, target: bytes, http_version: str, headers: Headers) -> bytes:
    """A parsed head, written again as if it had not offered to go on in another protocol (RFC 9110, 7.8)."""
    lines = [b"%b %b HTTP/%b\r\n" % (method, target, http_version.encode())]
    lines += [b"%b: %b\r\n" % field for field in headers if field[0] != b"upgrade"]
    return b"".join([*lines, b"\r\n"])
