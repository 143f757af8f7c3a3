"""Several people and organisations act at random, and what each may see and do is held against a small model."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import URL

from adapters.memory.tasks import MemoryTasks
from application.ports.tasks import TaskPage, TaskQuery
from domain import organization
from domain.access import Access, Permission, Relation
from tests.isolation.drivers import Driver, OverHttp, UseCases
from tests.isolation.model import OK, SIGN_IN, ModelInvitation, ModelTask, World

T = TypeVar("T")

NOBODY: Final = str(UUID(int=0))
MOST_PEOPLE: Final = 5
MOST_ORGANIZATIONS: Final = 2

some = st.integers(min_value=0, max_value=9999)
"""Which one of those that there are, however many that is."""
roles = st.sampled_from(["viewer", "member", "admin", "owner"])


def nth(choices: Sequence[T], number: int) -> T:
    return choices[number % len(choices)]


def mostly(likely: Sequence[T], others: Sequence[T], number: int) -> T:
    """One of the likely ones three times in four: what is only picked at random seldom meets."""
    return nth(likely if likely and number % 4 else others, number // 4)


class Walk(RuleBasedStateMachine):
    """Everything that is done is done to the service and to the model, and both must agree."""

    new_driver: ClassVar[Callable[[], Driver]]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.users: list[str] = []
        self.spaces: list[str] = []
        self.task_ids: list[str] = [NOBODY]
        self.titles = 0
        self.driver = type(self).new_driver()
        self.do(self.driver.open())

    def do(self, step: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(step)

    def teardown(self) -> None:
        try:
            for user in self.users:
                self.look_around(user)
        finally:
            self.do(self.driver.close())
            self.loop.close()

    def look_around(self, user: str) -> None:
        """Everybody sees what is theirs, all of it, and nothing else."""
        self.sees_organizations(user)
        for space in [*self.spaces, NOBODY]:
            self.sees_list(user, space, space)
            self.sees_members(user, space)
        self.sees_list(user, None, user)

    @initialize(first=roles, second=roles)
    def begin(self, first: str, second: str) -> None:
        """Four people, three of whom share an organisation, and everybody has made what they may."""
        for _ in range(4):
            self.register()
        self.found(0)
        for number, role in enumerate((first, second), start=1):
            self.join(self.users[number], self.spaces[-1], role)
        for user in self.users:
            self.create_in(user, None)
            self.create_in(user, self.spaces[-1])

    def join(self, user: str, space: str, role: str) -> None:
        token = self.do(self.driver.invite(self.users[0], space, role))[1]
        assert self.do(self.driver.accept(user, token))[0] == OK
        self.world.roles[space][user] = role

    @precondition(lambda self: len(self.users) < MOST_PEOPLE)
    @rule()
    def register(self) -> None:
        user = self.do(self.driver.register(f"{uuid4().hex}@example.org"))
        self.users.append(user)
        self.spaces.append(user)
        self.world.signed_in.add(user)
        self.world.roles[user] = {user: "owner"}

    @rule(who=some)
    def sign_out_and_perhaps_in(self, who: int) -> None:
        user = nth(self.users, who)
        expected = OK if user in self.world.signed_in else SIGN_IN
        assert self.do(self.driver.sign_out(user))[0] == expected
        self.world.signed_in.discard(user)
        if expected == SIGN_IN or who % 3:
            self.do(self.driver.sign_in(user))
            self.world.signed_in.add(user)

    @precondition(lambda self: len(self.world.organizations) < MOST_ORGANIZATIONS)
    @rule(who=some)
    def found(self, who: int) -> None:
        user = nth(self.users, who)
        status, space = self.do(self.driver.found(user))
        assert status == (OK if user in self.world.signed_in else SIGN_IN)
        if status == OK:
            self.spaces.append(space)
            self.world.organizations.add(space)
            self.world.roles[space] = {user: "owner"}

    @rule(who=some, where=some, times=some)
    def dissolve(self, who: int, where: int, times: int) -> None:
        user = nth(self.users, who)
        space = self.place(user, where)
        expected = self.world.entering_organization(user, space, needed=3)
        if expected == OK and times % 8:
            return  # Seldom: most walks need their organisations.
        assert self.do(self.driver.dissolve(user, space))[0] == expected
        if expected == OK:
            self.world.dissolve(space)

    @rule(who=some, where=some, role=roles)
    def invite(self, who: int, where: int, role: str) -> None:
        user = nth(self.users, who)
        space = self.place(user, where)
        status, token = self.do(self.driver.invite(user, space, role))
        assert status == self.world.inviting(user, space, role)
        if status == OK:
            self.world.invitations[token] = ModelInvitation(space, user, role)

    @precondition(lambda self: self.world.invitations)
    @rule(who=some, which=some)
    def accept(self, who: int, which: int) -> None:
        user, token = nth(self.users, who), nth(list(self.world.invitations), which)
        expected = self.world.accepting(user, token)
        assert self.do(self.driver.accept(user, token))[0] == expected
        invitation = self.world.invitations[token]
        if expected == OK and user not in self.world.roles[invitation.space]:
            invitation.is_used = True
            self.world.roles[invitation.space][user] = invitation.role

    @rule(who=some, where=some, whom=some, role=roles)
    def change_role(self, who: int, where: int, whom: int, role: str) -> None:
        user = nth(self.users, who)
        space = self.place(user, where)
        target = self.person(space, whom)
        expected = self.world.changing_role(user, space, target, role)
        status, _ = self.do(self.driver.change_role(user, space, target, role))
        assert status in expected
        if status == OK:
            self.world.roles[space][target] = role

    @rule(who=some, where=some, whom=some)
    def remove_or_leave(self, who: int, where: int, whom: int) -> None:
        user = nth(self.users, who)
        space = self.place(user, where)
        target = self.person(space, whom)
        expected = self.world.removing(user, space, target)
        assert self.do(self.driver.remove(user, space, target))[0] == expected
        if expected == OK:
            del self.world.roles[space][target]

    @rule(who=some, where=some)
    def create(self, who: int, where: int) -> None:
        user, named, _ = self.before(who, where)
        self.create_in(user, named)

    def create_in(self, user: str, named: str | None) -> None:
        space = named or user
        status, task = self.do(self.driver.create(user, named, self.new_title()))
        assert status == self.world.entering(user, space, needed=1)
        if status == OK:
            self.task_ids.append(task["id"])
            self.world.tasks[task["id"]] = ModelTask(space, user, task["title"])
            self.is_the(task, task["id"])

    @rule(who=some, where=some, which=some)
    def change(self, who: int, where: int, which: int) -> None:
        user, named, space = self.before(who, where)
        task_id, title = self.task(space, which), self.new_title()
        status, task = self.do(self.driver.change(user, named, task_id, title))
        assert status == self.world.reaching(user, space, task_id, needed=1)
        if status == OK:
            self.world.tasks[task_id].title = title
            self.is_the(task, task_id)

    @rule(who=some, where=some, which=some)
    def complete(self, who: int, where: int, which: int) -> None:
        user, named, space = self.before(who, where)
        task_id = self.task(space, which)
        status, task = self.do(self.driver.complete(user, named, task_id))
        assert status == self.world.reaching(user, space, task_id, needed=1)
        if status == OK:
            self.world.tasks[task_id].status = "completed"
            self.is_the(task, task_id)

    @rule(who=some, where=some, which=some, to=some)
    def transfer(self, who: int, where: int, which: int, to: int) -> None:
        user, named, space = self.before(who, where)
        task_id = self.task(space, which)
        recipient = nth([*self.spaces, NOBODY], to)
        status, task = self.do(self.driver.transfer(user, named, task_id, recipient))
        assert status == self.world.transferring(user, space, task_id, recipient)
        if status == OK:
            self.world.tasks[task_id].space = recipient
            self.is_the(task, task_id)

    @rule(who=some, where=some, which=some)
    def delete(self, who: int, where: int, which: int) -> None:
        user, named, space = self.before(who, where)
        task_id = self.task(space, which)
        expected = self.world.taking_away(user, space, task_id)
        assert self.do(self.driver.delete(user, named, task_id))[0] == expected
        if expected == OK:
            del self.world.tasks[task_id]

    @rule(who=some, where=some, which=some)
    def read(self, who: int, where: int, which: int) -> None:
        user, named, space = self.before(who, where)
        task_id = self.task(space, which)
        status, task = self.do(self.driver.read(user, named, task_id))
        assert status == self.world.reaching(user, space, task_id, needed=0)
        if status == OK:
            self.is_the(task, task_id)

    @rule(who=some, where=some)
    def see(self, who: int, where: int) -> None:
        user, named, space = self.before(who, where)
        self.sees_list(user, named, space)
        self.sees_members(user, space)

    def place(self, user: str, where: int) -> str:
        """A space, mostly an organisation that somebody is in."""
        mine = [space for space in self.world.organizations if user in self.world.roles[space]]
        return mostly(sorted(mine), [*self.spaces, NOBODY], where)

    def before(self, who: int, where: int) -> tuple[str, str | None, str]:
        """Somebody, the space as they name it, and the space that they mean."""
        user = nth(self.users, who)
        named = None if where % 5 == 0 else self.place(user, where // 5)
        return user, named, named or user

    def task(self, space: str, which: int) -> str:
        """A task, mostly one of the space."""
        return mostly(sorted(self.world.tasks_in(space)), self.task_ids, which)

    def person(self, space: str, whom: int) -> str:
        """Somebody, mostly one who is in the space."""
        return mostly(sorted(self.world.roles.get(space, {})), [*self.users, NOBODY], whom)

    def new_title(self) -> str:
        self.titles += 1
        return f"task {self.titles}"

    def is_the(self, task: dict[str, Any], task_id: str) -> None:
        kept = self.world.tasks[task_id]
        assert (task["id"], task["owner_id"], task["created_by"]) == (task_id, kept.space, kept.maker)
        assert (task["title"], task["status"]) == (kept.title, kept.status)

    def sees_list(self, user: str, named: str | None, space: str) -> None:
        status, found = self.do(self.driver.list(user, named))
        assert status == self.world.entering(user, space)
        if status == OK:
            items, total = found
            assert {task["id"] for task in items} == self.world.tasks_in(space).keys()
            assert total == len(items)
            for task in items:
                self.is_the(task, task["id"])

    def sees_members(self, user: str, space: str) -> None:
        status, found = self.do(self.driver.members(user, space))
        assert status == self.world.entering_organization(user, space)
        assert status != OK or found == self.world.roles[space]

    def sees_organizations(self, user: str) -> None:
        status, found = self.do(self.driver.organizations(user))
        assert status == (OK if user in self.world.signed_in else SIGN_IN)
        mine = {space: self.world.roles[space].get(user) for space in self.world.organizations}
        assert status != OK or found == {space: role for space, role in mine.items() if role}


def walk(driver: Callable[[], Driver], *, examples: int, steps: int, **others: Any) -> None:
    """Walk again and again, the same walks in every run."""
    walking = type("Walking", (Walk,), {"new_driver": staticmethod(driver)})
    run_state_machine_as_test(
        walking,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            **others,
        ),
    )


def test_the_use_cases_agree_with_the_model() -> None:
    walk(UseCases, examples=120, steps=40)


def test_the_service_agrees_with_the_model(migrated_sqlite_url: URL) -> None:
    walk(lambda: OverHttp(migrated_sqlite_url), examples=12, steps=30)


def deletes_as_a_member(access: Access, _maker: object) -> None:
    access.require(Permission.EDIT_ITEMS)


async def finds_everybodys(tasks: MemoryTasks, query: TaskQuery) -> TaskPage:
    found = [task for task in tasks._tasks.values() if task.deleted_at is None]
    return TaskPage(found, len(found))


@pytest.mark.parametrize(
    ("of", "name", "instead"),
    [
        (Access, "may", lambda _access, _permission: True),
        (Access, "require_deletion_of_item_by", deletes_as_a_member),
        (organization, "_require_management", lambda _by, *_roles: None),
        (Relation, "may_give", property(lambda _relation: True)),
        (MemoryTasks, "find", finds_everybodys),
    ],
    ids=["roles", "others' items", "management", "gifts", "lists"],
)
def test_a_planted_bug_is_found(of: Any, name: str, instead: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of, name, instead)
    with pytest.raises(AssertionError):
        walk(UseCases, examples=120, steps=40, phases=[Phase.generate])


def test_a_bug_planted_under_the_service_is_found(migrated_sqlite_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organization, "_require_management", lambda _by, *_roles: None)
    with pytest.raises(AssertionError):
        walk(lambda: OverHttp(migrated_sqlite_url), examples=12, steps=30, phases=[Phase.generate])
