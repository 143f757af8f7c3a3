"""Many tasks in many spaces. The service makes some of each kind, and the database gets copies of their rows.

So whatever the service writes down beside a task, to find or to order it by, is there in the copies, too.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from benchmarks.bulk import Bulk, Row
from benchmarks.contenders.contender import PRIORITIES, email_of, new_task
from domain.time import microseconds

SMALL: Final = "small"
"""Whose space is as large in every database."""

LARGE: Final = "large"
"""Whose space has half of the tasks, up to 100,000."""

PATTERN: Final = "pattern"
"""Whose tasks and account are copied."""

RARE: Final = "zebra"
"""A word that one task in each of the two spaces has, the oldest one."""

TAGS: Final = ("home", "work", "garden")
_STATUSES: Final = ("pending", "in_progress", "pending", "completed")
_PATTERNS: Final = 48
_SMALL: Final = 200
_LARGEST: Final = 100_000
_ELSEWHERE: Final = 100
_FIRST: Final = datetime(2025, 1, 1, tzinfo=UTC)


def made_by_hand() -> Iterator[dict[str, Any]]:
    """The tasks that are copied: every priority with three statuses, tags, and dates on which they are due."""
    for number in range(_PATTERNS):
        due = _FIRST + timedelta(days=500 + number)
        yield new_task(number) | {
            "status": _STATUSES[number // len(PRIORITIES) % len(_STATUSES)],
            "tags": [TAGS[number % len(TAGS)]],
            "due_date": None if number % 2 else due.isoformat(),
        }


def sizes_of(total: int) -> dict[str, int]:
    """How many tasks the two spaces have that are asked; the others have the rest."""
    return {SMALL: _SMALL, LARGE: min(_LARGEST, total // 2)}


def fill(bulk: Bulk, total: int) -> None:
    """Add tasks to the two spaces, which have the rare one already, and then to others until they are so many."""
    pattern = space_of(bulk, PATTERN)
    tasks = bulk.rows("tasks", "space_id", pattern)
    sizes = sizes_of(total)
    for person, size in sizes.items():
        _add_tasks(bulk, tasks, [space_of(bulk, person)], size - 1)
    others = range((total - sum(sizes.values()) - len(tasks)) // _ELSEWHERE)
    spaces = [bulk.id(new_id(_FIRST)) for _ in others]
    _add_people(bulk, pattern, spaces)
    _add_tasks(bulk, tasks, spaces, _ELSEWHERE)


def space_of(bulk: Bulk, person: str) -> Any:
    """The id of somebody's space, as a row holds it."""
    (user,) = bulk.rows("users", "email", email_of(person))
    return user["id"]


def _add_people(bulk: Bulk, pattern: Any, spaces: Sequence[Any]) -> None:
    (user,), (space,), (membership,) = (
        bulk.rows(table, column, pattern)
        for table, column in (("users", "id"), ("spaces", "space_id"), ("memberships", "space_id"))
    )
    emails = (email_of(f"other-{number}") for number in range(len(spaces)))
    people = zip(spaces, emails, strict=True)
    bulk.add("users", ({**user, "id": one, "email": email, "email_key": email} for one, email in people))
    bulk.add("spaces", ({**space, "space_id": one} for one in spaces))
    bulk.add("memberships", ({**membership, "space_id": one, "user_id": one} for one in spaces))


def _add_tasks(bulk: Bulk, patterns: Sequence[Row], spaces: Sequence[Any], count: int) -> None:
    """Add so many copies to each space, a second apart."""
    bulk.add("tasks", (_copy(bulk, patterns, space, number) for space in spaces for number in range(count)))


def _copy(bulk: Bulk, patterns: Sequence[Row], space: Any, number: int) -> Row:
    at = _FIRST + timedelta(seconds=number)
    moment = bulk.moment(at)
    return {
        **patterns[number % len(patterns)],
        "space_id": space,
        "id": bulk.id(new_id(at)),
        "created_by": space,
        "created_at": moment,
        "updated_at": moment,
    }


def new_id(at: datetime) -> UUID:
    """An id as the service makes them at this moment: UUID version 7."""
    chance = random.getrandbits(74)
    milliseconds = microseconds(at) // 1000
    return UUID(int=milliseconds << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0b10 << 62 | chance & (1 << 62) - 1)
