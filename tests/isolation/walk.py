"""People who make, move and read things at random, in their own spaces and in others'."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from tests.isolation.company import NOBODY, mostly, nth, roles, some
from tests.isolation.drivers import Driver
from tests.isolation.items import Items, names
from tests.isolation.model import OK, ModelTask


class Walk(Items):
    """People who have tasks as well. What is done to the service is done to the model, and both must agree."""

    @initialize(first=roles, second=roles)
    def begin(self, first: str, second: str) -> None:
        """Four people, three of whom share an organisation, and everybody has made what they may."""
        for _ in range(4):
            self.register()
        self.found(0)
        for number, role in enumerate((first, second), start=1):
            self.join(self.users[number], self.spaces[-1], role)
        for user in self.users:
            for named, name in ((None, "Work"), (self.spaces[-1], "WORK")):
                self.create_in(user, named, [name, "Home"])
                self.make_one_of_each(user, named)
        self.transfer_from(self.users[0], None, self.task(self.users[0], 1), self.spaces[-1])
        self.transfer_from(self.users[0], self.spaces[-1], self.task(self.spaces[-1], 1), self.users[1])
        self.change_own_tags()

    def join(self, user: str, space: str, role: str) -> None:
        token = self.do(self.driver.invite(self.users[0], space, role))[1]
        assert self.do(self.driver.accept(user, token))[0] == OK
        self.world.roles[space][user] = role

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
            if self.world.rank(user, space) is not None:
                self.sees_items(user, space, space)
        self.sees_list(user, None, user)
        self.sees_items(user, None, user)
        self.misses_others_items(user)

    @rule(who=some, where=some, tags=names)
    def create(self, who: int, where: int, tags: list[str]) -> None:
        user, named, _ = self.before(who, where)
        self.create_in(user, named, tags)

    def create_in(self, user: str, named: str | None, tags: list[str]) -> None:
        space = named or user
        status, task = self.do(self.driver.create(user, named, self.new_title(), tags))
        assert status == self.world.entering(user, space, needed=1)
        if status == OK:
            self.task_ids.append(task["id"])
            spelt = self.world.spelt(space, tags, by=user)
            self.world.tasks[task["id"]] = ModelTask(space, user, task["title"], tags=spelt)
            self.is_the(task, task["id"])
            self.sees_items_of("tags", user, named, space)

    @rule(who=some, where=some, which=some, tags=st.none() | names)
    def change(self, who: int, where: int, which: int, tags: list[str] | None) -> None:
        user, named, space = self.before(who, where)
        task_id, title = self.task(space, which), self.new_title()
        status, task = self.do(self.driver.change(user, named, task_id, title, tags))
        assert status == self.reaching(user, space, task_id, needed=1)
        if status == OK:
            kept = self.world.tasks[task_id]
            kept.title = title
            if tags is not None:
                kept.tags = self.world.spelt(space, tags, by=user)
            self.is_the(task, task_id)
            self.sees_items_of("tags", user, named, space)

    @rule(who=some, where=some, which=some)
    def complete(self, who: int, where: int, which: int) -> None:
        user, named, space = self.before(who, where)
        task_id = self.task(space, which)
        status, task = self.do(self.driver.complete(user, named, task_id))
        assert status == self.reaching(user, space, task_id, needed=1)
        if status == OK:
            self.world.tasks[task_id].status = "completed"
            self.is_the(task, task_id)

    @rule(who=some, where=some, which=some, to=some)
    def transfer(self, who: int, where: int, which: int, to: int) -> None:
        user, named, space = self.before(who, where)
        self.transfer_from(user, named, self.task(space, which), nth([*self.spaces, NOBODY], to))

    def transfer_from(self, user: str, named: str | None, task_id: str, recipient: str) -> None:
        status, task = self.do(self.driver.transfer(user, named, task_id, recipient))
        kept = self.world.tasks.get(task_id)
        assert status == self.world.transferring(user, named or user, kept, recipient)
        if kept and status == OK:
            kept.space = recipient
            here, kept.tags = kept.tags, self.world.spelt(recipient, kept.tags, by=user)
            self.is_the(task, task_id, tags=here if self.world.rank(user, recipient) is None else None)

    @rule(who=some, where=some, which=some)
    def delete(self, who: int, where: int, which: int) -> None:
        user, named, space = self.before(who, where)
        task_id = self.task(space, which)
        expected = self.world.taking_away(user, space, self.world.tasks.get(task_id))
        assert self.do(self.driver.delete(user, named, task_id))[0] == expected
        if expected == OK:
            del self.world.tasks[task_id]

    @rule(who=some, where=some, which=some)
    def read(self, who: int, where: int, which: int) -> None:
        user, named, space = self.before(who, where)
        task_id = self.task(space, which)
        status, task = self.do(self.driver.read(user, named, task_id))
        assert status == self.reaching(user, space, task_id, needed=0)
        if status == OK:
            self.is_the(task, task_id)

    @rule(who=some, where=some)
    def see(self, who: int, where: int) -> None:
        user, named, space = self.before(who, where)
        self.sees_list(user, named, space)
        self.sees_items(user, named, space)
        self.sees_members(user, space)

    def reaching(self, user: str, space: str, task_id: str, *, needed: int) -> int:
        return self.world.reaching(user, space, self.world.tasks.get(task_id), needed=needed)

    def task(self, space: str, which: int) -> str:
        """A task, mostly one of the space."""
        return mostly(list(self.world.tasks_in(space)), self.task_ids, which)

    def new_title(self) -> str:
        self.titles += 1
        return f"task {self.titles}"

    def is_the(self, task: dict[str, Any], task_id: str, tags: list[str] | None = None) -> None:
        """It is what is kept; whoever sees nothing of where it is sees its tags as they knew them."""
        kept = self.world.tasks[task_id]
        assert (task["id"], task["owner_id"], task["created_by"]) == (task_id, kept.space, kept.maker)
        shown = kept.tags if tags is None else tags
        assert (task["title"], task["status"], list(task["tags"])) == (kept.title, kept.status, shown)

    def sees_list(self, user: str, named: str | None, space: str) -> None:
        status, found = self.do(self.driver.list(user, named))
        assert status == self.world.entering(user, space)
        if status == OK:
            items, total = found
            assert {task["id"] for task in items} == self.world.tasks_in(space).keys()
            assert total == len(items)
            for task in items:
                self.is_the(task, task["id"])


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
