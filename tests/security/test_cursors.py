"""Cursors are opaque, and no client can make one or bend one."""

import base64
import string
from typing import Final

import pytest

from adapters.security.cursors import SignedCursors
from adapters.security.keys import Key, KeyRing
from domain.errors import CursorRefused

OLD: Final = Key("old", bytes(range(32)))
NEW: Final = Key("new", bytes(range(100, 132)))
CURSORS: Final = SignedCursors(KeyRing((NEW, OLD)))
POSITION: Final = "0190f000-0000-7000-8000-00000000000f"
BOUND_TO: Final = "somebody somewhere something"
CURSOR: Final = CURSORS.write(POSITION, bound_to=BOUND_TO)
ALPHABET: Final = string.ascii_letters + string.digits + "-_"


def raw(cursor: str) -> bytes:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def refused(cursor: str, *, by: SignedCursors = CURSORS, bound_to: str = BOUND_TO) -> None:
    with pytest.raises(CursorRefused):
        by.read(cursor, bound_to=bound_to)


@pytest.mark.parametrize("position", [POSITION, "", "1", "ü €😀", "a b", "x" * 1000])
@pytest.mark.parametrize("bound_to", [BOUND_TO, "", "ü €😀"])
def test_a_cursor_comes_back_as_its_position(position: str, bound_to: str) -> None:
    assert CURSORS.read(CURSORS.write(position, bound_to=bound_to), bound_to=bound_to) == position


def test_a_cursor_needs_no_escaping_in_a_url() -> None:
    assert set(CURSOR) <= set(ALPHABET)


def test_a_cursor_with_any_bit_flipped_is_refused() -> None:
    content = raw(CURSOR)
    for place in range(len(content) * 8):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        refused(text(bytes(flipped)))


@pytest.mark.parametrize("place", [0, 21, 22, len(CURSOR) - 2, len(CURSOR) - 1])
def test_a_cursor_with_any_other_character_is_refused(place: int) -> None:
    for other in set(ALPHABET) - {CURSOR[place]}:
        refused(CURSOR[:place] + other + CURSOR[place + 1 :])


@pytest.mark.parametrize("addition", ["!", "!!!!", " ", "\n", "=", "====", ".", "A", "AAAA", "é", "\x00", "\ud800"])
@pytest.mark.parametrize("place", [0, 30, len(CURSOR)])
def test_a_cursor_with_anything_added_is_refused(place: int, addition: str) -> None:
    refused(CURSOR[:place] + addition + CURSOR[place:])


@pytest.mark.parametrize("length", range(len(CURSOR)))
def test_a_shortened_cursor_is_refused(length: int) -> None:
    refused(CURSOR[:length])


@pytest.mark.parametrize(
    "bound_to", ["", BOUND_TO + " ", BOUND_TO[:-1], BOUND_TO.upper(), f"{POSITION} {BOUND_TO}", "somebody else"]
)
def test_a_cursor_is_bound_to_what_it_was_written_for(bound_to: str) -> None:
    refused(CURSOR, bound_to=bound_to)


def test_what_a_cursor_is_bound_to_cannot_pass_into_its_position() -> None:
    tag = raw(CURSORS.write("1", bound_to="2 3"))[:16]
    refused(text(tag + b"1 2"), bound_to="3")


def test_a_cursor_signed_with_another_key_is_refused() -> None:
    stranger = SignedCursors(KeyRing((Key("new", bytes(range(200, 232))),)))
    refused(stranger.write(POSITION, bound_to=BOUND_TO))
    refused(CURSOR, by=stranger)


def test_a_cursor_signed_with_an_older_key_still_counts_until_that_is_retired() -> None:
    older = SignedCursors(KeyRing((OLD,))).write(POSITION, bound_to=BOUND_TO)
    assert CURSORS.read(older, bound_to=BOUND_TO) == POSITION
    refused(older, by=SignedCursors(KeyRing((NEW,))))


def test_the_newest_key_signs() -> None:
    assert SignedCursors(KeyRing((NEW,))).read(CURSOR, bound_to=BOUND_TO) == POSITION


@pytest.mark.parametrize(
    "garbage",
    ["", "=", "A", "AAAA", "!!!!", "é", "\u202e", "\x00", "\ud800", POSITION, "A" * 10_000, text(b"\xff" * 40)],
)
def test_garbage_is_refused(garbage: str) -> None:
    refused(garbage)


def test_a_cursor_does_not_tell_what_it_is_bound_to() -> None:
    assert BOUND_TO.encode() not in raw(CURSOR)
