"""What can be refused: the codes that programs rely on, and the families that entrypoints translate."""

import inspect
from datetime import timedelta

import pytest

from domain import errors
from domain.errors import (
    Conflict,
    CursorRefused,
    DomainError,
    Forbidden,
    InvalidValue,
    InvitationRefused,
    NotAuthenticated,
    NotFound,
    PasswordResetRefused,
    PreconditionFailed,
    QuotaReached,
    TaskNotFound,
    TooBusy,
    TooManyRequests,
    Unavailable,
    WrongStoreVersion,
)
from domain.rates import SIGN_IN

CODES: dict[str, tuple[str, type[DomainError]]] = {
    "InvalidValue": ("invalid-value", InvalidValue),
    "NotAuthenticated": ("not-authenticated", NotAuthenticated),
    "WrongCredentials": ("wrong-credentials", NotAuthenticated),
    "RefreshRefused": ("refresh-refused", NotAuthenticated),
    "Forbidden": ("forbidden", Forbidden),
    "SpaceForbidden": ("space-forbidden", Forbidden),
    "RoleTooLow": ("role-too-low", Forbidden),
    "NotAnAdministrator": ("not-an-administrator", Forbidden),
    "RegistrationRefused": ("registration-refused", Forbidden),
    "WrongPassword": ("wrong-password", Forbidden),
    "NotFound": ("not-found", NotFound),
    "TaskNotFound": ("task-not-found", NotFound),
    "TagNotFound": ("tag-not-found", NotFound),
    "DocumentNotFound": ("document-not-found", NotFound),
    "SettingNotFound": ("setting-not-found", NotFound),
    "RecipientNotFound": ("recipient-not-found", NotFound),
    "SessionNotFound": ("session-not-found", NotFound),
    "UserNotFound": ("user-not-found", NotFound),
    "MemberNotFound": ("member-not-found", NotFound),
    "InvitationNotFound": ("invitation-not-found", NotFound),
    "InvitationRefused": ("invitation-refused", InvitationRefused),
    "PasswordResetRefused": ("password-reset-refused", PasswordResetRefused),
    "CursorRefused": ("cursor-refused", CursorRefused),
    "Conflict": ("conflict", Conflict),
    "AlreadyMember": ("already-member", Conflict),
    "LastOwner": ("last-owner", Conflict),
    "LastAdministrator": ("last-administrator", Conflict),
    "EmailTaken": ("email-taken", Conflict),
    "TagTaken": ("tag-taken", Conflict),
    "StaleVersion": ("stale-version", Conflict),
    "QuotaReached": ("quota-reached", Conflict),
    "KeyReused": ("idempotency-key-reused", InvalidValue),
    "StillRunning": ("still-running", Conflict),
    "PreconditionFailed": ("precondition-failed", PreconditionFailed),
    "TooManyRequests": ("too-many-requests", TooManyRequests),
    "Unavailable": ("unavailable", Unavailable),
    "PartlyDone": ("partly-done", Unavailable),
    "TooBusy": ("too-busy", Unavailable),
    "WrongStoreVersion": ("wrong-store-version", Unavailable),
}
FAMILIES = {family for _, family in CODES.values()}
REFUSALS = {
    name: refusal
    for name, refusal in inspect.getmembers(errors, inspect.isclass)
    if issubclass(refusal, DomainError) and refusal is not DomainError
}
WITHOUT_VALUES = [r for r in REFUSALS.values() if r not in {InvalidValue, QuotaReached, TooManyRequests}]


def test_every_refusal_has_the_code_that_it_always_had() -> None:
    assert {name: refusal.code for name, refusal in REFUSALS.items()} == {n: code for n, (code, _) in CODES.items()}


@pytest.mark.parametrize("name", CODES)
def test_every_refusal_is_in_one_family(name: str) -> None:
    assert [family for family in FAMILIES if issubclass(REFUSALS[name], family)] == [CODES[name][1]]


@pytest.mark.parametrize("refusal", WITHOUT_VALUES)
def test_a_refusal_says_what_to_do(refusal: type[DomainError]) -> None:
    assert str(refusal()) == refusal.detail
    assert refusal.detail.endswith(".")


def test_no_two_refusals_say_the_same() -> None:
    assert len({refusal.detail for refusal in WITHOUT_VALUES}) == len(WITHOUT_VALUES)


def test_an_invalid_value_says_which_rule_it_breaks_and_where() -> None:
    refused = InvalidValue("too_short", "Write more.", field="title")
    assert (refused.reason, refused.message, refused.field) == ("too_short", "Write more.", "title")
    assert str(refused) == "Write more."
    assert refused.args == ("Write more.",)


def test_an_invalid_value_need_not_know_its_field() -> None:
    assert InvalidValue("too_short", "Write more.").field is None


def test_an_invalid_value_is_a_value_error() -> None:
    assert issubclass(InvalidValue, ValueError)


@pytest.mark.parametrize("refusal", [Unavailable, TooBusy, WrongStoreVersion])
def test_what_is_unavailable_can_be_tried_again_in_a_second(refusal: type[Unavailable]) -> None:
    assert refusal.retry_after == 1


def test_a_quota_that_is_reached_says_of_what_and_how_much_is_allowed() -> None:
    refused = QuotaReached("tags in this space", 5)
    assert (refused.quota, refused.limit) == ("tags in this space", 5)
    assert str(refused).startswith("There may be at most 5 tags in this space.")
    assert QuotaReached.detail not in {refusal.detail for refusal in WITHOUT_VALUES}


def test_too_many_requests_says_of_what_and_for_how_long() -> None:
    refused = TooManyRequests(SIGN_IN, timedelta(seconds=7))
    assert (refused.rate, refused.wait) == (SIGN_IN, timedelta(seconds=7))
    assert str(refused) == TooManyRequests.detail
    assert refused.detail not in {refusal.detail for refusal in WITHOUT_VALUES}


def test_one_of_several_missing_tasks_is_named_by_its_index() -> None:
    assert "/ids/3" in str(TaskNotFound(3))
    assert str(TaskNotFound()) == TaskNotFound.detail
