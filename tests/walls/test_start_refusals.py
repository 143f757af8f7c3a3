"""What the service sees of its own role and of the tables' guards before it serves, one fault after the other."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import URL, Table

from adapters.sql import history, migrations, roles
from adapters.sql.tables import APPEND_ONLY, metadata
from entrypoints.settings import Environment, WrongSetting
from tests.cli.test_serve import free_port
from tests.http.service import KEYS, running, serving, settings_for
from tests.support.postgres import execute
from tests.walls.conftest import NOTICED
from tests.walls.ground import Ground
from tests.walls.lifting import Lift, lifted
from tests.walls.test_policies_alone import every_table

ROOT: Final = Path(__file__).parents[2]
SECONDS: Final = 60
REFUSED: Final = "Not safe to serve: "


async def reason(url: URL, *, unsafe_database_role: bool = False) -> str | None:
    """Why the service is not ready with this role."""
    async with running(settings_for(url, unsafe_database_role=unsafe_database_role)) as service:
        return await service.application.check_readiness()


@asynccontextmanager
async def role(ground: Ground, *changes: str) -> AsyncIterator[URL]:
    """A role of the service like any other, but for the changes. ``$role`` and ``$owner`` stand for names."""
    url = ground.service.set(username=f"service_{uuid4().hex}")
    await roles.create_role(ground.superuser, url)
    try:
        for change in changes:
            named = change.replace("$role", str(url.username)).replace("$owner", str(ground.owner.username))
            await execute(ground.superuser, named)
        yield url
    finally:
        for undo in ("DROP OWNED BY", "DROP ROLE"):
            await execute(ground.superuser, f"{undo} {url.username}")


# The role.


async def test_a_role_that_can_do_what_it_must_and_nothing_else_serves(scratch: Ground) -> None:
    assert await reason(scratch.service) is None
    async with role(scratch) as url:
        assert await reason(url) is None


def assert_refused(found: str | None) -> None:
    assert found is not None
    assert found.startswith(f"{REFUSED}the role of TASKWARD_DATABASE_URL ")
    assert "taskward create-roles" in found


async def test_a_superuser_does_not_serve(scratch: Ground) -> None:
    found = await reason(scratch.superuser)
    assert_refused(found)
    assert "is a superuser" in str(found)


@pytest.mark.parametrize(
    "power",
    [
        "BYPASSRLS",
        "REPLICATION",
        "CREATEROLE",
    ],
)
async def test_a_role_that_can_get_around_the_policies_does_not_serve(scratch: Ground, power: str) -> None:
    """Whoever replicates reads everything; whoever makes roles could make itself another one."""
    async with role(scratch, f"ALTER ROLE $role {power}") as url:
        assert_refused(await reason(url))


async def test_a_superuser_who_acts_as_somebody_else_does_not_serve(scratch: Ground) -> None:
    """RESET ROLE would make it a superuser again."""
    service = scratch.service.username
    async with role(scratch, "ALTER ROLE $role SUPERUSER", f"ALTER ROLE $role SET role = {service}") as url:
        assert_refused(await reason(url))


async def test_the_owner_of_the_tables_does_not_serve(scratch: Ground) -> None:
    assert "owns the table" in str(await reason(scratch.owner))


@every_table
async def test_the_owner_of_one_table_does_not_serve(scratch: Ground, table: Table) -> None:
    back = f"ALTER TABLE {table.name} OWNER TO {scratch.owner.username}"
    async with role(scratch, f"ALTER TABLE {table.name} OWNER TO $role") as url:
        try:
            assert f"owns the table {table.name}" in str(await reason(url))
        finally:
            await execute(scratch.superuser, back)


@pytest.mark.parametrize("inherits", ["INHERIT", "NOINHERIT"])
async def test_a_member_of_the_owner_does_not_serve(scratch: Ground, inherits: str) -> None:
    """Whoever may SET ROLE to another one needs no other right."""
    async with role(scratch, f"ALTER ROLE $role {inherits}", "GRANT $owner TO $role") as url:
        assert_refused(await reason(url))


@pytest.mark.parametrize("power", ["SUPERUSER", "BYPASSRLS"])
async def test_a_member_of_a_role_that_policies_do_not_hold_does_not_serve(scratch: Ground, power: str) -> None:
    group = f"group_{uuid4().hex}"
    async with role(scratch, f"CREATE ROLE {group} {power}", f"GRANT {group} TO $role") as url:
        try:
            assert_refused(await reason(url))
        finally:
            await execute(scratch.superuser, f"DROP ROLE {group}")


@every_table
async def test_a_role_that_can_truncate_does_not_serve(scratch: Ground, table: Table) -> None:
    async with role(scratch, f"GRANT TRUNCATE ON {table.name} TO $role") as url:
        assert f"can TRUNCATE the table {table.name}" in str(await reason(url))


@pytest.mark.parametrize("right", ["UPDATE", "DELETE", "UPDATE (space_id)"])
@pytest.mark.parametrize("table", APPEND_ONLY, ids=lambda table: table.name)
async def test_a_role_that_can_change_the_log_does_not_serve(scratch: Ground, table: Table, right: str) -> None:
    async with role(scratch, f"GRANT {right} ON {table.name} TO $role") as url:
        assert f"can change what is written in {table.name}" in str(await reason(url))


@every_table
async def test_a_role_that_lacks_a_right_is_told_so(scratch: Ground, table: Table) -> None:
    async with role(scratch, "REVOKE SELECT ON $table FROM $role".replace("$table", table.name)) as url:
        assert table.name in str(await reason(url))


async def test_a_role_that_has_no_right_at_all_is_told_what_to_do(scratch: Ground) -> None:
    async with role(scratch, "DROP OWNED BY $role") as url:
        assert "taskward " in str(await reason(url))


# The tables.


@pytest.mark.parametrize(
    ("lift", "said"),
    [
        (Lift.NO_POLICY, "row-level security is not forced on the table $table, or has no policy"),
        (Lift.NOT_FORCED, "row-level security is not forced on the table $table"),
        (Lift.DISABLED, "row-level security is not forced on the table $table"),
        (Lift.READ, "a query that names no space sees rows of the table $table"),
    ],
)
@every_table
async def test_on_a_table_whose_guard_is_lifted_nobody_serves(
    scratch: Ground, table: Table, lift: Lift, said: str, request: pytest.FixtureRequest
) -> None:
    async with lifted(scratch, table, lift):
        found = await reason(scratch.service)
    assert found is not None
    assert found.startswith(f"{REFUSED}{said.replace('$table', table.name)}")
    assert await reason(scratch.service) is None
    request.config.stash[NOTICED].append((f"{table.name}: {lift}", "the start of the service", found))


@pytest.mark.parametrize("lift", [Lift.UNCHECKED, Lift.ADD, Lift.CHANGE, Lift.REMOVE])
async def test_where_a_policy_lets_everybody_write_nobody_serves(scratch: Ground, lift: Lift) -> None:
    async with lifted(scratch, metadata.tables["tasks"], lift):
        assert await reason(scratch.service) is not None


async def test_before_the_last_migration_nobody_serves(fresh_postgres_url: URL) -> None:
    before, last = history.revisions()[-2:]
    await migrations.upgrade(fresh_postgres_url)
    await migrations.move(fresh_postgres_url, before)
    found = await reason(fresh_postgres_url, unsafe_database_role=True)
    assert found == f"The database is at revision {before}, this service needs {last}: run 'taskward migrate'."


# How it is said.


async def test_readyz_says_the_reason_and_is_well_when_it_is_gone(
    scratch: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    # tests/contract/test_readiness.py is about how long a verdict is good.
    monkeypatch.setattr("adapters.sql.readiness._SECONDS_SAFE", 0)
    monkeypatch.setattr("adapters.system.readiness._SECONDS_SHARED", 0)
    async with serving(settings_for(scratch.service)) as http:
        assert (await http.get("/readyz")).status_code == 200
        async with lifted(scratch, APPEND_ONLY[0], Lift.NOT_FORCED):
            answer = await http.get("/readyz")
            assert answer.status_code == 503
            assert "row-level security is not forced" in answer.json()["detail"]
            assert (await http.get("/livez")).status_code == 200
        assert (await http.get("/readyz")).status_code == 200


async def test_one_flag_lets_any_role_serve(scratch: Ground) -> None:
    assert await reason(scratch.superuser, unsafe_database_role=True) is None


def test_in_production_the_flag_itself_is_refused(scratch: Ground) -> None:
    production = {
        "environment": Environment.PRODUCTION,
        "bcrypt_cost": 12,
        "require_https": True,
        "trusted_proxies": "10.0.0.1",
    }
    assert settings_for(scratch.superuser, **production).in_production
    with pytest.raises(WrongSetting, match="TASKWARD_UNSAFE_DATABASE_ROLE"):
        settings_for(scratch.superuser, **production, unsafe_database_role=True)


@contextmanager
def serve(folder: Path, url: URL, **settings: str) -> "Iterator[subprocess.Popen[str]]":
    """``taskward serve`` in an empty folder, with these settings and no others, until the end of the block."""
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("TASKWARD_")}
    given = {"DATABASE_URL": url.render_as_string(hide_password=False), **settings}
    with subprocess.Popen(
        [sys.executable, "-c", "from entrypoints.cli.main import cli; cli()", "serve"],
        cwd=folder,
        env=inherited | {f"TASKWARD_{name}": value for name, value in given.items()} | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_role_that_is_not_safe_ends_the_start_with_one_line(scratch: Ground, tmp_path: Path) -> None:
    with serve(tmp_path, scratch.superuser) as process:
        printed, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert printed == ""
    (line,) = said.splitlines()
    assert line.startswith(f"taskward: {REFUSED}the role of TASKWARD_DATABASE_URL is a superuser")


@pytest.mark.parametrize(
    ("said", "settings"),
    [
        ("The database has no tables yet: run ", {}),
        ("TASKWARD_UNSAFE_DATABASE_ROLE: ", {"UNSAFE_DATABASE_ROLE": "on"}),
    ],
)
def test_production_starts_neither_unmigrated_nor_with_the_flag(
    fresh_postgres_url: URL, tmp_path: Path, said: str, settings: dict[str, str]
) -> None:
    production = {"ENVIRONMENT": "production", "SECRET_KEYS": KEYS, "TRUSTED_PROXIES": "10.0.0.1"}
    with serve(tmp_path, fresh_postgres_url, **production, **settings) as process:
        printed, line = process.communicate(timeout=SECONDS)
    assert (process.returncode, printed) == (1, "")
    assert line.startswith(f"taskward: {said}")


def test_with_the_flag_it_starts_and_says_so_loudly(scratch: Ground, tmp_path: Path) -> None:
    port = free_port()
    with serve(tmp_path, scratch.superuser, UNSAFE_DATABASE_ROLE="on", PORT=str(port)) as process:
        wait_until_ready(process, f"http://127.0.0.1:{port}/readyz")
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=SECONDS)
    assert "TASKWARD_UNSAFE_DATABASE_ROLE is on: row-level security may not hold" in said


def wait_until_ready(process: "subprocess.Popen[str]", address: str) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(retries=8), trust_env=False, timeout=SECONDS) as http:
        while process.poll() is None:
            try:
                assert http.get(address).status_code == 200
            except httpx.ConnectError:
                continue
            return
    raise AssertionError(process.communicate())
