"""A statement compiled without some of its conditions on a space."""

import copy
from collections.abc import Container
from typing import Any, Final

from sqlalchemy import BindParameter, Dialect
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression, ClauseElement, ColumnClause

from tests.walls.scoping import DIALECTS, SPACE

_TRUE: Final = "1 = 1"


class _Lacking:
    """The first half of a compiler. It collects the conditions on a space, and takes some of them for true."""

    missing: Container[int]
    seen: tuple[str, ...] = ()

    def visit_binary(self, binary: BinaryExpression[Any], *args: Any, **kw: Any) -> str:
        if _is_on_space(binary):
            self.seen += (str(binary),)
            if len(self.seen) - 1 in self.missing:
                return _TRUE
        written: str = super().visit_binary(binary, *args, **kw)  # type: ignore[misc] # the other half has it
        return written


def lacking(dialect: Dialect, *, missing: Container[int]) -> Dialect:
    """The same dialect, in which a statement lacks these of its conditions on a space."""
    changed = copy.copy(dialect)
    changed.statement_compiler = type("Lacking", (_Lacking, dialect.statement_compiler), {"missing": missing})
    return changed


def conditions_on_space(statement: ClauseElement) -> tuple[str, ...]:
    """Those that a statement has, in the order in which they are numbered."""
    compiled: list[Any] = [statement.compile(dialect=lacking(dialect, missing=())) for dialect in DIALECTS]
    found: set[tuple[str, ...]] = {one.seen for one in compiled}
    assert len(found) == 1, f"{statement} is not the same on both databases"
    return found.pop()


def _is_on_space(binary: BinaryExpression[Any]) -> bool:
    """Whether a condition is ``table.space_id = <parameter>`` or ``table.space_id = other.space_id``."""
    sides = (binary.left, binary.right)
    columns = [side for side in sides if isinstance(side, ColumnClause) and side.name == SPACE]
    parameters = [side for side in sides if isinstance(side, BindParameter)]
    return binary.operator is operators.eq and bool(columns) and len(columns) + len(parameters) == len(sides)
