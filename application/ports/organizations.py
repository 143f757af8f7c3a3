"""Where organisations, their members and their invitations are kept."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from application.ports.audit import AuditLog
from application.ports.paging import Onward
from application.ports.tasks import Tasks
from application.ports.usage import Usage
from domain.access import Actor, Role
from domain.ids import InvitationId, SpaceId, UserId
from domain.organization import Invitation, Membership, Organization
from domain.place import Place
from domain.user import User


@dataclass(frozen=True, slots=True)
class Member:
    """A membership, with the account that it belongs to."""

    membership: Membership
    user: User

    @property
    def place(self) -> Place:
        """The position among the members."""
        return self.membership.place


@dataclass(frozen=True, slots=True)
class Belonging:
    """An organisation somebody is in, and as what."""

    organization: Organization
    role: Role

    @property
    def place(self) -> Place:
        """The position in a list by name."""
        return self.organization.place


class Members(Protocol):
    """The members of the space they were reached through."""

    async def find(self, page: Onward) -> Sequence[Member]:
        """A page of the members, the longest-standing first."""
        ...

    async def get(self, user_id: UserId) -> Membership:
        """Somebody's membership. Raises MemberNotFound."""
        ...

    async def profile(self, user_id: UserId) -> Member:
        """A member with the account. Raises MemberNotFound."""
        ...

    async def count_other_owners(self, user_id: UserId) -> int:
        """Count the owners besides this person whose accounts are active.

        A space opened for writing holds all owners until it closes: none comes, goes or changes role meanwhile.
        """
        ...

    async def add(self, membership: Membership) -> None:
        """Let somebody in. Raises NotAuthenticated if their account has gone away in the meantime."""
        ...

    async def save(self, membership: Membership) -> None:
        """Replace the membership of the same person."""
        ...

    async def remove(self, user_id: UserId) -> None:
        """Put somebody out."""
        ...


class Invitations(Protocol):
    """The invitations to the space they were reached through."""

    async def add(self, invitation: Invitation) -> None:
        """Keep a new invitation."""
        ...

    async def open(self) -> Sequence[Invitation]:
        """Those that are not closed, the newest first; some may have expired."""
        ...

    async def count_open(self, at: datetime, at_most: int) -> int:
        """How many are neither closed nor expired at this moment, counted no further than ``at_most``."""
        ...

    async def find(self, page: Onward, *, at: datetime) -> Sequence[Invitation]:
        """A page of those that are neither closed nor expired at this moment, the newest first."""
        ...

    async def get(self, invitation_id: InvitationId) -> Invitation:
        """An invitation that is not closed, held until the space closes. Raises InvitationNotFound."""
        ...

    async def with_token(self, token_hash: bytes) -> Invitation | None:
        """The invitation that has this token, held until the space closes."""
        ...

    async def save(self, invitation: Invitation) -> None:
        """Replace the invitation of the same id."""
        ...


class Charter(Protocol):
    """What makes the space an organisation."""

    async def get(self) -> Organization:
        """The organisation. Raises SpaceForbidden in a personal space, which is none."""
        ...

    async def save(self, organization: Organization) -> None:
        """Replace it."""
        ...

    async def dissolve(self, *, at: datetime, limit: int) -> None:
        """Remove the space with its memberships and invitations, for everybody; and up to so many things in it.

        Where there is more, it is marked as removed at this moment, and ``Removals`` finds it.
        """
        ...


class Organizations(Protocol):
    """Organisations, seen from one person."""

    async def add(self, organization: Organization, owner: Membership) -> None:
        """Keep a new organisation, with its first owner."""
        ...

    async def of(self, user_id: UserId) -> Sequence[Belonging]:
        """Those that the person is in, by name.

        Only use cases that manage accounts may ask it of another person than the actor.
        """
        ...

    async def count(self, user_id: UserId, at_most: int, *, owned: bool = False) -> int:
        """How many the person is in, or owns, counted no further than ``at_most``.

        Of another person than the actor only whether there is room for one more may be told.
        """
        ...

    async def find(self, page: Onward) -> Sequence[Belonging]:
        """A page of those that the actor is in, by name without regard to case."""
        ...


class Interior(Protocol):
    """An organisation as far as the end of a member's account concerns it: closing, or deactivation."""

    @property
    def charter(self) -> Charter:
        """What makes it an organisation."""
        ...

    @property
    def members(self) -> Members:
        """Its members."""
        ...

    @property
    def invitations(self) -> Invitations:
        """Its invitations."""
        ...

    @property
    def tasks(self) -> Tasks:
        """Its tasks."""
        ...

    async def note_departure(self, user_id: UserId) -> None:
        """Keep that this person leaves for good and may have tasks left here: ``Removals`` finds it."""
        ...


class Reception(Protocol):
    """A space as far as an invited person sees it."""

    async def visitor(self) -> User:
        """The account of the invited person."""
        ...

    @property
    def members(self) -> Members:
        """Its members."""
        ...

    @property
    def invitations(self) -> Invitations:
        """Its invitations."""
        ...

    @property
    def organizations(self) -> Organizations:
        """The organisations that the invited person is in."""
        ...

    @property
    def usage(self) -> Usage:
        """How much it holds."""
        ...

    @property
    def audit(self) -> AuditLog:
        """Its log."""
        ...


class OpenReception(Protocol):
    """The door for people who have been invited."""

    def __call__(self, actor: Actor, space_id: SpaceId) -> AbstractAsyncContextManager[Reception]:
        """Open a space, which may not exist, to somebody who need not be a member.

        Commits on a clean exit, rolls back on any exception. Raises NotAuthenticated if the session has ended or the
        account is not active, Unavailable if the store cannot answer.
        """
        ...
