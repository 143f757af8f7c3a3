"""Transactions on PostgreSQL: how they begin, how they end, and what becomes of their connections."""

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from adapters.sql.postgres_errors import Failure, failure_behind, failure_of, translating
from application.ports.transactions import TransactionRolledBack
from domain.errors import Unavailable
from domain.shares import ShareKey

T = TypeVar("T")


class OpenConnection(Protocol):
    """A connection on which a transaction is open."""

    raw: Any
    read_only: bool

    async def settle(self) -> None:
        """Run what was put off."""
        ...


Opened = TypeVar("Opened", bound=OpenConnection)


class Source(Protocol):
    """Where connections come from and go to."""

    @property
    def leaves_open(self) -> bool:
        """Whether a transaction that only read may be left open on a connection that goes back."""
        ...

    async def acquire(self, share: ShareKey) -> Any:
        """A connection to begin a transaction on. Raises TooBusy, Unavailable."""
        ...

    def release(self, raw: Any, share: ShareKey) -> None:
        """Take a connection back on which nothing is open but what only read."""
        ...

    def discard(self, raw: Any, share: ShareKey) -> None:
        """Take a connection back that is not to be used again, and close those that are as old."""
        ...

    async def require_revision(self) -> None:
        """Raise WrongStoreVersion where the schema is at another revision than this code needs."""
        ...


class PostgresTransaction(Generic[Opened, T]):
    """A transaction on a connection of its own: committed on a clean exit, rolled back on any exception.

    One that only reads may be left open, since it holds nothing that matters; it ends where the next one begins.
    """

    def __init__(
        self, source: Source, connection: Opened, begin: Callable[[Opened], Awaitable[T]], share: ShareKey
    ) -> None:
        self._source = source
        self._share = share
        self._connection = connection
        self._begin = begin

    async def __aenter__(self) -> T:
        try:
            return await self._enter()
        except TransactionRolledBack:
            # Nothing of the caller's has been sent: often the connection had died while it was idle.
            return await self._enter()

    async def _enter(self) -> T:
        self._connection.raw = await self._source.acquire(self._share)
        try:
            return await self._begin(self._connection)
        except BaseException as error:
            await self._undo(error)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            await self._undo(error)
        elif self._connection.read_only and self._source.leaves_open:
            self._source.release(self._connection.raw, self._share)
        else:
            await self._keep()

    async def _keep(self) -> None:
        """Commit."""
        try:
            await self._connection.settle()
            await commit(self._connection.raw)
        except BaseException as error:
            await self._undo(error)
            raise
        self._source.release(self._connection.raw, self._share)

    async def _undo(self, error: BaseException | None) -> None:
        """Roll back, and do what the error demands. Raises WrongStoreVersion where that explains it."""
        raw, failure = self._connection.raw, failure_behind(error)
        if failure is not None and failure.value.spoils_connections:
            self._source.discard(raw, self._share)
            return
        try:
            await roll_back(raw)
        finally:
            self._source.release(raw, self._share)
        if failure is Failure.SCHEMA:
            await self._source.require_revision()


async def send(raw: Any, statements: str) -> str:
    """Send statements without parameters, all in one round trip."""
    with translating:
        status: str = await raw.execute(statements)
    return status


async def begin(raw: Any, statements: str) -> None:
    """Begin a transaction, and first end the one that was left open, whose context must not outlive it."""
    await send(raw, f"COMMIT;{statements}" if raw.is_in_transaction() else statements)


async def commit(raw: Any) -> None:
    """Commit. Raises Unavailable, and TransactionRolledBack only if the server says that nothing was kept."""
    try:
        status = await send(raw, "COMMIT")
    except TransactionRolledBack as error:
        if failure_behind(error) is Failure.ROLLED_BACK:
            raise
        raise Unavailable from error.__cause__
    # A transaction in which a statement failed answers COMMIT with "ROLLBACK".
    if status != "COMMIT":
        raise Unavailable


async def roll_back(raw: Any) -> None:
    """Undo what is open. A connection on which that fails or is interrupted is thrown away, which undoes it too.

    Asked is the server: where an opening was interrupted, the driver does not know that something is open.
    """
    try:
        await raw.execute("ROLLBACK")
    except Exception as error:
        raw.terminate()
        if failure_of(error) is None:
            raise
    except BaseException:
        raw.terminate()
        raise
