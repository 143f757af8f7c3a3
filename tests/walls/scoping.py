"""Whether a statement names the space of every owned row that it reads or changes.

A source of rows is named if every row of the statement meets ``source.space_id = <parameter>``, or ``source.space_id =
other.space_id`` where the other one is named. A condition inside an OR or a NOT says nothing, and neither does the ON
of an outer join about the side that is kept.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import BindParameter, CompoundSelect, Delete, Insert, Join, Select, Table, Update
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BooleanClauseList,
    ClauseElement,
    ColumnClause,
    Grouping,
)
from sqlalchemy.sql.selectable import AliasedReturnsRows, FromClause, SelectBase

from tests.walls.statements import OWNED

SPACE: Final = "space_id"
Instead = Mapping[str, ClauseElement]
"""For a table: the condition that must hold for want of the space."""

NOTHING: Final[Instead] = MappingProxyType({})
DIALECTS: Final = (PGDialect_asyncpg(), SQLiteDialect_pysqlite())  # type: ignore[no-untyped-call] # left untyped there
_SOURCE: Final = re.compile(rf"\b(?:FROM|JOIN|UPDATE|INTO|USING)\s+({'|'.join(sorted(t.name for t in OWNED))})\b")
_IN_A_SPACE: Final = re.compile(rf"\b{SPACE} = ")


def unscoped(statement: ClauseElement, instead: Instead = NOTHING) -> list[str]:
    """What is wrong with a statement, in sentences; ``instead`` says what to trust where the space is not named."""
    scopes = list(_scopes(statement, None))
    unnamed = [fault for scope in scopes for fault in scope.faults(instead)]
    return [*unnamed, *_written(statement), *_mixed(statement), *_unfinished(statement), *_hidden(statement, scopes)]


@dataclass(eq=False)
class Source:
    """Where a statement takes rows from, with the conditions that these rows meet if they are there at all."""

    element: FromClause
    conditions: list[Any] = field(default_factory=list)

    @property
    def table(self) -> Table | None:
        """The table, under whichever name, if it is an owned one."""
        found = self.element.element if isinstance(self.element, AliasedReturnsRows) else self.element
        return found if isinstance(found, Table) and found in OWNED else None


@dataclass(eq=False)
class Scope:
    """The sources of one SELECT, UPDATE or DELETE, with the conditions that every row meets."""

    sources: list[Source]
    conditions: list[Any]
    around: "Scope | None"

    def faults(self, instead: Instead) -> Iterator[str]:
        """A sentence for each owned table that is not named."""
        named = self.named(instead)
        for source in self.sources:
            if source.table is not None and source.element not in named:
                yield f"the space of {source.table.name} is not named"

    def named(self, instead: Instead) -> set[FromClause]:
        """The sources that are named, found by following the equalities. Nested statements answer for themselves."""
        found = self.around.named(instead) if self.around else set()
        found |= {source.element for source in self.sources if isinstance(source.element, AliasedReturnsRows)}
        found -= {source.element for source in self.sources if source.table is not None}
        while more := {source.element for source in self.sources if self._is_named(source, found, instead)} - found:
            found |= more
        return found

    def _is_named(self, source: Source, named: set[FromClause], instead: Instead) -> bool:
        met = list(conjuncts([*self.conditions, *source.conditions]))
        trusted = None if source.table is None else instead.get(source.table.name)
        if trusted is not None:
            return any(condition.compare(trusted) for condition in met)
        return any(_names(condition, source.element, named) for condition in met)


def _names(condition: Any, element: FromClause, named: set[FromClause]) -> bool:
    """Whether a condition is ``element.space_id = <parameter>``, or ``element.space_id = named.space_id``."""
    if not isinstance(condition, BinaryExpression) or condition.operator is not operators.eq:
        return False
    sides = (condition.left, condition.right)
    return any(
        _is_space(one, {element}) and (_is_parameter(other) or _is_space(other, named))
        for one, other in (sides, sides[::-1])
    )


def _is_space(element: Any, of: set[FromClause]) -> bool:
    return isinstance(element, ColumnClause) and element.name == SPACE and element.table in of


def _is_parameter(element: Any) -> bool:
    return isinstance(element, BindParameter) and element.required


def conjuncts(conditions: Iterable[Any]) -> Iterator[Any]:
    """The parts of conditions that must all hold."""
    for condition in conditions:
        if isinstance(condition, Grouping):
            yield from conjuncts([condition.element])
        elif isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
            yield from conjuncts(condition.clauses)
        else:
            yield condition


def _scopes(statement: Any, around: Scope | None) -> Iterator[Scope]:
    """The scope of a statement, and those of all statements inside."""
    if isinstance(statement, CompoundSelect):
        for part in statement.selects:
            yield from _scopes(part, around)
    elif isinstance(statement, Insert):
        yield from _scopes(statement.select, around)
    elif isinstance(statement, (Select, Update, Delete)):
        scope = _scope(statement, around)
        yield scope
        for source in scope.sources:
            yield from _scopes(getattr(source.element, "element", None), scope)
        for nested in _elements(_clauses(statement), SelectBase):
            yield from _scopes(nested, scope)


def _scope(statement: Select[Any] | Update | Delete, around: Scope | None) -> Scope:
    conditions = list(statement._where_criteria)
    elements = _own(_froms(statement), around) if isinstance(statement, Select) else _mentioned(statement)
    sources = [source for element in elements for source in _flat(element, conditions)]
    return Scope(sources, conditions, around)


def _froms(statement: Select[Any]) -> list[FromClause]:
    """What ``get_final_froms`` returns; that one compiles for no dialect, which the house's own elements refuse."""
    state = statement._compile_state_factory(statement, statement._compiler(DIALECTS[0]))
    found: list[FromClause] = state._get_display_froms()
    return found


