"""Organisations, their members and their invitations, in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.memory.audit import MemoryAuditLog
from adapters.memory.owned import items_of
from adapters.memory.signed_in import require_signed_in
from adapters.memory.store import Contents, MemoryStore, remove_space
from adapters.memory.tasks import MemoryTasks
from adapters.memory.usage import MemoryUsage
from application.listing import own_place
from application.ports.clock import Clock
from application.ports.organizations import Belonging, Member
from application.ports.paging import Onward
from domain.access import Actor, Role
from domain.errors import InvitationNotFound, MemberNotFound, NotAuthenticated, SpaceForbidden
from domain.ids import InvitationId, SpaceId, UserId
from domain.organization import Invitation, Membership, Organization
from domain.place import Place
from domain.user import User


class MemoryMembers:
    """The members of one space."""

    def __init__(self, contents: Contents, space_id: SpaceId) -> None:
        self._contents = contents
        self._space_id = space_id

    async def find(self, page: Onward) -> Sequence[Member]:
        found = [Member(one, self._contents.accounts[one.user_id].user) for one in self._mine()]
        return items_of(found, page, own_place)

    async def get(self, user_id: UserId) -> Membership:
        membership = self._contents.memberships.get((self._space_id, user_id))
        if membership is None:
            raise MemberNotFound
        return membership

    async def profile(self, user_id: UserId) -> Member:
        return Member(await self.get(user_id), self._contents.accounts[user_id].user)

    async def count_other_owners(self, user_id: UserId) -> int:
        owners = [kept.user_id for kept in self._mine() if kept.role is Role.OWNER and kept.user_id != user_id]
        return sum(self._contents.accounts[owner].user.is_active for owner in owners)

    async def add(self, membership: Membership) -> None:
        if membership.user_id not in self._contents.accounts:
            raise NotAuthenticated
        kept = replace(membership, space_id=self._space_id)
        self._contents.memberships[self._space_id, membership.user_id] = kept

    async def save(self, membership: Membership) -> None:
        await self.add(membership)

    async def remove(self, user_id: UserId) -> None:
        del self._contents.memberships[self._space_id, user_id]

    def _mine(self) -> list[Membership]:
        return [kept for kept in self._contents.memberships.values() if kept.space_id == self._space_id]


class MemoryInvitations:
    """The invitations to one space."""

    def __init__(self, contents: Contents, space_id: SpaceId) -> None:
        self._invitations = contents.invitations
        self._space_id = space_id

    async def add(self, invitation: Invitation) -> None:
        self._invitations[self._space_id, invitation.id] = replace(invitation, space_id=self._space_id)

    async def open(self) -> Sequence[Invitation]:
        found = [kept for kept in self._mine() if kept.closed_at is None]
        return sorted(found, key=lambda kept: (kept.created_at, kept.id), reverse=True)

    async def count_open(self, at: datetime, at_most: int) -> int:
        return min(at_most, sum(kept.closed_at is None and at < kept.expires_at for kept in self._mine()))

    async def find(self, page: Onward, *, at: datetime) -> Sequence[Invitation]:
        found = [kept for kept in self._mine() if kept.closed_at is None and at < kept.expires_at]
        return items_of(found, page, own_place, descending=True)

    async def get(self, invitation_id: InvitationId) -> Invitation:
        invitation = self._invitations.get((self._space_id, invitation_id))
        if invitation is None or invitation.closed_at is not None:
            raise InvitationNotFound
        return invitation

    async def with_token(self, token_hash: bytes) -> Invitation | None:
        return next((kept for kept in self._mine() if kept.token_hash == token_hash), None)

    async def save(self, invitation: Invitation) -> None:
        await self.add(invitation)

    def _mine(self) -> list[Invitation]:
        return [kept for kept in self._invitations.values() if kept.space_id == self._space_id]


class MemoryCharter:
    """What makes one space an organisation."""

    def __init__(self, contents: Contents, space_id: SpaceId) -> None:
        self._contents = contents
        self._space_id = space_id

    async def get(self) -> Organization:
        organization = self._contents.organizations.get(self._space_id)
        if organization is None:
            raise SpaceForbidden
        return organization

    async def save(self, organization: Organization) -> None:
        self._contents.organizations[self._space_id] = organization

    async def dissolve(self, *, at: datetime, limit: int) -> None:
        del self._contents.organizations[self._space_id]
        for part in (self._contents.memberships, self._contents.invitations):
            _remove_of(part, self._space_id)
        remove_space(self._contents, self._space_id, at=at, limit=limit)


def _remove_of(part: dict[Any, Any], space_id: SpaceId) -> None:
    for key in [key for key in part if key[0] == space_id]:
        del part[key]


class MemoryOrganizations:
    """Organisations, seen from one person."""

    def __init__(self, contents: Contents, actor: UserId) -> None:
        self._contents = contents
        self._actor = actor

    async def add(self, organization: Organization, owner: Membership) -> None:
        self._contents.organizations[organization.id] = organization
        await MemoryMembers(self._contents, organization.id).add(owner)

    async def of(self, user_id: UserId) -> Sequence[Belonging]:
        found = [
            Belonging(self._contents.organizations[kept.space_id], kept.role)
            for kept in self._contents.memberships.values()
            if kept.user_id == user_id and kept.space_id in self._contents.organizations
        ]
        return sorted(found, key=_by_name)

    async def find(self, page: Onward) -> Sequence[Belonging]:
        after = page.after and replace(page.after, key=str(page.after.key).lower())
        return items_of(await self.of(self._actor), replace(page, after=after), _by_name)

    async def count(self, user_id: UserId, at_most: int, *, owned: bool = False) -> int:
        found = [one for one in await self.of(user_id) if not owned or one.role is Role.OWNER]
        return min(at_most, len(found))


def _by_name(belonging: Belonging) -> Place:
    return Place(belonging.organization.name.lower(), belonging.organization.id)


class MemoryInterior:
    """An organisation, for a member who leaves it."""

    def __init__(self, contents: Contents, space_id: SpaceId) -> None:
        self._departures = contents.departures
        self._space_id = space_id
        self.charter = MemoryCharter(contents, space_id)
        self.members = MemoryMembers(contents, space_id)
        self.invitations = MemoryInvitations(contents, space_id)
        self.tasks = MemoryTasks(contents, space_id)

    async def note_departure(self, user_id: UserId) -> None:
        self._departures[self._space_id, user_id] = None


class MemoryReception:
    """A space as far as an invited person sees it."""

    def __init__(self, contents: Contents, space_id: SpaceId, user_id: UserId) -> None:
        self._contents = contents
        self._user_id = user_id
        self.members = MemoryMembers(contents, space_id)
        self.invitations = MemoryInvitations(contents, space_id)
        self.organizations = MemoryOrganizations(contents, user_id)
        self.usage = MemoryUsage(contents, space_id)
        self.audit = MemoryAuditLog(contents, space_id)

    async def visitor(self) -> User:
        return self._contents.accounts[self._user_id].user


class MemoryOpenReception:
    """The door for people who have been invited."""

    def __init__(self, store: MemoryStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @asynccontextmanager
    async def __call__(self, actor: Actor, space_id: SpaceId) -> AsyncIterator[MemoryReception]:
        """Check that the actor is signed in, and nothing else."""
        async with self._store.begin(read_only=False) as contents:
            require_signed_in(contents, actor, self._clock)
            yield MemoryReception(contents, space_id, actor.user_id)
