"""Access tokens as JSON Web Tokens (RFC 9068, RFC 8725), and opaque refresh tokens."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import jwt

from adapters.security.keys import Key, KeyRing
from application.ports.ids import IdGenerator
from domain.errors import NotAuthenticated
from domain.ids import SessionId, UserId
from domain.user import User

ISSUER: Final = "taskward"
AUDIENCE: Final = "taskward"
_ALGORITHM: Final = "HS256"
_TYPE: Final = "at+jwt"
_HEADER_NAMES: Final = {"alg", "typ", "kid"}
_CLAIMS: Final = ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "email", "role"]
_PARTS: Final = 3
_LONGEST: Final = 4096
_CLOCK_SKEW: Final = 5
"""Seconds that two hosts' clocks may differ by; it never lengthens a token's life."""
_REMEMBERED: Final = 10_000


class _Malformed(Exception):
    """A token that is not put together as it must be."""


@dataclass(frozen=True, slots=True)
class _Proven:
    """What a verified token says."""

    user_id: UserId
    session_id: SessionId
    expires: float


class JwtAccessTokens:
    """Sign and verify access tokens.

    Verified tokens are remembered, since checking a signature costs more than the rest of a request's
    bookkeeping; their expiry is checked each time, and whether the session still lives is for the doors to find
    out.
    """

    def __init__(self, keys: KeyRing, lifetime: timedelta, new_id: IdGenerator) -> None:
        self._keys = keys
        self.lifetime = lifetime
        self._new_id = new_id
        self._remembered: dict[str, _Proven] = {}

    def issue(self, user: User, session_id: SessionId, *, at: datetime) -> str:
        """Sign a token with the newest key."""
        now = int(at.timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user.id),
            "sid": str(session_id),
            "jti": str(self._new_id()),
            "iat": now,
            "nbf": now,
            "exp": now + int(self.lifetime.total_seconds()),
            "email": str(user.email),
            "role": str(user.role),
        }
        key = self._keys.newest
        headers = {"typ": _TYPE, "kid": key.kid}
        return jwt.encode(claims, _signing(key), algorithm=_ALGORITHM, headers=headers)

    def verify(self, token: str, *, at: datetime) -> tuple[UserId, SessionId]:
        """Whom the token names, and which session. Raises NotAuthenticated for anything wrong with it."""
        proven = self._remembered.get(token)
        if proven is None:
            proven = self._prove(token, at)
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[token] = proven
        if at.timestamp() >= proven.expires:
            del self._remembered[token]
            raise NotAuthenticated
        return proven.user_id, proven.session_id

    def _prove(self, token: str, at: datetime) -> _Proven:
        try:
            claims = self._checked_claims(token)
            _check_begun(claims, at)
            return _Proven(UserId(UUID(claims["sub"])), SessionId(UUID(claims["sid"])), float(claims["exp"]))
        except (_Malformed, jwt.InvalidTokenError, ValueError, OverflowError, RecursionError) as error:
            raise NotAuthenticated from error

    def _checked_claims(self, token: str) -> dict[str, Any]:
        """The claims, where the signature holds and every one is there and of its type."""
        header = _read_part(token, 0)
        if header.keys() != _HEADER_NAMES or header["alg"] != _ALGORITHM or header["typ"] != _TYPE:
            raise _Malformed
        key = self._keys.named(str(header["kid"]))
        if key is None:
            raise _Malformed
        _read_part(token, 1)
        claims: dict[str, Any] = jwt.decode(
            token,
            _signing(key),
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            # The times are checked here, against the port's clock.
            options={"require": _CLAIMS, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
        numbers = all(type(claims[name]) is int for name in ("iat", "nbf", "exp"))
        texts = all(type(claims[name]) is str for name in _CLAIMS if name not in {"iat", "nbf", "exp"})
        if not (numbers and texts):
            raise _Malformed
        return claims


def _check_begun(claims: dict[str, Any], at: datetime) -> None:
    if max(claims["nbf"], claims["iat"]) > at.timestamp() + _CLOCK_SKEW:
        raise _Malformed


def _signing(key: Key) -> bytes:
    return key.derive("access-token")


def _read_part(token: str, index: int) -> dict[str, Any]:
    """One part of a token, read more strictly than PyJWT does: canonical base64url, no name twice."""
    parts = token.split(".")
    if len(token) > _LONGEST or len(parts) != _PARTS or not token.isascii():
        raise _Malformed
    if any(_encode(_decode(part)) != part for part in parts):
        raise _Malformed
    read = json.loads(_decode(parts[index]), object_pairs_hook=_without_duplicates)
    if not isinstance(read, dict):
        raise _Malformed
    return read


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _Malformed
    return dict(pairs)


def _decode(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise _Malformed from error


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class RandomRefreshTokens:
    """Refresh tokens of 256 random bits. Each names its successor, to those who know the key."""

    def __init__(self, keys: KeyRing) -> None:
        self._secrets = [key.derive("refresh-token") for key in keys.keys]

    def new(self) -> str:
        """A token."""
        return secrets.token_urlsafe(32)

    def successors(self, token: str) -> Iterable[str]:
        """What may follow it: a keyed hash of it, for each key."""
        return (_encode(hmac.digest(secret, token.encode(), hashlib.sha256)) for secret in self._secrets)

    def hash(self, token: str) -> bytes:
        """What is stored: enough for a random token, which nobody can try out."""
        return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
