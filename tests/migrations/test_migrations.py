"""The schema's history: up and down, all or nothing, one at a time, and at the end what the code thinks it is."""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, MetaData, create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from adapters.sql import history, migrations
from adapters.sql.history import SCRIPTS, expected_revision, revisions
from adapters.sql.migrations import current_revision, move, upgrade
from adapters.sql.tables import metadata
from domain.errors import Unavailable
from tests.migrations.databases import everything_in
from tests.support.postgres import execute

STEPS = list(zip(("base", *revisions()), revisions(), strict=False))
UNSPOKEN = ("policy ", "function ", "security ", "version ", "CREATE TRIGGER ")


def test_there_is_one_line_of_revisions() -> None:
    assert len(revisions()) >= 2
    assert expected_revision() == revisions()[-1]
    walked = ScriptDirectory(str(SCRIPTS)).walk_revisions()
    assert [script.revision for script in walked] == list(reversed(revisions())), "files are named by their revisions"


async def test_each_revision_goes_up_down_and_up(fresh_url: URL) -> None:
    empty = await everything_in(fresh_url)
    assert empty == []
    for before, after in STEPS:
        at_before = await everything_in(fresh_url)
        await move(fresh_url, after)
        at_after = await everything_in(fresh_url)
        assert at_after != at_before
        assert await current_revision(fresh_url) == after
        await move(fresh_url, before)
        assert await everything_in(fresh_url) == at_before
        await move(fresh_url, after)
        assert await everything_in(fresh_url) == at_after
    await move(fresh_url, "base")
    assert await everything_in(fresh_url) == empty


async def test_all_at_once_leads_where_the_steps_lead(fresh_url: URL) -> None:
    for _, after in STEPS:
        await move(fresh_url, after)
    by_steps = await everything_in(fresh_url)
    await move(fresh_url, "base")
    await upgrade(fresh_url)
    assert await everything_in(fresh_url) == by_steps


async def test_an_upgrade_may_be_repeated(fresh_url: URL) -> None:
    await upgrade(fresh_url)
    once = await everything_in(fresh_url)
    await upgrade(fresh_url)
    assert await everything_in(fresh_url) == once


async def test_what_the_driver_understands_of_a_url_a_migration_understands(fresh_postgres_url: URL) -> None:
    await upgrade(fresh_postgres_url.update_query_dict({"sslmode": "disable"}))
    assert await current_revision(fresh_postgres_url) == expected_revision()


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


async def test_the_tables_are_what_the_code_thinks_they_are(fresh_url: URL) -> None:
    await upgrade(fresh_url)
    if fresh_url.drivername == "sqlite":
        engine = create_engine(fresh_url, poolclass=NullPool)
        with engine.connect() as connection:
            found = [difference for difference in _differences(connection) if not _is_a_type(difference)]
    else:
        found = await _on_postgres(fresh_url, _differences)
    assert found == []


def _is_a_type(difference: Any) -> bool:
    """SQLite's types are compared by the test below: the library cannot tell ours from one another."""
    return isinstance(difference, list) and all(change[0] == "modify_type" for change in difference)


async def _on_postgres(url: URL, work: Callable[[Connection], Any]) -> Any:
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    async with engine.connect() as connection:
        return await connection.run_sync(work)


async def test_the_tables_are_those_that_the_code_itself_would_make(fresh_url: URL, tmp_path: Path) -> None:
    """Whatever a comparison of parts overlooks: checks, STRICT, conditions of indexes, names."""
    await upgrade(fresh_url)
    migrated = await everything_in(fresh_url)
    await move(fresh_url, "base")
    if fresh_url.drivername == "sqlite":
        engine = create_engine(f"sqlite:///{tmp_path / 'made.db'}", poolclass=NullPool)
        metadata.create_all(engine)
        made = await everything_in(fresh_url.set(database=str(tmp_path / "made.db")))
    else:
        await _make_all(fresh_url, metadata)
        made = await everything_in(fresh_url)
    assert _of_tables(migrated) ^ _of_tables(made) == set()


async def _make_all(url: URL, tables: MetaData) -> None:
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(tables.create_all)


def _of_tables(lines: list[str]) -> set[str]:
    """What the metadata speaks of: no policies, functions or triggers, nor in which order a table lists its parts."""
    spoken_of = [line for line in lines if not line.startswith(UNSPOKEN)]
    return {" ".join(sorted(line.replace(",", " , ").split())) for line in spoken_of}


def test_every_table_of_sqlite_is_strict(tmp_path: Path) -> None:
    url = URL.create("sqlite", database=str(tmp_path / "taskward.db"))
    asyncio.run(upgrade(url))
    with closing(sqlite3.connect(tmp_path / "taskward.db")) as file:
        tables = {name: strict for _, name, kind, _, _, strict in file.execute("PRAGMA table_list") if kind == "table"}
    ours = {name: strict for name, strict in tables.items() if name in metadata.tables}
    assert ours == dict.fromkeys(metadata.tables, 1)


