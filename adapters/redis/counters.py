"""Counts in Redis, for all workers on all hosts, by the library ``limits``."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from application.ports.clock import Clock
from application.ports.counters import Counters
from domain.errors import TooManyRequests
from domain.rates import Rate, Tally

_PREFIX: Final = "taskward"
_SECONDS_TO_ANSWER: Final = 0.25
_MOST_CONNECTIONS: Final = 32
_LEFT_ALONE: Final = timedelta(seconds=1)
"""For how long a silent server is not asked again: each question costs somebody the time above."""

_TAKE: Final = """
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
local cost, amount = tonumber(ARGV[1]), tonumber(ARGV[2])
if count + cost > amount then return {amount - count, redis.call('PTTL', KEYS[1])} end
redis.call('INCRBY', KEYS[1], cost)
if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
return {}
"""
"""Count a cost where there is room for it, in one step: nobody else is refused for what is refused itself."""

_GIVE_BACK: Final = """
local back = math.min(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1]))
if back > 0 then redis.call('DECRBY', KEYS[1], back) end
"""

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
        storage = RedisStorage("async+redis://", implementation="redispy", key_prefix=_PREFIX, **options)
        self.limiter = FixedWindowRateLimiter(storage)
        redis = Redis(connection_pool=self._pool)
        self.take, self.give_back = redis.register_script(_TAKE), redis.register_script(_GIVE_BACK)
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
        taken, full = list[Tally](), list[TooManyRequests]()
        for tally in tallies:
            if await self._counts(tally):
                item, name = self._named(tally)
                short = await self._server.take([_key(item, name)], [tally.cost, item.amount, item.get_expiry()])
                if short:
                    full.append(_refusal(tally, *short))
                else:
                    taken.append(tally)
        if full:
            await self._give_back(taken)
            raise max(full, key=lambda refusal: refusal.wait)

    async def _settle(self, give_back: Sequence[Tally], restart: Sequence[tuple[Tally, int]]) -> None:
        await self._give_back([tally for tally in give_back if await self._counts(tally)])
        for tally, count in restart:
            await self._limiter.clear(*self._named(tally))
            if count:
                await self._limiter.hit(*self._named(tally), cost=count)

    async def _give_back(self, tallies: Sequence[Tally]) -> None:
        for tally in tallies:
            await self._server.give_back([_key(*self._named(tally))], [tally.cost])

    async def _counts(self, tally: Tally) -> bool:
        if tally.unless is None:
            return True
        item, name = self._named(tally.unless)
        return await self._limiter.storage.get(item.key_for(name)) <= 0

    def _named(self, tally: Tally) -> tuple[RateLimitItemPerSecond, str]:
        return _item(tally.rate), tally.fingerprint(self._secret).hex()


def _refusal(tally: Tally, left: int, milliseconds: int) -> TooManyRequests:
    return TooManyRequests(tally.rate, timedelta(milliseconds=max(milliseconds, 0)), left)


def _key(item: RateLimitItemPerSecond, name: str) -> str:
    """Where the library keeps the count."""
    return f"{_PREFIX}:{item.key_for(name)}"


@cache
def _item(rate: Rate) -> RateLimitItemPerSecond:
    """The rate in the library's words."""
    return RateLimitItemPerSecond(rate.amount, int(rate.per.total_seconds()), namespace=rate.name)
