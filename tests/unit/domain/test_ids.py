"""Ids as callers write them."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import NOBODY, personal_space, read_id
from tests.unit.builders import ANN, few_examples

WRITTEN = "0190abcd-ef01-7234-8567-89abcdef0123"
MEANT = UUID(WRITTEN)


@pytest.mark.parametrize("text", [WRITTEN, WRITTEN.upper(), "0190ABCD-ef01-7234-8567-89abcdef0123"])
def test_an_id_is_read_in_either_case(text: str) -> None:
    assert read_id(text) == MEANT


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("nobody", id="a word"),
        pytest.param(f"{{{WRITTEN}}}", id="braces"),
        pytest.param(f"urn:uuid:{WRITTEN}", id="urn"),
        pytest.param(WRITTEN.replace("-", ""), id="no hyphens"),
        pytest.param("0190abcde-f01-7234-8567-89abcdef0123", id="a misplaced hyphen"),
        pytest.param(WRITTEN.replace("-", "--"), id="too many hyphens"),
        pytest.param(WRITTEN[:-1], id="too short"),
        pytest.param(f"{WRITTEN}0", id="too long"),
        pytest.param(f" {WRITTEN}", id="a blank before"),
        pytest.param(f"{WRITTEN}\n", id="a line end after"),
        pytest.param(WRITTEN.replace("-7234-", "-7_34-"), id="an underscore"),
        pytest.param(WRITTEN.replace("0190", "\uff10190"), id="a full-width digit"),
        pytest.param(WRITTEN.replace("0190", "\u0660190"), id="an Arabic digit"),
        pytest.param(WRITTEN.replace("0190", "+190"), id="a sign"),
        pytest.param(WRITTEN.replace("0190", "0x90"), id="a prefix"),
        pytest.param(WRITTEN.replace("a", "g"), id="a letter too far"),
        pytest.param(WRITTEN.replace("0190", "\ud800190"), id="a lone surrogate"),
        pytest.param(WRITTEN.replace("0190", "\x00190"), id="NUL"),
        pytest.param("1" * 10_000, id="far too long"),
    ],
)
def test_what_is_not_spelt_as_an_id_is_nobodys(text: str) -> None:
    assert read_id(text) == NOBODY


def test_the_nil_id_is_nobodys() -> None:
    assert read_id("00000000-0000-0000-0000-000000000000") == NOBODY
    assert NOBODY.int == 0


@few_examples
@given(st.uuids())
def test_every_id_is_read_as_it_is_written(id_: UUID) -> None:
    assert read_id(str(id_)) == id_


@few_examples
@given(st.text(alphabet="09afAF-{}_ \u0660\uff10", min_size=30, max_size=40) | st.text())
def test_whatever_is_written_is_an_id_or_nobodys(text: str) -> None:
    found = read_id(text)
    assert found == NOBODY or str(found) == text.lower()


def test_a_personal_space_has_the_id_of_its_person() -> None:
    assert personal_space(ANN) == ANN
