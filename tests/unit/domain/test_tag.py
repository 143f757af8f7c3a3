"""Tags: their names, and that a task has each one once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.tag import MOST_TAGS, TagName, distinct_tags
from tests.unit.builders import UNSTORABLE, few_examples


def named(*names: str) -> list[TagName]:
    return [TagName(name) for name in names]


@pytest.mark.parametrize("text", ["a", "a" * 100, "\N{PILE OF POO}" * 100, " a ", "two words", "\u200b"])
def test_a_tag_is_named_as_it_is_written(text: str) -> None:
    assert TagName(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "too_short"),
        ("a" * 101, "too_long"),
        ("\N{PILE OF POO}" * 101, "too_long"),
        (" ", "blank"),
        ("\t\n\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}", "blank"),
        *((character, "unstorable_character") for character in UNSTORABLE.values()),
    ],
)
def test_a_name_that_breaks_a_rule_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        TagName(text)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "A tag needs at least 1 character."),
        ("a" * 101, "A tag may have at most 100 characters."),
        (" ", "A tag needs at least one character that is not a blank."),
    ],
)
def test_a_refused_name_is_told_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        TagName(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(("one", "other"), [("Home", "hOME"), ("straße", "STRASSE"), ("\N{KELVIN SIGN}", "k")])
def test_names_that_differ_in_case_only_have_one_key(one: str, other: str) -> None:
    assert TagName(one).key == TagName(other).key


@pytest.mark.parametrize(("one", "other"), [("home", "home "), ("e", "\N{LATIN SMALL LETTER E WITH ACUTE}")])
def test_other_names_have_other_keys(one: str, other: str) -> None:
    assert TagName(one).key != TagName(other).key


def test_each_tag_counts_once_as_first_spelt_and_in_the_order_given() -> None:
    found = distinct_tags(named("Work", "home", "WORK", "Home", "art"))
    assert found == ("Work", "home", "art")
    assert all(isinstance(name, TagName) for name in found)


def test_no_tags_are_fine() -> None:
    assert distinct_tags([]) == ()


def test_tags_may_come_from_anything_that_can_be_walked_through_once() -> None:
    assert distinct_tags(iter(named("a", "b"))) == ("a", "b")


def test_fifty_tags_are_fine_however_often_they_are_named() -> None:
    names = named(*(f"tag {number}" for number in range(50)))
    assert distinct_tags(names * 2) == tuple(names)


def test_more_than_fifty_tags_are_refused() -> None:
    with pytest.raises(InvalidValue) as refused:
        distinct_tags(named(*(f"tag {number}" for number in range(51))))
    assert (refused.value.reason, refused.value.field) == ("too_many", "tags")
    assert str(refused.value) == "A task may have at most 50 tags."
    assert MOST_TAGS == 50


@few_examples
@given(st.lists(st.sampled_from(["a", "A", "b", "B", "ß", "ss", "SS", "c"]).map(TagName)))
def test_nothing_is_lost_and_nothing_is_there_twice(names: list[TagName]) -> None:
    found = distinct_tags(names)
    keys = [name.key for name in found]
    assert len(set(keys)) == len(keys)
    assert set(keys) == {name.key for name in names}
    assert distinct_tags(found) == found
