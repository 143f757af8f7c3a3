"""How a log shows that nobody has touched it: a seal for each event, which vouches for all events before it, too."""

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Final

from domain.audit import AuditEvent, plain
from domain.ids import EventId, SpaceId

_CANONICAL_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_SAID: Final = tuple(part.name for part in fields(AuditEvent) if part.name not in {"changes", "source"})


@dataclass(frozen=True, slots=True)
class Seal:
    """A link of a space's chain: it vouches for one event and for every seal before it."""

    position: int
    event_id: EventId
    digest: bytes

    @classmethod
    def of(cls, event: AuditEvent, *, after: "Seal | None") -> "Seal":
        """Seal an event behind the last one sealed."""
        return cls._next(event.space_id, event.id, _canonical(event), after)

    @classmethod
    def of_removed(cls, event_id: EventId, *, of: SpaceId, after: "Seal | None") -> "Seal":
        """Seal the place of an event that was removed before it had a seal: the chain breaks there."""
        return cls._next(of, event_id, event_id.bytes, after)

    @classmethod
    def _next(cls, space_id: SpaceId, event_id: EventId, said: bytes, after: "Seal | None") -> "Seal":
        position = after.position + 1 if after else 1
        previous = after.digest if after else space_id.bytes
        return cls(position, event_id, hashlib.sha256(previous + said).digest())


def _canonical(event: AuditEvent) -> bytes:
    """The event as bytes, always the same ones."""
    said = {name: plain(getattr(event, name)) for name in _SAID}
    said["changes"] = event.changes
    if event.source is not None:  # Events from before it was recorded keep their seals.
        said["source"] = event.source
    return _CANONICAL_JSON.encode(said).encode()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What looking a log over has found: how many events were checked, and the first that is not what it was."""

    checked: int
    first_broken: EventId | None = None

    @property
    def valid(self) -> bool:
        """Whether nothing was changed or removed."""
        return self.first_broken is None


def verify(chain: list[tuple[Seal, AuditEvent | None]], *, after: Seal | None = None) -> Verdict:
    """Look a stretch of a chain over: every seal in order, with the event it vouches for, None if that is gone."""
    for checked, (seal, event) in enumerate(chain):
        if event is None or Seal.of(event, after=after) != seal:
            return Verdict(checked, seal.event_id)
        after = seal
    return Verdict(len(chain))
