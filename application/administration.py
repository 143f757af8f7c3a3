"""What administrators do with accounts. It opens nobody's space to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from application.invitations import close_invitations
from application.ports.clock import Clock
from application.ports.identity import Identity, OpenIdentity, UserQuery
from application.ports.paging import Page
from application.retrying import retried
from domain.access import COMMAND_LINE, Actor
from domain.audit import Action
from domain.errors import NotAnAdministrator, NotFound, UserNotFound
from domain.ids import SpaceId, UserId
from domain.user import AccountChanges, Email, User


@dataclass(frozen=True, slots=True)
class ManagedAccount:
    """An account after a change, and the organisations that the change has left without an owner who can act."""

    user: User
    ownerless: Sequence[SpaceId] = ()


@retried
@dataclass(frozen=True, slots=True)
class ListUsers:
    """List and search accounts, the newest first. Administrators may. Raises NotAnAdministrator."""

    open_identity: OpenIdentity

    async def __call__(self, actor: Actor, query: UserQuery) -> Page[User]:
        async with self.open_identity(actor, read_only=True) as identity:
            (await identity.users.get(actor.user_id)).require_administrator()
            return await identity.users.find(query)


@retried
@dataclass(frozen=True, slots=True)
class ChangeUser:
    """Change somebody's role, deactivate an account or activate it again. Administrators may.

    Deactivation ends every session of the account and closes the open invitations that it made. It also names the
    organisations that have no other owner with an active account. A change of role ends no session: roles are read
    at each request. Raises NotAnAdministrator, UserNotFound, LastAdministrator.
    """

    open_identity: OpenIdentity
    clock: Clock

    async def __call__(self, actor: Actor, user_id: UserId, changes: AccountChanges) -> ManagedAccount:
        async with self.open_identity(actor) as identity:
            return await _manage(identity, user_id, changes, by=actor.user_id, at=self.clock())


@retried
@dataclass(frozen=True, slots=True)
class FindAccounts:
    """List and search accounts at the command line. For the operator alone: no entrypoint with users offers it."""

    open_identity: OpenIdentity

    async def __call__(self, query: UserQuery) -> Page[User]:
        async with self.open_identity(None, read_only=True) as identity:
            return await identity.users.find(query)


@retried
@dataclass(frozen=True, slots=True)
class ManageAccount:
    """Change an account at the command line as administrators do over HTTP. For the operator alone.

    Raises UserNotFound, LastAdministrator.
    """

    open_identity: OpenIdentity
    clock: Clock

    async def __call__(self, email: Email, changes: AccountChanges) -> ManagedAccount:
        async with self.open_identity(None, read_only=True) as identity:
            account = await identity.users.with_email(email)
        if account is None:
            raise UserNotFound
        async with self.open_identity(None, origin=COMMAND_LINE) as identity:
            return await _manage(identity, account.user.id, changes, by=None, at=self.clock())


async def _manage(
    identity: Identity, user_id: UserId, changes: AccountChanges, *, by: UserId | None, at: datetime
) -> ManagedAccount:
    """Change an account, by an administrator or by the operator."""
    # Sessions are held first and accounts then, the order of a refresh; and administrators all at once, so that those
    # who make them fewer take turns.
    await identity.sessions.of(user_id)
    administrators = await identity.users.administrators()
    if by is not None and by not in {one.id for one in administrators}:
        raise NotAnAdministrator
    try:
        user = await identity.users.get(user_id)
    except NotFound:
        raise UserNotFound from None
    changed = user.manage(changes, administrators=len(administrators), at=at)
    if changed != user:
        await identity.users.save(changed)
    if changed.is_active:
        return ManagedAccount(changed)
    # Read once more: one may have begun before the account was held.
    for session in await identity.sessions.of(user_id):
        await identity.sessions.end(session.revoke(at=at), Action.LOGOUT)
    await identity.password_resets.void(user_id)
    return ManagedAccount(changed, await _end_rights(changed, identity, at=at))


async def _end_rights(user: User, identity: Identity, *, at: datetime) -> Sequence[SpaceId]:
    """Close the open invitations that the account made; return the organisations that it leaves without an owner."""
    ownerless = []
    for space_id in sorted(one.organization.id for one in await identity.organizations.of(user.id)):
        interior = await identity.inside(space_id)
        await interior.charter.get()
        other_owners = await interior.members.count_other_owners(user.id)
        membership = await interior.members.get(user.id)
        await close_invitations(interior.invitations, user, None, at=at)
        if membership.is_last_owner(other_owners):
            ownerless.append(space_id)
    return ownerless
