"""Several people and organisations that come and go at random; and the same in a small model, which must agree."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.isolation.drivers import Driver
from tests.isolation.model import OK, SIGN_IN, ModelInvitation, World

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


class Company(RuleBasedStateMachine):
    """People, and the organisations they are in: who is what."""

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
        if expected == OK:
            invitation.is_closed = True
            self.world.give_role(user, invitation.space, invitation.role)

    @rule(who=some, where=some, whom=some, role=roles)
    def change_role(self, who: int, where: int, whom: int, role: str) -> None:
        user = nth(self.users, who)
        space = self.place(user, where)
        target = self.person(space, whom)
        expected = self.world.changing_role(user, space, target, role)
        status, _ = self.do(self.driver.change_role(user, space, target, role))
        assert status in expected
        if status == OK:
            self.world.give_role(target, space, role)

    @rule(who=some, where=some, whom=some)
    def remove_or_leave(self, who: int, where: int, whom: int) -> None:
        user = nth(self.users, who)
        space = self.place(user, where)
        target = self.person(space, whom)
        expected = self.world.removing(user, space, target)
        assert self.do(self.driver.remove(user, space, target))[0] == expected
        if expected == OK:
            self.world.give_role(target, space, None)

    def place(self, user: str, where: int) -> str:
        """A space, mostly an organisation that somebody is in."""
        shared = [space for space in self.spaces if space in self.world.organizations]
        mine = [space for space in shared if user in self.world.roles[space]]
        return mostly(mine, [*self.spaces, NOBODY], where)

    def before(self, who: int, where: int) -> tuple[str, str | None, str]:
        """Somebody, the space as they name it, and the space that they mean."""
        user = nth(self.users, who)
        named = None if where % 5 == 0 else self.place(user, where // 5)
        return user, named, named or user

    def person(self, space: str, whom: int) -> str:
        """Somebody, mostly one who is in the space."""
        return mostly(list(self.world.roles.get(space, {})), [*self.users, NOBODY], whom)

    def sees_members(self, user: str, space: str) -> None:
        status, found = self.do(self.driver.members(user, space))
        assert status == self.world.entering_organization(user, space)
        assert status != OK or found == self.world.roles[space]

    def sees_organizations(self, user: str) -> None:
        status, found = self.do(self.driver.organizations(user))
        assert status == (OK if user in self.world.signed_in else SIGN_IN)
        mine = {space: self.world.roles[space].get(user) for space in self.world.organizations}
        assert status != OK or found == {space: role for space, role in mine.items() if role}
