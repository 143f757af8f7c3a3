"""Spreading a PostgreSQL database over many machines with Citus, space by space.

What belongs to a space lies together on one machine. What is read at every door, whoever comes in, is copied to each
machine: accounts, sessions, which spaces there are and who is in them. What nobody refers to stays on the one that
is asked.
"""

from collections.abc import Collection, Iterator
from typing import Final

from sqlalchemy import URL, MetaData, Table

from adapters.sql import dsn, history, migrations
from adapters.sql.roles import identifier
from adapters.sql.tables import DIRECTORY, FOR_ADMINISTRATORS, metadata, organizations

_PLACED: Final = "SELECT table_name::text FROM citus_tables WHERE citus_table_type IN ('distributed', 'reference')"

_SPACE: Final = "nullif(current_setting('app.space_id', true), '')::uuid"
_MYSELF: Final = "nullif(current_setting('app.user_id', true), '')::uuid"
_ALSO_SEEN: Final = {
    "memberships": ("memberships_of_mine", f"user_id = {_MYSELF}"),
    "organizations": ("organizations_of_mine", "taskward_is_mine(space_id)"),
    "audit_events": (
        "audit_events_of_accounts",
        f"current_setting('app.accounts_log', true) = 'on' AND ({FOR_ADMINISTRATORS})",
    ),
}
"""The policies that show more than one space, and what they say without a subquery."""

_EVERYWHERE: Final = "SELECT create_distributed_function('taskward_is_mine(uuid)')"
"""The function that a policy calls is to be on every machine; that is all it does to it."""


class NoCluster(LookupError):
    """The database cannot be spread. The message says why."""


def spread(tables: MetaData = metadata) -> list[Table]:
    """The tables whose rows lie where their space lies, in an order in which they can be made."""
    return [table for table in tables.sorted_tables if "space_id" in table.c and table.name not in DIRECTORY]


def copied(tables: MetaData = metadata) -> list[Table]:
    """The tables that are the same on every machine, in an order in which they can be made."""
    kept = {*spread(tables), *_alone(tables)}
    return [table for table in tables.sorted_tables if table not in kept]


def _alone(tables: MetaData) -> Iterator[Table]:
    """The tables that belong to no space, refer to nothing, and are referred to by nothing."""
    referred = {key.referred_table for table in tables.sorted_tables for key in table.foreign_key_constraints}
    for table in tables.sorted_tables:
        if "space_id" not in table.c and not table.foreign_key_constraints and table not in referred:
            yield table


def statements(database: str, *, placed: Collection[str] = ()) -> list[str]:
    """The SQL that spreads a database of which these tables have their place already. For one transaction."""
    to_copy = [table for table in copied() if table.name not in placed]
    to_spread = [table for table in spread() if table.name not in placed]
    guarded = [table for table in (*to_copy, *to_spread) if "space_id" in table.c]
    # Rows are copied by the owner, whom forced policies hold as well. Nobody else gets in meanwhile.
    return [
        "SET LOCAL citus.multi_shard_modify_mode = 'sequential'",
        *without_subqueries(guarded),
        *([_EVERYWHERE] if organizations in to_copy else []),
        *(f"ALTER TABLE {table.name} NO FORCE ROW LEVEL SECURITY" for table in guarded),
        *(f"SELECT create_reference_table('{table.name}')" for table in to_copy),
        *_spreading(to_spread, beside=[table for table in spread() if table.name in placed]),
        *(f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY" for table in guarded),
        f"ALTER DATABASE {identifier(database)} SET citus.propagate_set_commands = 'local'",
    ]


def _spreading(tables: list[Table], *, beside: list[Table]) -> Iterator[str]:
    """All of them by the same key and beside the first, so that a space lies on one machine with all that is in it."""
    for table in tables:
        like = f", colocate_with => '{beside[0].name}'" if beside else ""
        yield f"SELECT create_distributed_table('{table.name}', 'space_id'{like})"
        beside = beside or [table]


def without_subqueries(guarded: Collection[Table]) -> list[str]:
    """The SQL that says the policies of these tables again, as Citus takes them: it takes no subquery."""
    here = f"space_id = {_SPACE}"
    said = [f"ALTER POLICY {t.name}_of_this_space ON {t.name} USING ({here}) WITH CHECK ({here})" for t in guarded]
    also = [(table.name, *_ALSO_SEEN[table.name]) for table in guarded if table.name in _ALSO_SEEN]
    said += [f"ALTER POLICY {policy} ON {table} USING ({seen})" for table, policy, seen in also]
    return said


async def distribute(owner: URL) -> list[str]:
    """Give every table that has none its place; return the names of those. All or nothing.

    Raises NoCluster where Citus or a revision is missing, and Unavailable.
    """
    revision, needed = await migrations.current_revision(owner), history.expected_revision()
    if revision != needed:
        raise NoCluster(f"The database is at revision {revision}, and {needed} comes first: run 'taskward migrate'.")
    if not await dsn.run(owner, [], dsn.HAS_CITUS):
        raise NoCluster(
            "The database has no extension citus, which is what spreads tables over machines: see docs/scaling.md."
        )
    placed = {row[0] for row in await dsn.run(owner, [], _PLACED)}
    await dsn.run(owner, statements(str(owner.database), placed=placed))
    return [table.name for table in (*copied(), *spread()) if table.name not in placed]
