"""Who somebody is: signing in, staying signed in, signing out. The only module that makes an ``Actor``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

from application.limiting import SignInGuard, share_of_sign_in
from application.ports.clock import Clock
from application.ports.counters import Counters
from application.ports.identity import Credentials, Identity, OpenIdentity
from application.ports.ids import IdGenerator
from application.ports.passwords import Passwords
from application.ports.tokens import AccessTokens, RefreshTokens, SessionCookies
from application.recording.scribe import Scribe
from application.retrying import retried
from domain.access import NOWHERE, Actor, Origin
from domain.audit import Action, Deed, Outcome, Resource
from domain.errors import InvalidValue, RefreshRefused, WrongCredentials
from domain.ids import SessionId, personal_space
from domain.quotas import Quota, Quotas
from domain.rates import REFRESH
from domain.session import RefreshToken, RefreshUse, Session, SessionLimits
from domain.user import Email, Password, User, password_spellings

Issued = TypeVar("Issued")

COOKIE_RENEWED_AFTER: Final = timedelta(minutes=15)
"""How old a session's cookie may be before its next use brings a new one."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a sign-in gives. The tokens show themselves to nobody."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Tell who sent an access token.

    Anyone may. Whether the session is still alive is checked by every door that the actor goes through. Raises
    NotAuthenticated for a token that proves nothing.
    """

    access_tokens: AccessTokens
    clock: Clock

    def __call__(self, token: str, origin: Origin = NOWHERE) -> Actor:
        user_id, session_id = self.access_tokens.verify(token, at=self.clock())
        return Actor(user_id, session_id, origin)


@retried
@dataclass(frozen=True, slots=True)
class CheckSession:
    """Make sure that a caller is still signed in, where no other use case will.

    Everybody who is signed in may. Raises NotAuthenticated.
    """

    open_identity: OpenIdentity

    async def __call__(self, actor: Actor) -> None:
        async with self.open_identity(actor, read_only=True):
            pass


@dataclass(frozen=True, slots=True)
class StartSession:
    """Start a session for whoever knows the password: the part that all ways of signing in share.

    Anyone may. Raises WrongCredentials, the same for an unknown address, a wrong password and an inactive
    account, TooManyRequests where that happens too often, and TooBusy. A stored hash that has become too weak is
    renewed. An account that has as many sessions as it may loses the one that was used longest ago.
    """

    guard: SignInGuard
    open_identity: OpenIdentity
    passwords: Passwords
    limits: SessionLimits
    quotas: Quotas
    scribe: Scribe
    clock: Clock
    new_id: IdGenerator

    async def __call__(
        self,
        email: str,
        password: str,
        origin: Origin,
        issue: Callable[[User, Session], Issued],
        token_hash: bytes | None = None,
    ) -> Issued:
        """What ``issue`` gives for the new session, which is renewed by the refresh token of this hash, if any."""
        # Once more where the account changed while its password was checked: another sign-in may have renewed the hash.
        for _ in range(2):
            async with self.guard.attempt(email, origin):
                credentials = await self._proven(email, password, origin)
            renewed = await self._renewed_hash(password, credentials, origin)
            async with self.open_identity(None, origin=origin) as identity:
                user = await self._unchanged(credentials, identity)
                if user is None:
                    continue
                if renewed is not None:
                    await identity.users.save_password_hash(user.id, renewed)
                return issue(user, await self._begin(user, identity, origin, token_hash))
        raise WrongCredentials

    async def _proven(self, email: str, password: str, origin: Origin) -> Credentials:
        """The account that the password is right for. Raises WrongCredentials."""
        credentials = await self._credentials(email, origin)
        # No transaction is open while the password is checked: that takes a core for a good part of a second.
        password_hash, share = credentials.password_hash if credentials else None, share_of_sign_in(email, origin)
        known = await self.passwords.verify(password, password_hash, share)
        if credentials is None or not known or not credentials.user.is_active:
            await self._note_failure(credentials, origin)
            raise WrongCredentials
        return credentials

    async def _credentials(self, email: str, origin: Origin) -> Credentials | None:
        try:
            address = Email(email)
        except InvalidValue:
            return None
        async with self.open_identity(None, read_only=True, origin=origin) as identity:
            return await identity.users.with_email(address)

    async def _renewed_hash(self, password: str, credentials: Credentials, origin: Origin) -> str | None:
        """The hash to be stored instead, where the present one is too weak or was made of another spelling."""
        share = share_of_sign_in(credentials.user.email, origin)
        composed, *others = password_spellings(password)
        is_outdated = self.passwords.is_outdated(credentials.password_hash)
        if not is_outdated and (not others or await self.passwords.verify(composed, credentials.password_hash, share)):
            return None
        try:
            return await self.passwords.hash(Password(password), share)
        except InvalidValue:
            return None  # The rule is stricter than it was when the account was opened.

    async def _note_failure(self, credentials: Credentials | None, origin: Origin) -> None:
        """Note a failed sign-in in the log of the account it was tried on, if there is one."""
        if credentials is not None:
            failed = Deed(action=Action.LOGIN, resource_type=Resource.SESSION, outcome=Outcome.FAILED)
            own = personal_space(credentials.user.id)
            await self.scribe.write_apart(failed, space_id=own, by=None, origin=origin)

    @staticmethod
    async def _unchanged(checked: Credentials, identity: Identity) -> User | None:
        """The account, if what was checked still holds after the time that checking took."""
        now = await identity.users.with_email(checked.user.email)
        if now is None or now.user.id != checked.user.id or now.password_hash != checked.password_hash:
            return None
        return now.user if now.user.is_active else None

    async def _begin(self, user: User, identity: Identity, origin: Origin, token_hash: bytes | None) -> Session:
        now = self.clock()
        session_id = SessionId(self.new_id())
        session = Session.begin(id=session_id, user_id=user.id, limits=self.limits, at=now, origin=origin)
        first = None if token_hash is None else RefreshToken(hash=token_hash, session_id=session.id, issued_at=now)
        await self._make_room(user, identity, now)
        await identity.sessions.add(session, first)
        return session

    async def _make_room(self, user: User, identity: Identity, now: datetime) -> None:
        """End the sessions that were used longest ago where there are as many as are allowed."""
        limit = self.quotas.limit_of(Quota.SESSIONS)
        if limit is not None:
            for session in await identity.sessions.beyond(limit - 1, user.id, now):
                await identity.sessions.end(session.revoke(at=now), Action.LOGOUT)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Start a session that is kept up by tokens. Anyone may.

    An unknown address, a wrong password and an inactive account get one answer. Raises WrongCredentials,
    TooManyRequests and TooBusy.
    """

    start_session: StartSession
    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens

    async def __call__(self, email: str, password: str, origin: Origin = NOWHERE) -> TokenPair:
        refresh_token = self.refresh_tokens.new()

        def issue(user: User, session: Session) -> TokenPair:
            access_token = self.access_tokens.issue(user, session.id, at=session.created_at)
            return TokenPair(access_token, refresh_token, self.access_tokens.lifetime)

        return await self.start_session(email, password, origin, issue, self.refresh_tokens.hash(refresh_token))


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A session that a browser keeps up with a cookie, good for so long unless it is used again."""

    user: User
    cookie: str = field(repr=False)
    csrf_token: str = field(repr=False)
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class SignInBrowser:
    """Start a session that is kept up by a cookie. Anyone may.

    An unknown address, a wrong password and an inactive account get one answer. Raises WrongCredentials,
    TooManyRequests and TooBusy.
    """

    start_session: StartSession
    cookies: SessionCookies

    async def __call__(self, email: str, password: str, origin: Origin = NOWHERE) -> BrowserSession:
        def issue(user: User, session: Session) -> BrowserSession:
            return _browser_session(user, session, self.cookies)

        return await self.start_session(email, password, origin, issue)


@dataclass(frozen=True, slots=True)
class AuthenticateBrowser:
    """Tell who sent a session's cookie, and whether it is time for a new one.

    Anyone may. Whether the session is still alive is checked by every door that the actor goes through. Raises
    NotAuthenticated for a cookie that proves nothing.
    """

    cookies: SessionCookies
    clock: Clock

    def __call__(self, cookie: str, origin: Origin = NOWHERE) -> tuple[Actor, bool]:
        now = self.clock()
        user_id, session_id, issued_at = self.cookies.verify(cookie, at=now)
        return Actor(user_id, session_id, origin), now >= issued_at + COOKIE_RENEWED_AFTER


@dataclass(frozen=True, slots=True)
class ListCsrfTokens:
    """What pages of the caller's session may prove themselves with, the one to hand out first.

    Everybody who is signed in may.
    """

    cookies: SessionCookies

    def __call__(self, actor: Actor) -> Sequence[str]:
        return list(self.cookies.csrf_tokens(actor.session_id))


@retried
@dataclass(frozen=True, slots=True)
class RenewBrowser:
    """Keep the caller's session alive for another idle period, with a new cookie.

    Everybody who is signed in may. Raises NotAuthenticated.
    """

    open_identity: OpenIdentity
    cookies: SessionCookies
    limits: SessionLimits
    clock: Clock

    async def __call__(self, actor: Actor) -> BrowserSession:
        async with self.open_identity(actor) as identity:
            # Sessions are held before accounts, everywhere.
            session = await identity.sessions.get(actor.session_id)
            user = await identity.users.get(actor.user_id)
            renewed = session.renew(limits=self.limits, at=self.clock())
            await identity.sessions.save(renewed)
        return _browser_session(user, renewed, self.cookies)


def _browser_session(user: User, session: Session, cookies: SessionCookies) -> BrowserSession:
    now = session.last_used_at
    cookie, (csrf_token, *_) = cookies.issue(session, at=now), cookies.csrf_tokens(session.id)
    return BrowserSession(user, cookie, csrf_token, session.expires_at - now)


@retried
@dataclass(frozen=True, slots=True)
class Refresh:
    """Exchange a refresh token for a new pair.

    Whoever holds the token may, once; within the grace period the same token gives the same successor, for an
    answer that got lost. Any later use ends the session, for somebody else may hold it. Raises RefreshRefused and
    TooManyRequests.
    """

    counters: Counters
    open_identity: OpenIdentity
    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    limits: SessionLimits
    clock: Clock

    async def __call__(self, refresh_token: str, origin: Origin = NOWHERE) -> TokenPair:
        await self.counters.take(REFRESH.of(address=origin.ip_address))
        async with self.open_identity(None, origin=origin) as identity:
            pair = await self._exchange(refresh_token, identity)
        # Refused only now: ending a stolen session must outlive the refusal.
        if pair is None:
            raise RefreshRefused
        return pair

    async def _exchange(self, presented: str, identity: Identity) -> TokenPair | None:
        now = self.clock()
        token = await identity.sessions.token(self.refresh_tokens.hash(presented))
        if token is None:
            return None
        session = await identity.sessions.get(token.session_id)
        user = await identity.users.get(session.user_id)
        if not session.is_alive(at=now):
            return None
        after = await identity.sessions.token(token.successor) if token.successor else None
        use = token.use(after=after, limits=self.limits, at=now)
        if use is not RefreshUse.THEFT and not user.is_active:
            return None
        successor: str | None = None
        if use is RefreshUse.FIRST:
            successor = await self._rotate(presented, token, session, identity, now)
        elif use is RefreshUse.REPEAT:
            successor = self._successor(presented, token)
        if successor is None:
            await identity.sessions.end(session.revoke(at=now), Action.REFRESH_REUSE)
            return None
        access_token = self.access_tokens.issue(user, session.id, at=now)
        return TokenPair(access_token, successor, self.access_tokens.lifetime)

    async def _rotate(
        self, presented: str, token: RefreshToken, session: Session, identity: Identity, now: datetime
    ) -> str:
        successor = next(iter(self.refresh_tokens.successors(presented)))
        following = RefreshToken(hash=self.refresh_tokens.hash(successor), session_id=session.id, issued_at=now)
        await identity.sessions.replace_token(token.replaced_by(following.hash, at=now), following)
        await identity.sessions.save(session.renew(limits=self.limits, at=now))
        return successor

    def _successor(self, presented: str, token: RefreshToken) -> str | None:
        """The successor that was handed out, unless the key it was made with has been retired since."""
        return next(
            (s for s in self.refresh_tokens.successors(presented) if self.refresh_tokens.hash(s) == token.successor),
            None,
        )


@retried
@dataclass(frozen=True, slots=True)
class SignOut:
    """End the caller's session: its access and refresh tokens stop working at once.

    Everybody who is signed in may. Raises NotAuthenticated.
    """

    open_identity: OpenIdentity
    clock: Clock

    async def __call__(self, actor: Actor) -> None:
        async with self.open_identity(actor) as identity:
            session = await identity.sessions.get(actor.session_id)
            await identity.sessions.end(session.revoke(at=self.clock()), Action.LOGOUT)
