"""A plugin for pytest that has every mutant sit the exam, and writes down which test noticed.

``pytest -p tests.walls.exam --sitting=sqlite,memory --findings=FILE tests/contract`` has each store sit the
exam as it is, to learn which test uses which statement, and then for each mutant the tests that could notice, until one
does. Each test starts on empty tables: it can only notice by what it has put there itself.
"""

import asyncio
import inspect
import json
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Final, cast
from unittest import mock

import asyncpg
import pytest
from _pytest.runner import runtestprotocol
from sqlalchemy import URL

from adapters.sql.connection import Database
from adapters.sql.query import Query
from adapters.sql.url import database_at
from tests.support import stores
from tests.walls.emptying import empty, hasten
from tests.walls.entrance import entrances_without_a_check
from tests.walls.mutants import Mutant, Piece, all_mutants, knowing_every_place, place_of

SITS: Final = {
    "sqlite": {Piece.SPACE, Piece.CHECK, Piece.DOOR, Piece.NOTHING},
    "memory": {Piece.DOOR},
    "postgres_bypassing": {Piece.SPACE, Piece.CHECK, Piece.ENTRANCE, Piece.DOOR},
    "postgres_as_service": {Piece.CHECK, Piece.ENTRANCE, Piece.DOOR},
}
"""Which mutants each store can show. The first one is the fastest that uses statements."""

UNNOTICEABLE: Final = {
    # What is read is only held until the end, and on SQLite whoever writes holds everything.
    ("sqlite", "organizations._EVERY_MEMBER without memberships.space_id = :space_id"),
}
"""The mutants that change nothing in a store, by store and name."""

BROKEN: Final = (
    sqlite3.OperationalError,
    sqlite3.ProgrammingError,
    asyncpg.PostgresSyntaxError,
    asyncpg.UndefinedColumnError,
    asyncpg.IndeterminateDatatypeError,
    KeyError,
)
"""What a mutant dies of that makes no sense: that says nothing about the tests."""

SECONDS: Final = 6
"""How long a test may take. Without a piece of it the service may go on for ever."""

Raised = pytest.ExceptionInfo[BaseException] | None
"""What a test died of, if it did."""

_RAISED: Final = pytest.StashKey[Raised]()


@dataclass
class Knowledge:
    """What is known of a test, whichever store sits it: the statements it uses, its time, the mutants it noticed.

    One that fails as it is, twice, is not fit to notice anything: once may be a hiccup of the machine.
    """

    uses: set[str | None] = field(default_factory=set)
    seconds: float = 0.0
    noticed: set[str] = field(default_factory=set)
    unfit: str | None = None
    """How it fails as it is, if it does."""


@dataclass
class Sitting:
    """One store's exam."""

    store: str
    items: list[pytest.Item]
    urls: list[URL]
    known: dict[str, Knowledge]

    @property
    def url(self) -> URL | None:
        """The database, as whoever was first to open it; none for memory and before there is one."""
        kind = self.store.partition("_")[0]
        return next((url for url in self.urls if url.drivername.startswith(kind)), None)

    def learn(self) -> None:
        """Run every test as it is, unless another store has done so: that one takes the same statements."""
        self._fails(self.items[0])  # From now on there is a database.
        for item in self.items:
            if self._name(item) not in self.known:
                knowledge = self.known[self._name(item)] = Knowledge()
                began = time.perf_counter()
                with _recorded(knowledge.uses):
                    knowledge.unfit = _said(self._fails_as_it_is(item))
                knowledge.seconds = time.perf_counter() - began

    def finding(self, mutant: Mutant) -> dict[str, Any]:
        """The first test that notices the mutant: one that fails, and passes without it. If none does, once more."""
        able = self._able(mutant)
        found: dict[str, Any] = {"mutant": mutant.name, "piece": mutant.piece, "store": self.store}
        found |= {"able": [item.nodeid for item in able], "tried": [], "unfit": self._unfit()}
        for item in able * 2:
            raised, came_of_it = self._notices(mutant, item)
            found["tried"].append((item.nodeid, came_of_it))
            if raised is not None:
                self.known[self._name(item)].noticed.add(mutant.name)
                return found | {"by": item.nodeid, "how": _said(raised), "broken": isinstance(raised.value, BROKEN)}
        return found | {"by": None, "how": None, "broken": False}

    def _notices(self, mutant: Mutant, item: pytest.Item) -> tuple[Raised, str]:
        """How a test fails with the mutant and not without it, if it does; and what came of it in any case."""
        raised = self._fails_with(mutant, item)
        if raised is not None and isinstance(raised.value, BROKEN):  # Or a hiccup of the database: that does not last.
            raised = self._fails_with(mutant, item)
        if raised is None:
            return None, "passes"
        anyway = self._fails_as_it_is(item)
        return (raised, "notices") if anyway is None else (None, f"fails without it, too: {_said(anyway)}")

    def _fails_with(self, mutant: Mutant, item: pytest.Item) -> Raised:
        with mutant.applied():
            return self._fails(item)

    def _fails_as_it_is(self, item: pytest.Item) -> Raised:
        """How a test fails twice in a row."""
        return self._fails(item) and self._fails(item)

    def _unfit(self) -> dict[str, str]:
        """The tests that were found unfit, and why."""
        unfit = {item.nodeid: self.known[self._name(item)].unfit for item in self.items}
        return {name: why for name, why in unfit.items() if why is not None}

    def nothing(self) -> Mutant:
        """A mutant that nobody can notice, missing from the statement that the fewest tests use."""
        uses = Counter(place for knowledge in self.known.values() for place in knowledge.uses if place is not None)
        return Mutant("nothing", Piece.NOTHING, min(uses, key=lambda place: uses[place]), nullcontext)

    def _able(self, mutant: Mutant) -> list[pytest.Item]:
        """The tests that could notice: first those that noticed it in another store, or noticed many; then the fast."""

        def rank(item: pytest.Item) -> tuple[bool, int, float]:
            knowledge = self.known[self._name(item)]
            return mutant.name not in knowledge.noticed, -len(knowledge.noticed), knowledge.seconds

        fit = [item for item in self.items if self.known[self._name(item)].unfit is None]
        able = [item for item in fit if mutant.place in {None, *self.known[self._name(item)].uses}]
        return sorted(able, key=rank)

    def _name(self, item: pytest.Item) -> str:
        return item.nodeid.replace(self.store, "", 1)

    def _fails(self, item: pytest.Item) -> Raised:
        if self.url is not None:
            empty(self.url)
        item.stash[_RAISED] = None
        with _alarm():
            # What belongs to the session is kept for the next test, whichever that is.
            reports = runtestprotocol(item, log=False, nextitem=cast("pytest.Item", item.session))
        return item.stash[_RAISED] if any(report.failed for report in reports) else None


