"""A row for any table, made from what the table says about itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, CheckConstraint, Column, DateTime, Integer, LargeBinary, String, Table, Uuid

from tests.support.people import new_id
from tests.support.stores import NOON

Row = dict[str, Any]
HOUR: Final = timedelta(hours=1)

BY_HAND: Final[Mapping[str, Row]] = {"audit_events": {"changes": "{}", "resource_type": "task"}}
"""Values that a table needs and does not tell."""

_ALLOWED: Final = re.compile(r"(\w+) IN \((.*)\)", re.DOTALL)


@dataclass
class Home:
    """A space with one row in every table, and the person whose space it is.

    ``variant`` is which of the texts is taken that a CHECK allows, how many hours after noon everything was, and in
    which half of all ids the events lie. The space may have been removed, with everything still in it.
    """

    space_id: UUID = field(default_factory=new_id)
    variant: int = 0
    is_removed: bool = False
    rows: dict[str, Row] = field(default_factory=dict)

    @property
    def user_id(self) -> UUID:
        """The person."""
        user_id: UUID = self.rows["users"]["id"]
        return user_id

    def row(self, table: Table) -> Row:
        """A new row of the table in this space, referring to the rows that are there."""
        row: Row = {column.name: self._value(column) for column in table.columns} | BY_HAND.get(table.name, {})
        for key in table.foreign_key_constraints:
            for name, value in self._parent(key).items():
                row[name] = value if not table.c[name].nullable else None
        return row | ({"space_id": self.space_id} if "space_id" in table.c else {})

    def _parent(self, key: Any) -> Row:
        parent = self.rows[key.referred_table.name]
        return {element.parent.name: parent[element.column.name] for element in key.elements}

    def _value(self, column: Column[Any]) -> Any:
        if column.name == "removed_at":
            return NOON if self.is_removed else None
        if column.nullable:
            return None
        allowed = _allowed(column)
        if column.name == "event_id":
            return UUID(int=new_id().int | self.variant << 127)
        if isinstance(column.type, DateTime):
            return NOON + self.variant * HOUR
        return allowed[self.variant % len(allowed)] if allowed else _any_value(column)


def _allowed(column: Column[Any]) -> list[str]:
    """The texts that a CHECK allows in the column."""
    checks = [check for check in column.table.constraints if isinstance(check, CheckConstraint)]
    matches = [match for check in checks if (match := _ALLOWED.fullmatch(str(check.sqltext)))]
    return [text for match in matches if match[1] == column.name for text in re.findall(r"'([^']*)'", match[2])]


def _any_value(column: Column[Any]) -> Any:
    """A value that no other row has, where the type has enough of them."""
    kinds: dict[type[Any], Any] = {
        Uuid: new_id(),
        Boolean: True,
        Integer: 1,
        ARRAY: (),
        LargeBinary: new_id().bytes * 2,
        String: f"a {column.name} {new_id()}",
    }
    for kind, value in kinds.items():
        if isinstance(column.type, kind):
            return value
    raise LookupError(f"Teach {__name__} to fill {column.table.name}.{column.name}, of the type {column.type}.")
