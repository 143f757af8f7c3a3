"""The exam of the port Usage: a space counts what is in it and nothing else, and no further than it is asked to."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from application.ports.spaces import Space
from domain.access import Actor, Role
from domain.document import Content, Document
from domain.ids import DocumentId, InvitationId, SpaceId, TagId, personal_space
from domain.organization import Invitation, Membership, Organization, OrganizationName
from domain.quotas import Quota
from domain.setting import Setting, SettingKey, SettingValue
from domain.tag import Tag, TagName
from domain.task import Title
from tests.support.people import People, a_task, new_id
from tests.support.stores import NOON, Store

TWO_BYTES_EACH = Content("é" * 10)


async def _task(space: Space) -> None:
    await space.tasks.add(a_task(space))


async def _trashed(space: Space) -> None:
    await space.tasks.add(a_task(space, deleted_at=NOON))


async def _tag(space: Space) -> None:
    name = TagName(new_id().hex)
    await space.tags.add(Tag.create({"name": name}, id=TagId(new_id()), by=space.access, at=NOON))


async def _document(space: Space) -> None:
    made = Document.create({"title": Title("a")}, id=DocumentId(new_id()), by=space.access, at=NOON)
    await space.documents.add(replace(made, content=TWO_BYTES_EACH))


async def _setting(space: Space) -> None:
    key = SettingKey(new_id().hex)
    await space.settings.add_unless_there(Setting.create(key, SettingValue("1"), by=space.access, at=NOON))


Add = Callable[[Space], Awaitable[None]]
KINDS = pytest.mark.parametrize(
    ("quota", "add"),
    [
        (Quota.TASKS, _task),
        (Quota.TASKS, _trashed),
        (Quota.TAGS, _tag),
        (Quota.DOCUMENTS, _document),
        (Quota.SETTINGS, _setting),
    ],
)


@KINDS
async def test_a_space_counts_what_is_in_it(store: Store, people: People, quota: Quota, add: Add) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    for who, many in ((somebody, 3), (other, 2)):
        async with store.open_space(who, None) as space:
            assert space.usage.space_id == personal_space(who.user_id)
            assert await space.usage.of(quota, 9) == 0
            for _ in range(many):
                await add(space)
            assert await space.usage.of(quota, 9) == many
    async with store.open_space(somebody, None, read_only=True) as space:
        assert [await space.usage.of(quota, at_most) for at_most in (2, 3, 4)] == [2, 3, 3]


async def test_documents_are_counted_in_bytes(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    for who in (somebody, other):
        async with store.open_space(who, None) as space:
            assert await space.usage.of(Quota.DOCUMENT_BYTES, 9) == 0
            empty = Document.create({"title": Title("a")}, id=DocumentId(new_id()), by=space.access, at=NOON)
            await space.documents.add(empty)
            assert await space.usage.of(Quota.DOCUMENT_BYTES, 9) == 0
            await _document(space)
            assert await space.usage.of(Quota.DOCUMENT_BYTES, 9) == 20


async def test_members_are_counted(store: Store, people: People) -> None:
    somebody, guest = await people.somebody(), await people.somebody()
    own = personal_space(somebody.user_id)
    await people.let_in(guest.user_id, own, Role.MEMBER)
    async with store.open_space(somebody, None, read_only=True) as space:
        assert await space.usage.of(Quota.MEMBERS, 9) == 2
        assert await space.usage.of(Quota.MEMBERS, 1) == 1
    async with store.open_space(guest, None, read_only=True) as space:
        assert await space.usage.of(Quota.MEMBERS, 9) == 1


async def test_a_space_next_door_counts_its_own(store: Store, people: People) -> None:
    somebody, guest = await people.somebody(), await people.somebody()
    there = personal_space(somebody.user_id)
    async with store.open_space(somebody, None) as space:
        for _ in range(2):
            await _task(space)
    await people.let_in(guest.user_id, there, Role.MEMBER)
    async with store.open_space(guest, None) as space:
        await _task(space)
        neighbour = await space.neighbour(there)
        assert neighbour.usage.space_id == there
        assert await neighbour.usage.of(Quota.TASKS, 9) == 2
        assert await space.usage.of(Quota.TASKS, 9) == 1


async def _found(store: Store, owner: Actor) -> SpaceId:
    space_id = SpaceId(new_id())
    organization = Organization(id=space_id, name=OrganizationName("Firm"), created_at=NOON, updated_at=NOON)
    membership = Membership(space_id=space_id, user_id=owner.user_id, role=Role.OWNER, joined_at=NOON)
    async with store.open_identity(owner) as identity:
        await identity.organizations.add(organization, membership)
    return space_id


async def _counts(store: Store, actor: Actor) -> tuple[int, int, int]:
    async with store.open_identity(actor, read_only=True) as identity:
        count = identity.organizations.count
        return (
            await count(actor.user_id, 9),
            await count(actor.user_id, 9, owned=True),
            await count(actor.user_id, 1),
        )


async def test_everybody_counts_the_organisations_that_they_are_in_and_those_that_they_own(
    store: Store, people: People
) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    shared, _ = await _found(store, owner), await _found(store, owner)
    await people.let_in(guest.user_id, shared, Role.ADMIN)
    await people.let_in(guest.user_id, personal_space(owner.user_id), Role.OWNER)
    assert await _counts(store, owner) == (2, 2, 1)
    assert await _counts(store, guest) == (1, 0, 1)


async def test_invitations_count_until_they_are_closed_or_expire(store: Store, people: People) -> None:
    owner = await people.somebody()
    firm, other = await _found(store, owner), await _found(store, owner)
    for where in (firm, firm, firm, other):
        invitation = Invitation(
            id=InvitationId(new_id()),
            space_id=where,
            role=Role.MEMBER,
            token_hash=new_id().bytes * 2,
            created_by=owner.user_id,
            created_at=NOON,
            expires_at=NOON + timedelta(days=1),
        )
        async with store.open_space(owner, str(where)) as space:
            await space.invitations.add(invitation)
    async with store.open_space(owner, str(firm)) as space:
        count = space.invitations.count_open
        assert [await count(NOON, at_most) for at_most in (2, 3, 4)] == [2, 3, 3]
        newest, *_ = await space.invitations.open()
        await space.invitations.save(newest.close(at=NOON))
        assert await count(NOON, 9) == 2
        assert await count(newest.expires_at - timedelta(microseconds=1), 9) == 2
        assert await count(newest.expires_at, 9) == 0


async def test_an_owner_counts_what_a_member_owns_and_is_an_owner_still(store: Store, people: People) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    shared = await _found(store, owner)
    for _ in range(2):
        await _found(store, guest)
    await people.let_in(guest.user_id, shared, Role.ADMIN)
    for read_only in (True, False):
        async with store.open_space(owner, str(shared), read_only=read_only) as space:
            count = space.organizations.count
            assert [await count(guest.user_id, most, owned=True) for most in (1, 9)] == [1, 2]
            assert await count(guest.user_id, 9) == 3
            assert await count(owner.user_id, 9, owned=True) == 1
            assert (await space.members.get(guest.user_id)).role is Role.ADMIN
