"""Organisations, their members and their invitations, on SQL databases."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from sqlalchemy import Integer, bindparam, delete, func, insert, select, update

from adapters.sql.audit import SqlAuditLog
from adapters.sql.clearing import remove_space
from adapters.sql.connection import Connection, ConstraintViolated, Database, Entry, Reading
from adapters.sql.owned import as_kept
from adapters.sql.pages import Keyset, Order
from adapters.sql.query import Query, Row
from adapters.sql.tables import departures, invitations, memberships, organizations, spaces, users
from adapters.sql.tasks import SqlTasks
from adapters.sql.types import Moment, is_any_id_of
from adapters.sql.usage import SqlUsage
from adapters.sql.users import ACCOUNT, SqlUsers, account_from
from application.ports.clock import Clock
from application.ports.organizations import Belonging, Member
from application.ports.paging import Onward
from domain.access import Actor, Role
from domain.errors import InvitationNotFound, MemberNotFound, NotAuthenticated, SpaceForbidden
from domain.ids import InvitationId, SpaceId, UserId, personal_space
from domain.organization import Invitation, Membership, Organization, OrganizationName
from domain.user import Email, User

_MEMBERS: Final = memberships.c.space_id == bindparam("space_id")
_MEMBER: Final = (_MEMBERS, memberships.c.user_id == bindparam("user_id"))
_MEMBERSHIP: Final = (
    memberships.c.space_id,
    memberships.c.user_id,
    memberships.c.role,
    memberships.c.joined_at,
)

_FIND_MEMBERS: Final = Keyset.of(
    select(*_MEMBERSHIP, *ACCOUNT).join(users, users.c.id == memberships.c.user_id).where(_MEMBERS),
    Order((memberships.c.joined_at, memberships.c.user_id)),
)
_GET_MEMBER: Final = Reading(select(*_MEMBERSHIP).where(*_MEMBER))
_HAS_MEMBER: Final = Reading(select(memberships.c.user_id).where(*_MEMBER))
_OWNERS: Final = Reading(
    select(memberships.c.user_id, users.c.is_active)
    .join(users, users.c.id == memberships.c.user_id)
    .where(_MEMBERS, memberships.c.role == Role.OWNER)
    .order_by(memberships.c.user_id),
    of=memberships,
)
_PROFILE: Final = Query(select(*_MEMBERSHIP, *ACCOUNT).join(users, users.c.id == memberships.c.user_id).where(*_MEMBER))
_EVERY_MEMBER: Final = Reading(select(memberships.c.user_id).where(_MEMBERS).order_by(memberships.c.user_id))
_ADD_MEMBER: Final = Query(insert(memberships))
_SAVE_MEMBER: Final = Query(update(memberships).where(*_MEMBER).values(role=bindparam("new_role")))
_REMOVE_MEMBER: Final = Query(delete(memberships).where(*_MEMBER))


def _membership_from(row: Row) -> Membership:
    space_id, user_id, role, joined_at = row
    return Membership(space_id=space_id, user_id=user_id, role=Role(role), joined_at=joined_at)


def _member_from(row: Row) -> Member:
    width = len(_MEMBERSHIP)
    return Member(_membership_from(row[:width]), account_from(row[width:]))


_NO_ACCOUNT: Final = frozenset({"memberships_user_id_fkey", "SQLITE_CONSTRAINT_FOREIGNKEY"})
"""How it is said that a person has gone away. SQLite names no foreign key, and holds the space while it writes."""


class SqlMembers:
    """The members of one space."""

    def __init__(self, connection: Connection, space_id: SpaceId) -> None:
        self._connection = connection
        self._space_id = space_id

    async def find(self, page: Onward) -> Sequence[Member]:
        rows = await _FIND_MEMBERS.fetch(self._connection, page, space_id=self._space_id)
        return [_member_from(row) for row in rows]

    async def profile(self, user_id: UserId) -> Member:
        row = await self._connection.fetch_one(_PROFILE, space_id=self._space_id, user_id=user_id)
        if row is None:
            raise MemberNotFound
        return _member_from(row)

    async def get(self, user_id: UserId) -> Membership:
        row = await _GET_MEMBER.one(self._connection, space_id=self._space_id, user_id=user_id)
        if row is None:
            raise MemberNotFound
        return _membership_from(row)

    async def has(self, user_id: UserId) -> bool:
        """Tell whether this person is a member, held until the end where the space was opened for writing."""
        return await _HAS_MEMBER.one(self._connection, space_id=self._space_id, user_id=user_id) is not None

    async def count_other_owners(self, user_id: UserId) -> int:
        owners = await _OWNERS.all(self._connection, space_id=self._space_id)
        return sum(is_active for owner, is_active in owners if owner != user_id)

    async def add(self, membership: Membership) -> None:
        try:
            await self._connection.execute(
                _ADD_MEMBER,
                space_id=self._space_id,
                user_id=membership.user_id,
                role=membership.role,
                joined_at=membership.joined_at,
            )
        except ConstraintViolated as violated:
            if violated.name in _NO_ACCOUNT:
                raise NotAuthenticated from violated
            raise

    async def save(self, membership: Membership) -> None:
        await self._connection.execute(
            _SAVE_MEMBER, space_id=self._space_id, user_id=membership.user_id, new_role=membership.role
        )

    async def remove(self, user_id: UserId) -> None:
        await self._connection.execute(_REMOVE_MEMBER, space_id=self._space_id, user_id=user_id)


_THIS_SPACES: Final = invitations.c.space_id == bindparam("space_id")
_OPEN: Final = (_THIS_SPACES, invitations.c.closed_at.is_(None))
_THE_INVITATION: Final = (_THIS_SPACES, invitations.c.id == bindparam("id"))

_ADD_INVITATION: Final = Query(insert(invitations))
_OPEN_INVITATIONS: Final = Query(
    select(*invitations.c).where(*_OPEN).order_by(invitations.c.created_at.desc(), invitations.c.id.desc())
)
_COUNT_OPEN: Final = Query(
    select(func.count()).select_from(
        select(invitations.c.id)
        .where(*_OPEN, invitations.c.expires_at > bindparam("at", type_=Moment))
        .order_by(invitations.c.space_id, invitations.c.id)
        .limit(bindparam("limit", type_=Integer))
        .subquery()
    )
)
_FIND_INVITATIONS: Final = Keyset.of(
    select(*invitations.c).where(*_OPEN, invitations.c.expires_at > bindparam("at")),
    Order((invitations.c.created_at, invitations.c.id), descending=True),
)
_GET_INVITATION: Final = Reading(select(*invitations.c).where(*_OPEN, invitations.c.id == bindparam("id")))
_INVITATION_WITH_TOKEN: Final = Reading(
    select(*invitations.c).where(_THIS_SPACES, invitations.c.token_hash == bindparam("token_hash"))
)
_SAVE_INVITATION: Final = Query(
    update(invitations).where(*_THE_INVITATION).values(closed_at=bindparam("new_closed_at"))
)


def _invitation_from(row: Row) -> Invitation:
    space_id, id_, role, token_hash, created_by, created_at, expires_at, closed_at, email = row
    return Invitation(
        id=id_,
        space_id=space_id,
        role=Role(role),
        token_hash=token_hash,
        created_by=created_by,
        created_at=created_at,
        expires_at=expires_at,
        closed_at=closed_at,
        email=None if email is None else Email(email),
    )


class SqlInvitations:
    """The invitations to one space."""

    def __init__(self, connection: Connection, space_id: SpaceId) -> None:
        self._connection = connection
        self._space_id = space_id

    async def add(self, invitation: Invitation) -> None:
        await self._connection.execute(
            _ADD_INVITATION,
            space_id=self._space_id,
            id=invitation.id,
            role=invitation.role,
            token_hash=invitation.token_hash,
            created_by=invitation.created_by,
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
            closed_at=invitation.closed_at,
            email=invitation.email,
        )

    async def open(self) -> Sequence[Invitation]:
        rows = await self._connection.fetch_all(_OPEN_INVITATIONS, space_id=self._space_id)
        return [_invitation_from(row) for row in rows]

    async def count_open(self, at: datetime, at_most: int) -> int:
        ((count,),) = await self._connection.fetch_all(_COUNT_OPEN, space_id=self._space_id, at=at, limit=at_most)
        return int(count)

    async def find(self, page: Onward, *, at: datetime) -> Sequence[Invitation]:
        rows = await _FIND_INVITATIONS.fetch(self._connection, page, space_id=self._space_id, at=at)
        return [_invitation_from(row) for row in rows]

    async def get(self, invitation_id: InvitationId) -> Invitation:
        row = await _GET_INVITATION.one(self._connection, space_id=self._space_id, id=invitation_id)
        if row is None:
            raise InvitationNotFound
        return _invitation_from(row)

    async def with_token(self, token_hash: bytes) -> Invitation | None:
        row = await _INVITATION_WITH_TOKEN.one(self._connection, space_id=self._space_id, token_hash=token_hash)
        return None if row is None else _invitation_from(row)

    async def save(self, invitation: Invitation) -> None:
        await self._connection.execute(
            _SAVE_INVITATION, space_id=self._space_id, id=invitation.id, new_closed_at=invitation.closed_at
        )


_THIS_ONE: Final = organizations.c.space_id == bindparam("space_id")
_GET_ORGANIZATION: Final = Reading(select(*organizations.c).where(_THIS_ONE))
_SAVE_ORGANIZATION: Final = Query(
    update(organizations).where(_THIS_ONE).values(name=bindparam("new_name"), updated_at=bindparam("new_updated_at"))
)
_REMOVE_MEMBERS: Final = Query(delete(memberships).where(_MEMBERS))
_REMOVE_ORGANIZATION: Final = Query(delete(organizations).where(_THIS_ONE))


def _organization_from(row: Row) -> Organization:
    space_id, name, created_at, updated_at = row
    return Organization(id=space_id, name=as_kept(OrganizationName, name), created_at=created_at, updated_at=updated_at)


class SqlCharter:
    """What makes one space an organisation."""

    def __init__(self, connection: Connection, space_id: SpaceId) -> None:
        self._connection = connection
        self._space_id = space_id

    async def get(self) -> Organization:
        row = await _GET_ORGANIZATION.one(self._connection, space_id=self._space_id)
        if row is None:
            raise SpaceForbidden
        return _organization_from(row)

    async def save(self, organization: Organization) -> None:
        await self._connection.execute(
            _SAVE_ORGANIZATION,
            space_id=self._space_id,
            new_name=organization.name,
            new_updated_at=organization.updated_at,
        )

    async def dissolve(self, *, at: datetime, limit: int) -> None:
        # Whoever assigns a task holds its assignee first and the space then. In another order the two could lock
        # each other out.
        await _EVERY_MEMBER.all(self._connection, space_id=self._space_id)
        for query in (_REMOVE_MEMBERS, _REMOVE_ORGANIZATION):  # With it go its invitations.
            await self._connection.execute(query, space_id=self._space_id)
        await remove_space(self._connection, self._space_id, at=at, limit=limit)


_ADD_SPACE: Final = Query(insert(spaces))
_ADD_ORGANIZATION: Final = Query(insert(organizations))
_BELONGING: Final = (
    select(*organizations.c, memberships.c.role)
    .join(memberships, memberships.c.space_id == organizations.c.space_id)
    .where(memberships.c.user_id == bindparam("user_id"))
)
_NAME: Final = func.lower(organizations.c.name)
_BELONGINGS: Final = Query(_BELONGING.order_by(_NAME, organizations.c.space_id))
_FIND_BELONGINGS: Final = Keyset.of(_BELONGING, Order((_NAME, organizations.c.space_id), folds_case=True))


_ROLES: Final = Query(
    select(memberships.c.space_id, memberships.c.role).where(memberships.c.user_id == bindparam("user_id"))
)
_SHARED: Final = Query(
    select(func.count())
    .select_from(memberships)
    .where(memberships.c.user_id == bindparam("user_id"), is_any_id_of(memberships.c.space_id, "ids"))
)
_SOME_BELONGINGS: Final = (
    select(memberships.c.space_id)
    .join(organizations, memberships.c.space_id == organizations.c.space_id)
    .where(memberships.c.user_id == bindparam("user_id"))
    .limit(bindparam("limit", type_=Integer))
)
_COUNT_BELONGINGS: Final = {
    False: Query(_SOME_BELONGINGS),
    True: Query(_SOME_BELONGINGS.where(memberships.c.role == Role.OWNER)),
}


class SqlOrganizations:
    """Organisations, seen from one person."""

    def __init__(self, connection: Connection, actor: UserId) -> None:
        self._connection = connection
        self._actor = actor

    async def add(self, organization: Organization, owner: Membership) -> None:
        await self._connection.step_into(organization.id)
        created_at = organization.created_at
        await self._connection.execute(_ADD_SPACE, space_id=organization.id, created_at=created_at, removed_at=None)
        await self._connection.execute(
            _ADD_ORGANIZATION,
            space_id=organization.id,
            name=organization.name,
            created_at=created_at,
            updated_at=organization.updated_at,
        )
        await SqlMembers(self._connection, organization.id).add(owner)

    async def of(self, user_id: UserId) -> Sequence[Belonging]:
        async with self._in_name_of(user_id):
            rows = await self._connection.fetch_all(_BELONGINGS, user_id=user_id)
        return [_belonging_from(row) for row in rows]

    async def find(self, page: Onward) -> Sequence[Belonging]:
        rows = await _FIND_BELONGINGS.fetch(self._connection, page, user_id=self._actor)
        return [_belonging_from(row) for row in rows]

    async def roles(self) -> dict[SpaceId, Role]:
        """What the actor is in each space that they are a member of."""
        rows = await self._connection.fetch_all(_ROLES, user_id=self._actor)
        return {space_id: Role(role) for space_id, role in rows}

    async def shares_any(self, user_id: UserId, space_ids: Collection[SpaceId]) -> bool:
        """Tell whether another person is in one of these spaces: in the same steps, whether or not they exist."""
        await self._connection.step_as(user_id)
        ((count,),) = await self._connection.fetch_all(_SHARED, user_id=user_id, ids=sorted(space_ids))
        await self._connection.step_as(self._actor)
        return bool(count)

    async def count(self, user_id: UserId, at_most: int, *, owned: bool = False) -> int:
        async with self._in_name_of(user_id):
            return len(await self._connection.fetch_all(_COUNT_BELONGINGS[owned], user_id=user_id, limit=at_most))

    @asynccontextmanager
    async def _in_name_of(self, user_id: UserId) -> AsyncIterator[None]:
        """Let row-level security show the memberships of this person, and then those of the actor again."""
        if user_id == self._actor:
            yield
            return
        await self._connection.step_as(user_id)
        yield
        await self._connection.step_as(self._actor)


def _belonging_from(row: Row) -> Belonging:
    return Belonging(_organization_from(row[:-1]), Role(row[-1]))


_ADD_DEPARTURE: Final = Query(insert(departures))


class SqlInterior:
    """An organisation, for a member who leaves it."""

    def __init__(self, connection: Connection, space_id: SpaceId) -> None:
        self._connection = connection
        self._space_id = space_id
        self.charter = SqlCharter(connection, space_id)
        self.members = SqlMembers(connection, space_id)
        self.invitations = SqlInvitations(connection, space_id)
        self.tasks = SqlTasks(connection, space_id)

    async def note_departure(self, user_id: UserId) -> None:
        await self._connection.execute(_ADD_DEPARTURE, space_id=self._space_id, user_id=user_id)


class SqlReception:
    """A space as far as an invited person sees it."""

    def __init__(self, connection: Connection, space_id: SpaceId, user_id: UserId) -> None:
        self._users = SqlUsers(connection)
        self._user_id = user_id
        self.members = SqlMembers(connection, space_id)
        self.invitations = SqlInvitations(connection, space_id)
        self.organizations = SqlOrganizations(connection, user_id)
        self.usage = SqlUsage(connection, space_id)
        self.audit = SqlAuditLog(connection, space_id)

    async def visitor(self) -> User:
        return await self._users.get(self._user_id)


class SqlOpenReception:
    """The door for people who have been invited."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @asynccontextmanager
    async def __call__(self, actor: Actor, space_id: SpaceId) -> AsyncIterator[SqlReception]:
        """Check the actor at their own door, then step over."""
        entry = Entry(actor, personal_space(actor.user_id), self._clock())
        async with self._database.enter(entry, read_only=False) as (connection, _):
            yield await reception(connection, space_id, actor.user_id)


async def reception(connection: Connection, space_id: SpaceId, user_id: UserId) -> SqlReception:
    """Enter the space as a person who is invited to it. Locks the organisation, as its managers do."""
    await connection.step_into(space_id)
    await _GET_ORGANIZATION.one(connection, space_id=space_id)
    return SqlReception(connection, space_id, user_id)
