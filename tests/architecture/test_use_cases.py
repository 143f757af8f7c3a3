"""Every use case says who may use it, asks first who is calling, and stands in the table of contents."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, is_dataclass
from inspect import signature
from typing import Any, Final, get_type_hints

import pytest

import application
from application.facade import Application
from application.retrying import DOORS, is_retried
from application.tasks import GetTask
from domain.access import Actor
from tests.architecture.shapes import method_of
from tests.architecture.source import classes_in

WHO: Final = re.compile(r"\b(may|alone)\b")
"""How a docstring says who may use it: "Every member may.", "For the operator alone."."""

WITHOUT_ACTOR: Final = {
    "Authenticate",
    "AuthenticateBrowser",
    "CheckReadiness",
    "ConfirmPasswordReset",
    "CreateAdmin",
    "FindAccounts",
    "InspectLog",
    "ManageAccount",
    "OpenAccount",
    "PurgeExpiredTrash",
    "Refresh",
    "Register",
    "RequestPasswordReset",
    "SealGrownLogs",
    "SealLeftEvents",
    "SealLog",
    "SendPasswordReset",
    "SignIn",
    "SignInBrowser",
    "StartSession",
    "SweepLeftovers",
    "SweepRemains",
}
"""The use cases for people who have not signed in, and for those who run the service."""


ONCE: Final = {
    "StartSession": "a password would be checked twice",
    "OpenAccount": "a password would be hashed twice",
    "ProvePassword": "a password would be checked twice",
    "ChangeMe": "a password would be checked twice; its transaction is done once more by itself",
    "CloseAccount": "a password would be checked twice; its transaction is done once more by itself",
    "ChangePassword": "a password would be checked and hashed twice",
    "ConfirmPasswordReset": "a password would be hashed twice",
    "VerifyLog": "a log would be read twice",
    **dict.fromkeys(
        ("DeleteFoundTasks", "DeleteTag", "EmptyTrash", "RemoveMember"),
        "each of its transactions is done once more by itself, in application/stretches.py",
    ),
}
"""The use cases that are not done once more where the store has undone their transaction, and why."""


def _use_cases(kinds: Iterable[type]) -> list[type]:
    """The public dataclasses that can be called."""
    return [k for k in kinds if is_dataclass(k) and method_of(k, "__call__") and not k.__name__.startswith("_")]


USE_CASES: Final = [
    k for k in _use_cases(classes_in(application)) if not k.__module__.startswith("application.recording")
]


def _opens_a_transaction(use_case: type) -> bool:
    return any(name in get_type_hints(use_case) for name in DOORS)


def _says_who_may(use_case: type) -> bool:
    return WHO.search(use_case.__doc__ or "") is not None


def _asks_who_is_calling(use_case: type) -> bool:
    call: Callable[..., Any] = use_case.__call__
    return list(signature(call).parameters)[1:2] == ["actor"] and get_type_hints(call)["actor"] is Actor


def test_the_use_cases_are_found() -> None:
    assert GetTask in USE_CASES


@pytest.mark.parametrize("use_case", USE_CASES, ids=[use_case.__name__ for use_case in USE_CASES])
def test_a_use_case_says_who_may_use_it(use_case: type) -> None:
    assert _says_who_may(use_case), use_case.__doc__


def test_the_actor_comes_first_in_every_use_case_but_the_few_that_have_none() -> None:
    assert {u.__name__ for u in USE_CASES if not _asks_who_is_calling(u)} == WITHOUT_ACTOR


def test_every_use_case_is_in_the_table_of_contents_or_part_of_one_that_is() -> None:
    listed = set(get_type_hints(Application).values())
    parts = {part for use_case in listed for part in get_type_hints(use_case).values()}
    assert listed <= set(USE_CASES) <= listed | parts


def test_a_use_case_is_done_once_more_where_the_store_has_undone_it_or_there_is_a_reason() -> None:
    opening = [use_case for use_case in USE_CASES if _opens_a_transaction(use_case)]
    assert {use_case.__name__ for use_case in opening if not is_retried(use_case)} == set(ONCE)


@dataclass
class Vague:
    """Do something. Raises TaskNotFound."""

    def __call__(self, actor: str) -> None: ...


@dataclass
class Late:
    def __call__(self, owner_id: str, actor: Actor) -> None: ...


class _NoDataclass:
    def __call__(self) -> None: ...


def test_a_use_case_that_does_not_say_who_may_is_seen() -> None:
    assert _use_cases([Vague, Late, _NoDataclass, Actor]) == [Vague, Late]
    assert not _says_who_may(Vague)
    assert not _says_who_may(Late)


def test_a_use_case_that_takes_somebodys_word_for_who_they_are_is_seen() -> None:
    assert not _asks_who_is_calling(Vague)
    assert not _asks_who_is_calling(Late)
