"""Everything that can be refused, as exceptions with a stable ``code``.

The tree: ``DomainError`` > ``InvalidValue``, ``NotAuthenticated``, ``Forbidden``, ``NotFound``,
``InvitationRefused``, ``PasswordResetRefused``, ``CursorRefused``, ``Conflict``, ``PreconditionFailed``,
``TooManyRequests``, ``Unavailable``. An entrypoint maps
these families to its own words (HTTP: to statuses) and passes ``code`` and ``detail`` on; nobody looks further than
the family.
"""

from datetime import timedelta
from typing import ClassVar

from domain.rates import Rate


class DomainError(Exception):
    """A refusal. ``code`` names it for programs and never changes; ``str()`` tells people what to do."""

    code: ClassVar[str]
    detail: ClassVar[str]

    def __str__(self) -> str:
        return self.detail


class InvalidValue(DomainError, ValueError):
    """A value breaks a rule. ``reason`` names the rule; ``field`` the input it came from, where known."""

    code = "invalid-value"

    def __init__(self, reason: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return self.message


class KeyReused(InvalidValue):
    """A key that names one request came with another one."""

    code = "idempotency-key-reused"
    detail = "This key came with another request before. Take a new key for each request, and repeat only the same one."

    def __init__(self) -> None:
        super().__init__("key_reused", self.detail)


class NotAuthenticated(DomainError):
    """Nobody is signed in: no token, a token that proves nothing, or a session that has ended."""

    code = "not-authenticated"
    detail = "Sign in and send the access token as 'Authorization: Bearer <token>'."


class WrongCredentials(NotAuthenticated):
    """Sign-in failed. One answer for an unknown address, a wrong password and an inactive account."""

    code = "wrong-credentials"
    detail = "The e-mail address or the password is wrong, or the account is not active."


class RefreshRefused(NotAuthenticated):
    """The refresh token is unknown, used up, expired, or its session has ended."""

    code = "refresh-refused"
    detail = "The refresh token is not valid any more. Sign in again."


class Forbidden(DomainError):
    """The caller is known and may not do this."""

    code = "forbidden"
    detail = "You may not do this."


class SpaceForbidden(Forbidden):
    """The space is not one of the caller's, whether it exists or not."""

    code = "space-forbidden"
    detail = "This space is not yours. Use your own user id or an organisation that you are a member of."


class RoleTooLow(Forbidden):
    """The space is the caller's, but their role in it does not allow this."""

    code = "role-too-low"
    detail = "Your role in this space does not allow this. Ask one of its admins or owners."


class NotAnAdministrator(Forbidden):
    """Only administrators manage accounts."""

    code = "not-an-administrator"
    detail = "Only administrators may do this."


class RegistrationRefused(Forbidden):
    """The operator's rule for registrations does not allow this account. The message says what is missing."""

    code = "registration-refused"
    detail = "This service does not take this registration."

    def __init__(self, message: str = detail) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class WrongPassword(Forbidden):
    """The caller is signed in, and did not prove once more who they are."""

    code = "wrong-password"
    detail = "This is not the password of your account. Send the one that you sign in with."


class NotFound(DomainError):
    """There is no such thing in the caller's reach, whether it exists elsewhere or not."""

    code = "not-found"
    detail = "There is nothing here."


class TaskNotFound(NotFound):
    """The space has no such task."""

    code = "task-not-found"
    detail = "There is no task with this id in this space."

    def __init__(self, index: int | None = None) -> None:
        super().__init__(index)
        self.index = index
        """Which of several ids it is, from 0; None where the caller named one task."""

    def __str__(self) -> str:
        if self.index is None:
            return self.detail
        return f"There is no task with the id at /ids/{self.index} in this space. Nothing was changed."


class TagNotFound(NotFound):
    """The space has no such tag."""

    code = "tag-not-found"
    detail = "There is no tag with this id in this space."


class DocumentNotFound(NotFound):
    """The space has no such document."""

    code = "document-not-found"
    detail = "There is no document with this id in this space."


class SettingNotFound(NotFound):
    """The space has no value for this key."""

    code = "setting-not-found"
    detail = "There is no setting with this key in this space."


class RecipientNotFound(NotFound):
    """There is nobody within reach to give a task to, whether there is somebody or not."""

    code = "recipient-not-found"
    detail = (
        "A task can go to an organisation that you may create tasks in, to yourself, "
        "or to a person who shares an organisation with you."
    )


class SessionNotFound(NotFound):
    """The caller has no such session that is alive."""

    code = "session-not-found"
    detail = "You have no session with this id. It may have ended."


class UserNotFound(NotFound):
    """There is no such account."""

    code = "user-not-found"
    detail = "There is no account with this id."


class MemberNotFound(NotFound):
    """The organisation has no such member."""

    code = "member-not-found"
    detail = "There is no member with this id in this organisation."


class InvitationNotFound(NotFound):
    """The organisation has no such open invitation."""

    code = "invitation-not-found"
    detail = "There is no open invitation with this id in this organisation."


class InvitationRefused(DomainError):
    """The invitation is used, expired, revoked or unknown: one answer for all of them."""

    code = "invitation-refused"
    detail = "This invitation cannot be used any more, or never could. Ask for a new one."


class PasswordResetRefused(DomainError):
    """The token of a mail is used, expired, replaced or unknown, or its account not active: one answer for all."""

    code = "password-reset-refused"
    detail = "This token cannot be used any more, or never could. Ask for a new mail."


class CursorRefused(DomainError):
    """The cursor was not given out by this service for this caller, space and query."""

    code = "cursor-refused"
    detail = "This cursor does not belong to this list. Use the next_cursor of the page before, with the same filters."


class Conflict(DomainError):
    """The request clashes with what is already there."""

    code = "conflict"
    detail = "This clashes with what is already there."


class EmailTaken(Conflict):
    """Another account has this e-mail address."""

    code = "email-taken"
    detail = "An account with this e-mail address exists already. Sign in, or use another address."


class TagTaken(Conflict):
    """Another tag of the space has this name, whatever its capitals."""

    code = "tag-taken"
    detail = "The space has a tag of this name already; capitals make no difference. Use that one, or another name."


class AlreadyMember(Conflict):
    """The caller is a member of the organisation that an invitation leads to. The invitation stays unused."""

    code = "already-member"
    detail = "You are a member of this organisation already. One of its admins or owners can change your role."


class LastOwner(Conflict):
    """Without this person the organisation would have no owner whose account is active."""

    code = "last-owner"
    detail = "This is the last owner. Make somebody else an owner first, or delete the organisation."


class LastAdministrator(Conflict):
    """Without this person nobody could administer accounts any more."""

    code = "last-administrator"
    detail = "This is the last active administrator. Make somebody else one first."


class StaleVersion(Conflict):
    """The thing changed since it was read."""

    code = "stale-version"
    detail = "This has been changed in the meantime. Read it again and repeat your change."


class StillRunning(Conflict):
    """The same request is being answered at this moment."""

    code = "still-running"
    detail = "A request with this key is still being answered. Wait a moment, then send it again."


class QuotaReached(Conflict):
    """There is no room for what was to be added: ``quota`` says of what, ``limit`` how much is allowed."""

    code = "quota-reached"
    detail = "There is no room for more: the quota is reached. Delete some first, or ask the operator for more room."

    def __init__(self, quota: str, limit: int) -> None:
        super().__init__(quota, limit)
        self.quota = quota
        self.limit = limit

    def __str__(self) -> str:
        return f"There may be at most {self.limit} {self.quota}. Delete some first, or ask the operator for more room."


class PreconditionFailed(DomainError):
    """The thing is not in any of the versions for which the change was meant."""

    code = "precondition-failed"
    detail = "This is not what your change was meant for: it has changed since you read it. Read it again."

    def __init__(self, version: int | None = None) -> None:
        super().__init__(version)
        self.version = version
        """The present version of the thing; None where there is none."""


class TooManyRequests(DomainError):
    """Something was done as often as ``rate`` allows. It can be done again after ``wait``.

    ``left`` is what may be done until then: less than what was asked for.
    """

    code = "too-many-requests"
    detail = "This was done too often. Wait for as many seconds as the Retry-After header says, then try again."

    def __init__(self, rate: Rate, wait: timedelta, left: int = 0) -> None:
        super().__init__(rate.name)
        self.rate = rate
        self.wait = wait
        self.left = left


class Unavailable(DomainError):
    """The service cannot answer right now. Nothing was changed; ``retry_after`` is in seconds."""

    code = "unavailable"
    detail = "The service cannot answer right now. Nothing was changed; try again in a moment."
    retry_after: ClassVar[int] = 1


class PartlyDone(Unavailable):
    """A change of very many things was interrupted: the part that was done stays."""

    code = "partly-done"
    detail = "The service could not finish. What it has done so far stays: send the request again for the rest."


class TooBusy(Unavailable):
    """More work is waiting than can be done in reasonable time."""

    code = "too-busy"
    detail = "Too many requests are waiting. Nothing was changed; try again in a moment."


class WrongStoreVersion(Unavailable):
    """The store is at another version than this program was made for."""

    code = "wrong-store-version"
    detail = (
        "The service and its database are not of the same version. Nothing was changed; /readyz says what its operator"
        " has to do."
    )
