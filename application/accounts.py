"""Accounts: opening one, and what people see and change of their own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from application.invitations import close_invitations, invited_space, join, open_invitation
from application.letters import Post, moved_letter
from application.limiting import SignInGuard
from application.ports.clock import Clock
from application.ports.counters import Counters
from application.ports.identity import Credentials, Identity, OpenIdentity
from application.ports.ids import IdGenerator
from application.ports.passwords import Passwords
from application.ports.tokens import OpaqueTokens
from application.retrying import retried
from application.room import Room
from application.stretches import STRETCH, once_more
from domain.access import COMMAND_LINE, NOWHERE, Actor, Origin, admit
from domain.errors import InvalidValue, WrongPassword
from domain.ids import NOBODY, SpaceId, UserId
from domain.rates import EMAIL_CHANGE, REGISTRATION
from domain.registration import RegistrationPolicy
from domain.shares import Share
from domain.user import Email, FullName, Password, PasswordPolicy, User, UserChanges, UserRole


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """Open accounts: the part that registration and the operator's command line share. They alone may."""

    open_identity: OpenIdentity
    passwords: Passwords
    policy: PasswordPolicy
    clock: Clock
    new_id: IdGenerator

    async def __call__(  # noqa: PLR0913 - an account is opened with these things
        self,
        email: Email,
        password: Password,
        full_name: FullName | None,
        role: UserRole,
        origin: Origin = NOWHERE,
        *,
        admit: Callable[[Identity, User], Awaitable[object]] | None = None,
    ) -> User:
        """Open an account; ``admit`` may do more in the same transaction, or refuse it."""
        self.policy.check(password)
        password_hash = await self.passwords.hash(password, Share.of(origin, email.key))
        user = User.register(id=UserId(self.new_id()), email=email, full_name=full_name, role=role, at=self.clock())
        async with self.open_identity(None, origin=origin) as identity:
            await identity.users.add(Credentials(user, password_hash))
            if admit is not None:
                await admit(identity, user)
        return user


@dataclass(frozen=True, slots=True)
class Register:
    """Open an account for oneself. Anyone may, as far as the operator's registration policy allows.

    With the token of an invitation the new account joins its organisation in the same transaction.
    Raises RegistrationRefused, InvitationRefused, EmailTaken, InvalidValue, TooManyRequests and TooBusy,
    and QuotaReached where the organisation is full.
    """

    counters: Counters
    open_account: OpenAccount
    registration: RegistrationPolicy
    tokens: OpaqueTokens
    room: Room

    async def __call__(
        self,
        email: Email,
        password: Password,
        full_name: FullName | None,
        origin: Origin = NOWHERE,
        *,
        invitation: str | None = None,
    ) -> User:
        await self.counters.take(REGISTRATION.of(address=origin.ip_address))
        self.registration.check(email, is_invited=invitation is not None)
        if invitation is None:
            return await self.open_account(email, password, full_name, UserRole.USER, origin)
        await self._require_open(email, invitation, origin)
        joining = partial(self._join, invitation)
        return await self.open_account(email, password, full_name, UserRole.USER, origin, admit=joining)

    async def _require_open(self, email: Email, token: str, origin: Origin) -> None:
        """Raise InvitationRefused for a token that leads nowhere, before a password is hashed for it."""
        async with self.open_account.open_identity(None, read_only=True, origin=origin) as identity:
            reception = await identity.reception(invited_space(token), UserId(NOBODY))
            await open_invitation(reception, email, self.tokens.hash(token), at=self.open_account.clock())

    async def _join(self, token: str, identity: Identity, user: User) -> None:
        reception = await identity.reception(invited_space(token), user.id)
        await join(reception, user, self.tokens.hash(token), self.room, at=user.created_at)


@dataclass(frozen=True, slots=True)
class CreateAdmin:
    """Open an account that may administer others. For the operator alone: no entrypoint with users offers it.

    Raises EmailTaken, InvalidValue and TooBusy.
    """

    open_account: OpenAccount

    async def __call__(self, email: Email, password: Password, full_name: FullName | None) -> User:
        return await self.open_account(email, password, full_name, UserRole.ADMIN, COMMAND_LINE)


@retried
@dataclass(frozen=True, slots=True)
class GetMe:
    """Show the caller their own account. Everybody who is signed in may. Raises NotAuthenticated."""

    open_identity: OpenIdentity

    async def __call__(self, actor: Actor) -> User:
        async with self.open_identity(actor, read_only=True) as identity:
            return await identity.users.get(actor.user_id)


