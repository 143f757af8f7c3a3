"""Documents that were there before their content was moved to the end of the rows."""

from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from uuid import UUID

from sqlalchemy import URL

from adapters.sql.migrations import move, upgrade

WHAT = "SELECT hex(space_id), hex(id), title, content, hex(created_by), version, created_at, updated_at FROM documents"


async def test_documents_outlive_the_move_of_their_content_and_the_way_back(fresh_sqlite_url: URL) -> None:
    await move(fresh_sqlite_url, "0021")
    file = Path(str(fresh_sqlite_url.database))
    space, person = UUID(int=1).bytes, UUID(int=2).bytes
    with closing(connect(file)) as raw:
        raw.execute("INSERT INTO spaces (space_id, created_at) VALUES (?, 1)", [space])
        for number, content in enumerate((None, "", "long " * 20_000), start=3):
            raw.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [space, UUID(int=number).bytes, f"title {number}", content, person, number, number * 10, number * 11],
            )
        raw.commit()
    before = rows(file)
    assert len(before) == 3
    await upgrade(fresh_sqlite_url)
    assert rows(file) == before
    assert columns(file)[-1] == "content"
    await move(fresh_sqlite_url, "0021")
    assert rows(file) == before
    assert columns(file)[-1] == "updated_at"


def rows(file: Path) -> list[tuple[object, ...]]:
    with closing(connect(file)) as raw:
        return raw.execute(WHAT).fetchall()


def columns(file: Path) -> list[str]:
    with closing(connect(file)) as raw:
        return [row[1] for row in raw.execute("PRAGMA table_info(documents)")]
