"""JSON is read as deep as bodies go, and no deeper: the stack of the process is not the client's."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.errors import InvalidValue
from entrypoints.http import bodies
from entrypoints.http.bodies import read_json
from entrypoints.http.problems import MalformedBody

DEEPEST = 100
AWKWARD = some.text('[]{}"\\,: aé', max_size=40)
VALUES = some.recursive(
    AWKWARD | some.integers() | some.booleans() | some.none(),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(AWKWARD, inner, max_size=4),
)


def nested(depth: int, inner: str = "") -> bytes:
    return f"{'[' * depth}{inner}{']' * depth}".encode()


def depth_of(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if parts is None else 1 + max(map(depth_of, parts), default=0)


def members_of(value: Any) -> int:
    """The arrays and objects of a value, and their members but the first of each."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if parts is None else 1 + max(len(parts) - 1, 0) + sum(map(members_of, parts))


def test_a_body_is_nested_so_deep_at_most() -> None:
    assert depth_of(read_json(nested(DEEPEST))) == DEEPEST
    with pytest.raises(MalformedBody):
        read_json(nested(DEEPEST + 1))
    objects = b'{"a":' * DEEPEST + b"%s" + b"}" * DEEPEST
    assert depth_of(read_json(objects % b"1")) == DEEPEST
    with pytest.raises(MalformedBody):
        read_json(objects % b"[]")


def test_what_is_side_by_side_is_not_deep() -> None:
    assert len(read_json(b"[" + b",".join([b"[{}]"] * 5 * DEEPEST) + b"]")) == 5 * DEEPEST


@pytest.mark.parametrize("text", ["[" * 500, '"' + "[" * 500, "\\" + "{" * 500, '\\"]' + "[" * 500, "\u2028" * 300])
def test_brackets_in_text_open_nothing(text: str) -> None:
    assert read_json(json.dumps([text, {text: text}]).encode()) == [text, {text: text}]


def test_text_that_does_not_end_is_malformed_whatever_is_in_it() -> None:
    with pytest.raises(MalformedBody):
        read_json(b'["' + b"[" * 500)
    with pytest.raises(MalformedBody):
        read_json(b"[]" * 101 + b'"' + b'\\"' * 500_000)  # Going back to each of them would take for ever.


def test_too_much_is_refused_before_the_stack_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_STRICT_JSON", None)
    for body in (nested(sys.getrecursionlimit()), b"[" * 100_000, b'[{"a":' * 100_000):
        with pytest.raises(MalformedBody):
            read_json(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[1,2,3,4]",
        b'{"a":1,"b":2,"c":3,"d":4}',
        b"[[],[],[]]",
        b'[[1,2],"",""]',
        b'["]","}",",","\\"",""]',
        b'""' * 40 + b"," * 4,
    ],
    ids=["array", "object", "arrays", "nested", "brackets in text", "texts"],
)
def test_members_are_counted_before_anything_is_parsed(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_STRICT_JSON", None)
    with pytest.raises(InvalidValue) as refused:
        read_json(body, 3)
    assert (refused.value.reason, str(refused.value)) == ("too_many", "This body may have at most 3 members in all.")


@pytest.mark.parametrize("value", [[1, 2, 3], {"a": 1, "b": 2}, ["[[[[", ",,,,", '"' * 30], [[], 1], {",,,,\\": "[]"}])
def test_commas_and_brackets_in_text_are_no_members(value: Any) -> None:
    assert read_json(json.dumps(value).encode(), 3) == value


@given(VALUES)
def test_members_are_counted_as_they_are(value: Any) -> None:
    members = members_of(value)
    assert read_json(json.dumps(value).encode(), members) == value
    if members:
        with pytest.raises(InvalidValue):
            read_json(json.dumps(value).encode(), members - 1)


@given(VALUES, some.booleans())
def test_what_is_not_too_deep_is_read_as_it_is(value: Any, in_ascii: bool) -> None:  # noqa: FBT001 - drawn
    assert depth_of(value) <= DEEPEST
    assert read_json(json.dumps(value, ensure_ascii=in_ascii).encode()) == value


@given(VALUES)
def test_depth_is_counted_as_it_is(value: Any) -> None:
    depth = depth_of(value)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bodies, "_DEEPEST", depth)
        assert read_json(json.dumps(value).encode()) == value
        patched.setattr(bodies, "_DEEPEST", depth - 1)
        if depth:
            with pytest.raises(MalformedBody):
                read_json(json.dumps(value).encode())
