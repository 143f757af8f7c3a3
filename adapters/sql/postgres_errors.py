"""What a failure of asyncpg means for the transaction in which it occurs, and for the connection.

One table, by SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html) and, for errors that asyncpg
raises itself, by class. An error that the table does not list is a mistake in this program.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Final

import asyncpg

from adapters.sql.connection import ConstraintViolated
from application.ports.transactions import TransactionRolledBack
from domain.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Handling:
    """What is done about a failure."""

    meaning: str
    is_unavailable: bool = True
    """Whether the caller is told that the store cannot answer; else the driver's error stays what it is."""
    may_repeat: bool = False
    """Whether the server has undone the transaction for a reason that may not come again."""
    spoils_connections: bool = False
    """Whether neither this connection nor any that is as old can be trusted any more."""


class Failure(Enum):
    """The kinds of failure."""

    MISTAKE = Handling("a mistake in this program", is_unavailable=False)
    SCHEMA = Handling("the schema is not the one that the statement was written for", is_unavailable=False)
    CONSTRAINT = Handling("a constraint refuses the statement", is_unavailable=False)
    REFUSED = Handling("the server does not do it, or not now")
    ROLLED_BACK = Handling("the server has chosen this transaction to give way", may_repeat=True)
    LOST = Handling("the connection is broken", may_repeat=True, spoils_connections=True)
    STALE = Handling("the connection knows a schema that has changed", may_repeat=True, spoils_connections=True)
    READ_ONLY = Handling("the server takes no writes, as after a failover", spoils_connections=True)
    UNCERTAIN = Handling("the connection broke, and the outcome is unknown", spoils_connections=True)


_CLASSES: Final[Mapping[str, Failure]] = {
    "08": Failure.LOST,  # connection exception
    "23": Failure.CONSTRAINT,
    "28": Failure.REFUSED,  # invalid authorization
    "40": Failure.ROLLED_BACK,  # serialization failure, deadlock
    "53": Failure.REFUSED,  # insufficient resources
    "55": Failure.REFUSED,  # lock not available, object not in the prerequisite state
    "57": Failure.REFUSED,  # operator intervention
    "58": Failure.REFUSED,  # system error
    "XX": Failure.REFUSED,  # internal error, corrupted data
}
_STATES: Final[Mapping[str, Failure]] = {
    "08007": Failure.UNCERTAIN,  # transaction resolution unknown
    "25006": Failure.READ_ONLY,  # read-only transaction
    "25P03": Failure.UNCERTAIN,  # the session was ended: idle in a transaction for too long
    "25P04": Failure.UNCERTAIN,  # the session was ended: a transaction that took too long
    "26000": Failure.STALE,  # a prepared statement that the server does not know (any more)
    "3D000": Failure.REFUSED,  # no such database
    "40003": Failure.UNCERTAIN,  # statement completion unknown
    "42501": Failure.REFUSED,  # insufficient privilege
    "42703": Failure.SCHEMA,  # undefined column
    "42883": Failure.SCHEMA,  # undefined function
    "42P01": Failure.SCHEMA,  # undefined table
    "42P05": Failure.STALE,  # a prepared statement of this name exists already
    "57P01": Failure.LOST,  # the session was ended by an administrator, or the server stops
    "57P02": Failure.LOST,  # the session was ended: another process of the server crashed
    "57P04": Failure.LOST,  # the database was dropped
    "57P05": Failure.LOST,  # the session was ended: idle for too long
    "XX000": Failure.STALE,  # such as "cache lookup failed", after a type was made anew
}
_KINDS: Final[tuple[tuple[type[BaseException], Failure], ...]] = (
    (asyncpg.InvalidCachedStatementError, Failure.STALE),  # 0A000, which else is a mistake
    (asyncpg.OutdatedSchemaCacheError, Failure.STALE),
    (asyncpg.ClientConfigurationError, Failure.REFUSED),
    (asyncpg.UnsupportedClientFeatureError, Failure.MISTAKE),
    (asyncpg.InternalClientError, Failure.LOST),
    (TimeoutError, Failure.REFUSED),  # before OSError, whose subclass it is: it would only take as long again
    (OSError, Failure.LOST),
    (EOFError, Failure.LOST),
)


def failure_of(error: BaseException | None) -> Failure | None:
    """What an error of the driver means; None where it is not one of a driver or of the network."""
    for kind, failure in _KINDS:
        if isinstance(error, kind):
            return failure
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return _STATES.get(state) or _CLASSES.get(state[:2], Failure.MISTAKE)
    if isinstance(error, asyncpg.InterfaceError):
        # One that is a ValueError tells of an argument that does not fit its parameter.
        return Failure.MISTAKE if isinstance(error, ValueError) else Failure.LOST
    return None


def failure_behind(error: BaseException | None) -> Failure | None:
    """What the driver's error means that was raised, or that was translated into this one."""
    return failure_of(error) or failure_of(error.__cause__ if error is not None else None)


def is_unavailable(error: BaseException) -> bool:
    """Whether a server that was asked for a connection did not give one."""
    failure = failure_of(error)
    return failure is not None and failure.value.is_unavailable


def translated(error: Exception) -> Exception:
    """What the callers of this package are told instead; a mistake of this program stays what it is."""
    failure = failure_of(error)
    if failure is Failure.CONSTRAINT:
        told: Exception = ConstraintViolated(getattr(error, "constraint_name", None) or "")
    elif failure is None or not failure.value.is_unavailable:
        return error
    else:
        told = TransactionRolledBack() if failure.value.may_repeat else Unavailable()
    return told


class _Translating:
    """A context that raises what a statement fails with as the errors of this package."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            told = translated(error)
            if told is not error:
                raise told from error


translating: Final = _Translating()
"""One for all statements: it holds nothing, and to make one with ``contextmanager`` takes ten times as long."""
