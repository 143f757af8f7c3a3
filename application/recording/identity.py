"""The doors to accounts and to receptions, with a scribe beside them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from application.ports.audit import AccountsLog, AuditLog
from application.ports.identity import (
    Credentials,
    Identity,
    OpenIdentity,
    PasswordResets,
    Sessions,
    UserQuery,
    Users,
)
from application.ports.organizations import (
    Belonging,
    Charter,
    Interior,
    Invitations,
    OpenReception,
    Organizations,
    Reception,
)
from application.ports.paging import Onward, Page
from application.ports.replies import Replies
from application.ports.usage import Usage
from application.recording.scribe import Notes, Scribe
from application.recording.spaces import RecordingInvitations, RecordingMembers, RecordingTasks
from domain.access import NOWHERE, Actor, Origin
from domain.audit import Action, Resource
from domain.deeds import account_deed, organization_deed, password_deed, session_deed
from domain.errors import Forbidden, InvitationRefused, NotAuthenticated
from domain.ids import SessionId, SpaceId, UserId
from domain.organization import Membership, Organization
from domain.session import RefreshToken, Session
from domain.user import Email, User


@dataclass(slots=True)
class RecordingUsers:
    """Accounts, with every new and every changed one noted."""

    users: Users
    notes: Notes
    found: dict[UserId, User] = field(default_factory=dict)

    async def add(self, credentials: Credentials) -> None:
        await self.users.add(credentials)
        user = credentials.user
        self.notes.did(user.id, account_deed(Action.CREATE, None, user))

    async def get(self, user_id: UserId) -> User:
        self.found[user_id] = await self.users.get(user_id)
        return self.found[user_id]

    async def credentials(self, user_id: UserId) -> Credentials:
        return await self.users.credentials(user_id)

    async def with_email(self, email: Email) -> Credentials | None:
        return await self.users.with_email(email)

    async def find(self, query: UserQuery) -> Page[User]:
        return await self.users.find(query)

    async def administrators(self) -> Sequence[User]:
        return await self.users.administrators()

    async def save(self, user: User) -> None:
        await self.users.save(user)
        was = self.found.get(user.id)
        if was == user:
            return
        raised = was is not None and was.role is not user.role
        action = Action.ROLE_CHANGE if raised else Action.UPDATE
        self.notes.did(user.id, account_deed(action, was, user))

    async def save_password_hash(self, user_id: UserId, password_hash: str) -> None:
        await self.users.save_password_hash(user_id, password_hash)

    async def remove(self, user: User, *, at: datetime, limit: int) -> None:
        await self.users.remove(user, at=at, limit=limit)  # What goes with an account is not noted.
        self.notes.did(user.id, account_deed(Action.DELETE, user, None))

    async def change_password(self, user_id: UserId, password_hash: str) -> None:
        await self.users.change_password(user_id, password_hash)
        self.notes.did(user_id, password_deed(user_id))


@dataclass(frozen=True, slots=True)
class RecordingSessions:
    """Sign-ins, with every beginning and every end noted."""

    sessions: Sessions
    notes: Notes

    async def add(self, session: Session, token: RefreshToken | None = None) -> None:
        await self.sessions.add(session, token)
        self.notes.did(session.user_id, session_deed(Action.LOGIN, session))

    async def get(self, session_id: SessionId) -> Session:
        return await self.sessions.get(session_id)

    async def of(self, user_id: UserId) -> Sequence[Session]:
        return await self.sessions.of(user_id)

    async def beyond(self, newest: int, user_id: UserId, at: datetime) -> Sequence[Session]:
        return await self.sessions.beyond(newest, user_id, at)

    async def find(self, user_id: UserId, page: Onward, *, at: datetime) -> Sequence[Session]:
        return await self.sessions.find(user_id, page, at=at)

    async def save(self, session: Session) -> None:
        await self.sessions.save(session)

    async def end(self, session: Session, because: Action) -> None:
        await self.sessions.end(session, because)
        self.notes.did(session.user_id, session_deed(because, session))

    async def token(self, hash: bytes) -> RefreshToken | None:
        return await self.sessions.token(hash)

    async def replace_token(self, used: RefreshToken, by: RefreshToken) -> None:
        await self.sessions.replace_token(used, by)


@dataclass(frozen=True, slots=True)
class RecordingOrganizations:
    """Organisations, with every new one noted in its own log."""

    organizations: Organizations
    notes: Notes

    async def add(self, organization: Organization, owner: Membership) -> None:
        await self.organizations.add(organization, owner)
        self.notes.did(organization.id, organization_deed(Action.CREATE, None, organization))

    async def of(self, user_id: UserId) -> Sequence[Belonging]:
        return await self.organizations.of(user_id)

    async def count(self, user_id: UserId, at_most: int, *, owned: bool = False) -> int:
        return await self.organizations.count(user_id, at_most, owned=owned)

    async def find(self, page: Onward) -> Sequence[Belonging]:
        return await self.organizations.find(page)


@dataclass(frozen=True)
class RecordingInterior:
    """An organisation, with what happens when a member leaves it noted in its log."""

    interior: Interior
    notes: Notes
    space_id: SpaceId

    @property
    def charter(self) -> Charter:
        return self.interior.charter

    @cached_property
    def members(self) -> RecordingMembers:
        return RecordingMembers(self.interior.members, self.notes)

    @property
    def invitations(self) -> RecordingInvitations:
        return RecordingInvitations(self.interior.invitations, self.notes)

    @cached_property
    def tasks(self) -> RecordingTasks:
        return RecordingTasks(self.interior.tasks, self.notes, self.space_id)

    async def note_departure(self, user_id: UserId) -> None:
        await self.interior.note_departure(user_id)  # What comes of it is noted.


@dataclass(frozen=True)
class RecordingIdentity:
    """Accounts and sessions, with every change noted."""

    identity: Identity
    notes: Notes

    @cached_property
    def users(self) -> RecordingUsers:
        return RecordingUsers(self.identity.users, self.notes)

    @cached_property
    def sessions(self) -> RecordingSessions:
        return RecordingSessions(self.identity.sessions, self.notes)

    @cached_property
    def organizations(self) -> RecordingOrganizations:
        return RecordingOrganizations(self.identity.organizations, self.notes)

    @property
    def password_resets(self) -> PasswordResets:
        return self.identity.password_resets  # That somebody asked is told by mail; what comes of it is noted.

    @property
    def audit(self) -> AuditLog:
        return self.identity.audit

    @property
    def replies(self) -> Replies:
        return self.identity.replies

    @property
    def accounts_log(self) -> AccountsLog:
        return self.identity.accounts_log

    async def inside(self, space_id: SpaceId) -> RecordingInterior:
        return RecordingInterior(await self.identity.inside(space_id), self.notes, space_id)

    async def reception(self, space_id: SpaceId, user_id: UserId) -> "RecordingReception":
        return RecordingReception(await self.identity.reception(space_id, user_id), self.notes)


@dataclass(frozen=True, slots=True)
class RecordingOpenIdentity:
    """Opens accounts and sessions and writes down what is done to them."""

    open_identity: OpenIdentity
    scribe: Scribe

    @asynccontextmanager
    async def __call__(
        self, actor: Actor | None, *, read_only: bool = False, origin: Origin = NOWHERE
    ) -> AsyncIterator[Identity]:
        notes = Notes(Action.READ if read_only else Action.UPDATE, Resource.ACCOUNT)
        by = None if actor is None else actor.user_id
        origin = origin if actor is None else actor.origin
        try:
            async with self.open_identity(actor, read_only=read_only) as identity:
                yield RecordingIdentity(identity, notes)
                if actor is None and notes.deeds:
                    by = UserId(notes.deeds[0][0])  # Whoever registers or signs in does it themselves.
                await self.scribe.write_all(identity.audit, notes, by=by, origin=origin)
            self.scribe.note_growth(notes)
        except (NotAuthenticated, Forbidden) as refusal:
            if actor is not None:
                await self.scribe.write_refusal(refusal, notes, actor)
            raise


@dataclass(frozen=True)
class RecordingReception:
    """A space as far as an invited person sees it, with their coming in noted."""

    reception: Reception
    notes: Notes

    async def visitor(self) -> User:
        return await self.reception.visitor()

    @cached_property
    def members(self) -> RecordingMembers:
        return RecordingMembers(self.reception.members, self.notes)

    @property
    def invitations(self) -> Invitations:
        return self.reception.invitations

    @property
    def organizations(self) -> Organizations:
        return self.reception.organizations

    @property
    def usage(self) -> Usage:
        return self.reception.usage

    @property
    def audit(self) -> AuditLog:
        return self.reception.audit


@dataclass(frozen=True, slots=True)
class RecordingOpenReception:
    """The door for people who have been invited, with a scribe beside it."""

    open_reception: OpenReception
    scribe: Scribe

    @asynccontextmanager
    async def __call__(self, actor: Actor, space_id: SpaceId) -> AsyncIterator[Reception]:
        notes = Notes(Action.JOIN, Resource.INVITATION)
        try:
            async with self.open_reception(actor, space_id) as reception:
                yield RecordingReception(reception, notes)
                await self.scribe.write_all(reception.audit, notes, by=actor.user_id, origin=actor.origin)
            self.scribe.note_growth(notes)
        except (NotAuthenticated, InvitationRefused) as refusal:
            # Whose invitation it was is not told: a refused one looks like one that there never was.
            notes.resource_type, notes.resource_id = Resource.INVITATION, None
            await self.scribe.write_refusal(refusal, notes, actor)
            raise
