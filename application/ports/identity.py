"""Where accounts, their sessions and the ways back into them are kept."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from application.ports.audit import AccountsLog, AuditLog
from application.ports.organizations import Interior, Organizations, Reception
from application.ports.paging import Onward, Page, Stretch
from application.ports.replies import Replies
from domain.access import NOWHERE, Actor, Origin
from domain.audit import Action
from domain.ids import SessionId, SpaceId, UserId
from domain.password_reset import PasswordReset
from domain.session import RefreshToken, Session
from domain.user import Email, User


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with the hash of its password, which never leaves the use cases."""

    user: User
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserQuery(Stretch):
    """Which accounts."""

    text: str | None = None
    """With this in the search text, as ``SearchText.key`` writes it."""


class Users(Protocol):
    """All accounts."""

    async def add(self, credentials: Credentials) -> None:
        """Keep a new account, with its empty personal space. Raises EmailTaken."""
        ...

    async def get(self, user_id: UserId) -> User:
        """The account. Raises NotFound."""
        ...

    async def credentials(self, user_id: UserId) -> Credentials:
        """The account, with the hash of its password. Raises NotFound."""
        ...

    async def with_email(self, email: Email) -> Credentials | None:
        """The account that has this address, without regard to case."""
        ...

    async def find(self, query: UserQuery) -> Page[User]:
        """Those that ``query`` asks for, the newest first."""
        ...

    async def administrators(self) -> Sequence[User]:
        """The active accounts that may administer others. Held: nobody else makes them more or fewer meanwhile."""
        ...

    async def save(self, user: User) -> None:
        """Replace the account of the same id. Raises EmailTaken."""
        ...

    async def save_password_hash(self, user_id: UserId, password_hash: str) -> None:
        """Replace the hash of the account's password by another one of the same password."""
        ...

    async def change_password(self, user_id: UserId, password_hash: str) -> None:
        """Replace the hash of the account's password by that of another password."""
        ...

    async def remove(self, user: User, *, at: datetime, limit: int) -> None:
        """Remove an account with its sessions and its personal space, for everybody; and up to so many things in that.

        Where there is more, the space is marked as removed at this moment, and ``Removals`` finds it. They have left
        every organisation before.
        """
        ...


class Sessions(Protocol):
    """All sign-ins."""

    async def add(self, session: Session, token: RefreshToken | None = None) -> None:
        """Keep a new session with its first refresh token, where it is renewed by one."""
        ...

    async def get(self, session_id: SessionId) -> Session:
        """The session. Raises NotFound."""
        ...

    async def of(self, user_id: UserId) -> Sequence[Session]:
        """Somebody's sessions that have not been revoked, the one used last first."""
        ...

    async def beyond(self, newest: int, user_id: UserId, at: datetime) -> Sequence[Session]:
        """Somebody's sessions that are alive at this moment, without the ``newest`` so many by their last use.

        The one that was used longest ago comes first, 100 at most. Those that another transaction holds are left out.
        """
        ...

    async def find(self, user_id: UserId, page: Onward, *, at: datetime) -> Sequence[Session]:
        """A page of the account's sessions that are alive at this moment, the one used last first."""
        ...

    async def save(self, session: Session) -> None:
        """Replace the session of the same id."""
        ...

    async def end(self, session: Session, because: Action) -> None:
        """Replace the session of the same id by one that has been revoked, and say what ended it."""
        ...

    async def token(self, hash: bytes) -> RefreshToken | None:
        """The refresh token with this hash, held until the transaction ends."""
        ...

    async def replace_token(self, used: RefreshToken, by: RefreshToken) -> None:
        """Keep a session's next refresh token, and the used one as replaced."""
        ...


class PasswordResets(Protocol):
    """The open ways back into accounts whose password is forgotten: one for each account at most."""

    async def put(self, reset: PasswordReset) -> None:
        """Keep it, in place of the account's former one. Whoever puts one holds the account."""
        ...

    async def with_token(self, token_hash: bytes) -> PasswordReset | None:
        """The one with this token, held until the transaction ends."""
        ...

    async def void(self, user_id: UserId) -> None:
        """Forget the account's one, if there is one."""
        ...


class Identity(Protocol):
    """Accounts and sessions in one transaction."""

    @property
    def users(self) -> Users:
        """All accounts."""
        ...

    @property
    def sessions(self) -> Sessions:
        """All sign-ins."""
        ...

    @property
    def password_resets(self) -> PasswordResets:
        """All ways back."""
        ...

    @property
    def replies(self) -> Replies:
        """What the person who opened this was answered."""
        ...

    @property
    def audit(self) -> AuditLog:
        """The logs that what is done here belongs in."""
        ...

    @property
    def accounts_log(self) -> AccountsLog:
        """What administrators see of all logs."""
        ...

    @property
    def organizations(self) -> Organizations:
        """The organisations that people are in."""
        ...

    async def inside(self, space_id: SpaceId) -> Interior:
        """An organisation, for a member who leaves it. The one asked for before is out of reach from then on."""
        ...

    async def reception(self, space_id: SpaceId, user_id: UserId) -> Reception:
        """A space, which may not exist, for a new account that is invited to it.

        The space asked for before is out of reach from then on.
        """
        ...


class OpenIdentity(Protocol):
    """The door to accounts and sessions."""

    def __call__(
        self, actor: Actor | None, *, read_only: bool = False, origin: Origin = NOWHERE
    ) -> AbstractAsyncContextManager[Identity]:
        """Open in one transaction; commits on a clean exit, rolls back on any exception.

        What is read is held until the end, so that nobody else changes it; not so where ``read_only``, where a write
        raises OpenedForReading. ``actor`` is None where nobody is signed in yet: at registration, sign-in, refresh,
        and for the operator's command line; ``origin`` then says for the log where the request comes from. Otherwise
        raises NotAuthenticated if the session has ended or the account is not active. Raises Unavailable if the store
        cannot answer.
        """
        ...
