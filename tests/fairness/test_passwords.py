"""Hashing passwords is shared by addresses, and by the accounts of an address."""

import asyncio
import threading
from collections.abc import Iterator

import bcrypt
import pytest

from adapters.security.passwords import LONGEST_QUEUE, BcryptPasswords
from adapters.system.admission import FairAdmission
from domain.errors import TooBusy
from domain.shares import Share

Check = "asyncio.Task[str]"


class Threads:
    """Passwords whose checks wait in their threads until they are let go, one by one."""

    def __init__(self) -> None:
        self.passwords = BcryptPasswords(4)
        self.order: list[str] = []
        self.refused: list[str] = []
        self._gate = threading.Semaphore(0)

    def check(self, *_: object) -> bool:
        assert self._gate.acquire(timeout=30)
        return True

    def let_go(self, count: int = 1) -> None:
        for _ in range(count):
            self._gate.release()

    async def come(self, address: str, account: str, times: int = 1) -> "list[asyncio.Task[None]]":
        tasks = [asyncio.create_task(self._verify(address, account)) for _ in range(times)]
        for _ in range(5):
            await asyncio.sleep(0)
        return tasks

    async def _verify(self, address: str, account: str) -> None:
        try:
            await self.passwords.verify("password", None, Share(address, account))
        except TooBusy:
            self.refused.append(account)
        else:
            self.order.append(account)

    async def one_by_one(self, count: int) -> None:
        """Let so many checks come to an end, one after the other."""
        for _ in range(count):
            done = len(self.order)
            self.let_go()
            async with asyncio.timeout(30):
                while len(self.order) == done:  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0.001)


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Threads]:
    monkeypatch.setattr("adapters.security.passwords.THREADS", 1)  # so that the order is known
    threads = Threads()
    monkeypatch.setattr(bcrypt, "checkpw", threads.check)
    monkeypatch.setattr("adapters.system.admission.TICKS_TO_WAIT", 400)
    yield threads
    threads.let_go(1000)
    threads.passwords.close()


async def test_fifty_sign_ins_of_one_address_hold_up_another_person_for_one_check(threads: Threads) -> None:
    attack = [task for number in range(5) for task in await threads.come("attacker", f"eve{number}", 10)]
    victim = await threads.come("home", "ann")
    await threads.one_by_one(3)
    assert "ann" in threads.order[:3]
    assert threads.refused == []
    threads.let_go(60)
    await asyncio.gather(*attack, *victim)


async def test_fifty_sign_ins_of_five_addresses_hold_up_another_person_for_a_round(threads: Threads) -> None:
    attack = [task for number in range(5) for task in await threads.come(f"attacker{number}", f"eve{number}", 10)]
    victim = await threads.come("home", "ann")
    await threads.one_by_one(7)
    assert "ann" in threads.order[:7]
    threads.let_go(60)
    await asyncio.gather(*attack, *victim)


async def test_at_one_address_the_accounts_take_turns(threads: Threads) -> None:
    crowd = await threads.come("office", "eve", 20)
    victim = await threads.come("office", "ann")
    await threads.one_by_one(3)
    assert "ann" in threads.order[:3]
    threads.let_go(60)
    await asyncio.gather(*crowd, *victim)


async def test_a_full_queue_refuses_those_who_filled_it(threads: Threads) -> None:
    attack = await threads.come("attacker", "eve", 1 + LONGEST_QUEUE)
    victims = [await threads.come(f"home{number}", f"ann{number}") for number in range(5)]
    assert threads.refused == ["eve"] * 5
    threads.let_go(1 + LONGEST_QUEUE)
    await asyncio.gather(*attack, *(task for tasks in victims for task in tasks))
    assert threads.refused == ["eve"] * 5


async def test_what_could_not_begin_in_time_is_refused(threads: Threads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.system.admission.TICK", 0.01)
    monkeypatch.setattr("adapters.system.admission.TICKS_TO_WAIT", 5)
    attack = await threads.come("attacker", "eve", 4)
    async with asyncio.timeout(30):
        while len(threads.refused) < 3:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.001)
    threads.let_go(1)
    await asyncio.gather(*attack)
    assert threads.order == ["eve"]


async def test_who_leaves_keeps_the_place_until_the_thread_is_free(threads: Threads) -> None:
    leaving = await threads.come("home", "eve", 1)
    for task in leaving:
        task.cancel()
    await asyncio.wait(leaving)
    (waiting,) = await threads.come("home", "ann")
    assert not threads.passwords._turns.admit("another")
    threads.let_go(2)
    await waiting
    assert threads.order == ["ann"]


async def test_threads_that_take_no_more_work_make_it_busy_and_keep_no_place(threads: Threads) -> None:
    threads.passwords.close()
    for _ in range(3):
        await asyncio.wait_for(asyncio.gather(*await threads.come("home", "ann")), 2)
    assert threads.refused == ["ann"] * 3


# Each mechanism is taken out, and missed


async def test_first_come_first_served_between_addresses_is_seen(
    threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait, release = FairAdmission.wait, FairAdmission.release
    monkeypatch.setattr(FairAdmission, "wait", lambda self, _share, _part=None: wait(self, "all"))
    monkeypatch.setattr(FairAdmission, "release", lambda self, _share: release(self, "all"))
    with pytest.raises(AssertionError):
        await test_fifty_sign_ins_of_one_address_hold_up_another_person_for_one_check(threads)


async def test_first_come_first_served_at_an_address_is_seen(threads: Threads, monkeypatch: pytest.MonkeyPatch) -> None:
    wait = FairAdmission.wait
    monkeypatch.setattr(FairAdmission, "wait", lambda self, share, _part=None: wait(self, share))
    with pytest.raises(AssertionError):
        await test_at_one_address_the_accounts_take_turns(threads)
