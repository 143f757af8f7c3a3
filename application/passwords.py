"""Passwords: changing one's own, and a way back for people who have forgotten theirs."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from application.letters import Post, changed_letter, reset_letter
from application.limiting import SignInGuard
from application.ports.clock import Clock
from application.ports.counters import Counters
from application.ports.errands import Errands
from application.ports.identity import Credentials, Identity, OpenIdentity
from application.ports.passwords import Passwords
from application.ports.tokens import OpaqueTokens
from application.recording.scribe import Notes, Scribe
from application.retrying import retried
from domain.access import NOWHERE, Actor, Origin
from domain.audit import Action, Resource
from domain.errors import NotFound, PasswordResetRefused, TooBusy, WrongPassword
from domain.ids import SessionId, UserId
from domain.password_reset import PasswordReset
from domain.rates import PASSWORD_RESET, PASSWORD_RESET_CONFIRM, PASSWORD_RESET_OF_ACCOUNT
from domain.shares import Share, share_of_origin
from domain.user import Email, Password, PasswordPolicy, User

Found = TypeVar("Found")

_FIELD: Final = "new_password"


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """Replace the caller's own password, and end all of their sessions but this one.

    Everybody who is signed in may, with the password that they have. Raises NotAuthenticated, InvalidValue,
    WrongPassword, TooManyRequests after too many of those, and TooBusy.
    """

    guard: SignInGuard
    open_identity: OpenIdentity
    passwords: Passwords
    policy: PasswordPolicy
    post: Post
    scribe: Scribe
    clock: Clock

    async def __call__(self, actor: Actor, current: str, new: Password) -> None:
        # Once more where the account changed while the password was checked: a sign-in may have renewed the hash.
        user = await self._attempt(actor, current, new) or await self._attempt(actor, current, new)
        if user is None:
            raise await self._refusal(actor)
        self.post.send(changed_letter(user.email, origin=actor.origin, at=self.clock()), origin=actor.origin)

    async def _attempt(self, actor: Actor, current: str, new: Password) -> User | None:
        """Change it, or None where what was checked does not hold any more."""
        async with self.open_identity(actor, read_only=True) as identity:
            checked = await identity.users.credentials(actor.user_id)
        self.policy.check(new, field=_FIELD)
        # No transaction is open while a password is checked or hashed: that takes a core for part of a second.
        async with self.guard.attempt(str(actor.user_id), actor.origin):
            await self._require(current, checked, actor)
        password_hash = await self.passwords.hash(new, Share.of(actor.origin, actor.user_id))
        async with self.open_identity(actor) as identity:
            now = await _held(identity, actor.user_id)
            if now.password_hash != checked.password_hash:
                return None
            await _replace(identity, now.user, password_hash, at=self.clock(), but=actor.session_id)
        return now.user

    async def _require(self, current: str, checked: Credentials, actor: Actor) -> None:
        """Raise WrongPassword, written down, unless it is the account's password."""
        share = Share.of(actor.origin, actor.user_id)
        if not await self.passwords.verify(current, checked.password_hash, share):
            raise await self._refusal(actor)

    async def _refusal(self, actor: Actor) -> WrongPassword:
        """The refusal, written down."""
        refusal = WrongPassword()
        notes = Notes(Action.PASSWORD_CHANGE, Resource.ACCOUNT, str(actor.user_id))
        await self.scribe.write_refusal(refusal, notes, actor)
        return refusal


@retried
@dataclass(frozen=True, slots=True)
class SendPasswordReset:
    """Mail the token for a new password to whoever owns an active account. RequestPasswordReset alone may."""

    open_identity: OpenIdentity
    tokens: OpaqueTokens
    post: Post
    clock: Clock

    async def __call__(self, email: Email, origin: Origin) -> None:
        token, now = self.tokens.new(), self.clock()
        # Opened for writing whether or not there is such an account: both take the same way.
        async with self.open_identity(None, origin=origin) as identity:
            found = await identity.users.with_email(email)
            if found is None or not found.user.is_active:
                return
            reset = PasswordReset.offer(found.user, token_hash=self.tokens.hash(token), at=now)
            await identity.password_resets.put(reset)
        # To the address that the account has, not to another spelling of it.
        self.post.send(reset_letter(found.user.email, token, origin=origin, at=now), origin=origin)


