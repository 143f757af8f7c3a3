"""The second wall, by reading: every statement of the SQL adapters names the space of every owned row."""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from types import ModuleType
from typing import Any, Final

import pytest
from sqlalchemy import and_, bindparam, delete, exists, func, insert, not_, or_, select, text, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.elements import ClauseElement

from adapters.sql.query import Query
from adapters.sql.tables import memberships, organizations, spaces, tasks, users
from tests.walls import statements
from tests.walls.scoping import NOTHING, Instead, unscoped
from tests.walls.statements import EXAMPLES, OWNED, Statement, all_statements, factories, modules
from tests.walls.trusted import EXCEPTIONS

BY_NAME: Final = {name: list(found) for name, found in groupby(all_statements(), lambda statement: statement.name)}


def faults(found: list[Statement], instead: Instead = NOTHING) -> set[str]:
    return {fault for statement in found for fault in unscoped(statement.query._statement, instead)}


@pytest.mark.parametrize("name", BY_NAME)
def test_every_statement_names_the_space_of_every_owned_row(name: str) -> None:
    trusted = EXCEPTIONS.get(name)
    assert faults(BY_NAME[name], trusted.instead if trusted else NOTHING) == set()


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_no_exception_is_left_over(name: str) -> None:
    assert faults(BY_NAME[name])


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_example_is_left_over(name: str) -> None:
    assert name in {found for found, _, _ in factories()}


# Nothing is out of sight of the tests above.

MADE: Final = {"Query", "Reading"}


def hidden_makings(source: str, makers: set[str]) -> set[int]:
    """The lines on which a function makes a statement and is not known to."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    return {
        call.lineno
        for function in functions
        if function.name not in makers
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in MADE
    }


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_statements_are_made_at_import_or_by_functions_that_say_so(module: ModuleType) -> None:
    makers = {function.__name__ for _, where, function in factories() if where is module}
    if module.__name__ == "adapters.sql.connection":
        makers.add("__init__")  # Of Reading, which is looked into.
    if module.__name__ == "adapters.sql.owned":
        makers.add("about")  # Of Statements, which is looked into wherever it is kept.
    if module.__name__ == "adapters.sql.pages":
        makers.add("of")  # Of Stretches, which is, too.
    assert hidden_makings(inspect.getsource(module), makers) == set()


def test_a_statement_made_out_of_sight_is_seen() -> None:
    source = "def find():\n    return 1\ndef get():\n    return fetch(\n        Query(select(tasks)))\n"
    assert hidden_makings(source, set()) == {5}
    assert hidden_makings(source, {"get"}) == set()


NAMES: Final = "|".join(table.name for table in OWNED)
SQL: Final = re.compile(rf"\b(?:FROM|JOIN|UPDATE|INTO)\s+(?:{NAMES})\b", re.IGNORECASE)


def written_by_hand(source: str) -> list[str]:
    """The texts in a module, documentation aside, that are SQL on owned tables."""
    tree = ast.parse(source)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in documentation)
    return [node.value for node in constants if isinstance(node.value, str) and SQL.search(node.value)]


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_no_module_writes_sql_on_owned_tables_by_hand(module: ModuleType) -> None:
    assert written_by_hand(inspect.getsource(module)) == []


def test_sql_written_by_hand_is_seen() -> None:
    source = '"""Reads FROM tasks."""\nq = f"SELECT title\\nFROM tasks WHERE id = {id}"\n'
    assert written_by_hand(source) == ["SELECT title\nFROM tasks WHERE id = "]


def strange_spaces(source: str) -> set[str]:
    """What the methods of classes that hold a space give a statement for ``space_id``, other than that space."""
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    given = (value for node in classes if "self._space_id" in ast.unparse(node) for value in _spaces_given(node))
    return {written for value in given if (written := ast.unparse(value)) != "self._space_id"}


def _spaces_given(node: ast.ClassDef) -> Iterator[ast.expr]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.keyword) and inner.arg == "space_id":
            yield inner.value
        if isinstance(inner, ast.Dict):
            pairs = zip(inner.keys, inner.values, strict=True)
            yield from (value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "space_id")


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_whatever_holds_a_space_names_that_one(module: ModuleType) -> None:
    if module.__name__ == "adapters.sql.postgres":
        return  # Its connection keeps in mind what the context is; it sends no statements of its own.
    assert strange_spaces(inspect.getsource(module)) == set()


def test_the_space_of_somebodys_making_is_seen() -> None:
    source = """
