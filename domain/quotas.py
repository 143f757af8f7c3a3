"""Quotas: how much a space, an organisation or an account may hold, and what is refused beyond that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.errors import QuotaReached

_SHARE_OF_ROOM: Final = 20
"""A count is good for one twentieth of the room that it found: so many may be added before the next one."""


class Quota(StrEnum):
    """What is limited. The value says it to people."""

    TASKS = "tasks in this space, the trash included"
    TAGS = "tags in this space"
    DOCUMENTS = "documents in this space"
    DOCUMENT_BYTES = "bytes of documents in this space"
    SETTINGS = "settings in this space"
    MEMBERS = "members of this organisation"
    INVITATIONS = "open invitations to this organisation"
    OWNED = "organisations that one account owns"
    JOINED = "organisations that you are a member of"
    SESSIONS = "sessions of your account"


DEFAULTS: Final[Mapping[Quota, int]] = MappingProxyType(
    {
        Quota.TASKS: 100_000,
        Quota.TAGS: 5_000,
        Quota.DOCUMENTS: 10_000,
        Quota.DOCUMENT_BYTES: 256 * 1024 * 1024,
        Quota.SETTINGS: 1_000,
        Quota.MEMBERS: 1_000,
        Quota.INVITATIONS: 100,
        Quota.OWNED: 100,
        Quota.JOINED: 1_000,
        Quota.SESSIONS: 100,
    }
)
"""How much is allowed unless the operator says otherwise."""


@dataclass(frozen=True, slots=True)
class Quotas:
    """How much is allowed of each; what is not named, or 0, is not limited."""

    limits: Mapping[Quota, int] = field(default_factory=lambda: DEFAULTS)

    def limit_of(self, quota: Quota) -> int | None:
        """How much is allowed; None where it is not limited."""
        return self.limits.get(quota) or None

    def require(self, quota: Quota, used: int, more: int = 1) -> None:
        """Raise QuotaReached unless ``more`` can be added to what is ``used``."""
        limit = self.limit_of(quota)
        if limit is not None and used + more > limit:
            raise QuotaReached(quota, limit)

    def allowance(self, quota: Quota, used: int) -> int:
        """How much may be added before it has to be counted again, where ``used`` was counted.

        Near the limit this is nothing: every addition counts then.
        """
        limit = self.limit_of(quota)
        return 0 if limit is None else max(0, limit - used) // _SHARE_OF_ROOM