@dataclass(frozen=True, slots=True)
class RequestPasswordReset:
    """Ask for a mail with a token for a new password. Anyone may, and is not told whether there is such an account.

    Everything that depends on the address is done behind the answer. Raises TooManyRequests and TooBusy, for every
    address alike.
    """

    counters: Counters
    send: SendPasswordReset
    errands: Errands

    async def __call__(self, email: Email, origin: Origin = NOWHERE) -> None:
        account = PASSWORD_RESET_OF_ACCOUNT.of(account=email.key)
        await self.counters.take(PASSWORD_RESET.of(address=origin.ip_address), account)
        send, share = partial(self.send, email, origin), share_of_origin(origin)
        if not self.errands.take("password reset", send, share=share, request_id=origin.request_id):
            raise TooBusy


@dataclass(frozen=True, slots=True)
class ConfirmPasswordReset:
    """Choose a new password with the token of a mail, and end all sessions. Whoever holds the token may, once.

    Raises InvalidValue, PasswordResetRefused, the same for a used, expired, replaced and unknown token,
    TooManyRequests and TooBusy.
    """

    counters: Counters
    open_identity: OpenIdentity
    passwords: Passwords
    policy: PasswordPolicy
    tokens: OpaqueTokens
    post: Post
    clock: Clock

    async def __call__(self, token: str, new: Password, origin: Origin = NOWHERE) -> None:
        await self.counters.take(PASSWORD_RESET_CONFIRM.of(address=origin.ip_address))
        self.policy.check(new, field=_FIELD)
        reset = await self._open(self.tokens.hash(token), origin)
        password_hash = await self.passwords.hash(new, Share.of(origin, reset.user_id))
        async with self.open_identity(None, origin=origin) as identity:
            user = await self._holder(identity, reset)
            await _replace(identity, user, password_hash, at=self.clock())
        self.post.send(changed_letter(user.email, origin=origin, at=self.clock()), origin=origin)

    async def _open(self, token_hash: bytes, origin: Origin) -> PasswordReset:
        """The way back with this token. A password is hashed for an open one only. Raises PasswordResetRefused."""
        async with self.open_identity(None, read_only=True, origin=origin) as identity:
            reset = await identity.password_resets.with_token(token_hash)
            if reset is None:
                raise PasswordResetRefused
            self._require_open(reset, await _account(identity.users.get(reset.user_id)))
        return reset

    def _require_open(self, reset: PasswordReset, user: User) -> None:
        if not reset.is_open(user, at=self.clock()):
            raise PasswordResetRefused

    async def _holder(self, identity: Identity, checked: PasswordReset) -> User:
        """Whose way back it is, if it is still open after the time that hashing took."""
        held = await _account(_held(identity, checked.user_id))
        reset = await identity.password_resets.with_token(checked.token_hash)
        if reset is None:
            raise PasswordResetRefused
        self._require_open(reset, held.user)
        return held.user


async def _account(found: Awaitable[Found]) -> Found:
    """The account of a token, which may have been closed meanwhile. Raises PasswordResetRefused."""
    try:
        return await found
    except NotFound:
        raise PasswordResetRefused from None


async def _held(identity: Identity, user_id: UserId) -> Credentials:
    """The account, held against everybody else; its sessions first, in the order in which a refresh holds them."""
    await identity.sessions.of(user_id)
    return await identity.users.credentials(user_id)


async def _replace(
    identity: Identity, user: User, password_hash: str, *, at: datetime, but: SessionId | None = None
) -> None:
    """Change the password, end the sessions that it was good for, and close the way back."""
    await identity.users.change_password(user.id, password_hash)
    # Read once more: one may have begun with the former password before the account was held.
    for session in await identity.sessions.of(user.id):
        if session.id != but:
            await identity.sessions.end(session.revoke(at=at), Action.LOGOUT)
    await identity.password_resets.void(user.id)
