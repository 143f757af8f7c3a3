"""The secrets that everything is signed with."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

SHORTEST_SECRET: Final = 32
"""Bytes: as many as HMAC-SHA-256 gives (RFC 7518, section 3.2)."""

_SAMPLES: Final = (
    "changeme",
    "change-me",
    "change_me",
    "secret",
    "example",
    "password",
    "your-",
    "placeholder",
)
_FEWEST_DIFFERENT_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Key:
    """A secret with the name that tokens call it by. Raises ValueError for one that could be guessed."""

    kid: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not (self.kid and self.kid.isascii() and self.kid.replace("-", "").replace("_", "").isalnum()):
            raise ValueError("a key id is made of letters, digits, '-' and '_'")
        if len(self.secret) < SHORTEST_SECRET:
            raise ValueError(f"the secret of key '{self.kid}' needs at least {SHORTEST_SECRET} bytes")
        if len(set(self.secret)) < _FEWEST_DIFFERENT_BYTES or _is_sample(self.secret):
            raise ValueError(f"the secret of key '{self.kid}' is a sample or could be guessed; make a random one")

    def derive(self, purpose: str) -> bytes:
        """A secret for one purpose only."""
        return hmac.digest(self.secret, f"taskward/{purpose}".encode(), hashlib.sha256)


def _is_sample(secret: bytes) -> bool:
    text = secret.decode(errors="replace").lower()
    return any(sample in text for sample in _SAMPLES)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys in use, newest first: the first one signs, all of them verify."""

    keys: tuple[Key, ...]

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("at least one key is needed")
        if len({key.kid for key in self.keys}) < len(self.keys):
            raise ValueError("two keys have the same id")

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Read ``kid:secret,kid:secret``. Raises ValueError; its message never holds a secret."""
        pairs = [part.strip().partition(":") for part in text.split(",") if part.strip()]
        if any(not colon for _, colon, _ in pairs):
            raise ValueError("write 'kid:secret', several with commas between")
        return cls(tuple(Key(kid, secret.encode()) for kid, _, secret in pairs))

    @property
    def newest(self) -> Key:
        """The key that signs."""
        return self.keys[0]

    def named(self, kid: str) -> Key | None:
        """The key of this id, if it is in use."""
        return next((key for key in self.keys if key.kid == kid), None)