def _said(raised: Raised) -> str | None:
    """How a test failed, in one line."""
    return None if raised is None else raised.exconly(tryshort=True).partition("\n")[0]


def _in_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., Coroutine[Any, Any, None]]:
    """The same test, ended by the event loop if it takes too long."""

    @wraps(test)
    async def limited(*args: Any, **kw: Any) -> None:
        async with asyncio.timeout(SECONDS):
            await test(*args, **kw)

    return limited


@contextmanager
def _alarm() -> Iterator[None]:
    """Stop a test that never comes back to the event loop, as on SQLite it need not."""

    def ring(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS + 2)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _recorded(used: set[str | None]) -> Iterator[None]:
    """Note which statements are sent."""

    def noting(name: str) -> property:
        compiled = vars(Query)[name]

        def noted(query: Query) -> Any:
            used.add(place_of(query))
            return compiled.__get__(query)

        return property(noted)

    with ExitStack() as stack:
        for name in ("on_postgres", "on_sqlite"):
            stack.enter_context(mock.patch.object(Query, name, noting(name)))
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sitting", required=True, help="the stores that sit, separated by commas")
    parser.addoption("--findings", required=True, type=Path, help="the file for what was found")


def pytest_collection_modifyitems(items: list[Any]) -> None:
    for item in items:
        if inspect.iscoroutinefunction(item.obj):
            item.obj = _in_time(item.obj)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    if call.excinfo is not None:
        item.stash[_RAISED] = call.excinfo
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Instead of running each test once."""
    if session.testsfailed:
        raise session.Failed("the exam cannot be collected")
    known: dict[str, Knowledge] = {}
    with _noting_databases() as urls, knowing_every_place():
        stores_sitting = session.config.getoption("--sitting").split(",")
        found = [finding for store in stores_sitting for finding in _sit(session, store, urls, known)]
    session._setupstate.teardown_exact(None)
    session.config.getoption("--findings").write_text(json.dumps(found, indent=1), encoding="utf-8")
    return True


def _sit(session: pytest.Session, store: str, urls: list[URL], known: dict[str, Knowledge]) -> list[dict[str, Any]]:
    items = [item for item in session.items if _store(item) == store]
    sitting = Sitting(store, items, urls, known)
    sitting.learn()
    mutants = [*all_mutants(), sitting.nothing()]
    if Piece.ENTRANCE in SITS[store] and sitting.url is not None:
        mutants += entrances_without_a_check(sitting.url)
    return [sitting.finding(mutant) for mutant in mutants if mutant.piece in SITS[store]]


def _store(item: Any) -> str | None:
    """The store that sits the test, if it is one for every store."""
    return item.callspec.params.get("store") if hasattr(item, "callspec") else None


@contextmanager
def _noting_databases() -> Iterator[list[URL]]:
    """The databases that the stores are in, from now on."""
    urls: list[URL] = []

    def noting(url: URL) -> Database:
        hasten(url)
        urls.append(url)
        return database_at(url)

    with mock.patch.object(stores, "database_at", noting):
        yield urls
