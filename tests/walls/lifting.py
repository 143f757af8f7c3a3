"""A table with its guard lifted, for as long as somebody looks."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

from sqlalchemy import Table

from tests.walls.ground import Ground, connected


class Lift(StrEnum):
    """What is taken from a table's guard."""

    NO_POLICY = "no policy"
    NOT_FORCED = "not forced"
    DISABLED = "disabled"
    TRUNCATE = "may be truncated"
    UNCHECKED = "nothing is checked that is written"
    READ = "everybody reads"
    ADD = "everybody adds"
    CHANGE = "everybody changes"
    REMOVE = "everybody removes"


_COMMANDS: Mapping[Lift, str] = {
    Lift.READ: "SELECT USING (true)",
    Lift.ADD: "INSERT WITH CHECK (true)",
    Lift.CHANGE: "UPDATE USING (true)",
    Lift.REMOVE: "DELETE USING (true)",
}


@asynccontextmanager
async def lifted(ground: Ground, table: Table, lift: Lift) -> AsyncIterator[None]:
    """Lift it, and put it back."""
    async with connected(ground.superuser) as connection:
        policies = await connection.fetch("SELECT * FROM pg_policies WHERE tablename = $1", table.name)
        forth, back = _statements(ground, table.name, lift, policies)
        await connection.execute(forth)
        try:
            yield
        finally:
            await connection.execute(back)


def _statements(ground: Ground, table: str, lift: Lift, policies: list[Any]) -> tuple[str, str]:
    """What lifts the guard, and what puts it back."""
    if lift is Lift.NO_POLICY:
        dropped = ";".join(f"DROP POLICY {policy['policyname']} ON {table}" for policy in policies)
        return dropped, ";".join(_made_again(policy) for policy in policies)
    if lift is Lift.UNCHECKED:
        checked = {policy["policyname"]: policy["with_check"] for policy in policies if policy["with_check"]}
        forth = [f"ALTER POLICY {name} ON {table} WITH CHECK (true)" for name in checked]
        back = [f"ALTER POLICY {name} ON {table} WITH CHECK ({check})" for name, check in checked.items()]
        return ";".join(forth), ";".join(back)
    if lift is Lift.TRUNCATE:
        role = ground.service.username
        return f"GRANT TRUNCATE ON {table} TO {role}", f"REVOKE TRUNCATE ON {table} FROM {role}"
    if lift is Lift.NOT_FORCED:
        return f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY", f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    if lift is Lift.DISABLED:
        return f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY", f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    return f"CREATE POLICY planted ON {table} FOR {_COMMANDS[lift]}", f"DROP POLICY planted ON {table}"


def _made_again(policy: Any) -> str:
    using = f" USING ({policy['qual']})" if policy["qual"] else ""
    check = f" WITH CHECK ({policy['with_check']})" if policy["with_check"] else ""
    made = f"CREATE POLICY {policy['policyname']} ON {policy['tablename']} AS {policy['permissive']}"
    return f"{made} FOR {policy['cmd']} TO {', '.join(policy['roles'])}{using}{check}"
