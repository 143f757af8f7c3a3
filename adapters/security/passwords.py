"""Passwords, kept as bcrypt(base64(HMAC-SHA-384(pepper, password)))."""

import asyncio
import base64
import hashlib
import hmac
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.resources import files
from typing import Final, TypeVar

import bcrypt

from adapters.system.admission import FairAdmission
from domain.errors import TooBusy
from domain.shares import SERVICE, Share
from domain.user import Password, password_spellings

T = TypeVar("T")

THREADS: Final = 2
LONGEST_QUEUE: Final = 64
"""As many as can begin within two seconds at the lowest cost of production, about."""

_OF_THE_SERVICE: Final = Share(SERVICE, SERVICE)
_NO_PEPPER: Final = b"taskward/password"
_PEPPER_ID_LENGTH: Final = 8
_GIVING_WAY: Final = 10
"""Steps of priority: the scheduler gives a tenth of the time of an equal then, and all that nobody else wants."""


def _give_way() -> None:
    """Let everything else that wants a processor have it first, where threads have priorities of their own."""
    if sys.platform == "linux":
        with suppress(OSError):  # The system may forbid it; hashing goes on all the same.
            os.nice(_GIVING_WAY)


def common_passwords() -> frozenset[str]:
    """The commonest passwords that are long enough to be tried, in lower case."""
    text = files(__package__).joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


class BcryptPasswords:
    """Hash and check in a few threads with a bounded, fair queue: bcrypt lets go of the interpreter while it works.

    The HMAC brings every password to 48 bytes, since bcrypt reads no more than 72; base64 keeps NUL out of
    them. With a ``pepper``, which the database does not hold, a stolen table of hashes is worth nothing. A hash
    starts with a sign of the pepper it was made with, so that one can be introduced later.
    """

    def __init__(self, cost: int, pepper: bytes | None = None) -> None:
        self._cost = cost
        self._pepper_id = hashlib.sha256(pepper).hexdigest()[:_PEPPER_ID_LENGTH] if pepper else ""
        self._peppers = {"": _NO_PEPPER} | ({self._pepper_id: pepper} if pepper else {})
        self._threads = ThreadPoolExecutor(THREADS, "bcrypt", _give_way)
        self._turns = FairAdmission(THREADS, at_once=THREADS, room=LONGEST_QUEUE)

    async def hash(self, password: Password, share: Share = _OF_THE_SERVICE) -> str:
        """A salted hash."""
        digest = _digest(self._peppers[self._pepper_id], password)
        hashed = await self._in_thread(lambda: bcrypt.hashpw(digest, bcrypt.gensalt(self._cost)), share)
        return self._pepper_id + hashed.decode()

    async def verify(self, password: str, password_hash: str | None, share: Share = _OF_THE_SERVICE) -> bool:
        """Compare; without a hash, or with one whose pepper is not there, work as long and say no."""
        for spelling in password_spellings(password):
            if await self._fits(spelling, password_hash, share):
                return True
        return False

    async def _fits(self, password: str, password_hash: str | None, share: Share) -> bool:
        pepper_id, _, hashed = (password_hash or "").partition("$")
        pepper = self._peppers.get(pepper_id)
        comparable = bool(hashed) and pepper is not None
        stored = f"${hashed}" if comparable else f"$2b${self._cost:02d}${'.' * 53}"
        digest = _digest(pepper or _NO_PEPPER, password)
        return await self._in_thread(lambda: bcrypt.checkpw(digest, stored.encode()), share) and comparable

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether the hash has a lower cost, or another pepper, than one made today."""
        pepper_id, _version, cost, _ = password_hash.split("$", 3)
        return pepper_id != self._pepper_id or int(cost) < self._cost

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Callable[[], T], share: Share) -> T:
        await self._turns.wait(share.address, share.account)
        try:
            job = asyncio.get_running_loop().run_in_executor(self._threads, work)
        except RuntimeError:  # The service ends, and its threads take no more work.
            self._turns.release(share.address)
            raise TooBusy from None
        # A thread cannot be interrupted: the place is free when the work is done, whoever still waits for it.
        job.add_done_callback(lambda _: self._turns.release(share.address))
        return await asyncio.shield(job)


def _digest(pepper: bytes, password: str) -> bytes:
    raw = password.encode(errors="surrogatepass")
    return base64.b64encode(hmac.digest(pepper, raw, hashlib.sha384))
