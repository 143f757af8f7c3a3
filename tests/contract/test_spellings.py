"""How tags are spelt, as far as a process remembers it."""

from typing import Final

from adapters.sql.spellings import Spellings
from domain.ids import SpaceId
from domain.tag import TagName
from tests.support.people import new_id

HERE, THERE = SpaceId(new_id()), SpaceId(new_id())
WORK, HOME, JOB = map(TagName, ("Work", "Home", "Job"))
ASKED: Final = [TagName("WORK"), TagName("home")]


def test_all_that_is_asked_is_recalled_in_the_order_of_its_keys_or_nothing() -> None:
    spellings = Spellings()
    spellings.remember(HERE, [WORK])
    assert spellings.recall(HERE, ASKED) is None
    spellings.remember(HERE, [HOME])
    assert spellings.recall(HERE, ASKED) == [HOME, WORK]
    assert spellings.recall(THERE, ASKED) is None


def test_what_was_seen_last_is_recalled_until_it_is_forgotten() -> None:
    spellings = Spellings()
    spellings.remember(HERE, [WORK, HOME])
    spellings.remember(HERE, [TagName("wORK")])
    assert spellings.recall(HERE, ASKED) == [HOME, "wORK"]
    spellings.forget(HERE, [WORK, JOB])
    assert spellings.recall(HERE, ASKED) is None
    assert spellings.recall(HERE, [HOME]) == [HOME]


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    spellings = Spellings(room=2)
    spellings.remember(HERE, [WORK, HOME, JOB])
    assert [spellings.recall(HERE, [name]) for name in (WORK, HOME, JOB)] == [None, None, [JOB]]
