"""The exam of the port Documents: what is kept comes back, and only in its own space."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from application.ports.paging import Page, Stretch
from application.ports.spaces import Space
from domain.document import Content, Document
from domain.errors import DocumentNotFound, StaleVersion
from domain.ids import NOBODY, DocumentId, personal_space
from domain.task import Title
from tests.support.people import People, new_id
from tests.support.stores import NOON, Store

TICK = timedelta(microseconds=1)


def a_document(space: Space, title: str = "a document", **parts: Any) -> Document:
    made = Document.create({"title": Title(title)}, id=DocumentId(new_id()), by=space.access, at=NOON)
    return replace(made, **parts)


def a_full_document(space: Space) -> Document:
    awkward = "'; DROP TABLE documents; -- \" \\ %_ \U0001f600 \u202e"
    return a_document(space, awkward, content=Content(awkward * 1000), version=7)


async def keep(space: Space, document: Document) -> None:
    await space.documents.add(document)


async def test_every_field_comes_back_as_it_was(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        document = a_full_document(space)
        await keep(space, document)
    async with store.open_space(somebody, None, read_only=True) as space:
        assert await space.documents.get(document.id) == document


@pytest.mark.parametrize("read_only", [True, False])
async def test_another_spaces_document_is_not_found(store: Store, people: People, *, read_only: bool) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        document = a_document(space)
        await keep(space, document)
    async with store.open_space(somebody, None, read_only=read_only) as space:
        for key in (document.id, DocumentId(NOBODY)):
            with pytest.raises(DocumentNotFound):
                await space.documents.get(key)
        found = await space.documents.find(Stretch())
        assert (list(found.items), found.total) == ([], 0)


async def test_two_spaces_may_hold_the_same_key(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        theirs = a_document(space)
        await keep(space, theirs)
    async with store.open_space(somebody, None) as space:
        mine = replace(theirs, space_id=space.access.space_id)
        await keep(space, mine)
        changed = replace(mine, title=Title("changed"), version=2)
        await space.documents.save(changed, was=mine)
        assert await space.documents.get(mine.id) == changed
        assert (await space.documents.find(Stretch())) == Page([changed.summary], 1)
    async with store.open_space(other, None) as space:
        assert await space.documents.get(theirs.id) == theirs
    async with store.open_space(somebody, None) as space:
        await space.documents.remove(changed)
    async with store.open_space(other, None) as space:
        assert await space.documents.get(theirs.id) == theirs


async def test_one_is_kept_in_the_space_it_was_added_through(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(somebody, None) as space:
        strayed = replace(a_document(space), space_id=personal_space(other.user_id))
        await keep(space, strayed)
    async with store.open_space(other, None) as space:
        with pytest.raises(DocumentNotFound):
            await space.documents.get(strayed.id)


async def test_what_another_space_holds_is_neither_changed_nor_removed(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        theirs = a_document(space)
        await keep(space, theirs)
    async with store.open_space(somebody, None) as space:
        with pytest.raises(StaleVersion):
            await space.documents.save(replace(theirs, title=Title("changed"), version=2), was=theirs)
        with pytest.raises(StaleVersion):
            await space.documents.remove(theirs)
    async with store.open_space(other, None) as space:
        assert await space.documents.get(theirs.id) == theirs


async def test_what_has_changed_since_it_was_read_stays(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        was = a_document(space)
        await keep(space, was)
        await space.documents.save(was, was=was)
        first = replace(was, title=Title("changed"), version=2, updated_at=NOON + timedelta(seconds=1))
        await space.documents.save(first, was=was)
        with pytest.raises(StaleVersion):
            await space.documents.save(replace(was, version=2), was=was)
        with pytest.raises(StaleVersion):
            await space.documents.remove(was)
        assert await space.documents.get(was.id) == first
        await space.documents.remove(first)
        with pytest.raises(DocumentNotFound):
            await space.documents.get(was.id)


async def test_contents_are_read_and_measured_in_bytes(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        theirs = a_full_document(space)
        await keep(space, theirs)
    async with store.open_space(somebody, None) as space:
        older, empty = a_document(space, content=Content("\u00e9\U0001f600")), a_document(space, created_at=NOON + TICK)
        for document in (older, empty):
            await keep(space, document)
    ids = [older.id, theirs.id, DocumentId(new_id()), empty.id]
    async with store.open_space(somebody, None, read_only=True) as space:
        assert await space.documents.sizes(ids) == {older.id: 6, empty.id: 0}
        assert list(await space.documents.read_all(ids)) == [empty, older]
        assert await space.documents.sizes([]) == {}
        assert list(await space.documents.read_all([])) == []
