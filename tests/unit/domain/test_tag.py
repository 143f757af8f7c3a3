"""Tags: their names, and that a task has each one once."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Role
from domain.errors import InvalidValue, RoleTooLow
from domain.ids import TagId
from domain.tag import MOST_TAGS, Color, Tag, TagName, distinct_tags
from tests.unit.builders import ANN, BEN, HOME, LATER, NOON, UNSTORABLE, access, few_examples


def named(*names: str) -> list[TagName]:
    return [TagName(name) for name in names]


FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
RAINBOW = "\N{WAVING WHITE FLAG}\ufe0f\u200d\N{RAINBOW}"
HEART = "\N{HEAVY BLACK HEART}\ufe0f"
PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"


@pytest.mark.parametrize(
    "text", ["a", "a" * 100, "\N{PILE OF POO}" * 100, "two words", FAMILY, PERSIAN, HEART, "\u00e1\u0315"]
)
def test_a_tag_is_named_as_it_is_written(text: str) -> None:
    assert TagName(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "too_short"),
        ("a" * 101, "too_long"),
        ("\N{PILE OF POO}" * 101, "too_long"),
        (" ", "blank"),
        ("\u2800", "blank"),
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


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" vue", "vue"),
        ("vue\u00a0", "vue"),
        ("vue\t", "vue"),
        ("\r\nvue\u2028", "vue"),
        ("two  words", "two words"),
        ("two\t\n\u3000words", "two words"),
        ("two\u0085words ", "two words"),
    ],
)
def test_white_space_is_trimmed_and_collapsed(text: str, name: str) -> None:
    assert TagName(text) == name


@pytest.mark.parametrize(
    "text",
    [
        *(
            "\x01",
            "\x1b[1m",
            "a\x1cb",
            "a\x7f",
            "a\x9f",
            "a\u00adb",
            "\u200b",
            "vue\u200b",
            "a\u202eb",
            "a\u2066b",
            "\ufeffa",
        ),
        *("\u3164", "a\uffa0", "a\u115f", "\U000e0041a", "a\ufe00", "a\ufff0"),
        *(
            "\u200da",
            "a\u200d",
            "a \u200db",
            "a\u200d b",
            "a\u200d\u200db",
            "\ufe0fa",
            "a\ufe0f\ufe0f",
            "a\u200c\ufe0fb",
            " \ufe0f",
        ),
        "a\u2800\u200db",
    ],
)
def test_what_cannot_be_seen_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        TagName(text)
    assert refused.value.reason == "invisible_character"
    assert str(refused.value) == "A tag may not hold characters that cannot be seen."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FAMILY, FAMILY.replace("\u200d", "")),
        (RAINBOW, "\N{WAVING WHITE FLAG}\N{RAINBOW}"),
        (HEART, HEART[:1]),
        (HEART, HEART[:1] + "\ufe0e"),
        (PERSIAN, PERSIAN.replace("\u200c", "")),
    ],
)
def test_joiners_and_variation_selectors_do_not_tell_names_apart(one: str, other: str) -> None:
    assert TagName(one).key == TagName(other).key
    assert TagName(one) != TagName(other)


@pytest.mark.parametrize(("one", "other"), [("Home", "hOME"), ("straße", "STRASSE"), ("\N{KELVIN SIGN}", "k")])
def test_names_that_differ_in_case_only_have_one_key(one: str, other: str) -> None:
    assert TagName(one).key == TagName(other).key


@pytest.mark.parametrize(("one", "other"), [("home", "ho me"), ("e", "\N{LATIN SMALL LETTER E WITH ACUTE}")])
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


def test_tags_may_not_be_named_any_number_of_times() -> None:
    assert distinct_tags(named("a") * 1000) == ("a",)
    with pytest.raises(InvalidValue) as refused:
        distinct_tags(named("a") * 1001)
    assert refused.value.reason == "too_many"


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


def test_names_that_look_the_same_are_the_same_and_kept_composed() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert TagName(decomposed) == composed
    assert TagName(decomposed.upper()).key == TagName(composed).key
    assert TagName("e\u0301" * 100) == "\u00e9" * 100


@given(st.text(min_size=1, max_size=20).filter(lambda text: not set(text) & set(UNSTORABLE.values())))
@few_examples
def test_a_name_is_stable_once_it_is_kept(text: str) -> None:
    try:
        name = TagName(text)
    except InvalidValue:
        return
    assert TagName(name) == name
    assert TagName(name).key == name.key


def test_a_color_is_six_digits_in_lower_case() -> None:
    assert Color("#1E90ff") == "#1e90ff"
    for text in (
        "",
        "red",
        "#12345",
        "#1234567",
        "#12345g",
        "123456",
        "#\u0661\u0662\u0663\u0664\u0665\u0666",
        "#123456\n",
    ):
        with pytest.raises(InvalidValue) as refused:
            Color(text)
        assert refused.value.reason == "not_a_color"
        assert str(refused.value) == "Write a colour as '#' and six hexadecimal digits: '#1e90ff'."


ID = TagId(UUID("0190e000-0000-7000-8000-00000000000e"))


def a_tag() -> Tag:
    return Tag.create({"name": TagName("Work"), "color": Color("#000000")}, id=ID, by=access(), at=NOON)


def test_a_tag_is_made_in_the_space_of_its_maker() -> None:
    tag = a_tag()
    assert (tag.space_id, tag.created_by, tag.color, tag.version, tag.name_key) == (HOME, ANN, "#000000", 1, "work")
    assert Tag.create({"name": TagName("a")}, id=ID, by=access(), at=NOON).color is None


def test_a_change_leaves_out_what_is_left_out() -> None:
    tag = a_tag()
    assert tag.change({}, by=access(), at=LATER) is tag
    assert tag.change({"color": None}, by=access(), at=LATER) == replace(tag, color=None, version=2, updated_at=LATER)


def test_viewers_change_nothing_and_members_delete_their_own() -> None:
    tag, viewer = a_tag(), access(Role.VIEWER)
    for refused in (
        lambda: Tag.create({"name": TagName("x")}, id=ID, by=viewer, at=NOON),
        lambda: tag.change({}, by=viewer, at=NOON),
        lambda: tag.require_deletion(by=viewer),
        lambda: tag.require_deletion(by=access(Role.MEMBER, user_id=BEN)),
    ):
        with pytest.raises(RoleTooLow):
            refused()
    tag.require_deletion(by=access(Role.MEMBER))
    tag.require_deletion(by=access(Role.ADMIN, user_id=BEN))
