"""How often things may be done: what is counted, and when it is given back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from application.ports.counters import Counters
from domain.access import Actor, Origin
from domain.errors import Unavailable
from domain.rates import REQUESTS, SIGN_IN, SIGN_IN_OF_ACCOUNT, SIGN_IN_OF_ADDRESS, USUAL_ADDRESS, Tally


@dataclass(frozen=True, slots=True)
class CountRequest:
    """Count a request of the caller's.

    Everybody who is signed in may, as often as the rate allows. Raises TooManyRequests.
    """

    counters: Counters

    async def __call__(self, actor: Actor) -> None:
        await self.counters.take(self._tally(actor))

    async def take_back(self, actor: Actor) -> None:
        """Count it no more, where the session turned out to have ended: it must not use up what the account has."""
        await self.counters.settle(give_back=[self._tally(actor)])

    @staticmethod
    def _tally(actor: Actor) -> Tally:
        return REQUESTS.of(account=str(actor.user_id))


@dataclass(frozen=True, slots=True)
class SignInGuard:
    """Stands before the check of a password, and counts how often it was wrong.

    It goes by the address as it was written, so an account that there is not is treated like one that there is.
    """

    counters: Counters

    @asynccontextmanager
    async def attempt(self, email: str, origin: Origin) -> AsyncIterator[None]:
        """Count an attempt before it is made, so that many at once count too; whatever fails stays counted.

        A success is given back and lets this account and this address begin again; so is what the service could
        not do. Raises TooManyRequests, before anything is looked up.
        """
        account, address = email.strip().casefold(), origin.ip_address
        pair = SIGN_IN.of(account=account, address=address)
        usual = USUAL_ADDRESS.of(account=account, address=address)
        # Whoever guesses from many places must not lock out the owner, who comes from where they always come from.
        others = [SIGN_IN_OF_ADDRESS.of(address=address), SIGN_IN_OF_ACCOUNT.of(account=account, unless=usual)]
        await self.counters.take(pair, *others)
        try:
            yield
        except Unavailable:
            await self.counters.settle(give_back=[pair, *others])
            raise
        await self.counters.settle(give_back=others, restart=[(pair, 0), (usual, 1)])
