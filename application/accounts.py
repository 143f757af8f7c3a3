"""Accounts: opening one, and what people see and change of their own."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.counters import Counters
from application.ports.identity import Credentials, OpenIdentity
from application.ports.ids import IdGenerator
from application.ports.passwords import Passwords
from domain.access import NOWHERE, Actor, Origin
from domain.ids import UserId
from domain.rates import REGISTRATION
from domain.user import Email, FullName, Password, PasswordPolicy, User, UserChanges, UserRole


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """Open accounts: the part that registration and the operator's command line share. They alone may."""

    open_identity: OpenIdentity
    passwords: Passwords
    policy: PasswordPolicy
    clock: Clock
    new_id: IdGenerator

    async def __call__(
        self, email: Email, password: Password, full_name: FullName | None, role: UserRole, origin: Origin = NOWHERE
    ) -> User:
        self.policy.check(password)
        password_hash = await self.passwords.hash(password)
        user = User.register(id=UserId(self.new_id()), email=email, full_name=full_name, role=role, at=self.clock())
        async with self.open_identity(None, origin=origin) as identity:
            await identity.users.add(Credentials(user, password_hash))
        return user


@dataclass(frozen=True, slots=True)
class Register:
    """Open an account for oneself. Anyone may. Raises EmailTaken, InvalidValue, TooManyRequests and TooBusy."""

    counters: Counters
    open_account: OpenAccount

    async def __call__(
        self, email: Email, password: Password, full_name: FullName | None, origin: Origin = NOWHERE
    ) -> User:
        await self.counters.take(REGISTRATION.of(address=origin.ip_address))
        return await self.open_account(email, password, full_name, UserRole.USER, origin)


@dataclass(frozen=True, slots=True)
class CreateAdmin:
    """Open an account that may administer others. For the operator alone: no entrypoint with users offers it.

    Raises EmailTaken, InvalidValue and TooBusy.
    """

    open_account: OpenAccount

    async def __call__(self, email: Email, password: Password, full_name: FullName | None) -> User:
        return await self.open_account(email, password, full_name, UserRole.ADMIN)


@dataclass(frozen=True, slots=True)
class GetMe:
    """Show the caller their own account. Everybody who is signed in may. Raises NotAuthenticated."""

    open_identity: OpenIdentity

    async def __call__(self, actor: Actor) -> User:
        async with self.open_identity(actor, read_only=True) as identity:
            return await identity.users.get(actor.user_id)


@dataclass(frozen=True, slots=True)
class ChangeMe:
    """Change the caller's own name or address. Everybody who is signed in may. Raises NotAuthenticated, EmailTaken."""

    open_identity: OpenIdentity
    clock: Clock

    async def __call__(self, actor: Actor, changes: UserChanges) -> User:
        async with self.open_identity(actor) as identity:
            user = await identity.users.get(actor.user_id)
            changed = user.change(changes, at=self.clock())
            await identity.users.save(changed)
        return changed
