"""How often things may be done: what is counted, and when it is given back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from application.ports.counters import Counters
from domain.access import Actor, Origin
from domain.errors import TooManyRequests, Unavailable
from domain.ids import SessionId
from domain.rates import (
    CORRECT_PASSWORD_OF_ACCOUNT,
    CORRECT_PASSWORD_OF_ADDRESS,
    ENDED_SESSION,
    REQUESTS,
    SIGN_IN,
    SIGN_IN_OF_ACCOUNT,
    SIGN_IN_OF_ADDRESS,
    USUAL_ADDRESS,
    Tally,
    weight_of,
)
from domain.shares import Share

_MOST_REMEMBERED: Final = 10_000


class EndedSessions:
    """The sessions that this process has seen to have ended. None of them begins again."""

    def __init__(self, room: int = _MOST_REMEMBERED) -> None:
        self._room = room
        self._ids: set[int] = set()

    def __contains__(self, session_id: SessionId) -> bool:
        """Tell whether the session is known to have ended. The number of a UUID has a hash at no cost."""
        return session_id.int in self._ids

    def add(self, session_id: SessionId) -> None:
        """Remember a session. Where there is no more room, everything else is forgotten."""
        if len(self._ids) >= self._room:
            self._ids.clear()
        self._ids.add(session_id.int)


@dataclass(frozen=True, slots=True)
class CountRequest:
    """Count a request of the caller's, and return where it was counted.

    Everybody who is signed in may, as often as the rate allows. Requests of a session that is known to have ended are
    counted for the session alone: they must not use up what the account has. Raises TooManyRequests.
    """

    counters: Counters
    ended: EndedSessions = field(default_factory=EndedSessions)

    async def __call__(self, actor: Actor) -> Tally:
        tally = _of_session(actor) if actor.session_id in self.ended else REQUESTS.of(account=str(actor.user_id))
        await self.counters.take(tally)
        return tally

    async def more(self, counted: Tally, things: int) -> Tally:
        """Count a request about many things for more, before they are worked on; return what it counts as in all.

        What is refused counts as one request, and so does that of a session that has ended. Raises TooManyRequests.
        """
        if counted.rate is not REQUESTS:
            return counted
        weight = weight_of(things)
        await self.counters.take(counted.costing(weight))
        return counted.costing(counted.cost + weight)

    async def move(self, actor: Actor, counted: Tally) -> None:
        """Count a request for its session instead, where that turned out to have ended."""
        own = _of_session(actor)
        if counted == own:
            return
        self.ended.add(actor.session_id)
        await self.counters.settle(give_back=[counted])
        with suppress(TooManyRequests):  # This one has been answered already.
            await self.counters.take(own)


def _of_session(actor: Actor) -> Tally:
    return ENDED_SESSION.of(session=str(actor.session_id))


def share_of_sign_in(email: str, origin: Origin) -> Share:
    """On whose account a password is checked: that of the address, and there of the account as it was written."""
    return Share.of(origin, _as_written(email))


def _as_written(email: str) -> str:
    """What an account is counted under, whether or not there is one."""
    return email.strip().casefold()


@dataclass(frozen=True, slots=True)
class SignInGuard:
    """Stands before the check of a password, and counts how often it was wrong, and how often it was right.

    A right one is limited, too, since each check takes a core for part of a second.

    It goes by the address as it was written, so an account that there is not is treated like one that there is.
    """

    counters: Counters

    @asynccontextmanager
    async def attempt(self, email: str, origin: Origin) -> AsyncIterator[None]:
        """Count an attempt before it is made, so that many at once count too; whatever fails stays counted.

        A success is counted as one, and lets this account and this address begin again; what the service could not
        do is given back. Raises TooManyRequests, before anything is looked up.
        """
        account, address = _as_written(email), origin.ip_address
        pair = SIGN_IN.of(account=account, address=address)
        usual = USUAL_ADDRESS.of(account=account, address=address)
        # Whoever guesses from many places must not lock out the owner, who comes from where they always come from.
        others = [SIGN_IN_OF_ADDRESS.of(address=address), SIGN_IN_OF_ACCOUNT.of(account=account, unless=usual)]
        right = [CORRECT_PASSWORD_OF_ADDRESS.of(address=address), CORRECT_PASSWORD_OF_ACCOUNT.of(account=account)]
        await self.counters.take(pair, *others, *right)
        try:
            yield
        except Unavailable:
            await self.counters.settle(give_back=[pair, *others, *right])
            raise
        except Exception:
            await self.counters.settle(give_back=right)
            raise
        await self.counters.settle(give_back=others, restart=[(pair, 0), (usual, 1)])
