"""Values to plan a statement for: those of somebody in the crowded space."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, Boolean, DateTime, Integer, LargeBinary, Uuid
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from adapters.sql.query import Query
from tests.support.stores import NOON
from tests.walls.rows import Home

_POSTGRES: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call] # SQLAlchemy left it untyped
_BY_NAME: Final[dict[str, Any]] = {
    "limit": 20,
    "skip": 0,
    "status": "pending",
    "role": "member",
    "before": UUID(int=2**128 - 1),  # Everything is: where little is, a queue of any size is read for it.
}


def values_for(query: Query, home: Home) -> dict[str, Any]:
    """A value for each parameter of the statement, as the service hands it over."""
    compiled = query._statement.compile(dialect=_POSTGRES)
    return {name: _value(name, bind, home) for name, bind in compiled.binds.items()}


def _value(name: str, bind: BindParameter[Any], home: Home) -> Any:
    own: dict[str, UUID] = {
        "space_id": home.space_id,
        "user_id": home.user_id,
        "session_id": home.rows["sessions"]["id"],
    }
    return own.get(name) or _BY_NAME.get(name) or _of_type(name, bind, home)


def _of_type(name: str, bind: BindParameter[Any], home: Home) -> Any:
    kind = bind.type
    if name == "skip":
        return 0
    if isinstance(kind, ARRAY):
        return [_scalar(kind.item_type, home)]
    return _scalar(kind, home)


def _scalar(kind: Any, home: Home) -> Any:
    moment: datetime = NOON
    for known, value in (
        (Uuid, home.rows["tasks"]["id"]),
        (DateTime, moment),
        (Boolean, True),
        (Integer, 1),
        (LargeBinary, b"\x01" * 32),
    ):
        if isinstance(kind, known):
            return value
    return "word"
