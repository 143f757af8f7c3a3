"""Accounts and sessions, in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from adapters.memory.audit import MemoryAccountsLog, MemoryAuditLog
from adapters.memory.organizations import MemoryInterior, MemoryOrganizations, MemoryReception
from adapters.memory.owned import items_of, page_of
from adapters.memory.replies import MemoryReplies
from adapters.memory.signed_in import require_signed_in
from adapters.memory.store import Contents, MemoryStore, remove_space
from application.ports.clock import Clock
from application.ports.identity import Credentials, UserQuery
from application.ports.paging import Onward, Page
from domain.access import NOWHERE, Actor, Origin, Role
from domain.audit import Action
from domain.errors import EmailTaken, NotFound
from domain.ids import NOBODY, SessionId, SpaceId, UserId, personal_space
from domain.organization import Membership
from domain.password_reset import PasswordReset
from domain.session import RefreshToken, Session
from domain.user import Email, User

NO_SPACE = SpaceId(NOBODY)


class MemoryUsers:
    """All accounts."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._accounts = contents.accounts
        self._memberships = contents.memberships

    async def add(self, credentials: Credentials) -> None:
        """Keep a new account, its personal space, and the membership that makes it theirs."""
        user = credentials.user
        self._require_free(user)
        self._accounts[user.id] = credentials
        space_id = personal_space(user.id)
        self._memberships[space_id, user.id] = Membership(
            space_id=space_id, user_id=user.id, role=Role.OWNER, joined_at=user.created_at
        )

    async def get(self, user_id: UserId) -> User:
        """The account."""
        return self._account(user_id).user

    async def credentials(self, user_id: UserId) -> Credentials:
        """The account, with the hash of its password."""
        return self._account(user_id)

    async def with_email(self, email: Email) -> Credentials | None:
        """The account that has this address."""
        return next((c for c in self._accounts.values() if c.user.email.key == email.key), None)

    async def find(self, query: UserQuery) -> Page[User]:
        """The stretch, and the total where it was asked for."""
        users = [account.user for account in self._accounts.values()]
        found = [user for user in users if (query.text or "") in user.search_text]
        return page_of(found, query, lambda user: user.place, descending=True)

    async def administrators(self) -> Sequence[User]:
        """The active administrators."""
        return [account.user for account in self._accounts.values() if account.user.is_administrator]

    async def save(self, user: User) -> None:
        """Replace the account of the same id."""
        self._require_free(user)
        self._accounts[user.id] = replace(self._account(user.id), user=user)

    async def save_password_hash(self, user_id: UserId, password_hash: str) -> None:
        """Replace the hash of the account's password."""
        self._accounts[user_id] = replace(self._account(user_id), password_hash=password_hash)

    async def remove(self, user: User, *, at: datetime, limit: int) -> None:
        """Remove the account and everything that is its own, or mark its space."""
        contents, space_id = self._contents, personal_space(user.id)
        sessions = {session.id for session in contents.sessions.values() if session.user_id == user.id}
        tokens = [token.hash for token in contents.refresh_tokens.values() if token.session_id in sessions]
        del self._accounts[user.id]
        del contents.memberships[space_id, user.id]
        contents.password_resets.pop(user.id, None)
        for session_id in sessions:
            del contents.sessions[session_id]
        for hash_ in tokens:
            del contents.refresh_tokens[hash_]
        remove_space(contents, space_id, at=at, limit=limit)

    async def change_password(self, user_id: UserId, password_hash: str) -> None:
        """Replace the hash by that of another password."""
        await self.save_password_hash(user_id, password_hash)

    def _account(self, user_id: UserId) -> Credentials:
        account = self._accounts.get(user_id)
        if account is None:
            raise NotFound
        return account

    def _require_free(self, user: User) -> None:
        if any(
            other.user.email.key == user.email.key and other.user.id != user.id for other in self._accounts.values()
        ):
            raise EmailTaken


