"""Cursors that only this service can have written."""

import base64
import binascii
import hashlib
import hmac
from typing import Final

from adapters.security.keys import KeyRing
from domain.errors import CursorRefused

_TAG_LENGTH: Final = 16


class SignedCursors:
    """The position with a keyed hash of it and of what it is bound to. Any key in use will do, the newest one signs."""

    def __init__(self, keys: KeyRing) -> None:
        self._secrets = [key.derive("cursor") for key in keys.keys]
        """The newest first."""

    def write(self, position: str, *, bound_to: str) -> str:
        """The cursor for a position."""
        raw = _tag(self._secrets[0], position, bound_to) + position.encode()
        return _as_text(raw)

    def read(self, cursor: str, *, bound_to: str) -> str:
        """The position."""
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            tag, position = raw[:_TAG_LENGTH], raw[_TAG_LENGTH:].decode()
        except (binascii.Error, ValueError):
            raise CursorRefused from None
        # Decoding is lenient: several texts are the same bytes, and one of them is what was written.
        if _as_text(raw) != cursor:
            raise CursorRefused
        if not any(hmac.compare_digest(tag, _tag(secret, position, bound_to)) for secret in self._secrets):
            raise CursorRefused
        return position


def _as_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _tag(secret: bytes, position: str, bound_to: str) -> bytes:
    message = f"{len(position)} {position} {bound_to}".encode()
    return hmac.digest(secret, message, hashlib.sha256)[:_TAG_LENGTH]
