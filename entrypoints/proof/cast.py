"""Everybody and everything that takes part."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

from domain.access import Role
from entrypoints.proof.callers import FORMER_MEMBERS, MEMBERS, Caller, Place, role_in
from entrypoints.proof.canaries import Canaries
from entrypoints.proof.deployment import Deployment, Json, Person


class NotPossible(Exception):
    """Something that this deployment cannot be brought to do from here. The message says why."""


class Backstage(Protocol):
    """What only an administrator or the operator can do."""

    async def administrator(self) -> Person:
        """Open a throw-away account that administers others, and sign in. Raises NotPossible."""
        ...

    async def deactivate(self, person: Person) -> None:
        """Switch an account off. Raises NotPossible."""
        ...

    async def reactivate(self, person: Person) -> None:
        """Switch it on again. Raises NotPossible."""
        ...


@dataclass(slots=True, kw_only=True)
class Cast:
    """The callers, and two hands of the proof: a steward who runs the organisations, and a spare person."""

    deployment: Deployment
    canaries: Canaries
    people: dict[Caller, Person]
    steward: Person
    spare: Person
    organizations: dict[Place, str] = field(default_factory=dict)
    absent: dict[Caller, str] = field(default_factory=dict)
    """Who could not be cast, and why."""

    @property
    def owner(self) -> Person:
        """Whose things others reach for."""
        return self.people[Caller.OWNER]

    def space_id(self, place: Place, caller: Caller) -> str:
        """The id of a space, seen from somebody; whoever has none of their own tries the owner's."""
        if place in self.organizations:
            return self.organizations[place]
        own = self.people.get(caller) if place is Place.OWN else None
        return (own or self.owner).id

    def spaces_of(self, caller: Caller) -> set[str]:
        """What somebody may be told about."""
        if not caller.is_signed_in:
            return set()
        return {self.space_id(place, caller) for place in Place if role_in(place, caller)}

    def circle_of(self, caller: Caller) -> set[str]:
        """Those who may know somebody: themselves, and the organisation they are or were in."""
        person, place = self.people[caller], Place.ORGANIZATION
        known = caller in MEMBERS or caller in FORMER_MEMBERS
        return {person.id, self.organizations[place]} if known else {person.id}

    async def found(self, founder: Person) -> str:
        """A new organisation, whose name only its members may read."""
        name = self.canaries.plant()
        founded = await self.deployment.ask(founder, "POST", "/api/organizations", {"name": name})
        organization_id: str = founded["id"]
        self.canaries.guard(name, founder.id, organization_id)
        return organization_id

    async def invite(self, organization_id: str, role: Role, *, by: Person) -> Json:
        """A new invitation, with its token."""
        path = f"/api/organizations/{organization_id}/invitations"
        invitation = await self.deployment.ask(by, "POST", path, {"role": role})
        self.canaries.guard(invitation["token"], organization_id)
        self.canaries.guard(invitation["id"], organization_id)
        return invitation

    async def let_in(self, person: Person, role: Role) -> None:
        """Make somebody a member of the organisation."""
        invitation = await self.invite(self.organizations[Place.ORGANIZATION], role, by=self.steward)
        await self.deployment.ask(person, "POST", "/api/invitations/accept", {"token": invitation["token"]})

    async def make(self, person: Person, role: Role) -> None:
        """Have somebody in the organisation with this role, whatever they were."""
        path = f"/api/organizations/{self.organizations[Place.ORGANIZATION]}/members/{person.id}"
        answer = await self.deployment.send_as(self.steward, "PATCH", path, {"role": role})
        if answer.status_code == HTTPStatus.NOT_FOUND:
            await self.let_in(person, role)
        elif not answer.is_success:
            await self.deployment.ask(self.steward, "PATCH", path, {"role": role})
