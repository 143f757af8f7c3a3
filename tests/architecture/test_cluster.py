"""The tables can be spread over machines by the space id: nothing that is on one machine needs what is on another."""

from collections.abc import Iterator
from typing import Final

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem

from adapters.sql.distribution import copied, spread, statements
from adapters.sql.tables import DIRECTORY, metadata
from tests.walls.trusted import EXCEPTIONS

ON_EVERY_MACHINE: Final = {
    "audit._find(FOR_ADMINISTRATORS, no filter)",
    "audit._find(FOR_ADMINISTRATORS, every filter)",
    "audit._NEXT_UNSEALED",
    "leftovers._WITH_EXPIRED",
    "removal._DEPARTED_FROM",
}
"""The statements that ask all machines: about all logs, and about what has expired or was left anywhere."""


def obstacles(tables: MetaData) -> set[str]:
    """What Citus refuses, or what it could not check."""
    places = {**dict.fromkeys(spread(tables), "spread"), **dict.fromkeys(copied(tables), "copied")}
    found = {fault for table in places for fault in (*_counted(table), *_led_elsewhere(table, places))}
    return found | {fault for table in spread(tables) for fault in _unchecked(table)}


def _counted(table: Table) -> Iterator[str]:
    """Sequences: every machine would have one of its own."""
    for column in table.columns:
        if column.identity is not None or column.default is not None or column is table.autoincrement_column:
            yield f"{table.name}.{column.name} is counted"


def _led_elsewhere(table: Table, places: dict[Table, str]) -> Iterator[str]:
    """References to rows that may be on another machine."""
    for key in table.foreign_key_constraints:
        to = places.get(key.referred_table)
        same_space = (key.column_keys[0], key.elements[0].column.name) == ("space_id", "space_id")
        if to == "copied" or (to == places[table] == "spread" and same_space):
            continue
        yield f"{table.name} refers to {key.referred_table.name}, which is {to or 'alone'}"


