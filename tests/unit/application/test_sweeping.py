"""Removing what has run out: when, and a few at a time."""

from datetime import datetime, timedelta

from adapters.memory.store import Contents
from application.sweeping import KEPT, SweepLeftovers
from tests.unit.application.organizations_builders import TICK
from tests.unit.builders import NOON, House


class Counted:
    """A heap of things that have run out, which notes how many are taken at once."""

    def __init__(self, sessions: int, resets: int, replies: int) -> None:
        self.left = {"sessions": sessions, "resets": resets, "replies": replies}
        self.taken: list[tuple[str, int, datetime]] = []

    async def remove_sessions(self, ended_by: datetime, limit: int) -> int:
        return self._remove("sessions", ended_by, limit)

    async def remove_password_resets(self, expired_by: datetime, limit: int) -> int:
        return self._remove("resets", expired_by, limit)

    async def remove_replies(self, expired_by: datetime, limit: int) -> int:
        return self._remove("replies", expired_by, limit)

    def _remove(self, what: str, by: datetime, limit: int) -> int:
        removed = min(limit, self.left[what])
        self.left[what] -= removed
        self.taken.append((what, removed, by))
        return removed


async def test_all_of_it_goes_a_hundred_at_a_time() -> None:
    heap = Counted(sessions=250, resets=120, replies=100)
    await SweepLeftovers(heap, lambda: NOON)()
    day_before = NOON - timedelta(days=1)
    assert heap.taken == [
        *(("sessions", removed, day_before) for removed in (100, 100, 50)),
        *(("resets", removed, NOON) for removed in (100, 20)),
        *(("replies", removed, NOON) for removed in (100, 0)),
    ]


async def contents(house: House) -> Contents:
    async with house.store.begin(read_only=True) as found:
        return found


async def test_a_session_that_was_ended_stays_as_long_as_it_could_have_lasted_and_a_day() -> None:
    house = House()
    ann = await house.somebody("ann")
    await house.app.sign_out(ann)
    (session,) = (await contents(house)).sessions.values()
    (token,) = (await contents(house)).refresh_tokens.values()
    assert session.revoked_at is not None
    house.clock.advance(session.ends_at + KEPT - TICK - house.clock())
    await house.app.sweep_leftovers()
    assert (await contents(house)).sessions
    assert (await contents(house)).refresh_tokens == {token.hash: token}
    house.clock.advance(TICK)
    await house.app.sweep_leftovers()
    assert not (await contents(house)).sessions
    assert not (await contents(house)).refresh_tokens
    assert (await contents(house)).accounts