class TestAMigrationThatFails:
    """Nothing of it stays."""

    @pytest.fixture
    def scripts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The history, in a folder where more can be added to it."""
        folder = tmp_path / "alembic"
        shutil.copytree(history.SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        for module in (history, migrations):
            monkeypatch.setattr(module, "SCRIPTS", folder)
        revisions.cache_clear()
        return folder

    @pytest.fixture(autouse=True)
    def _forget(self) -> Any:
        yield
        revisions.cache_clear()

    def add(self, scripts: Path, revision: str, *statements: str, after: str) -> None:
        lines = "\n".join(f"    op.execute({statement!r})" for statement in statements)
        (scripts / "versions" / f"{revision}_more.py").write_text(
            f"from alembic import op\n\nrevision = {revision!r}\ndown_revision = {after!r}\n\n\n"
            f"def upgrade():\n{lines}\n\n\ndef downgrade():\n{lines}\n"
        )
        revisions.cache_clear()

    async def test_on_an_existing_database_leaves_it_as_it_was(self, fresh_url: URL, scripts: Path) -> None:
        last = revisions()[-1]
        await upgrade(fresh_url)
        before = await everything_in(fresh_url)
        self.add(scripts, "8001", "CREATE TABLE fine (id integer)", after=last)
        self.add(
            scripts,
            "8002",
            "CREATE TABLE half (id integer)",
            "INSERT INTO half VALUES (1)",
            "SELECT nonsense FROM nowhere",
            after="8001",
        )
        with pytest.raises(Exception, match=r".") as failed:
            await upgrade(fresh_url)
        assert isinstance(failed.value, Unavailable)
        assert await everything_in(fresh_url) == before
        assert await current_revision(fresh_url) == last

    async def test_on_an_empty_database_leaves_it_empty(self, fresh_url: URL, scripts: Path) -> None:
        self.add(scripts, "8001", "CREATE TABLE half (id integer)", "nonsense", after=revisions()[-1])
        with pytest.raises(Unavailable):
            await upgrade(fresh_url)
        assert await everything_in(fresh_url) == []
        assert await current_revision(fresh_url) is None

    async def test_on_the_way_down_leaves_it_as_it_was(self, fresh_url: URL, scripts: Path) -> None:
        self.add(scripts, "8001", "SELECT 1", after=revisions()[-1])
        await upgrade(fresh_url)
        before = await everything_in(fresh_url)
        file = scripts / "versions" / "8001_more.py"
        file.write_text(file.read_text().replace("def downgrade():", "def downgrade():\n    op.execute('nonsense')"))
        with pytest.raises(Unavailable):
            await move(fresh_url, "base")
        assert await everything_in(fresh_url) == before

    async def test_the_next_one_works(self, fresh_url: URL, scripts: Path) -> None:
        self.add(scripts, "8001", "nonsense", after=revisions()[-1])
        with pytest.raises(Unavailable):
            await upgrade(fresh_url)
        self.add(scripts, "8001", "CREATE TABLE fine (id integer)", after=revisions()[-2])
        await upgrade(fresh_url)
        assert await current_revision(fresh_url) == "8001"


async def test_two_at_once_do_the_work_once(fresh_url: URL) -> None:
    """In two processes, as two hosts do that start the same new version."""
    program = (
        "import asyncio, sys; from sqlalchemy import make_url; from adapters.sql.migrations import upgrade; "
        "asyncio.run(upgrade(make_url(sys.argv[1])))"
    )
    command = [sys.executable, "-c", program, fresh_url.render_as_string(hide_password=False)]
    started = [await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE) for _ in range(2)]
    said = [(await process.communicate())[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    assert await current_revision(fresh_url) == expected_revision()


async def test_several_at_once_in_one_process_do_the_work_once(fresh_postgres_url: URL) -> None:
    await asyncio.gather(*(upgrade(fresh_postgres_url) for _ in range(5)))
    assert await current_revision(fresh_postgres_url) == expected_revision()


@pytest.mark.parametrize("revision", ["nonsense", "9999", "head+1", "-1", ""])
async def test_a_revision_that_there_is_not_changes_nothing(revision: str, fresh_sqlite_url: URL) -> None:
    await upgrade(fresh_sqlite_url)
    before = await everything_in(fresh_sqlite_url)
    with pytest.raises(LookupError):
        await move(fresh_sqlite_url, revision)
    assert await everything_in(fresh_sqlite_url) == before


async def test_a_database_that_is_not_there_is_unavailable(postgres_server: URL, tmp_path: Path) -> None:
    for url in (
        postgres_server.set(database="taskward_gone"),
        URL.create("sqlite", database=str(tmp_path / "gone" / "taskward.db")),
    ):
        with pytest.raises(Unavailable):
            await upgrade(url)
        with pytest.raises(Unavailable):
            await current_revision(url)


async def test_what_is_in_the_tables_outlives_a_migration_that_is_not_about_it(fresh_url: URL) -> None:
    await upgrade(fresh_url)
    statement = "INSERT INTO spaces (space_id, created_at) VALUES "
    if fresh_url.drivername == "sqlite":
        with closing(sqlite3.connect(fresh_url.database or "")) as file:
            file.execute(f"{statement} (x'{'00' * 16}', 0)")
            file.commit()
    else:
        await execute(fresh_url, f"{statement} ('{'0' * 32}', now())")
    await move(fresh_url, revisions()[0])
    await upgrade(fresh_url)
    if fresh_url.drivername == "sqlite":
        with closing(sqlite3.connect(fresh_url.database or "")) as file:
            assert file.execute("SELECT count(*) FROM spaces").fetchone() == (1,)
    else:
        await execute(fresh_url, "DO $$ BEGIN ASSERT (SELECT count(*) FROM spaces) = 1; END $$")


async def test_no_id_comes_from_a_sequence(fresh_url: URL) -> None:
    """Whoever sees an id learns nothing of how many others there are, in whosever space."""
    await upgrade(fresh_url)
    lines = " ".join(await everything_in(fresh_url)).lower()
    assert not [word for word in ("sequence ", "nextval", "identity", "autoincrement", "serial") if word in lines]
    for table in metadata.sorted_tables:
        assert not [column.name for column in table.primary_key if column.default or column.server_default], table.name
