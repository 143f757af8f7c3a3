"""Counts in the database, for all processes together. Each change is a transaction of its own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Integer, bindparam, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.connection import Connection, Database
from adapters.sql.query import Query
from adapters.sql.tables import rate_limits
from adapters.sql.types import Moment
from application.ports.clock import Clock
from domain.errors import TooManyRequests
from domain.rates import Tally
from domain.shares import SERVICE, ShareKey

_BETWEEN_SWEEPS: Final = timedelta(minutes=1)
_SWEPT_AT_ONCE: Final = 100
_REMEMBERED: Final = timedelta(seconds=1)
_MOST_REMEMBERED: Final = 10_000

_FINGERPRINT: Final = rate_limits.c.fingerprint == bindparam("tally")
_NOW: Final = bindparam("now", type_=Moment)
_START: Final = bindparam("start", type_=Integer)
_COST: Final = bindparam("cost", type_=Integer)
_END: Final = bindparam("end", type_=Moment)
_OVER: Final = rate_limits.c.ends_at <= _NOW
_NEW: Final = insert(rate_limits).values(fingerprint=bindparam("tally"), count=_START, ends_at=_END)

# The dialects spell this alike. In one statement, so that of many at once each sees what the one before has counted.
_TAKE: Final = Query(
    _NEW.on_conflict_do_update(
        index_elements=["fingerprint"],
        set_={
            "count": case((_OVER, _START), else_=rate_limits.c.count + _START),
            "ends_at": case((_OVER, _END), else_=rate_limits.c.ends_at),
        },
    ).returning(rate_limits.c.count, rate_limits.c.ends_at)
)
_RESTART: Final = Query(
    _NEW.on_conflict_do_update(index_elements=["fingerprint"], set_={"count": _START, "ends_at": _END})
)
_GIVE_BACK: Final = Query(
    update(rate_limits)
    .where(_FINGERPRINT, rate_limits.c.ends_at > _NOW, rate_limits.c.count > 0)
    .values(count=case((rate_limits.c.count > _COST, rate_limits.c.count - _COST), else_=0))
)
_COUNTED: Final = Query(
    select(rate_limits.c.count).where(_FINGERPRINT, rate_limits.c.ends_at > _NOW, rate_limits.c.count > 0)
)
# What somebody else is changing is not over any more, and waiting for it could end in a circle.
_SOME_OVER: Final = Query(
    select(rate_limits.c.fingerprint)
    .where(_OVER)
    .order_by(rate_limits.c.ends_at)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(skip_locked=True)
)
# One by one: for many that are looked up in one statement, PostgreSQL may read the whole table.
_REMOVE: Final = Query(delete(rate_limits).where(_FINGERPRINT))


class SqlCounters:
    """Count in a table. It names nobody: its keys are made with a secret."""

    def __init__(self, database: Database, clock: Clock, secret: bytes) -> None:
        self._database = database
        self._clock = clock
        self._secret = secret
        self._sweep_at = clock()
        self._refused: dict[Tally, tuple[datetime, TooManyRequests]] = {}

    async def take(self, *tallies: Tally) -> None:
        now = self._clock()
        self._refuse_again(tallies, now)
        await self._sweep(now)
        try:
            async with self._database.begin(read_only=False, share=_share_of(tallies)) as connection:
                await self._take(tallies, connection, now)
        except _Full as full:
            raise self._refusal(full, now) from None

    async def settle(self, *, give_back: Sequence[Tally] = (), restart: Sequence[tuple[Tally, int]] = ()) -> None:
        now, starts = self._clock(), dict(restart)
        async with self._database.begin(read_only=False, share=_share_of([*give_back, *starts])) as connection:
            counting = await self._counting(give_back, connection, now)
            for fingerprint, tally in self._in_order([*counting, *starts]):
                self._refused.pop(tally, None)
                if tally in starts:
                    end = now + tally.rate.per
                    await connection.execute(_RESTART, tally=fingerprint, start=starts[tally], end=end)
                else:
                    await connection.execute(_GIVE_BACK, tally=fingerprint, now=now, cost=tally.cost)

    async def _take(self, tallies: Sequence[Tally], connection: Connection, now: datetime) -> None:
        full = []
        for fingerprint, tally in self._in_order(await self._counting(tallies, connection, now)):
            end = now + tally.rate.per
            rows = await connection.execute_returning(_TAKE, tally=fingerprint, now=now, start=tally.cost, end=end)
            count, ends_at = rows[0]
            if count > tally.rate.amount:
                full.append(_Full(tally, ends_at, left=tally.rate.amount - (count - tally.cost)))
        if full:
            raise max(full, key=lambda found: found.ends_at)

    async def _counting(self, tallies: Sequence[Tally], connection: Connection, now: datetime) -> list[Tally]:
        """Those of the tallies on which something counts."""
        return [
            tally
            for tally in tallies
            if tally.unless is None
            or not await connection.fetch_all(_COUNTED, tally=tally.unless.fingerprint(self._secret), now=now)
        ]

    def _in_order(self, tallies: Sequence[Tally]) -> list[tuple[bytes, Tally]]:
        """The tallies in the one order in which everybody takes them: nobody waits for each other in a circle."""
        named = [(tally.fingerprint(self._secret), tally) for tally in tallies]
        return sorted(named, key=lambda pair: pair[0])

    def _refuse_again(self, tallies: Sequence[Tally], now: datetime) -> None:
        """Refuse what was refused a moment ago without asking the database: a flood must not hold up everybody."""
        for tally in tallies:
            until, refused = self._refused.get(tally, (now, None))
            if refused is not None and now < until:
                raise TooManyRequests(refused.rate, refused.wait)

    def _refusal(self, full: "_Full", now: datetime) -> TooManyRequests:
        refused = TooManyRequests(full.tally.rate, full.ends_at - now, full.left)
        if full.tally.unless is None and not full.left:
            if len(self._refused) >= _MOST_REMEMBERED:
                self._refused.clear()
            self._refused[full.tally] = (min(full.ends_at, now + _REMEMBERED), refused)
        return refused

    async def _sweep(self, now: datetime) -> None:
        """Now and then remove what is over: some of it, and what is left the next time that something is counted."""
        if now >= self._sweep_at:
            self._sweep_at = now + _BETWEEN_SWEEPS
            async with self._database.begin(read_only=False) as connection:
                over = await connection.fetch_all(_SOME_OVER, now=now, limit=_SWEPT_AT_ONCE)
                await connection.execute_many(_REMOVE, [{"tally": fingerprint} for (fingerprint,) in over])
            if len(over) == _SWEPT_AT_ONCE:
                self._sweep_at = now


def _share_of(tallies: Sequence[Tally]) -> ShareKey:
    """On whose account it is counted."""
    return tallies[0].share if tallies else SERVICE


class _Full(Exception):
    """No more than this can be counted until then. Raised inside the transaction, so that nothing of it is kept."""

    def __init__(self, tally: Tally, ends_at: datetime, *, left: int) -> None:
        super().__init__(tally.rate.name)
        self.tally = tally
        self.ends_at = ends_at
        self.left = left
