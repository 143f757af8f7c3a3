"""Whatever belongs to a space leads its keys with it, so that no row can point into another space."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    func,
)
from sqlalchemy.schema import SchemaItem

from adapters.sql.tables import metadata

NOT_OWNED: Final = {"users", "sessions", "refresh_tokens", "password_resets", "rate_limits"}
"""The tables that belong to no space."""

TO_PEOPLE: Final = {"memberships (user_id) -> users"}
"""References that leave the space on purpose: a membership is where a space and a person meet."""


def _not_owned(tables: MetaData) -> set[str]:
    return {table.name for table in tables.tables.values() if "space_id" not in table.columns}


def _loose_keys(tables: MetaData) -> set[str]:
    """The keys of owned tables that do not lead with the space."""
    owned = [table for table in tables.tables.values() if "space_id" in table.columns]
    return {key for table in owned for key in (*_loose_uniques(table), *_loose_references(table))}


def _loose_uniques(table: Table) -> Iterator[str]:
    """Primary keys, unique constraints and unique indexes."""
    uniques: list[Iterable[Any]] = [table.primary_key.columns]
    uniques += [constraint.columns for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    uniques += [index.expressions for index in table.indexes if index.unique]
    for unique in uniques:
        names = [getattr(column, "name", str(column)) for column in unique]
        if names[:1] != ["space_id"]:
            yield f"{table.name} ({', '.join(names)})"


def _loose_references(table: Table) -> Iterator[str]:
    """Foreign keys whose first pair is not this space and that of the other table."""
    for key in table.foreign_key_constraints:
        other, target = key.referred_table, key.elements[0].column.name
        same_space = target == "space_id"
        if key.column_keys[0] != "space_id" or not same_space:
            yield f"{table.name} ({', '.join(key.column_keys)}) -> {other.name}"


def test_every_table_belongs_to_a_space_or_is_on_the_short_list() -> None:
    assert _not_owned(metadata) == NOT_OWNED


def test_every_key_of_an_owned_table_leads_with_the_space() -> None:
    assert _loose_keys(metadata) == TO_PEOPLE


def _with_notes(*parts: SchemaItem) -> MetaData:
    tables = MetaData()
    Table("spaces", tables, Column("space_id", Integer, primary_key=True))
    Table("users", tables, Column("id", Integer, primary_key=True))
    Table("tasks", tables, Column("space_id", Integer, primary_key=True), Column("id", Integer, primary_key=True))
    columns = [Column(name, Integer) for name in ("id", "space_id", "task_id", "author_id")]
    Table("notes", tables, *columns, *parts)
    return tables


_KEY: Final = ("space_id", "id")


def test_a_table_without_a_space_is_seen() -> None:
    assert _not_owned(_with_notes()) == {"users"}


@pytest.mark.parametrize(
    ("part", "loose"),
    [
        (UniqueConstraint("task_id", "space_id"), "notes (task_id, space_id)"),
        (Index("by_task", "task_id", unique=True), "notes (task_id)"),
        (Index("by_text", func.lower("task_id"), unique=True), "notes (lower)"),
        (ForeignKeyConstraint(["author_id"], ["users.id"]), "notes (author_id) -> users"),
        (
            ForeignKeyConstraint(["task_id", "space_id"], ["tasks.id", "tasks.space_id"]),
            "notes (task_id, space_id) -> tasks",
        ),
        (
            ForeignKeyConstraint(["space_id", "task_id"], ["tasks.id", "tasks.space_id"]),
            "notes (space_id, task_id) -> tasks",
        ),
    ],
)
def test_a_key_that_does_not_lead_with_the_space_is_seen(part: SchemaItem, loose: str) -> None:
    assert _loose_keys(_with_notes(PrimaryKeyConstraint(*_KEY), part)) == {loose}


@pytest.mark.parametrize("columns", [(), ("id",), ("id", "space_id")])
def test_a_primary_key_that_does_not_lead_with_the_space_is_seen(columns: tuple[str, ...]) -> None:
    assert _loose_keys(_with_notes(PrimaryKeyConstraint(*columns))) == {f"notes ({', '.join(columns)})"}


def test_a_column_that_is_unique_or_refers_by_itself_is_seen() -> None:
    slug = Column("slug", Integer, unique=True)
    owner: Column[int] = Column("owner_id", ForeignKey("users.id"))
    found = _loose_keys(_with_notes(PrimaryKeyConstraint(*_KEY), slug, owner))
    assert found == {"notes (slug)", "notes (owner_id) -> users"}


@pytest.mark.parametrize(
    "part",
    [
        UniqueConstraint("space_id", "task_id"),
        Index("by_task", "task_id"),
        ForeignKeyConstraint(["space_id"], ["spaces.space_id"]),
        ForeignKeyConstraint(["space_id", "task_id"], ["tasks.space_id", "tasks.id"]),
    ],
)
def test_a_key_that_leads_with_the_space_is_in_order(part: SchemaItem) -> None:
    assert _loose_keys(_with_notes(PrimaryKeyConstraint(*_KEY), part)) == set()
