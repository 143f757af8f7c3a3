"""Access tokens as JSON Web Tokens (RFC 9068, RFC 8725), and opaque refresh tokens."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import jwt

from adapters.security.keys import Key, KeyRing
from application.ports.ids import IdGenerator
from domain.errors import NotAuthenticated
from domain.ids import SessionId, UserId
from domain.session import Session
from domain.user import User

ISSUER: Final = "taskward"
AUDIENCE: Final = "taskward"
_ALGORITHM: Final = "HS256"
_HEADER_NAMES: Final = {"alg", "typ", "kid"}
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
    issued: float
    expires: float


@dataclass(frozen=True, slots=True)
class _Kind:
    """What tells one kind of signed token from another, so that none is taken for one of another kind."""

    type: str
    purpose: str
    texts: tuple[str, ...]


_ACCESS: Final = _Kind("at+jwt", "access-token", ("iss", "aud", "sub", "sid", "jti", "email", "role"))
_COOKIE: Final = _Kind("session+jwt", "session-cookie", ("iss", "aud", "sub", "sid", "jti"))
_NUMBERS: Final = ("iat", "nbf", "exp")


class _SignedTokens:
    """Sign and verify one kind of token.

    Verified tokens are remembered, since checking a signature costs more than the rest of a request's
    bookkeeping; their expiry is checked each time, and whether the session still lives is for the doors to find
    out.
    """

    def __init__(self, kind: _Kind, keys: KeyRing, new_id: IdGenerator) -> None:
        self._kind = kind
        self._keys = keys
        self._new_id = new_id
        self._remembered: dict[str, _Proven] = {}

    def sign(self, user_id: UserId, session_id: SessionId, *, at: datetime, until: datetime, **more: str) -> str:
        """A token signed with the newest key."""
        now = int(at.timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": str(self._new_id()),
            "iat": now,
            "nbf": now,
            "exp": int(until.timestamp()),
        }
        key = self._keys.newest
        headers = {"typ": self._kind.type, "kid": key.kid}
        return jwt.encode(claims | more, self._secret(key), algorithm=_ALGORITHM, headers=headers)

    def verify(self, token: str, *, at: datetime) -> _Proven:
        """What the token proves. Raises NotAuthenticated for anything wrong with it."""
        proven = self._remembered.get(token)
        if proven is None:
            proven = self._prove(token, at)
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[token] = proven
        if at.timestamp() >= proven.expires:
            del self._remembered[token]
            raise NotAuthenticated
        return proven

    def _prove(self, token: str, at: datetime) -> _Proven:
        try:
            claims = self._checked_claims(token)
            _check_begun(claims, at)
            user_id, session_id = UserId(UUID(claims["sub"])), SessionId(UUID(claims["sid"]))
            return _Proven(user_id, session_id, float(claims["iat"]), float(claims["exp"]))
        except (_Malformed, jwt.InvalidTokenError, ValueError, OverflowError, RecursionError) as error:
            raise NotAuthenticated from error

    def _checked_claims(self, token: str) -> dict[str, Any]:
        """The claims, where the signature holds and every one is there and of its type."""
        header = _read_part(token, 0)
        if header.keys() != _HEADER_NAMES or header["alg"] != _ALGORITHM or header["typ"] != self._kind.type:
            raise _Malformed
        key = self._keys.named(str(header["kid"]))
        if key is None:
            raise _Malformed
        _read_part(token, 1)
        claims: dict[str, Any] = jwt.decode(
            token,
            self._secret(key),
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            # The times are checked here, against the port's clock.
            options={
                "require": [*_NUMBERS, *self._kind.texts],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
        numbers = all(type(claims[name]) is int for name in _NUMBERS)
        texts = all(type(claims[name]) is str for name in self._kind.texts)
        if not (numbers and texts):
            raise _Malformed
        return claims

    def _secret(self, key: Key) -> bytes:
        return key.derive(self._kind.purpose)


class JwtAccessTokens:
    """Access tokens (RFC 9068)."""

    def __init__(self, keys: KeyRing, lifetime: timedelta, new_id: IdGenerator) -> None:
        self.lifetime = lifetime
        self._tokens = _SignedTokens(_ACCESS, keys, new_id)

    def issue(self, user: User, session_id: SessionId, *, at: datetime) -> str:
        """Sign a token with the newest key."""
        said = {"email": str(user.email), "role": str(user.role)}
        return self._tokens.sign(user.id, session_id, at=at, until=at + self.lifetime, **said)

    def verify(self, token: str, *, at: datetime) -> tuple[UserId, SessionId]:
        """Whom the token names, and which session. Raises NotAuthenticated for anything wrong with it."""
        proven = self._tokens.verify(token, at=at)
        return proven.user_id, proven.session_id


class JwtSessionCookies:
    """What a browser's cookie holds: a token that is no access token, and good until the session ends by itself."""

    def __init__(self, keys: KeyRing, new_id: IdGenerator) -> None:
        self._keys = keys
        self._tokens = _SignedTokens(_COOKIE, keys, new_id)

    def issue(self, session: Session, *, at: datetime) -> str:
        """Sign a token with the newest key."""
        return self._tokens.sign(session.user_id, session.id, at=at, until=session.expires_at)

    def verify(self, cookie: str, *, at: datetime) -> tuple[UserId, SessionId, datetime]:
        """Whom the cookie names, which session, and when it was issued. Raises NotAuthenticated."""
        proven = self._tokens.verify(cookie, at=at)
        return proven.user_id, proven.session_id, datetime.fromtimestamp(proven.issued, UTC)

    def csrf_tokens(self, session_id: SessionId) -> Iterable[str]:
        """A keyed hash of the session's id, for each key, the newest first."""
        for key in self._keys.keys:
            yield _encode(hmac.digest(key.derive("csrf-token"), session_id.bytes, hashlib.sha256))


def _check_begun(claims: dict[str, Any], at: datetime) -> None:
    if max(claims["nbf"], claims["iat"]) > at.timestamp() + _CLOCK_SKEW:
        raise _Malformed


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
