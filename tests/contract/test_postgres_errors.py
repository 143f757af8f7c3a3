"""What every failure of asyncpg and of PostgreSQL means, class by class. No server is asked."""

from typing import Any, Final

import asyncpg
import pytest

from adapters.sql.connection import ConstraintViolated
from adapters.sql.postgres_errors import Failure, failure_behind, failure_of, is_unavailable, translated, translating
from application.ports.transactions import TransactionRolledBack
from domain.errors import Unavailable

OF_STATES: Final = {
    "08000": Failure.LOST,  # connection exception
    "08003": Failure.LOST,
    "08006": Failure.LOST,
    "08P01": Failure.LOST,
    "08007": Failure.UNCERTAIN,  # transaction resolution unknown
    "0A000": Failure.MISTAKE,  # feature not supported
    "22003": Failure.MISTAKE,  # numeric value out of range
    "23502": Failure.CONSTRAINT,
    "23505": Failure.CONSTRAINT,
    "25001": Failure.MISTAKE,
    "25006": Failure.READ_ONLY,
    "25P02": Failure.MISTAKE,  # something is sent in a transaction that has failed
    "25P03": Failure.UNCERTAIN,
    "25P04": Failure.UNCERTAIN,
    "26000": Failure.STALE,
    "28P01": Failure.REFUSED,
    "3D000": Failure.REFUSED,
    "40001": Failure.ROLLED_BACK,
    "40003": Failure.UNCERTAIN,
    "40P01": Failure.ROLLED_BACK,
    "42501": Failure.REFUSED,
    "42601": Failure.MISTAKE,  # syntax error
    "42804": Failure.MISTAKE,  # datatype mismatch
    "42703": Failure.SCHEMA,
    "42883": Failure.SCHEMA,
    "42P01": Failure.SCHEMA,
    "42P05": Failure.STALE,
    "53100": Failure.REFUSED,  # disk full
    "53200": Failure.REFUSED,  # out of memory
    "53300": Failure.REFUSED,  # too many connections
    "54001": Failure.MISTAKE,  # statement too complex
    "55006": Failure.REFUSED,  # object in use
    "55P03": Failure.REFUSED,  # lock not available
    "57014": Failure.REFUSED,  # query canceled
    "57P01": Failure.LOST,
    "57P02": Failure.LOST,
    "57P03": Failure.REFUSED,  # cannot connect now
    "57P04": Failure.LOST,
    "57P05": Failure.LOST,
    "58030": Failure.REFUSED,  # I/O error
    "P0001": Failure.MISTAKE,
    "TW001": Failure.MISTAKE,
    "XX000": Failure.STALE,
    "XX001": Failure.REFUSED,  # data corrupted
    "ZZ999": Failure.MISTAKE,
}

OF_THE_CLIENT: Final[dict[str, tuple[BaseException, Failure | None]]] = {
    "a cached statement": (asyncpg.InvalidCachedStatementError("cached plan must not change"), Failure.STALE),
    "a cached type": (asyncpg.OutdatedSchemaCacheError("the cached type is outdated"), Failure.STALE),
    "an unexpected message": (asyncpg.InternalClientError("got result for unknown protocol state 3"), Failure.LOST),
    "the protocol": (asyncpg.exceptions.ProtocolError("unexpected"), Failure.LOST),
    "a closed connection": (asyncpg.InterfaceError("connection is closed"), Failure.LOST),
    "a connection that was closed": (asyncpg.ConnectionDoesNotExistError("closed in the middle"), Failure.LOST),
    "an argument": (asyncpg.exceptions._base.DataError("invalid input for query argument $1"), Failure.MISTAKE),
    "a feature": (asyncpg.UnsupportedClientFeatureError("cannot"), Failure.MISTAKE),
    "the configuration": (asyncpg.ClientConfigurationError("sslmode"), Failure.REFUSED),
    "a reset": (ConnectionResetError(), Failure.LOST),
    "a refusal": (ConnectionRefusedError(), Failure.LOST),
    "the end of the stream": (EOFError(), Failure.LOST),
    "a deadline": (TimeoutError(), Failure.REFUSED),
    "a mistake": (KeyError("value"), None),
}


def error_of(state: str) -> Exception:
    """The error that asyncpg makes of a message with this SQLSTATE."""
    fields: Any = {"S": "ERROR", "C": state, "M": "a message", "n": "tags_space_id_name_key_key"}
    made: Exception = asyncpg.PostgresError.new(fields)
    return made


@pytest.mark.parametrize("state", OF_STATES)
def test_every_class_of_sqlstates_has_its_meaning(state: str) -> None:
    assert failure_of(error_of(state)) is OF_STATES[state]


@pytest.mark.parametrize("what", OF_THE_CLIENT)
def test_every_error_of_the_client_has_its_meaning(what: str) -> None:
    error, failure = OF_THE_CLIENT[what]
    assert failure_of(error) is failure


@pytest.mark.parametrize("failure", Failure)
def test_what_may_be_repeated_was_undone_and_what_is_a_mistake_stays_what_it_is(failure: Failure) -> None:
    state = next((state for state, found in OF_STATES.items() if found is failure), None)
    assert state is not None, "no SQLSTATE of this kind is tested"
    error = error_of(state)
    told = translated(error)
    if failure in {Failure.ROLLED_BACK, Failure.LOST, Failure.STALE}:
        assert type(told) is TransactionRolledBack
    elif failure in {Failure.REFUSED, Failure.READ_ONLY, Failure.UNCERTAIN}:
        assert type(told) is Unavailable
    elif failure is Failure.CONSTRAINT:
        assert isinstance(told, ConstraintViolated)
        assert told.name == "tags_space_id_name_key_key"
    else:
        assert told is error


@pytest.mark.parametrize("failure", Failure)
def test_connections_are_spoilt_by_what_is_not_about_one_statement(failure: Failure) -> None:
    spoilt = {Failure.LOST, Failure.STALE, Failure.READ_ONLY, Failure.UNCERTAIN}
    assert failure.value.spoils_connections == (failure in spoilt)


def test_a_translated_error_tells_what_it_was() -> None:
    error = error_of("40P01")
    with pytest.raises(TransactionRolledBack) as caught, translating:
        raise error
    assert caught.value.__cause__ is error
    assert failure_behind(caught.value) is Failure.ROLLED_BACK
    assert failure_behind(error) is Failure.ROLLED_BACK
    assert failure_behind(Unavailable()) is None
    assert failure_behind(None) is None


@pytest.mark.parametrize("error", [error_of("42601"), KeyError("value")])
def test_a_mistake_is_not_translated(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, translating:
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    ("error", "expected"),
    [(error_of("53300"), True), (ConnectionRefusedError(), True), (error_of("42601"), False), (KeyError(), False)],
    ids=["too many", "refused", "syntax", "another"],
)
def test_a_connection_that_could_not_be_made_is_unavailable_unless_it_is_a_mistake(
    error: Exception, *, expected: bool
) -> None:
    assert is_unavailable(error) == expected
