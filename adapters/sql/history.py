"""Which revisions of the schema there are, by the names of their files: to read these takes a third of a second."""

from functools import cache
from pathlib import Path
from typing import Final

SCRIPTS: Final = Path(__file__).parents[2] / "alembic"


@cache
def revisions() -> tuple[str, ...]:
    """Every revision, the oldest first."""
    return tuple(sorted(file.name.partition("_")[0] for file in (SCRIPTS / "versions").glob("[0-9]*.py")))


def expected_revision() -> str:
    """The revision that this code needs."""
    return revisions()[-1]


def mismatch(found: str | None) -> str | None:
    """Why this code cannot work with a database at this revision, and what to do, in a sentence; None if it can."""
    expected = expected_revision()
    if found == expected:
        return None
    if found is None:
        return "The database has no tables yet: run 'taskward migrate'."
    if found in revisions():
        return f"The database is at revision {found}, this service needs {expected}: run 'taskward migrate'."
    return f"The database is at revision {found}, newer than this version ({expected}): start the newer version."
