"""Counts in Redis, for all workers on all hosts, by the library ``limits``."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from time import time
from typing import Any, Final

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from application.ports.clock import Clock
from application.ports.counters import Counters
from domain.errors import TooManyRequests
from domain.rates import Rate, Tally

_SECONDS_TO_ANSWER: Final = 0.25
_MOST_CONNECTIONS: Final = 32
_LEFT_ALONE: Final = timedelta(seconds=1)
"""For how long a silent server is not asked again: each question costs somebody the time above."""

log: Any = structlog.get_logger("taskward")


class RedisServer:
    """One Redis server, and whether it answers."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_MOST_CONNECTIONS,
            timeout=_SECONDS_TO_ANSWER,
            socket_timeout=_SECONDS_TO_ANSWER,
            socket_connect_timeout=_SECONDS_TO_ANSWER,
            retry=Retry(NoBackoff(), 0),
        )
        options: dict[str, Any] = {"connection_pool": self._pool}
        storage = RedisStorage("async+redis://", implementation="redispy", key_prefix="taskward", **options)
        self.limiter = FixedWindowRateLimiter(storage)
        self._clock = clock
        self._silent_until: datetime | None = None

    def counters(self, otherwise: Counters, secret: bytes) -> "RedisCounters":
        """What counts on this server."""
        return RedisCounters(self, otherwise, secret)

    async def ask(self, question: Callable[[], Awaitable[None]], otherwise: Callable[[], Awaitable[None]]) -> None:
        """Ask the server, and do otherwise where it does not answer, or did not a moment ago."""
        now = self._clock()
        if self._silent_until is None or now >= self._silent_until:
            try:
                await question()
            except TooManyRequests:
                self._heard()
                raise
            except RedisError as error:
                if self._silent_until is None:
                    log.warning("Redis does not answer; counting without it", reason=type(error).__name__)
                self._silent_until = now + _LEFT_ALONE
            else:
                self._heard()
                return
        await otherwise()

    def _heard(self) -> None:
        if self._silent_until is not None:
            log.warning("Redis answers again")
        self._silent_until = None

    async def close(self) -> None:
        """Let go of every connection."""
        await self._pool.aclose()


class RedisCounters:
    """Count in Redis; while it does not answer, with the other counters. Keys are made with a secret."""

    def __init__(self, server: RedisServer, otherwise: Counters, secret: bytes) -> None:
        self._server = server
        self._limiter = server.limiter
        self._otherwise = otherwise
        self._secret = secret

    async def take(self, *tallies: Tally) -> None:
        await self._server.ask(lambda: self._take(tallies), lambda: self._otherwise.take(*tallies))

    async def settle(self, *, give_back: Sequence[Tally] = (), restart: Sequence[tuple[Tally, int]] = ()) -> None:
        await self._server.ask(
            lambda: self._settle(give_back, restart),
            lambda: self._otherwise.settle(give_back=give_back, restart=restart),
        )

    async def _take(self, tallies: Sequence[Tally]) -> None:
        taken, full = list[Tally](), list[Tally]()
        for tally in tallies:
            if await self._counts(tally):
                taken.append(tally)
                if not await self._limiter.hit(*self._named(tally)):
                    full.append(tally)
        if full:
            await self._give_back(taken)
            raise max([await self._refusal(tally) for tally in full], key=lambda refusal: refusal.wait)

    async def _settle(self, give_back: Sequence[Tally], restart: Sequence[tuple[Tally, int]]) -> None:
        await self._give_back([tally for tally in give_back if await self._counts(tally)])
        for tally, count in restart:
            await self._limiter.clear(*self._named(tally))
            if count:
                await self._limiter.hit(*self._named(tally), cost=count)

    async def _give_back(self, tallies: Sequence[Tally]) -> None:
        for tally in tallies:
            await self._limiter.hit(*self._named(tally), cost=-1)

    async def _counts(self, tally: Tally) -> bool:
        if tally.unless is None:
            return True
        item, name = self._named(tally.unless)
        return await self._limiter.storage.get(item.key_for(name)) <= 0

    async def _refusal(self, tally: Tally) -> TooManyRequests:
        stats = await self._limiter.get_window_stats(*self._named(tally))
        left = timedelta(seconds=stats.reset_time - time())
        return TooManyRequests(tally.rate, max(left, timedelta()))

    def _named(self, tally: Tally) -> tuple[RateLimitItemPerSecond, str]:
        return _item(tally.rate), tally.fingerprint(self._secret).hex()


@cache
def _item(rate: Rate) -> RateLimitItemPerSecond:
    """The rate in the library's words."""
    return RateLimitItemPerSecond(rate.amount, int(rate.per.total_seconds()), namespace=rate.name)
