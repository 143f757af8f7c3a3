"""The exam of the port OpenIdentity: accounts, sessions and ways back."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from application.ports.identity import Credentials, UserQuery
from application.ports.reading import OpenedForReading
from application.ports.tasks import TaskQuery
from domain.access import Actor, Role
from domain.audit import Action
from domain.errors import EmailTaken, NotAuthenticated, NotFound, SpaceForbidden
from domain.ids import SessionId, SpaceId, UserId
from domain.organization import Membership, Organization, OrganizationName
from domain.password_reset import PasswordReset
from domain.task import SearchText
from domain.user import Email, FullName, User, UserRole
from tests.support.people import LIMITS, People, a_task, new_email, new_id
from tests.support.stores import NOON, Store


async def test_an_account_comes_back_as_it_was(store: Store, people: People) -> None:
    user = replace(
        people.a_user(), full_name=FullName("Ann 'O\u202e' \U0001f600"), role=UserRole.ADMIN, is_active=False
    )
    async with store.open_identity(None) as identity:
        await identity.users.add(Credentials(user, "a hash"))
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.users.get(user.id) == user
        assert await identity.users.with_email(user.email) == Credentials(user, "a hash")


async def test_an_address_is_found_without_regard_to_case(store: Store, people: People) -> None:
    user = await people.register()
    async with store.open_identity(None, read_only=True) as identity:
        found = await identity.users.with_email(Email(user.email.upper()))
        assert found is not None
        assert found.user == user
        assert await identity.users.with_email(new_email()) is None


async def test_an_address_belongs_to_one_account(store: Store, people: People) -> None:
    user = await people.register()
    with pytest.raises(EmailTaken):
        await people.register(email=Email(user.email.upper()))
    other = await people.register()
    with pytest.raises(EmailTaken):
        await save(store, people, other.id, Email(user.email.title()))
    async with store.open_identity(None, read_only=True) as identity:
        assert (await identity.users.get(other.id)).email == other.email


async def save(store: Store, people: People, user_id: UserId, email: Email) -> None:
    async with store.open_identity(None) as identity:
        user = await identity.users.get(user_id)
        await identity.users.save(user.change({"email": email}, at=NOON))


async def test_of_ten_who_register_one_address_at_once_one_succeeds(store: Store, people: People) -> None:
    email = new_email()
    outcomes = await asyncio.gather(*(people.register(email=email) for _ in range(10)), return_exceptions=True)
    taken = [outcome for outcome in outcomes if isinstance(outcome, EmailTaken)]
    assert len(taken) == 9


async def test_every_change_of_an_account_is_kept(store: Store, people: People) -> None:
    user = await people.register()
    changed = replace(
        user,
        email=new_email(),
        full_name=FullName("New"),
        role=UserRole.ADMIN,
        is_active=False,
        updated_at=NOON + timedelta(days=1),
    )
    async with store.open_identity(None) as identity:
        await identity.users.save(changed)
        await identity.users.save_password_hash(user.id, "another hash")
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.users.with_email(changed.email) == Credentials(changed, "another hash")
        assert await identity.users.with_email(user.email) is None


async def test_what_nobody_has_is_not_found(store: Store) -> None:
    async with store.open_identity(None, read_only=True) as identity:
        with pytest.raises(NotFound):
            await identity.users.get(UserId(new_id()))
        with pytest.raises(NotFound):
            await identity.sessions.get(SessionId(new_id()))
        assert await identity.sessions.token(b"unknown") is None


async def test_a_session_and_its_token_come_back_as_they_were(store: Store, people: People) -> None:
    session, token = people.a_session(await people.register())
    session = replace(session, revoked_at=NOON)
    async with store.open_identity(None) as identity:
        await identity.sessions.add(session, token)
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.sessions.get(session.id) == session
        assert await identity.sessions.token(token.hash) == token


async def test_a_renewed_and_a_revoked_session_are_kept(store: Store, people: People) -> None:
    session, token = people.a_session(await people.register())
    later = NOON + timedelta(days=3)
    changed = session.renew(limits=LIMITS, at=later).revoke(at=later)
    async with store.open_identity(None) as identity:
        await identity.sessions.add(session, token)
        await identity.sessions.save(changed)
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.sessions.get(session.id) == changed


async def test_a_replaced_token_knows_its_successor(store: Store, people: People) -> None:
    session, token = people.a_session(await people.register())
    successor = replace(token, hash=b"next of " + token.hash)
    used = token.replaced_by(successor.hash, at=NOON)
    async with store.open_identity(None) as identity:
        await identity.sessions.add(session, token)
        await identity.sessions.replace_token(used, successor)
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.sessions.token(token.hash) == used
        assert await identity.sessions.token(successor.hash) == successor


@pytest.mark.parametrize("read_only", [True, False])
async def test_somebody_signed_in_comes_in(store: Store, people: People, *, read_only: bool) -> None:
    somebody = await people.somebody()
    async with store.open_identity(somebody, read_only=read_only) as identity:
        assert (await identity.users.get(somebody.user_id)).id == somebody.user_id


@pytest.mark.parametrize("reason", ["revoked", "expired", "inactive", "unknown", "somebody else's"])
async def test_nobody_else_comes_in(store: Store, people: People, reason: str) -> None:
    user, other = await people.register(), await people.somebody()
    somebody = await people.sign_in(user)
    if reason == "revoked":
        async with store.open_identity(somebody) as identity:
            session = await identity.sessions.get(somebody.session_id)
            await identity.sessions.save(session.revoke(at=NOON))
    elif reason == "expired":
        store.clock.advance(timedelta(days=7))
    elif reason == "inactive":
        await people.deactivate(user)
    elif reason == "unknown":
        somebody = Actor(somebody.user_id, SessionId(new_id()))
    else:
        somebody = Actor(somebody.user_id, other.session_id)
    for read_only in (True, False):
        with pytest.raises(NotAuthenticated):
            async with store.open_identity(somebody, read_only=read_only):
                pytest.fail("the door has opened")


async def test_a_door_opened_for_reading_takes_nothing(store: Store, people: People) -> None:
    user = people.a_user()
    with pytest.raises(OpenedForReading):
        async with store.open_identity(None, read_only=True) as identity:
            await identity.users.add(Credentials(user, "a hash"))
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.users.with_email(user.email) is None


async def test_a_failure_undoes_everything(store: Store, people: People) -> None:
    taken, user = await people.register(), people.a_user()
    with pytest.raises(EmailTaken):
        await add_both(store, Credentials(user, ""), Credentials(people.a_user(email=taken.email), ""))
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.users.with_email(user.email) is None


async def add_both(store: Store, first: Credentials, second: Credentials) -> None:
    async with store.open_identity(None) as identity:
        await identity.users.add(first)
        await identity.users.add(second)


async def test_what_one_reads_to_change_it_nobody_else_changes_meanwhile(store: Store, people: People) -> None:
    somebody = await people.somebody()

    async def renew(days: int) -> None:
        async with store.open_identity(None) as identity:
            session = await identity.sessions.get(somebody.session_id)
            await asyncio.sleep(0.01)
            longer = replace(session, expires_at=session.expires_at + timedelta(days=days))
            await identity.sessions.save(longer)

    async with store.open_identity(None, read_only=True) as identity:
        before = await identity.sessions.get(somebody.session_id)
    await asyncio.gather(*(renew(1) for _ in range(8)))
    async with store.open_identity(None, read_only=True) as identity:
        after = await identity.sessions.get(somebody.session_id)
    assert after.expires_at - before.expires_at == timedelta(days=8)


async def test_somebodys_sessions_are_found_the_one_used_last_first(store: Store, people: People) -> None:
    ann, ben = await people.register(), await people.register()
    kept = []
    for days in (0, 2, 1):
        session, token = people.a_session(ann)
        session = replace(session, last_used_at=NOON + timedelta(days=days), ip_address="::1", user_agent="Phone é")
        kept.append(session)
        async with store.open_identity(None) as identity:
            await identity.sessions.add(session, token)
    ended, token = people.a_session(ann)
    async with store.open_identity(None) as identity:
        await identity.sessions.add(ended, token)
        await identity.sessions.end(ended.revoke(at=NOON), Action.LOGOUT)
    await people.sign_in(ben)
    for read_only in (True, False):
        async with store.open_identity(None, read_only=read_only) as identity:
            assert await identity.sessions.of(ann.id) == [kept[1], kept[2], kept[0]]
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.sessions.get(ended.id) == ended.revoke(at=NOON)
        assert await identity.sessions.of(UserId(new_id())) == []


async def test_accounts_are_found_by_part_of_address_or_name(store: Store, people: People) -> None:
    mark = new_id().hex
    users = []
    for number, name in enumerate((f"Straße {mark} Ärger {mark.upper()}", None, "100%_" + mark + "\\")):
        email = Email(f"{mark}x{number}@example.org") if name is None else new_email()
        user = replace(
            people.a_user(email=email),
            full_name=None if name is None else FullName(name),
            created_at=NOON + timedelta(seconds=number),
        )
        users.append(user)
        async with store.open_identity(None) as identity:
            await identity.users.add(Credentials(user, "a hash"))
    async with store.open_identity(None, read_only=True) as identity:
        text = SearchText(mark).key
        found = await identity.users.find(UserQuery(text=text))
        assert (found.items, found.total) == (users[::-1], 3)
        page = await identity.users.find(UserQuery(text=SearchText(mark.upper()).key, skip=1, limit=1))
        assert (page.items, page.total) == ([users[1]], 3)
        behind = await identity.users.find(UserQuery(text=text, after=users[2].place, limit=1, is_counted=False))
        assert (behind.items, behind.total) == ([users[1]], None)
        beyond = await identity.users.find(UserQuery(text=text, skip=5))
        assert (beyond.items, beyond.total) == ([], 3)
        for text, expected in (
            ("ärger " + mark, [users[0]]),
            ("a\u0308RGER " + mark, [users[0]]),
            ("arger " + mark, [users[0]]),
            ("strasse " + mark, [users[0]]),
            ("%_" + mark, [users[2]]),
            (mark + "\\", [users[2]]),
            (mark + "%", []),
            (mark + "X1@EXAMPLE", [users[1]]),
        ):
            assert (await identity.users.find(UserQuery(text=SearchText(text).key))).items == expected, text
        everybody = await identity.users.find(UserQuery(limit=1))
        assert (everybody.total or 0) >= 3
    renamed = replace(users[0], full_name=FullName(f"Émile {mark}"))
    async with store.open_identity(None) as identity:
        await identity.users.save(renamed)
        for text, expected in (("emile", [renamed]), ("strasse", [])):
            query = UserQuery(text=SearchText(f"{text} {mark}").key)
            assert (await identity.users.find(query)).items == expected


async def test_administrators_are_those_who_are_active(store: Store, people: People) -> None:
    added = []
    for role, active in ((UserRole.ADMIN, True), (UserRole.ADMIN, False), (UserRole.USER, True)):
        user = replace(people.a_user(), role=role, is_active=active)
        added.append(user)
        async with store.open_identity(None) as identity:
            await identity.users.add(Credentials(user, "a hash"))
    for read_only in (True, False):
        async with store.open_identity(None, read_only=read_only) as identity:
            found = await identity.users.administrators()
        assert [user for user in added if user in found] == [added[0]]


async def test_of_two_who_count_administrators_one_waits_for_the_other(store: Store, people: People) -> None:
    user = replace(people.a_user(), role=UserRole.ADMIN)
    async with store.open_identity(None) as identity:
        await identity.users.add(Credentials(user, "a hash"))
    counted = asyncio.Event()

    async def demote() -> None:
        async with store.open_identity(None) as identity:
            await identity.users.administrators()
            counted.set()
            await asyncio.sleep(0.05)
            await identity.users.save(replace(user, role=UserRole.USER))

    async def count() -> bool:
        await counted.wait()
        async with store.open_identity(None) as identity:
            return user in await identity.users.administrators()

    _, is_one = await asyncio.gather(demote(), count())
    assert not is_one


async def test_a_removed_account_leaves_nothing_of_its_own(store: Store, people: People) -> None:
    user, other = await people.register(), await people.somebody()
    actor = await people.sign_in(user)
    for one in (actor, other):
        async with store.open_space(one, None) as space:
            await space.tasks.add(a_task(space, assignee_id=one.user_id))
    async with store.open_identity(actor) as identity:
        await identity.users.remove(user, at=NOON, limit=99)
    with pytest.raises(NotAuthenticated):
        async with store.open_space(actor, None):
            pass
    with pytest.raises(SpaceForbidden):
        async with store.open_space(other, str(user.id)):
            pass
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.users.with_email(user.email) is None
        with pytest.raises(NotFound):
            await identity.sessions.get(actor.session_id)
    async with store.open_space(other, None, read_only=True) as space:
        assert (await space.tasks.find(TaskQuery())).total == 1
    again = await people.register(email=user.email)
    async with store.open_space(await people.sign_in(again), None, read_only=True) as space:
        assert (await space.tasks.find(TaskQuery())).total == 0


async def remove_and_fail(store: Store, actor: Actor, user: User) -> None:
    async with store.open_identity(actor) as identity:
        await identity.users.remove(user, at=NOON, limit=99)
        raise ZeroDivisionError


async def test_a_removal_that_fails_removes_nothing(store: Store, people: People) -> None:
    user = await people.register()
    actor = await people.sign_in(user)
    async with store.open_space(actor, None) as space:
        task = a_task(space)
        await space.tasks.add(task)
    with pytest.raises(ZeroDivisionError):
        await remove_and_fail(store, actor, user)
    async with store.open_space(actor, None, read_only=True) as space:
        assert await space.tasks.get(task.id) == task


async def test_an_organization_is_left_from_inside(store: Store, people: People) -> None:
    """Reached by its id, without a look at who is a member: that is for the use case to know."""
    owner, guest = await people.somebody(), await people.somebody()
    organization = Organization(id=SpaceId(new_id()), name=OrganizationName("Firm"), created_at=NOON, updated_at=NOON)
    first = Membership(space_id=organization.id, user_id=owner.user_id, role=Role.OWNER, joined_at=NOON)
    async with store.open_identity(owner) as identity:
        await identity.organizations.add(organization, first)
    await people.let_in(guest.user_id, organization.id, Role.MEMBER)
    async with store.open_space(owner, str(organization.id)) as space:
        task = a_task(space, assignee_id=guest.user_id)
        await space.tasks.add(task)
    async with store.open_identity(guest) as identity:
        inside = await identity.inside(organization.id)
        assert await inside.charter.get() == organization
        assert await inside.members.count_other_owners(guest.user_id) == 1
        assert (await inside.members.get(guest.user_id)).role is Role.MEMBER
        assert list(await inside.tasks.unassign(guest.user_id, at=NOON, limit=9)) == [task.id]
        await inside.members.remove(guest.user_id)
    with pytest.raises(SpaceForbidden):
        async with store.open_space(guest, str(organization.id)):
            pass
    async with store.open_space(owner, str(organization.id), read_only=True) as space:
        assert (await space.tasks.get(task.id)).assignee_id is None


async def put(store: Store, user: User, token_hash: bytes, *, at: datetime = NOON) -> PasswordReset:
    reset = PasswordReset.offer(user, token_hash=token_hash, at=at)
    async with store.open_identity(None) as identity:
        assert await identity.users.with_email(user.email)
        await identity.password_resets.put(reset)
    return reset


async def with_token(store: Store, token_hash: bytes) -> PasswordReset | None:
    async with store.open_identity(None, read_only=True) as identity:
        return await identity.password_resets.with_token(token_hash)


async def test_a_way_back_comes_back_as_it_was(store: Store, people: People) -> None:
    token_hash = new_id().bytes * 2
    reset = await put(store, await people.register(), token_hash)
    assert await with_token(store, token_hash) == reset
    assert await with_token(store, b"unknown") is None


async def test_an_account_has_one_way_back(store: Store, people: People) -> None:
    user, other = await people.register(), await people.register()
    hashes = [new_id().bytes * 2 for _ in range(3)]
    await put(store, user, hashes[0])
    newest = await put(store, user, hashes[1], at=NOON + timedelta(minutes=1))
    theirs = await put(store, other, hashes[2])
    assert [await with_token(store, token_hash) for token_hash in hashes] == [None, newest, theirs]


async def test_a_way_back_that_is_void_is_gone_and_no_other(store: Store, people: People) -> None:
    user, other = await people.register(), await people.register()
    hashes = [new_id().bytes * 2 for _ in range(2)]
    await put(store, user, hashes[0])
    theirs = await put(store, other, hashes[1])
    for _ in range(2):
        async with store.open_identity(None) as identity:
            await identity.password_resets.void(user.id)
        assert [await with_token(store, token_hash) for token_hash in hashes] == [None, theirs]


async def test_of_ten_who_ask_at_once_the_newest_has_the_way_back(store: Store, people: People) -> None:
    user = await people.register()
    hashes = [new_id().bytes * 2 for _ in range(10)]
    await asyncio.gather(*(put(store, user, token_hash) for token_hash in hashes))
    assert len([token_hash for token_hash in hashes if await with_token(store, token_hash)]) == 1


async def test_ways_back_are_not_written_behind_a_door_opened_for_reading(store: Store, people: People) -> None:
    user, token_hash = await people.register(), new_id().bytes * 2
    reset = await put(store, user, token_hash)
    with pytest.raises(OpenedForReading):
        async with store.open_identity(None, read_only=True) as identity:
            await identity.password_resets.put(reset)
    with pytest.raises(OpenedForReading):
        async with store.open_identity(None, read_only=True) as identity:
            await identity.password_resets.void(user.id)
    assert await with_token(store, token_hash) == reset


async def test_a_changed_password_is_kept(store: Store, people: People) -> None:
    user = await people.register()
    async with store.open_identity(None) as identity:
        assert await identity.users.credentials(user.id) == Credentials(user, "a hash")
        await identity.users.change_password(user.id, "another hash")
    async with store.open_identity(None, read_only=True) as identity:
        assert await identity.users.credentials(user.id) == Credentials(user, "another hash")
        with pytest.raises(NotFound):
            await identity.users.credentials(UserId(new_id()))


async def test_of_somebodys_sessions_those_beyond_the_newest_are_found_the_oldest_first(
    store: Store, people: People
) -> None:
    user, other = await people.register(), await people.register()
    made = []
    for number in range(5):
        session, token = people.a_session(user)
        session = replace(session, last_used_at=NOON + timedelta(minutes=number))
        made.append(session)
        async with store.open_identity(None) as identity:
            await identity.sessions.add(session, token)
    await people.sign_in(other)
    async with store.open_identity(None) as identity:
        await identity.sessions.save(made[1].revoke(at=NOON))
        expired = replace(made[2], expires_at=NOON)
        await identity.sessions.save(expired)
        alive = [made[0], made[3], made[4]]
        assert [list(await identity.sessions.beyond(newest, user.id, NOON)) for newest in range(4)] == [
            alive,
            alive[:2],
            alive[:1],
            [],
        ]


@pytest.mark.parametrize("store", ["postgres_as_service"], indirect=True)
async def test_a_session_that_somebody_else_holds_is_not_waited_for(store: Store, people: People) -> None:
    user = await people.register()
    sessions = []
    for _ in range(2):
        session, token = people.a_session(user)
        sessions.append(session)
        async with store.open_identity(None) as identity:
            await identity.sessions.add(session, token)
    async with asyncio.timeout(4), store.open_identity(None) as holding:
        await holding.sessions.get(sessions[0].id)
        async with store.open_identity(None) as identity:
            assert await identity.sessions.beyond(0, user.id, NOON) == [sessions[1]]