@dataclass(frozen=True, slots=True)
class ProvePassword:
    """Check the password of the caller, who is signed in. Use cases that need it once more share this; they alone may.

    Wrong passwords are counted for the account's id, which stays the same when its e-mail address changes.
    Raises WrongPassword, written down, TooManyRequests after too many of those, and TooBusy.
    """

    guard: SignInGuard
    open_identity: OpenIdentity
    passwords: Passwords

    async def __call__(self, actor: Actor, password: str) -> Credentials:
        """What the password was checked against. It has to be the same when the caller's transaction begins."""
        async with self.open_identity(actor, read_only=True) as identity:
            checked = await identity.users.credentials(actor.user_id)
        async with self.guard.attempt(str(actor.user_id), actor.origin):
            # No transaction is open while the password is checked: that takes a core for a good part of a second.
            share = Share.of(actor.origin, actor.user_id)
            if not await self.passwords.verify(password, checked.password_hash, share):
                await self._refuse(actor)
        return checked

    async def _refuse(self, actor: Actor) -> None:
        """Raise WrongPassword behind the door that writes it down."""
        async with self.open_identity(actor):
            raise WrongPassword


async def _require_unchanged(identity: Identity, checked: Credentials) -> None:
    """Raise WrongPassword where the account has got another password since it was checked."""
    now = await identity.users.credentials(checked.user.id)
    if now.password_hash != checked.password_hash:
        raise WrongPassword


@dataclass(frozen=True, slots=True)
class ChangeMe:
    """Change the caller's own name or e-mail address. Everybody who is signed in may.

    The address takes their password, and the former address is told that there is another one. An attempt that ends in
    EmailTaken counts as a change: it tells that there is such an account. Raises NotAuthenticated, InvalidValue,
    WrongPassword, EmailTaken, TooManyRequests and TooBusy.
    """

    prove_password: ProvePassword
    counters: Counters
    open_identity: OpenIdentity
    post: Post
    clock: Clock

    async def __call__(self, actor: Actor, changes: UserChanges, password: str | None = None) -> User:
        checked = None
        if "email" in changes:
            checked = await self.prove_password(actor, _given(password))
            await self.counters.take(EMAIL_CHANGE.of(account=str(actor.user_id)))
        former, changed = await once_more(partial(self._change, actor, changes, checked))
        if changed.email != former:
            self.post.send(moved_letter(former, origin=actor.origin, at=self.clock()), origin=actor.origin)
        return changed

    async def _change(self, actor: Actor, changes: UserChanges, checked: Credentials | None) -> tuple[Email, User]:
        """The address before, and the account afterwards."""
        async with self.open_identity(actor) as identity:
            user = await identity.users.get(actor.user_id)
            if checked is not None:
                await _require_unchanged(identity, checked)
            changed = user.change(changes, at=self.clock())
            await identity.users.save(changed)
            if changed.email != user.email:
                await identity.password_resets.void(user.id)  # It was mailed to the former address.
        return user.email, changed


def _given(password: str | None) -> str:
    if password is None:
        raise InvalidValue("missing", "Send your password to change your e-mail address.", field="current_password")
    return password


@dataclass(frozen=True, slots=True)
class CloseAccount:
    """Remove the caller's account for good, with everything in their personal space; leave every organisation.

    Whoever is signed in and proves it again with their password may. Tasks that were assigned to them elsewhere stay,
    unassigned. The account, its sessions and its memberships end at once for everybody. Where there is much in the
    space, or assigned to them, the service does the rest a little later. Raises WrongPassword, LastOwner where an
    organisation would be left without one, LastAdministrator, TooBusy, and TooManyRequests after too many wrong
    passwords.
    """

    prove_password: ProvePassword
    open_identity: OpenIdentity
    clock: Clock

    async def __call__(self, actor: Actor, password: str) -> None:
        checked = await self.prove_password(actor, password)
        await once_more(partial(self._close, actor, checked))

    async def _close(self, actor: Actor, checked: Credentials) -> None:
        """Close the account if its password is still the one that was checked."""
        async with self.open_identity(actor) as identity:
            await identity.sessions.of(actor.user_id)  # Held first, in the order in which a refresh holds them.
            administrators = await identity.users.administrators()
            user = await identity.users.get(actor.user_id)
            await _require_unchanged(identity, checked)
            user.require_another_administrator(len(administrators))
            room = await self._leave_organizations(actor, user, identity)
            await identity.users.remove(user, at=self.clock(), limit=room)

    async def _leave_organizations(self, actor: Actor, user: User, identity: Identity) -> int:
        """Leave them all, and take the person's tasks from them as far as a stretch goes; tell what is left of it."""
        room = STRETCH
        for space_id in await self._organizations(actor, identity):
            interior = await identity.inside(space_id)
            await interior.charter.get()
            other_owners = await interior.members.count_other_owners(actor.user_id)
            membership = await interior.members.get(actor.user_id)
            membership.require_removal(by=admit(actor, space_id, membership.role), other_owners=other_owners)
            room -= len(await interior.tasks.unassign(actor.user_id, at=self.clock(), limit=room))
            if not room:
                await interior.note_departure(actor.user_id)
            await close_invitations(interior.invitations, user, None, at=self.clock())
            await interior.members.remove(actor.user_id)
        return room

    @staticmethod
    async def _organizations(actor: Actor, identity: Identity) -> list[SpaceId]:
        """Those that the person is in, in the order in which everybody holds them."""
        belongings = await identity.organizations.of(actor.user_id)
        return sorted(belonging.organization.id for belonging in belongings)
