"""Whether there is room for more in a space: the quotas, without counting at every addition (ADR 0028)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from application.ports.clock import Clock
from application.ports.organizations import Invitations, Organizations
from application.ports.usage import Usage
from domain.ids import SpaceId, UserId
from domain.quotas import Quota, Quotas

_A_COUNT_LASTS: Final = timedelta(minutes=1)
"""How long a count is good for at most: other processes add as well."""

_MOST_REMEMBERED: Final = 10_000


@dataclass(slots=True)
class _Allowance:
    """How much may be added until when without another count."""

    left: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """The room in spaces. Each process remembers what it counted, and counts before it refuses."""

    quotas: Quotas
    clock: Clock
    counted: dict[tuple[SpaceId, Quota], _Allowance] = field(default_factory=dict)

    async def require(self, usage: Usage, quota: Quota, more: int = 1, *, is_added: bool = False) -> None:
        """Raise QuotaReached unless the space has room for ``more``, which is there already where ``is_added``.

        Several processes, or transactions at the same moment, may exceed the quota by a few: each goes by what it
        counted itself. What is refused was counted in this transaction.
        """
        limit = self.quotas.limit_of(quota)
        if limit is None or more <= 0:
            return
        key, now = (usage.space_id, quota), self.clock()
        allowance = self.counted.get(key)
        if allowance is not None and more <= allowance.left and now < allowance.until:
            allowance.left -= more
            return
        there = await usage.of(quota, limit + more)
        used = there - more if is_added else there
        self.quotas.require(quota, used, more)
        self._remember(key, _Allowance(self.quotas.allowance(quota, used + more), now + _A_COUNT_LASTS))

    async def require_of(self, user_id: UserId, organizations: Organizations, quota: Quota) -> None:
        """Raise QuotaReached unless the person may be in one more organisation, or own one more."""
        limit = self.quotas.limit_of(quota)
        if limit is not None:
            owned = quota is Quota.OWNED
            self.quotas.require(quota, await organizations.count(user_id, limit, owned=owned))

    async def require_invitation(self, invitations: Invitations, *, at: datetime) -> None:
        """Raise QuotaReached unless one more invitation may be open at this moment."""
        limit = self.quotas.limit_of(Quota.INVITATIONS)
        if limit is not None:
            self.quotas.require(Quota.INVITATIONS, await invitations.count_open(at, limit))

    def _remember(self, key: tuple[SpaceId, Quota], allowance: _Allowance) -> None:
        """Take note of a count. When there is no more room, everything else is forgotten."""
        if len(self.counted) >= _MOST_REMEMBERED:
            self.counted.clear()
        self.counted[key] = allowance
