"""Quotas: every way to add something is refused where there is no room for it, and nothing of it is kept."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from adapters.memory.application import application_in_memory
from adapters.memory.store import Contents, MemoryStore
from adapters.system.clock import SetClock
from adapters.system.ids import CountingIdGenerator
from application.facade import Application
from domain.access import Actor, Role
from domain.audit import Action
from domain.document import Content
from domain.errors import NotAuthenticated, QuotaReached
from domain.ids import SpaceId, personal_space
from domain.organization import OrganizationName
from domain.quotas import Quota, Quotas
from domain.setting import SettingKey, SettingValue
from domain.tag import TagName
from domain.task import Title
from domain.user import Email
from tests.unit.builders import NOON, PASSWORD, TICK, a_draft


class Narrow:
    """An application in which a space holds two of everything, with Ann, who has one of everything."""

    def __init__(self, **limits: int) -> None:
        quotas = {quota: limits.get(quota.name.lower(), 0) for quota in Quota}
        self.clock, self.store = SetClock(NOON), MemoryStore()
        self.app: Application = application_in_memory(
            self.clock, CountingIdGenerator(), store=self.store, quotas=Quotas(quotas)
        )

    async def somebody(self, name: str) -> Actor:
        await self.app.register(Email(f"{name}@example.org"), PASSWORD, None)
        return await self.sign_in(name)

    async def sign_in(self, name: str) -> Actor:
        self.clock.advance(TICK)
        return self.app.authenticate((await self.app.sign_in(f"{name}@example.org", PASSWORD)).access_token)

    async def found(self, founder: Actor) -> SpaceId:
        return (await self.app.found_organization(founder, OrganizationName("Firm"))).id

    async def let_in(self, guest: Actor, organization: SpaceId, by: Actor, role: Role = Role.MEMBER) -> None:
        invited = await self.app.invite(by, str(organization), role)
        await self.app.accept_invitation(guest, invited.token)

    async def contents(self) -> Contents:
        """Everything that is kept but the logs."""
        async with self.store.begin(read_only=True) as contents:
            return replace(contents, audit_events={}, audit_seals={})


Use = Callable[[Application, Actor], Awaitable[object]]


async def _create_task(app: Application, ann: Actor) -> object:
    return await app.create_task(ann, None, a_draft())


async def _create_tasks(app: Application, ann: Actor) -> object:
    return await app.create_tasks(ann, None, [a_draft()])


async def _create_tag(app: Application, ann: Actor) -> object:
    return await app.create_tag(ann, None, {"name": TagName("new")})


async def _task_with_tag(app: Application, ann: Actor) -> object:
    return await app.create_task(ann, None, a_draft(tags=(TagName("new"),)))


async def _tasks_with_tag(app: Application, ann: Actor) -> object:
    return await app.create_tasks(ann, None, [a_draft(tags=(TagName("new"),))])


async def _create_document(app: Application, ann: Actor) -> object:
    return await app.create_document(ann, None, {"title": Title("a"), "content": Content("é" * 5)})


async def _put_setting(app: Application, ann: Actor) -> object:
    return await app.put_setting(ann, None, SettingKey("new"), SettingValue("1"))


async def _found(app: Application, ann: Actor) -> object:
    return await app.found_organization(ann, OrganizationName("Another"))


async def _refused(house: Narrow, use: Callable[[], Awaitable[object]]) -> QuotaReached:
    before = await house.contents()
    with pytest.raises(QuotaReached) as refused:
        await use()
    assert await house.contents() == before
    return refused.value


@pytest.mark.parametrize(
    ("quota", "use"),
    [
        ("tasks", _create_task),
        ("tasks", _create_tasks),
        ("documents", _create_document),
        ("document_bytes", _create_document),
        ("owned", _found),
        ("joined", _found),
    ],
)
async def test_what_the_space_or_the_account_has_no_room_for_is_refused(quota: str, use: Use) -> None:
    house = Narrow(**{quota: 15 if quota == "document_bytes" else 1})
    ann = await house.somebody("ann")
    await use(house.app, ann)
    refused = await _refused(house, lambda: use(house.app, ann))
    assert refused.quota is Quota[quota.upper()]


@pytest.mark.parametrize("use", [_create_tag, _task_with_tag, _tasks_with_tag])
async def test_there_are_so_many_tags_at_most(use: Use) -> None:
    house = Narrow(tags=2)
    ann = await house.somebody("ann")
    await house.app.create_task(ann, None, a_draft(tags=(TagName("one"), TagName("two"))))
    refused = await _refused(house, lambda: use(house.app, ann))
    assert (refused.quota, refused.limit) == (Quota.TAGS, 2)
    await house.app.create_task(ann, None, a_draft(tags=(TagName("ONE"), TagName("two"))))


@pytest.mark.parametrize("way", ["replace", "change"])
async def test_a_task_that_is_changed_makes_no_tag_too_many(way: str) -> None:
    house = Narrow(tags=1)
    ann = await house.somebody("ann")
    task = await house.app.create_task(ann, None, a_draft(tags=(TagName("one"),)))
    draft = a_draft(tags=(TagName("one"), TagName("two")))

    async def use() -> object:
        if way == "replace":
            return await house.app.replace_task(ann, None, task.id, draft)
        return await house.app.change_task(ann, None, task.id, {"tags": draft["tags"]})

    assert (await _refused(house, use)).quota is Quota.TAGS


async def test_many_tasks_at_once_are_made_all_or_not_at_all() -> None:
    house = Narrow(tasks=10)
    ann = await house.somebody("ann")
    await _refused(house, lambda: house.app.create_tasks(ann, None, [a_draft()] * 11))
    await house.app.create_tasks(ann, None, [a_draft()] * 10)
    await _refused(house, lambda: house.app.create_task(ann, None, a_draft()))


async def test_the_trash_counts_until_it_is_emptied() -> None:
    house = Narrow(tasks=1)
    ann = await house.somebody("ann")
    task = await house.app.create_task(ann, None, a_draft())
    await house.app.delete_task(ann, None, task.id)
    await _refused(house, lambda: house.app.create_task(ann, None, a_draft()))
    await house.app.restore_task(ann, None, task.id)
    await house.app.delete_task(ann, None, task.id)
    await house.app.purge_task(ann, None, task.id)
    await house.app.create_task(ann, None, a_draft())


@pytest.mark.parametrize("way", ["replace", "change"])
async def test_a_document_grows_as_far_as_there_is_room_and_may_always_shrink(way: str) -> None:
    house = Narrow(document_bytes=10)
    ann = await house.somebody("ann")
    draft = {"title": Title("a"), "content": Content("é" * 4)}
    document = await house.app.create_document(ann, None, draft)  # type: ignore[arg-type] # it is one

    async def write(letters: int) -> object:
        given = {"title": Title("a"), "content": Content("é" * letters)}
        use = house.app.replace_document if way == "replace" else house.app.change_document
        return await use(ann, None, document.id, given)  # type: ignore[arg-type] # the same

    assert (await _refused(house, lambda: write(6))).quota is Quota.DOCUMENT_BYTES
    for letters in (5, 1, 5):
        await write(letters)


async def test_a_key_that_is_there_may_be_given_another_value_where_there_is_no_room_for_another_key() -> None:
    house = Narrow(settings=1)
    ann = await house.somebody("ann")
    await house.app.put_setting(ann, None, SettingKey("one"), SettingValue("1"))
    await house.app.put_setting(ann, None, SettingKey("one"), SettingValue("2"))
    two = SettingKey("two")
    refused = await _refused(house, lambda: house.app.put_setting(ann, None, two, SettingValue("1")))
    assert refused.quota is Quota.SETTINGS


async def test_what_is_handed_over_needs_room_where_it_goes() -> None:
    house = Narrow(tasks=2, tags=1)
    ann = await house.somebody("ann")
    firm = await house.found(ann)
    task = await house.app.create_task(ann, None, a_draft(tags=(TagName("mine"),)))
    await house.app.create_task(ann, str(firm), a_draft(tags=(TagName("theirs"),)))
    assert (await _refused(house, lambda: house.app.transfer_task(ann, None, task.id, firm))).quota is Quota.TAGS
    other = await house.app.create_task(ann, None, a_draft())
    await house.app.transfer_task(ann, None, other.id, firm)
    assert (await _refused(house, lambda: house.app.transfer_task(ann, None, task.id, firm))).quota is Quota.TASKS


async def test_whether_a_task_may_go_does_not_tell_which_tags_are_there() -> None:
    """There has to be room for all of its tags, also where each of them is there already."""
    house = Narrow(tags=1)
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    await house.let_in(ben, await house.found(ann), ann)
    to = personal_space(ben.user_id)
    kept = await house.app.create_tag(ben, None, {"name": TagName("same")})
    mine = await house.app.create_task(ann, None, a_draft(tags=(TagName("same"),)))
    for name in ("same", "other"):
        await house.app.change_tag(ben, None, kept.id, {"name": TagName(name)})
        refused = await _refused(house, lambda: house.app.transfer_task(ann, None, mine.id, to))
        assert refused.quota is Quota.TAGS


async def test_so_many_may_be_members() -> None:
    house = Narrow(members=2)
    ann, ben, cid = [await house.somebody(name) for name in ("ann", "ben", "cid")]
    firm = await house.found(ann)
    await house.let_in(ben, firm, ann)
    invited = await house.app.invite(ann, str(firm), Role.MEMBER)
    refused = await _refused(house, lambda: house.app.accept_invitation(cid, invited.token))
    assert refused.quota is Quota.MEMBERS
    await house.app.remove_member(ann, str(firm), ben.user_id)
    await house.app.accept_invitation(cid, invited.token)


async def test_one_may_be_a_member_of_so_many_organisations() -> None:
    house = Narrow(joined=1)
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    firm = await house.found(ann)
    await house.found(ben)
    invited = await house.app.invite(ann, str(firm), Role.MEMBER)
    refused = await _refused(house, lambda: house.app.accept_invitation(ben, invited.token))
    assert refused.quota is Quota.JOINED


async def test_what_others_own_does_not_count() -> None:
    house = Narrow(owned=1)
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    await house.let_in(ben, await house.found(ann), ann, Role.ADMIN)
    await house.found(ben)
    assert (await _refused(house, lambda: house.found(ben))).quota is Quota.OWNED


@pytest.mark.parametrize("way", ["invitation", "role"])
async def test_ownership_that_somebody_else_confers_counts(way: str) -> None:
    house = Narrow(owned=2)
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    firms = [await house.found(ann), await house.found(ann)]
    await house.found(ben)

    async def confer(firm: SpaceId) -> object:
        if way == "role":
            return await house.app.change_member_role(ann, str(firm), ben.user_id, Role.OWNER)
        return await house.app.accept_invitation(ben, (await house.app.invite(ann, str(firm), Role.OWNER)).token)

    if way == "role":
        for firm in firms:
            await house.let_in(ben, firm, ann)
    await confer(firms[0])
    if way == "role":
        await confer(firms[0])
        assert (await _refused(house, lambda: confer(firms[1]))).quota is Quota.OWNED
        await house.app.change_member_role(ann, str(firms[1]), ben.user_id, Role.ADMIN)
    else:
        invited = await house.app.invite(ann, str(firms[1]), Role.OWNER)
        refused = await _refused(house, lambda: house.app.accept_invitation(ben, invited.token))
        assert refused.quota is Quota.OWNED
        await house.let_in(ben, firms[1], ann, Role.ADMIN)
    assert (await _refused(house, lambda: house.found(ben))).quota is Quota.OWNED
    await house.app.dissolve_organization(ben, str(firms[0]), "Firm")
    await house.app.change_member_role(ann, str(firms[1]), ben.user_id, Role.OWNER)


async def test_so_many_invitations_may_be_open() -> None:
    house = Narrow(invitations=2)
    ann = await house.somebody("ann")
    firm = str(await house.found(ann))
    first = await house.app.invite(ann, firm, Role.MEMBER)
    await house.app.invite(ann, firm, Role.MEMBER, 2 * TICK)
    assert (await _refused(house, lambda: house.app.invite(ann, firm, Role.MEMBER))).quota is Quota.INVITATIONS
    house.clock.advance(2 * TICK)
    await house.app.invite(ann, firm, Role.MEMBER)
    await house.app.revoke_invitation(ann, firm, first.invitation.id)
    await house.app.invite(ann, firm, Role.MEMBER)
    await _refused(house, lambda: house.app.invite(ann, firm, Role.MEMBER))


async def test_a_sign_in_too_many_ends_the_session_that_was_used_longest_ago() -> None:
    house = Narrow(sessions=2)
    ben = await house.somebody("ben")
    first, second = await house.somebody("ann"), await house.sign_in("ann")
    third = await house.sign_in("ann")
    with pytest.raises(NotAuthenticated):
        await house.app.get_me(first)
    for alive in (second, third, ben):
        await house.app.get_me(alive)
    async with house.store.begin(read_only=True) as contents:
        ended = [event for event in contents.audit_events.values() if event.action is Action.LOGOUT]
    assert [event.resource_id for event in ended] == [str(first.session_id)]


async def test_nothing_is_limited_where_the_operator_says_so() -> None:
    house = Narrow()
    ann = await house.somebody("ann")
    firm = await house.found(ann)
    await house.let_in(await house.somebody("ben"), firm, ann)
    for use in (_create_task, _create_document, _put_setting, _found):
        await use(house.app, ann)
        await use(house.app, ann)
    await house.sign_in("ann")