def _own(elements: list[FromClause], around: Scope | None) -> list[FromClause]:
    """Those that the statement does not borrow from the one around it, as a correlated one does."""
    borrowed = {source.element for source in around.sources} if around else set()
    return [element for element in elements if element not in borrowed] or elements


def _mentioned(statement: Update | Delete) -> list[FromClause]:
    """The table that is changed, and every other one that a condition or a value names: UPDATE … FROM does not tell."""
    columns = _elements(_clauses(statement), ColumnClause)
    others = {column.table: None for column in columns if column.table is not None}
    return list({statement.table: None} | others)


def _flat(element: FromClause, conditions: list[Any]) -> Iterator[Source]:
    """The sources in a join. What every row meets is added to ``conditions``."""
    if not isinstance(element, Join):
        yield Source(element)
        return
    inner = not (element.isouter or element.full)
    if inner:
        conditions.append(element.onclause)
    yield from _flat(element.left, conditions if not element.full else [])
    added = conditions if inner else []
    for source in _flat(element.right, added):
        if not inner:
            source.conditions += [*added, *([] if element.full else [element.onclause])]
        yield source


def _clauses(statement: Select[Any] | Update | Delete) -> list[Any]:
    """Everything in a statement but its sources."""
    parts: list[Any] = [*statement._where_criteria]
    if isinstance(statement, Select):
        parts += [*statement._raw_columns, *statement._having_criteria, *statement._order_by_clauses]
        parts += [join.onclause for element in _froms(statement) for join in _joins(element)]
    else:
        parts += statement._returning
    if isinstance(statement, Update):
        parts += [value for value in (statement._values or {}).values() if isinstance(value, ClauseElement)]
    return parts


def _joins(element: FromClause) -> Iterator[Join]:
    if isinstance(element, Join):
        yield element
        yield from _joins(element.left)
        yield from _joins(element.right)


def _elements(clauses: Iterable[Any], kind: type[Any]) -> Iterator[Any]:
    """The elements of a kind, without a look inside nested statements and sources."""
    for clause in clauses:
        if isinstance(clause, kind):
            yield clause
        elif not isinstance(clause, (SelectBase, FromClause)):
            yield from _elements(clause.get_children(), kind)


def _written(statement: ClauseElement) -> Iterator[str]:
    """What is wrong with the space that is written down."""
    if not isinstance(statement, (Insert, Update)) or statement.table not in OWNED:
        return
    values = statement._values
    columns = None if values is None else {getattr(column, "name", column) for column in values}
    if isinstance(statement, Update) and SPACE in (columns or {SPACE}):
        yield f"rows of {statement.table.name} are moved into another space"
    if isinstance(statement, Insert):
        columns = set(statement._select_names or ()) if statement.select is not None else columns
        if columns is not None and SPACE not in columns:
            yield f"rows of {statement.table.name} are added to no space"
        conflict = getattr(statement._post_values_clause, "inferred_target_elements", None)
        if conflict is not None and SPACE not in {getattr(part, "name", part) for part in conflict}:
            yield f"rows of {statement.table.name} may replace those of another space"


def _mixed(statement: ClauseElement) -> set[str]:
    """An OR that stands beside a condition on the space, in the SQL as it is sent."""
    levels = (level for text in _texts(statement) for level in _levels(text))
    return {"an OR stands beside the space" for level in levels if " OR " in level and _IN_A_SPACE.search(level)}


def _levels(sql: str) -> Iterator[str]:
    """The text between each pair of parentheses, without what stands in parentheses in there, and the text outside."""
    open_levels: list[list[str]] = [[]]
    for character in " ".join(sql.split()):
        if character == "(":
            open_levels.append([])
        elif character == ")":
            yield "".join(open_levels.pop())
        else:
            open_levels[-1].append(character)
    yield "".join(open_levels.pop())


def _hidden(statement: ClauseElement, scopes: list[Scope]) -> Iterator[str]:
    """Owned tables that stand in the SQL, and that the scopes do not know of: in a text, or where nobody looked."""
    known = Counter(source.table.name for scope in scopes for source in scope.sources if source.table is not None)
    if isinstance(statement, Insert) and statement.table in OWNED:
        known[statement.table.name] += 1
    for sql in _texts(statement):
        for name, times in (Counter(_SOURCE.findall(sql)) - known).items():
            yield f"{name} is read {times} more times than its conditions were looked at"


def _unfinished(statement: ClauseElement) -> set[str]:
    """A part that SQLAlchemy would write when it sends the statement. Here the drivers send it as it is."""
    return {"a list of values is left open" for sql in _texts(statement) if "POSTCOMPILE" in sql}


def _texts(statement: ClauseElement) -> list[str]:
    """The statement for each database."""
    return [str(statement.compile(dialect=dialect)) for dialect in DIALECTS]