class SqlTasks:
    async def add(self, task):
        await self._connection.execute(_ADD, space_id=task.space_id)
        await self._connection.execute(_ADD, **row | {"space_id": task.space})
        await self._connection.execute(_ADD, space_id=self._space_id)
"""
    assert strange_spaces(source) == {"task.space_id", "task.space"}


# The check itself.

HERE: Final = tasks.c.space_id == bindparam("space_id")
THIS: Final = tasks.c.id == bindparam("id")
DONE: Final = tasks.c.status == "completed"
MEMBERS: Final = memberships.c.space_id == tasks.c.space_id
INNER: Final = select(tasks.c.space_id, tasks.c.id).where(HERE).subquery()
other: Final = tasks.alias("other")
NEW: Final = upsert(tasks)


PLANTED: Final[Mapping[str, ClauseElement]] = {
    "no condition": select(tasks),
    "only the id": select(tasks).where(THIS),
    "a constant space": select(tasks).where(tasks.c.space_id == "00000000-0000-0000-0000-000000000000"),
    "another comparison": select(tasks).where(tasks.c.space_id != bindparam("space_id")),
    "an OR around": select(tasks).where(or_(HERE, DONE)),
    "an OR that takes the space with it": select(tasks).where(or_(and_(HERE, THIS), DONE)),
    "a NOT around": select(tasks).where(not_(and_(HERE, THIS))),
    "an OR in a text": select(tasks).where(HERE, text("deleted_at IS NULL OR version > 1")),
    "a text that reads": select(tasks).where(HERE, text("EXISTS (SELECT FROM memberships)")),
    "one of two tables": select(tasks.c.id, memberships.c.role).where(HERE),
    "a join on something else": select(tasks)
    .join(memberships, memberships.c.user_id == tasks.c.assignee_id)
    .where(HERE),
    "a join to another one that is not named": select(tasks).join(memberships, MEMBERS),
    "a join under an OR": select(tasks.c.id).join(memberships, or_(MEMBERS, DONE)).where(HERE),
    "the kept side of an outer join": select(tasks.c.id).outerjoin(memberships, and_(HERE, MEMBERS)),
    "both sides of a full join": select(tasks.c.id).outerjoin(memberships, and_(HERE, MEMBERS), full=True),
    "the same table by another name": select(tasks.c.id, other.c.id).where(HERE),
    "a subquery": select(select(tasks).where(THIS).subquery()),
    "a common table expression": select(select(tasks).where(THIS).cte()),
    "a count beside": select(tasks, select(func.count()).select_from(memberships).scalar_subquery()).where(HERE),
    "a subquery that names another space's": select(other.c.id).where(
        other.c.id.in_(select(tasks.c.id).where(tasks.c.space_id == other.c.space_id))
    ),
    "one side of a union": select(tasks.c.id).where(HERE).union(select(tasks.c.id)),
    "an existence": select(users).where(exists().where(memberships.c.user_id == users.c.id)),
    "an update": update(tasks).where(THIS).values(title="x"),
    "an update of every row": update(tasks).values(title="x"),
    "an update that moves": update(tasks).where(HERE).values(space_id=bindparam("to")),
    "an update from another table": update(tasks)
    .where(HERE, memberships.c.user_id == tasks.c.assignee_id)
    .values(title="x"),
    "a value from another table": update(tasks)
    .where(HERE)
    .values(title=select(organizations.c.name).scalar_subquery()),
    "an update that returns another table": update(tasks)
    .where(HERE)
    .values(title="x")
    .returning(select(organizations.c.name).scalar_subquery()),
    "a delete": delete(tasks).where(THIS),
    "a delete under an OR": delete(tasks).where(or_(HERE, THIS)),
    "a delete of a space": delete(spaces),
    "an open list": select(tasks).where(HERE, tasks.c.status.in_(["pending", "completed"])),
    "an insert into no space": insert(tasks).from_select(["id"], select(tasks.c.id).where(HERE)),
    "an insert of what others have": insert(tasks).from_select(
        ["space_id", "id"], select(tasks.c.space_id, tasks.c.id)
    ),
    "an insert that replaces": NEW.on_conflict_do_update(index_elements=["id"], set_={"title": NEW.excluded.title}),
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=list(PLANTED))
def test_a_planted_statement_that_names_no_space_is_seen(planted: ClauseElement) -> None:
    assert unscoped(planted)


IN_ORDER: Final[Mapping[str, ClauseElement]] = {
    "by the space": select(tasks).where(HERE),
    "beside an OR in parentheses": select(tasks).where(HERE, or_(DONE, THIS)),
    "joined on the space": select(tasks).join(memberships, MEMBERS).where(HERE),
    "joined on the space, the other way round": select(tasks)
    .join(memberships, MEMBERS)
    .where(memberships.c.space_id == bindparam("space_id")),
    "the optional side of an outer join": select(tasks.c.id).outerjoin(memberships, MEMBERS).where(HERE),
    "a subquery": select(INNER.c.id),
    "joined to a subquery": select(INNER.c.id).join(memberships, memberships.c.space_id == INNER.c.space_id),
    "an existence": select(tasks).where(HERE, exists().where(MEMBERS)),
    "another table": select(users).where(users.c.id == bindparam("id")),
    "an update": update(tasks).where(HERE, THIS).values(title="x"),
    "an update that returns": update(tasks).where(HERE, THIS).values(title="x").returning(tasks.c.id),
    "a delete": delete(tasks).where(and_(HERE, or_(THIS, DONE))),
    "an insert": insert(tasks),
    "an insert of what is here": insert(tasks).from_select(["space_id", "id"], select(INNER.c.space_id, INNER.c.id)),
    "an insert that replaces": NEW.on_conflict_do_update(
        index_elements=["space_id", "id"], set_={"title": NEW.excluded.title}
    ),
    "joined to one row": select(INNER.c.id).select_from(INNER.outerjoin(select(true()).subquery(), true())),
}


@pytest.mark.parametrize("statement", IN_ORDER.values(), ids=list(IN_ORDER))
def test_a_statement_that_names_the_space_is_in_order(statement: ClauseElement) -> None:
    assert unscoped(statement) == []


def test_what_is_trusted_instead_must_be_there() -> None:
    mine = memberships.c.user_id == bindparam("user_id")
    belongings = select(organizations.c.name).join(memberships, memberships.c.space_id == organizations.c.space_id)
    instead = {"memberships": mine}
    assert unscoped(belongings.where(mine), instead) == []
    assert unscoped(belongings, instead)
    assert unscoped(select(memberships).where(mine, DONE), instead)
    assert unscoped(select(tasks).where(DONE), {"tasks": DONE}) == []
    assert unscoped(select(tasks).where(or_(THIS, DONE)), {"tasks": DONE})


def test_a_statement_is_found_wherever_a_module_keeps_it() -> None:
    module: Any = ModuleType("adapters.sql.planted")
    query = Query(select(tasks))

    def find(*, sorted_: bool) -> Query:
        return query

    class SqlPlanted:
        _ALL = query

    for kept in (find, SqlPlanted):
        kept.__module__ = module.__name__
    module.ONE, module.SEVERAL, module.find, module.SqlPlanted = query, {"by title": (query,)}, find, SqlPlanted
    assert {statement.name for statement in statements._in_module(module)} == {
        "planted.ONE",
        "planted.SEVERAL(by title)(0)",
        "planted.find(sorted_=False)",
        "planted.find(sorted_=True)",
        "planted.SqlPlanted._ALL",
    }