class MemorySessions:
    """All sign-ins."""

    def __init__(self, contents: Contents) -> None:
        self._sessions = contents.sessions
        self._tokens = contents.refresh_tokens

    async def add(self, session: Session, token: RefreshToken | None = None) -> None:
        """Keep a new session with its first refresh token."""
        self._sessions[session.id] = session
        if token is not None:
            self._tokens[token.hash] = token

    async def get(self, session_id: SessionId) -> Session:
        """The session."""
        session = self._sessions.get(session_id)
        if session is None:
            raise NotFound
        return session

    async def of(self, user_id: UserId) -> Sequence[Session]:
        """Somebody's sessions."""
        found = [one for one in self._sessions.values() if one.user_id == user_id and one.revoked_at is None]
        return sorted(found, key=lambda session: (session.last_used_at, session.id), reverse=True)

    async def beyond(self, newest: int, user_id: UserId, at: datetime) -> Sequence[Session]:
        """Those that were used longest ago."""
        alive = [session for session in await self.of(user_id) if session.is_alive(at=at)]
        return alive[newest:][::-1][:100]

    async def find(self, user_id: UserId, page: Onward, *, at: datetime) -> Sequence[Session]:
        """A page of the account's sessions that are alive."""
        found = [session for session in await self.of(user_id) if session.is_alive(at=at)]
        return items_of(found, page, lambda session: session.place, descending=True)

    async def save(self, session: Session) -> None:
        """Replace the session of the same id."""
        self._sessions[session.id] = session

    async def end(self, session: Session, because: Action) -> None:  # noqa: ARG002 - for the recording door
        """Replace the session of the same id."""
        self._sessions[session.id] = session

    async def token(self, hash: bytes) -> RefreshToken | None:
        """The refresh token with this hash."""
        return self._tokens.get(hash)

    async def replace_token(self, used: RefreshToken, by: RefreshToken) -> None:
        """Keep the next refresh token, and the used one as replaced."""
        self._tokens[used.hash] = used
        self._tokens[by.hash] = by


class MemoryPasswordResets:
    """The open ways back into accounts."""

    def __init__(self, contents: Contents) -> None:
        self._resets = contents.password_resets

    async def put(self, reset: PasswordReset) -> None:
        """Keep it in place of the account's former one."""
        self._resets[reset.user_id] = reset

    async def with_token(self, token_hash: bytes) -> PasswordReset | None:
        """The one with this token."""
        return next((reset for reset in self._resets.values() if reset.token_hash == token_hash), None)

    async def void(self, user_id: UserId) -> None:
        """Forget the account's one."""
        self._resets.pop(user_id, None)


class MemoryIdentity:
    """Accounts and sessions in one transaction."""

    def __init__(self, contents: Contents, own: SpaceId = NO_SPACE) -> None:
        self._contents = contents
        self.users = MemoryUsers(contents)
        self.sessions = MemorySessions(contents)
        self.organizations = MemoryOrganizations(contents, UserId(own))
        self.password_resets = MemoryPasswordResets(contents)
        self.audit = MemoryAuditLog(contents, NO_SPACE)
        self.accounts_log = MemoryAccountsLog(contents)
        self.replies = MemoryReplies(contents, own)

    async def inside(self, space_id: SpaceId) -> MemoryInterior:
        """An organisation, for a member who leaves it."""
        return MemoryInterior(self._contents, space_id)

    async def reception(self, space_id: SpaceId, user_id: UserId) -> MemoryReception:
        """A space, for a new account that is invited to it."""
        return MemoryReception(self._contents, space_id, user_id)


class MemoryOpenIdentity:
    """The door to accounts and sessions."""

    def __init__(self, store: MemoryStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @asynccontextmanager
    async def __call__(
        self,
        actor: Actor | None,
        *,
        read_only: bool = False,
        origin: Origin = NOWHERE,  # noqa: ARG002 - for the recording door
    ) -> AsyncIterator[MemoryIdentity]:
        """Open for the actor, or for nobody yet."""
        async with self._store.begin(read_only=read_only) as contents:
            if actor is None:
                yield MemoryIdentity(contents)
            else:
                require_signed_in(contents, actor, self._clock)
                yield MemoryIdentity(contents, personal_space(actor.user_id))
