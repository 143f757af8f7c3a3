"""Verifying logs: seal by seal, in stretches, and from where the last look has ended (ADR 0027)."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from application.ports.audit import AuditLog, OpenLog
from application.ports.clock import Clock
from application.ports.long_work import LongWork
from application.sealing import SealLog
from domain.ids import SpaceId
from domain.seals import Seal, Verdict, verify
from domain.shares import SERVICE, ShareKey

_AT_ONCE: Final = 50
"""How many seals are read and checked before others are let in: a few milliseconds of work."""

_STRETCH: Final = 1_000
"""How many seals are checked in one turn, which is one transaction."""

_GOOD_FOR: Final = timedelta(minutes=10)
"""For how long a look is continued instead of begun anew."""

_MOST_REMEMBERED: Final = 10_000

OnProgress = Callable[[int], None]
"""Told how many events hold so far."""


@dataclass(frozen=True, slots=True)
class Look:
    """How far a log has been looked over: everything up to a seal holds."""

    good_until: datetime
    last: Seal | None = None
    is_whole: bool = False
    """Whether it has reached the end, or what is broken, once. It is good for no longer than it was then."""

    @property
    def position(self) -> int:
        """How many seals hold."""
        return self.last.position if self.last else 0

    def reaching(self, last: Seal | None, *, is_whole: bool, at: datetime) -> "Look":
        """The same look, further on."""
        good_until = self.good_until if self.is_whole else at + _GOOD_FOR
        return Look(good_until, last, self.is_whole or is_whole)


class Looks:
    """The last look at each of the logs that this process has looked over last."""

    def __init__(self, most: int = _MOST_REMEMBERED) -> None:
        self._most = most
        self._looks: OrderedDict[SpaceId, Look] = OrderedDict()

    def recall(self, space_id: SpaceId, *, at: datetime) -> Look:
        """The look to go on from: the last one while it is good, else a new one."""
        look = self._looks.get(space_id)
        return Look(at + _GOOD_FOR) if look is None or look.good_until <= at else look

    def remember(self, space_id: SpaceId, look: Look) -> None:
        """Take note of a look. When there is no more room, the one that was used longest ago is forgotten."""
        self._looks[space_id] = look
        self._looks.move_to_end(space_id)
        if len(self._looks) > self._most:
            self._looks.popitem(last=False)


@dataclass(frozen=True, slots=True)
class InspectLog:
    """Look a log over, seal by seal. The operator may; others come in through VerifyLog.

    One look at a log at a time: all who ask meanwhile have its verdict. It goes on from where the last one of this
    process has ended, if that was not long ago and its last seal is what it was; every ten minutes it begins anew. It
    is given up when no caller is left, and the next one goes on from there. It has the share of the one who began it.
    """

    open_log: OpenLog
    seal_log: SealLog
    long_work: LongWork
    clock: Clock
    looks: Looks = field(default_factory=Looks)

    async def __call__(
        self, space_id: SpaceId, *, share: ShareKey = SERVICE, on_progress: OnProgress | None = None
    ) -> Verdict:
        return await self.long_work.share(space_id, lambda: self._inspect(space_id, share, on_progress))

    async def _inspect(self, space_id: SpaceId, share: ShareKey, on_progress: OnProgress | None) -> Verdict:
        await self._seal(space_id, share)
        look = await self._resumed(space_id, share)
        verdict = None
        while verdict is None:
            async with self.long_work.turn(share), self.open_log(space_id, read_only=True, share=share) as log:
                look, verdict = await self._stretch(log, look)
            self.looks.remember(space_id, look)
            if on_progress is not None:
                on_progress(look.position)
        return verdict

    async def _seal(self, space_id: SpaceId, share: ShareKey) -> None:
        """Seal what there is, turn by turn."""
        has_more = True
        while has_more:
            async with self.long_work.turn(share):
                has_more = await self.seal_log.found(space_id, share=share)

    async def _resumed(self, space_id: SpaceId, share: ShareKey) -> Look:
        """The last look, if the chain is still there where it has ended; else a new one."""
        look = self.looks.recall(space_id, at=self.clock())
        if look.last is None:
            return look
        async with self.open_log(space_id, read_only=True, share=share) as log:
            chain = await log.chain(look.position - 1, 1)
        if chain and chain[0][0] == look.last:
            return look
        return Look(self.clock() + _GOOD_FOR)

    async def _stretch(self, log: AuditLog, look: Look) -> tuple[Look, Verdict | None]:
        """Look further, and give the verdict if that is where it ends."""
        last, end = look.last, look.position + _STRETCH
        while (position := last.position if last else 0) < end:
            chain = await log.chain(position, _AT_ONCE)
            found = verify(chain, after=last)
            if found.checked:
                last = chain[found.checked - 1][0]
            if not found.valid or len(chain) < _AT_ONCE:
                verdict = replace(found, checked=position + found.checked)
                return look.reaching(last, is_whole=True, at=self.clock()), verdict
            await self.long_work.let_others()
        return look.reaching(last, is_whole=False, at=self.clock()), None
