"""What must never turn up in an answer to somebody else: random texts that are planted, names, and ids."""

import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import Enum

import httpx


class What(Enum):
    """What kind of thing a secret is."""

    TEXT = "a text"
    NAME = "a name"
    ID = "an id"


EVERYTHING = frozenset(What)


@dataclass(frozen=True, slots=True)
class Secret:
    """Something that whoever is in one of the spaces may be told, and nobody else."""

    text: str
    what: What
    spaces: frozenset[str]

    def is_in(self, said: str) -> bool:
        """Look for it, and for an id without its dashes."""
        return self.text in said or (self.what is What.ID and self.text.replace("-", "") in said)


class Canaries:
    """Every secret there is, and whether an answer tells one."""

    def __init__(self) -> None:
        self._secrets: dict[str, Secret] = {}

    def plant(self, *spaces: str) -> str:
        """A new text that only people in these spaces may read."""
        return self.guard(f"canary-{secrets.token_hex(12)}", *spaces, what=What.TEXT)

    def name(self, *spaces: str) -> str:
        """A new name, of a person whom only people in these spaces may know."""
        return self.guard(f"name-{secrets.token_hex(12)}", *spaces, what=What.NAME)

    def guard(self, text: str, *spaces: str, what: What = What.ID) -> str:
        """Take note that only people in these spaces may be told this, and in those that they already could be in."""
        secret = self._secrets.get(text) or Secret(text.lower(), what, frozenset())
        self._secrets[text] = replace(secret, spaces=secret.spaces | frozenset(spaces))
        return text

    def told(self, answer: httpx.Response, spaces: Collection[str], which: Collection[What] = EVERYTHING) -> list[str]:
        """Which secrets somebody who is in ``spaces`` is told by the answer."""
        said = "\n".join([*(f"{name}: {value}" for name, value in answer.headers.items()), answer.text]).lower()
        found = {secret.what for secret in self._foreign(spaces, which) if secret.is_in(said)}
        return sorted(f"{what.value} of somebody else" for what in found)

    def _foreign(self, spaces: Collection[str], which: Collection[What]) -> Iterator[Secret]:
        for secret in self._secrets.values():
            if secret.what in which and secret.spaces.isdisjoint(spaces):
                yield secret
