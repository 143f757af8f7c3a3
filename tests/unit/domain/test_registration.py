"""The operator's rule for registrations."""

import pytest

from domain.errors import RegistrationRefused
from domain.registration import RegistrationMode, RegistrationPolicy
from domain.user import Email

OPEN, INVITED, CLOSED = RegistrationMode.OPEN, RegistrationMode.INVITED, RegistrationMode.CLOSED


def allows(policy: RegistrationPolicy, email: str, *, is_invited: bool) -> bool:
    """Whether a person may register."""
    try:
        policy.check(Email(email), is_invited=is_invited)
    except RegistrationRefused:
        return False
    return True


def test_a_refusal_says_what_is_missing() -> None:
    with pytest.raises(RegistrationRefused, match="needs an invitation"):
        RegistrationPolicy(INVITED).check(Email("ann@example.org"), is_invited=False)


@pytest.mark.parametrize(
    ("mode", "is_invited", "expected"),
    [
        (OPEN, False, True),
        (OPEN, True, True),
        (INVITED, False, False),
        (INVITED, True, True),
        (CLOSED, False, False),
        (CLOSED, True, False),
    ],
)
def test_a_mode_decides_with_and_without_an_invitation(
    mode: RegistrationMode, *, is_invited: bool, expected: bool
) -> None:
    assert allows(RegistrationPolicy(mode), "ann@example.org", is_invited=is_invited) is expected


@pytest.mark.parametrize(
    ("email", "expected"),
    [("ann@example.org", True), ("ann@EXAMPLE.ORG", True), ("ann@sub.example.org", False), ("ann@example.com", False)],
)
def test_a_list_of_domains_allows_these_domains_alone(email: str, *, expected: bool) -> None:
    policy = RegistrationPolicy(domains=frozenset({"example.org"}))
    assert allows(policy, email, is_invited=False) is expected
    assert allows(policy, email, is_invited=True) is expected
