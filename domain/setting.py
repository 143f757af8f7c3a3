"""Settings: what a space keeps under keys of its own choice."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any, Final, Self

from domain.access import Access, Permission
from domain.errors import InvalidValue
from domain.ids import SpaceId, UserId
from domain.place import Place
from domain.text import checked_text
from domain.time import not_before

LARGEST_VALUE: Final = 64 * 1024
DEEPEST_VALUE: Final = 32
LONGEST_KEY: Final = 100
KEY_PATTERN: Final = f"[A-Za-z0-9._-]{{1,{LONGEST_KEY}}}"
KEY_RULE: Final = "1 to 100 letters, digits, '.', '_' and '-', and is neither '.' nor '..'."
_KEY: Final = re.compile(KEY_PATTERN)
_DOT_SEGMENTS: Final = frozenset({".", ".."})
"""Keys stand in paths, where these two never arrive (RFC 3986, section 5.2.4)."""


class SettingKey(str):
    """What a setting is found by: ASCII that fits ``KEY_PATTERN`` and is no dot segment. Raises InvalidValue."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if text in _DOT_SEGMENTS or len(text) > LONGEST_KEY or not _KEY.fullmatch(text):
            raise InvalidValue("not_a_key", f"A key has {KEY_RULE}", field="key")
        return super().__new__(cls, text)


NO_KEY: Final = str.__new__(SettingKey, "")
"""The key that no setting ever has."""


def read_key(text: str) -> SettingKey:
    """Read a key that a caller wrote to find something. What no key can be is ``NO_KEY``, and finds nothing."""
    try:
        return SettingKey(text)
    except InvalidValue:
        return NO_KEY


class SettingValue(str):
    """A value as JSON text: at most 64 KiB in UTF-8, nested 32 deep, without NaN. Raises InvalidValue."""

    __slots__ = ()

    @classmethod
    def of(cls, value: Any) -> Self:
        """Write down what JSON can say: None, truth, numbers, text, lists, and objects with text for names."""
        _measure(value, DEEPEST_VALUE, LARGEST_VALUE)
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        except ValueError as error:
            raise InvalidValue("not_finite", "NaN and Infinity are no numbers in JSON.") from error
        if len(text.encode()) > LARGEST_VALUE:
            raise _too_large()
        return cls(text)


def _measure(value: Any, deeper: int, room: int) -> int:
    """Return how much of ``room`` is left after the characters that the value takes as JSON at least.

    Raises InvalidValue as soon as the room is used up, for text that cannot be stored, and for a value that is nested
    too deep. So no more of a value is read than could be stored.
    """
    if isinstance(value, str):
        checked_text(value, what="A value", shortest=0, longest=LARGEST_VALUE)
        room -= len(value) + 2
    elif isinstance(value, list | dict):
        if deeper == 0:
            raise InvalidValue("too_deep", f"A value may be nested {DEEPEST_VALUE} deep at most.")
        room -= len(value) + 1
        for part in _parts(value) if room >= 0 else ():
            room = _measure(part, deeper - 1, room)
    else:
        room -= 1
    if room < 0:
        raise _too_large()
    return room


def _parts(value: list[Any] | dict[str, Any]) -> Iterator[Any]:
    return chain(value, value.values()) if isinstance(value, dict) else iter(value)


def _too_large() -> InvalidValue:
    return InvalidValue("too_long", "A value may have at most 64 KiB as JSON.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value of a space. Immutable: a change returns a new setting with the next version."""

    space_id: SpaceId
    key: SettingKey
    value: SettingValue
    created_by: UserId
    version: int = 1
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(cls, key: SettingKey, value: SettingValue, *, by: Access, at: datetime) -> Self:
        """Make a setting in the space of ``by``. Whoever manages the space may; raises RoleTooLow otherwise."""
        by.require(Permission.MANAGE_SPACE)
        return cls(space_id=by.space_id, key=key, value=value, created_by=by.user_id, created_at=at, updated_at=at)

    @property
    def place(self) -> Place:
        """Where it stands among the settings of its space, which come by key."""
        return Place(self.key)

    def change(self, value: SettingValue, *, by: Access, at: datetime) -> Self:
        """Give it another value. Whoever manages the space may; raises RoleTooLow. Returns itself for the same."""
        by.require(Permission.MANAGE_SPACE)
        at = not_before(self.updated_at, at)
        return self if value == self.value else replace(self, value=value, version=self.version + 1, updated_at=at)
