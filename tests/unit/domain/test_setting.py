"""Settings: their keys, and values that are JSON."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from domain.access import Role
from domain.errors import InvalidValue, RoleTooLow
from domain.setting import DEEPEST_VALUE, LARGEST_VALUE, NO_KEY, Setting, SettingKey, SettingValue, read_key
from tests.unit.builders import LATER, NOON, UNSTORABLE, access


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def reason_of(value: Any) -> str:
    with pytest.raises(InvalidValue) as refused:
        SettingValue.of(value)
    return refused.value.reason


@pytest.mark.parametrize("text", ["a", "A.b_c-9", ".a", "..a", "...", "." * 100])
def test_a_key_is_letters_digits_and_a_few_signs(text: str) -> None:
    assert SettingKey(text) == read_key(text) == text


@pytest.mark.parametrize("text", ["", "a" * 101, "a b", "a/b", "\u00e9", "a\n", "\x00", ".", ".."])
def test_anything_else_is_no_key_and_finds_nothing(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        SettingKey(text)
    assert (refused.value.reason, refused.value.field) == ("not_a_key", "key")
    assert str(refused.value) == "A key has 1 to 100 letters, digits, '.', '_' and '-', and is neither '.' nor '..'."
    assert read_key(text) is NO_KEY


@pytest.mark.parametrize("value", [None, True, 0, 2**70, 1.5, "text", [], {}, {"a": [1, {"b": None}]}, "\u00e9"])
def test_any_json_is_a_value(value: Any) -> None:
    assert json.loads(SettingValue.of(value)) == value


def test_a_value_is_written_without_blanks_and_escapes() -> None:
    assert SettingValue.of({"a": [1, "\u00e9"]}) == '{"a":[1,"\u00e9"]}'


@pytest.mark.parametrize("value", [math.nan, math.inf, [-math.inf]])
def test_what_is_no_number_in_json_is_refused(value: Any) -> None:
    assert reason_of(value) == "not_finite"


@pytest.mark.parametrize("text", UNSTORABLE.values())
def test_text_that_cannot_be_stored_is_refused_however_deep(text: str) -> None:
    for value in (text, [text], {text: 1}, {"a": {"b": [text]}}):
        assert reason_of(value) == "unstorable_character"


def test_a_value_has_at_most_64_kib() -> None:
    assert LARGEST_VALUE == 65_536
    assert len(SettingValue.of("x" * (LARGEST_VALUE - 2))) == LARGEST_VALUE
    assert reason_of("x" * (LARGEST_VALUE - 1)) == "too_long"
    assert reason_of("\u00e9" * (LARGEST_VALUE // 2)) == "too_long"


def test_a_value_is_nested_32_deep_at_most() -> None:
    assert DEEPEST_VALUE == 32
    assert SettingValue.of(nested(32)) == "[" * 32 + "]" * 32
    assert reason_of(nested(33)) == "too_deep"
    assert reason_of({"a": nested(32)}) == "too_deep"


@pytest.mark.parametrize("role", Role)
def test_only_who_manages_a_space_writes_its_settings(role: Role) -> None:
    key, value = SettingKey("a"), SettingValue.of(1)
    by = access(role)
    if role in {Role.VIEWER, Role.MEMBER}:
        with pytest.raises(RoleTooLow):
            Setting.create(key, value, by=by, at=NOON)
        with pytest.raises(RoleTooLow):
            Setting.create(key, value, by=access(), at=NOON).change(value, by=by, at=NOON)
        return
    made = Setting.create(key, value, by=by, at=NOON)
    assert made.change(SettingValue.of(1), by=by, at=LATER) is made
    other = SettingValue.of(2)
    assert made.change(other, by=by, at=LATER) == replace(made, value=other, version=2, updated_at=LATER)