def _unchecked(table: Table) -> Iterator[str]:
    """Keys that one machine cannot check by itself."""
    uniques = [constraint.columns for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    keys = [table.primary_key.columns, *uniques, *(index.columns for index in table.indexes if index.unique)]
    for columns in keys:
        if "space_id" not in columns:
            yield f"{table.name} has a key without the space: {', '.join(columns.keys())}"


def test_nothing_is_in_the_way() -> None:
    assert obstacles(metadata) == set()


def test_what_belongs_to_a_space_is_spread_and_what_every_door_reads_is_copied() -> None:
    owned = {table.name for table in metadata.tables.values() if "space_id" in table.c}
    assert {table.name for table in spread()} == owned - DIRECTORY
    assert {table.name for table in copied()} > DIRECTORY
    assert set(metadata.tables) - {table.name for table in (*spread(), *copied())} == {"rate_limits"}


def test_only_the_statements_about_all_spaces_go_to_every_machine() -> None:
    names = {table.name for table in spread()}
    assert {name for name, trusted in EXCEPTIONS.items() if names & set(trusted.instead)} == ON_EVERY_MACHINE


def placed_by(sql: list[str]) -> list[str]:
    calls = ("SELECT create_reference_table(", "SELECT create_distributed_table(")
    return [one.split("'")[1] for one in sql if one.startswith(calls)]


def test_every_table_gets_its_place_after_what_it_refers_to() -> None:
    order = placed_by(statements("taskward"))
    assert order == [table.name for table in (*copied(), *spread())]
    for name in order:
        referred = {key.referred_table.name for key in metadata.tables[name].foreign_key_constraints} - {name}
        assert referred <= set(order[: order.index(name)])


def test_all_spaces_are_cut_by_the_same_key_into_the_same_pieces() -> None:
    cut = [one for one in statements("taskward") if "create_distributed_table" in one]
    first = spread()[0].name
    assert cut[0] == f"SELECT create_distributed_table('{first}', 'space_id')"
    assert all(one.endswith(f", 'space_id', colocate_with => '{first}')") for one in cut[1:])


def test_a_table_that_has_its_place_keeps_it_and_new_ones_come_beside_it() -> None:
    new = spread()[0].name
    there = {table.name for table in (*copied(), *spread())} - {new}
    sql = statements("taskward", placed=there)
    assert placed_by(sql) == [new]
    assert f"colocate_with => '{spread()[1].name}'" in " ".join(sql)
    assert not any(f" {name} " in one for one in sql for name in there)
    assert placed_by(statements("taskward", placed=there | {new})) == []


def test_no_guard_is_left_lifted() -> None:
    sql = statements("taskward")
    lifted = {one.split()[2] for one in sql if "NO FORCE" in one}
    forced = {one.split()[2]: sql.index(one) for one in sql if one.endswith(" FORCE ROW LEVEL SECURITY")}
    last_place = max(number for number, one in enumerate(sql) if one.startswith("SELECT create_"))
    assert lifted
    for name in lifted:
        assert sql[forced[name]] == f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY"
        assert forced[name] > last_place


def test_the_function_that_a_policy_calls_is_everywhere_before_the_table_is() -> None:
    sql = statements("taskward")
    called = next(number for number, one in enumerate(sql) if "create_distributed_function('taskward_is_mine(" in one)
    assert called < sql.index("SELECT create_reference_table('organizations')")
    assert any("taskward_is_mine(space_id)" in one for one in sql[:called])
    assert "create_distributed_function" not in " ".join(statements("taskward", placed={"organizations"}))


def test_a_name_is_quoted() -> None:
    assert 'ALTER DATABASE "a ""b""" SET' in statements('a "b"')[-1]


# The check itself.


def _with_notes(*parts: SchemaItem) -> MetaData:
    tables = MetaData()
    Table("users", tables, Column("id", Integer, primary_key=True, autoincrement=False))
    Table("teams", tables, Column("id", ForeignKey("users.id"), primary_key=True))
    Table("limits", tables, Column("id", Integer, primary_key=True, autoincrement=False))
    Table("spaces", tables, Column("space_id", ForeignKey("users.id"), primary_key=True))
    key = [Column(name, Integer, primary_key=True, autoincrement=False) for name in ("space_id", "id")]
    Table("tasks", tables, *key)
    columns = [Column(name, Integer, autoincrement=False) for name in ("space_id", "id", "task_id")]
    Table("notes", tables, *columns, *parts)
    return tables


@pytest.mark.parametrize(
    ("parts", "obstacle"),
    [
        ([UniqueConstraint("task_id")], "notes has a key without the space: task_id"),
        ([Column("number", Integer, Identity())], "notes.number is counted"),
        ([ForeignKeyConstraint(["task_id"], ["tasks.id"])], "notes refers to tasks, which is spread"),
        (
            [ForeignKeyConstraint(["id", "space_id"], ["tasks.id", "tasks.space_id"])],
            "notes refers to tasks, which is spread",
        ),
        ([ForeignKeyConstraint(["space_id", "task_id"], ["tasks.space_id", "tasks.id"])], None),
        ([ForeignKeyConstraint(["task_id"], ["users.id"])], None),
        ([ForeignKeyConstraint(["space_id"], ["spaces.space_id"])], None),
    ],
)
def test_what_is_in_the_way_is_seen(parts: list[SchemaItem], obstacle: str | None) -> None:
    tables = _with_notes(PrimaryKeyConstraint("space_id", "id"), *parts)
    assert obstacles(tables) == ({obstacle} if obstacle else set())


def test_a_table_for_everybody_that_refers_into_a_space_is_seen() -> None:
    tables = _with_notes(PrimaryKeyConstraint("space_id", "id"))
    Table("pins", tables, Column("task_id", Integer), ForeignKeyConstraint(["task_id"], ["tasks.id"]))
    assert obstacles(tables) == {"pins refers to tasks, which is spread"}
