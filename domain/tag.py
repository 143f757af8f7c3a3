"""Tags: the words that tasks are sorted by."""

from collections.abc import Iterable
from typing import Final, Self

from domain.errors import InvalidValue
from domain.text import checked_text

MOST_TAGS: Final = 50


class TagName(str):
    """What a tag is called: 1 to 100 characters, not only blanks. Raises InvalidValue."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        checked = checked_text(text, what="A tag", shortest=1, longest=100)
        if checked.isspace():
            raise InvalidValue("blank", "A tag needs at least one character that is not a blank.")
        return super().__new__(cls, checked)

    @property
    def key(self) -> str:
        """The name without regard to case: unique in a space."""
        return self.casefold()


def distinct_tags(names: Iterable[TagName]) -> tuple[TagName, ...]:
    """Each tag once, in the order given and as first spelt. Raises InvalidValue for more than 50."""
    first_spelt: dict[str, TagName] = {}
    for name in names:
        first_spelt.setdefault(name.key, name)
    if len(first_spelt) > MOST_TAGS:
        raise InvalidValue("too_many", f"A task may have at most {MOST_TAGS} tags.", field="tags")
    return tuple(first_spelt.values())
