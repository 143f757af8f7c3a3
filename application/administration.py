"""What administrators do with accounts. It opens nobody's space to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.identity import Identity, OpenIdentity, UserPage, UserQuery
from domain.access import Actor
from domain.audit import Action
from domain.errors import NotAnAdministrator, NotFound, UserNotFound
from domain.ids import UserId
from domain.user import AccountChanges, Email, User


@dataclass(frozen=True, slots=True)
class ListUsers:
    """List and search accounts, the newest first. Administrators may. Raises NotAnAdministrator."""

    open_identity: OpenIdentity

    async def __call__(self, actor: Actor, query: UserQuery) -> UserPage:
        async with self.open_identity(actor, read_only=True) as identity:
            if not (await identity.users.get(actor.user_id)).is_administrator:
                raise NotAnAdministrator
            return await identity.users.find(query)


@dataclass(frozen=True, slots=True)
class ChangeUser:
    """Change somebody's role, deactivate an account or activate it again. Administrators may.

    Deactivation ends every session of the account. A change of role ends none: roles are read at each request.
    Raises NotAnAdministrator, UserNotFound, LastAdministrator.
    """

    open_identity: OpenIdentity
    clock: Clock

    async def __call__(self, actor: Actor, user_id: UserId, changes: AccountChanges) -> User:
        async with self.open_identity(actor) as identity:
            administrators = await identity.users.administrators()
            if actor.user_id not in {one.id for one in administrators}:
                raise NotAnAdministrator
            return await _manage(identity, user_id, changes, administrators, self.clock)


@dataclass(frozen=True, slots=True)
class FindAccounts:
    """List and search accounts at the command line. For the operator alone: no entrypoint with users offers it."""

    open_identity: OpenIdentity

    async def __call__(self, query: UserQuery) -> UserPage:
        async with self.open_identity(None, read_only=True) as identity:
            return await identity.users.find(query)


@dataclass(frozen=True, slots=True)
class ManageAccount:
    """Change an account at the command line as administrators do over HTTP. For the operator alone.

    Raises UserNotFound, LastAdministrator.
    """

    open_identity: OpenIdentity
    clock: Clock

    async def __call__(self, email: Email, changes: AccountChanges) -> User:
        async with self.open_identity(None) as identity:
            administrators = await identity.users.administrators()
            account = await identity.users.with_email(email)
            if account is None:
                raise UserNotFound
            return await _manage(identity, account.user.id, changes, administrators, self.clock)


async def _manage(
    identity: Identity, user_id: UserId, changes: AccountChanges, administrators: Sequence[User], clock: Clock
) -> User:
    """Change an account. Comes after the administrators were read: who changes one takes turns with the others."""
    try:
        user = await identity.users.get(user_id)
    except NotFound:
        raise UserNotFound from None
    now = clock()
    changed = user.manage(changes, administrators=len(administrators), at=now)
    if changed != user:
        await identity.users.save(changed)
    if not changed.is_active:
        for session in await identity.sessions.of(user_id):
            await identity.sessions.end(session.revoke(at=now), Action.LOGOUT)
    return changed
