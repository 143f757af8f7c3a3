"""Documents: what they hold, and who may change them."""

from dataclasses import replace
from uuid import UUID

import pytest

from domain.access import Role
from domain.document import Content, Document
from domain.errors import InvalidValue, RoleTooLow
from domain.ids import DocumentId
from domain.task import Title
from tests.unit.builders import ANN, BEN, HOME, LATER, NOON, UNSTORABLE, access

ID = DocumentId(UUID("0190e000-0000-7000-8000-00000000000e"))


def a_document() -> Document:
    return Document.create({"title": Title("Minutes"), "content": Content("All.")}, id=ID, by=access(), at=NOON)


def test_a_document_is_made_in_the_space_of_its_maker() -> None:
    made = Document.create({"title": Title("Minutes")}, id=ID, by=access(), at=NOON)
    assert (made.space_id, made.created_by, made.content, made.version) == (HOME, ANN, None, 1)
    assert made.created_at == made.updated_at == NOON


@pytest.mark.parametrize("text", ["", " ", "x" * 100_000])
def test_a_content_may_be_long(text: str) -> None:
    assert Content(text) == text


@pytest.mark.parametrize("text", ["x" * 100_001, *UNSTORABLE.values()])
def test_a_content_that_breaks_a_rule_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="A content may"):
        Content(text)


def test_a_change_leaves_out_what_is_left_out() -> None:
    document = a_document()
    assert document.change({}, by=access(), at=LATER) is document
    cleared = document.change({"content": None}, by=access(), at=LATER)
    assert cleared == replace(document, content=None, version=2, updated_at=LATER)


def test_a_replacement_leaves_nothing() -> None:
    document = a_document()
    replaced = document.replace_with({"title": Title("Other")}, by=access(), at=LATER)
    assert replaced == replace(document, title=Title("Other"), content=None, version=2, updated_at=LATER)


def test_viewers_change_nothing_and_members_delete_their_own() -> None:
    document, viewer = a_document(), access(Role.VIEWER)
    for refused in (
        lambda: Document.create({"title": Title("x")}, id=ID, by=viewer, at=NOON),
        lambda: document.change({}, by=viewer, at=NOON),
        lambda: document.replace_with({"title": Title("x")}, by=viewer, at=NOON),
        lambda: document.require_deletion(by=viewer),
        lambda: document.require_deletion(by=access(Role.MEMBER, user_id=BEN)),
    ):
        with pytest.raises(RoleTooLow):
            refused()
    document.require_deletion(by=access(Role.MEMBER))
    document.require_deletion(by=access(Role.ADMIN, user_id=BEN))
