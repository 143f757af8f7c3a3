"""No use case opens a transaction while it holds another one: at the limit of its share it would wait for itself."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from adapters.memory.application import application_in_memory
from adapters.memory.errands import MemoryErrands
from adapters.memory.mail import MemoryMailer
from adapters.memory.store import Contents, MemoryStore
from adapters.system.clock import SystemClock
from adapters.system.ids import Uuid7Generator
from application.letters import Post
from domain.rates import Tally
from entrypoints.proof.attempts import Attempt
from entrypoints.proof.callers import Caller
from entrypoints.proof.casting import assemble
from entrypoints.proof.matrix import attempts, offered
from entrypoints.proof.operations import Operation
from entrypoints.proof.stage import Stage
from entrypoints.proof.table import RULES
from entrypoints.proof.watch import Watch
from tests.isolation.services import MemoryService

CALLERS = frozenset({Caller.OWNER, Caller.ADMINISTRATOR, Caller.NO_TOKEN, Caller.STRANGER})


class SingleTransactions(MemoryStore):
    """Notes who begins a transaction, or counts something, while their task holds a transaction."""

    def __init__(self) -> None:
        super().__init__()
        self.nested: list[str] = []
        self._holding: set[asyncio.Task[object] | None] = set()

    @asynccontextmanager
    async def begin(self, *, read_only: bool) -> AsyncIterator[Contents]:
        task = self.note("a transaction")
        outer = task in self._holding
        self._holding.add(task)
        try:
            async with super().begin(read_only=read_only) as contents:
                yield contents
        finally:
            if not outer:
                self._holding.discard(task)

    def note(self, what: str) -> asyncio.Task[object] | None:
        task = asyncio.current_task()
        if task in self._holding:
            self.nested.append(what)
        return task


class NotingCounters:
    """Counts nothing, but notes when something is counted: in SQL that is a transaction."""

    def __init__(self, store: SingleTransactions) -> None:
        self._store = store

    async def take(self, *_: Tally) -> None:
        self._store.note("counting")

    async def settle(self, *, give_back: Sequence[Tally] = (), restart: Sequence[tuple[Tally, int]] = ()) -> None:
        self._store.note("settling")


async def _tried(stage: Stage, operations: Sequence[Operation]) -> list[Attempt]:
    """Each operation, tried once by somebody who may and once by a stranger, who is refused by most."""
    tried: dict[tuple[str, bool], Attempt] = {}
    for attempt in itertools.chain.from_iterable(attempts(operations, RULES)):
        is_chosen = attempt.caller is Caller.STRANGER or attempt.succeeds
        key = attempt.operation.id, attempt.caller is Caller.STRANGER
        if is_chosen and attempt.caller in CALLERS and key not in tried:
            tried[key] = attempt
            async for _ in stage.play([attempt]):
                pass
    return list(tried.values())


async def nested() -> list[str]:
    """What is opened inside a transaction while operations are tried."""
    store, errands = SingleTransactions(), MemoryErrands(room=10**6)
    service = MemoryService(store)
    service.application = application_in_memory(
        SystemClock(),
        Uuid7Generator(),
        store=store,
        audit_reads=True,
        post=Post(MemoryMailer(), errands),
        counters=NotingCounters(store),
    )
    async with service.served() as served:
        operations = await offered(served.deployment)
        cast = await assemble(served.deployment, served.operator)
        stage = Stage(cast, Watch(operations, RULES, cast))
        tried = {attempt.operation.id for attempt in await _tried(stage, operations)}
    assert tried == {operation.id for operation in operations}
    await errands.run()
    await service.application.seal_grown_logs()
    await service.application.sweep_leftovers()
    return store.nested


async def test_no_use_case_holds_two_transactions() -> None:
    assert await nested() == []


async def test_a_second_transaction_is_seen() -> None:
    store = SingleTransactions()
    async with store.begin(read_only=False), store.begin(read_only=True):
        await NotingCounters(store).take()
    assert store.nested == ["a transaction", "counting"]
    await asyncio.gather(_begin(store), _begin(store))
    await _begin(store)
    assert len(store.nested) == 2, "one after the other, and in tasks of their own"


async def _begin(store: MemoryStore) -> None:
    async with store.begin(read_only=True):
        await asyncio.sleep(0)
