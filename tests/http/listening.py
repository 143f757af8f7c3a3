"""Which statements a request takes."""

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any
from unittest import mock

from adapters.sql import postgres_transactions
from adapters.sql.postgres import PostgresConnection
from adapters.sql.sqlite_connection import SqliteConnection

LISTENING = ContextVar[list[str]]("LISTENING")
SENDING = ("fetch_all", "fetch_one", "execute", "execute_many", "execute_returning")


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that are sent for what is asked in here, in their order; not those behind anybody's back."""

    def spying(really: Callable[..., Awaitable[Any]]) -> Any:
        async def send(self: object, query: Any, *rest: Any, **values: Any) -> Any:
            LISTENING.get([]).append(query.on_sqlite.sql)
            return await really(self, query, *rest, **values)

        return send

    async def opening(raw: Any, text: str) -> str:
        # Whether somebody else has left a transaction open that only read is up to the pool.
        LISTENING.get([]).append(re.sub(r"'[^']*'", "''", text).removeprefix("COMMIT;"))
        return await send_as_ever(raw, text)

    send_as_ever = postgres_transactions.send
    with ExitStack() as stack:
        for kind in (PostgresConnection, SqliteConnection):
            for name in SENDING:
                stack.enter_context(mock.patch.object(kind, name, spying(getattr(kind, name))))
        stack.enter_context(mock.patch.object(postgres_transactions, "send", opening))
        sent: list[str] = []
        token = LISTENING.set(sent)
        yield sent
        LISTENING.reset(token)
