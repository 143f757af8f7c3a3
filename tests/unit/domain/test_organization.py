"""Organisations without any store: who may make whom what, who may go, and which invitations count."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from typing import Any, Final
from uuid import UUID

import pytest

from domain.access import Access, Role
from domain.errors import InvalidValue, LastOwner, RoleTooLow
from domain.ids import InvitationId, SpaceId, UserId
from domain.organization import (
    DEFAULT_VALIDITY,
    LONGEST_VALIDITY,
    Invitation,
    Membership,
    Organization,
    OrganizationName,
)
from domain.user import Email

ADDRESS: Final = Email("ann@example.org")
NOON: Final = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER: Final = NOON + timedelta(minutes=1)
TICK: Final = timedelta(microseconds=1)

CALLER: Final = UserId(UUID("0190a000-0000-7000-8000-00000000000a"))
TARGET: Final = UserId(UUID("0190b000-0000-7000-8000-00000000000b"))
GUEST: Final = UserId(UUID("0190c000-0000-7000-8000-00000000000c"))
FIRM: Final = SpaceId(UUID("0190d000-0000-7000-8000-00000000000d"))
INVITATION: Final = InvitationId(UUID("0190e000-0000-7000-8000-00000000000e"))

VIEWER, MEMBER, ADMIN, OWNER = RANKS = (Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER)

# From the HTTP contract: admins and owners manage members and make invitations; owners are named and touched by owners
# only, and nobody raises anyone above their own role. So each role may deal with these, as they are and as they become.
DEALS_WITH: Final[dict[Role, set[Role]]] = {
    VIEWER: set(),
    MEMBER: set(),
    ADMIN: {VIEWER, MEMBER, ADMIN},
    OWNER: {VIEWER, MEMBER, ADMIN, OWNER},
}

# "Write the space's settings", which its name is one of.
RENAMES: Final = {VIEWER: False, MEMBER: False, ADMIN: True, OWNER: True}


def access(role: Role) -> Access:
    """The caller's way into the organisation."""
    return Access(user_id=CALLER, space_id=FIRM, role=role)


def a_membership(role: Role, user_id: UserId = TARGET) -> Membership:
    return Membership(space_id=FIRM, user_id=user_id, role=role, joined_at=NOON)


def an_organization(**parts: Any) -> Organization:
    whole: dict[str, Any] = {"id": FIRM, "name": OrganizationName("Firm"), "created_at": NOON, "updated_at": NOON}
    return Organization(**whole | parts)


def an_offer(role: Role = MEMBER, *, by: Role = OWNER, valid_for: timedelta = DEFAULT_VALIDITY) -> Invitation:
    """An invitation that the caller makes at noon."""
    return Invitation.offer(role, id=INVITATION, token_hash=b"a hash", valid_for=valid_for, by=access(by), at=NOON)


def allows(act: Callable[[], object]) -> bool:
    """Tell whether the caller's role lets something happen."""
    try:
        act()
    except RoleTooLow:
        return False
    return True


def test_the_truth_is_told_about_every_role() -> None:
    assert set(DEALS_WITH) == set(RENAMES) == set(Role)


# Making a member something else


@pytest.mark.parametrize(("caller", "target", "new"), [*product(Role, Role, Role)])
def test_a_role_is_changed_by_whom_the_contract_says(caller: Role, target: Role, new: Role) -> None:
    member = a_membership(target)
    allowed = target in DEALS_WITH[caller] and new in DEALS_WITH[caller]
    assert allows(lambda: member.change_role(new, by=access(caller), other_owners=1)) is allowed
    if allowed:
        assert member.change_role(new, by=access(caller), other_owners=1) == replace(member, role=new)
    assert member == a_membership(target)


@pytest.mark.parametrize("target", Role)
@pytest.mark.parametrize(("caller", "higher"), [*combinations(RANKS, 2)])
def test_nobody_raises_anyone_above_their_own_role(caller: Role, higher: Role, target: Role) -> None:
    with pytest.raises(RoleTooLow):
        a_membership(target).change_role(higher, by=access(caller), other_owners=1)
    with pytest.raises(RoleTooLow):
        an_offer(higher, by=caller)


@pytest.mark.parametrize(("role", "new"), [*product(Role, Role)])
def test_ones_own_role_is_changed_like_anybody_elses(role: Role, new: Role) -> None:
    myself = a_membership(role, CALLER)
    allowed = role in DEALS_WITH[role] and new in DEALS_WITH[role]
    assert allows(lambda: myself.change_role(new, by=access(role), other_owners=1)) is allowed


@pytest.mark.parametrize("user_id", [CALLER, TARGET])
@pytest.mark.parametrize("new", [VIEWER, MEMBER, ADMIN])
def test_the_last_owner_cannot_become_less(new: Role, user_id: UserId) -> None:
    with pytest.raises(LastOwner):
        a_membership(OWNER, user_id).change_role(new, by=access(OWNER), other_owners=0)


@pytest.mark.parametrize("owners", [2, 3])
@pytest.mark.parametrize("new", [VIEWER, MEMBER, ADMIN])
def test_one_owner_of_several_may_become_less(new: Role, owners: int) -> None:
    assert a_membership(OWNER, CALLER).change_role(new, by=access(OWNER), other_owners=owners - 1).role is new


def test_the_last_owner_may_stay_the_owner() -> None:
    owner = a_membership(OWNER, CALLER)
    assert owner.change_role(OWNER, by=access(OWNER), other_owners=0) == owner


@pytest.mark.parametrize(("role", "new"), [*product([VIEWER, MEMBER, ADMIN], Role)])
def test_the_others_become_anything_while_there_is_one_owner(role: Role, new: Role) -> None:
    assert a_membership(role).change_role(new, by=access(OWNER), other_owners=0).role is new


@pytest.mark.parametrize("caller", [VIEWER, MEMBER, ADMIN])
def test_whoever_may_not_touch_owners_learns_nothing_of_how_many_there_are(caller: Role) -> None:
    with pytest.raises(RoleTooLow):
        a_membership(OWNER).change_role(MEMBER, by=access(caller), other_owners=0)
    with pytest.raises(RoleTooLow):
        a_membership(OWNER).require_removal(by=access(caller), other_owners=0)


# Going


@pytest.mark.parametrize(("caller", "target"), [*product(Role, Role)])
def test_a_member_is_removed_by_whom_the_contract_says(caller: Role, target: Role) -> None:
    member = a_membership(target)
    assert allows(lambda: member.require_removal(by=access(caller), other_owners=1)) is (target in DEALS_WITH[caller])


@pytest.mark.parametrize("owners", [2, 3])
@pytest.mark.parametrize("role", Role)
def test_everyone_may_leave(role: Role, owners: int) -> None:
    a_membership(role, CALLER).require_removal(by=access(role), other_owners=owners - 1)


@pytest.mark.parametrize("user_id", [CALLER, TARGET])
def test_the_last_owner_neither_leaves_nor_is_removed(user_id: UserId) -> None:
    with pytest.raises(LastOwner):
        a_membership(OWNER, user_id).require_removal(by=access(OWNER), other_owners=0)


@pytest.mark.parametrize("role", [VIEWER, MEMBER, ADMIN])
def test_the_others_go_while_there_is_one_owner(role: Role) -> None:
    a_membership(role, CALLER).require_removal(by=access(role), other_owners=0)
    a_membership(role).require_removal(by=access(OWNER), other_owners=0)


# Inviting


@pytest.mark.parametrize(("caller", "offered"), [*product(Role, Role)])
def test_a_role_is_offered_by_whom_the_contract_says(caller: Role, offered: Role) -> None:
    assert allows(lambda: an_offer(offered, by=caller)) is (offered in DEALS_WITH[caller])


@pytest.mark.parametrize("role", Role)
def test_an_offer_is_for_the_callers_space_and_in_their_name(role: Role) -> None:
    assert an_offer(role, valid_for=timedelta(hours=1)) == Invitation(
        id=INVITATION,
        space_id=FIRM,
        role=role,
        token_hash=b"a hash",
        created_by=CALLER,
        created_at=NOON,
        expires_at=NOON + timedelta(hours=1),
        closed_at=None,
    )


def test_an_offer_is_valid_for_seven_days_by_default_and_thirty_at_most() -> None:
    assert timedelta(days=7) == DEFAULT_VALIDITY
    assert timedelta(days=30) == LONGEST_VALIDITY


@pytest.mark.parametrize("valid_for", [timedelta(seconds=1), timedelta(days=7), timedelta(days=30)])
def test_an_offer_may_be_valid_for_a_second_to_thirty_days(valid_for: timedelta) -> None:
    assert an_offer(valid_for=valid_for).expires_at == NOON + valid_for


@pytest.mark.parametrize(
    "valid_for",
    [
        timedelta(0),
        -TICK,
        timedelta(seconds=-1),
        timedelta(days=30) + TICK,
        timedelta(days=30, seconds=1),
        timedelta.max,
        timedelta.min,
    ],
)
def test_an_offer_is_never_valid_for_less_or_longer(valid_for: timedelta) -> None:
    with pytest.raises(InvalidValue) as refused:
        an_offer(valid_for=valid_for)
    assert (refused.value.reason, refused.value.field) == ("out_of_range", "expires_in")


@pytest.mark.parametrize("role", [VIEWER, MEMBER])
def test_whoever_may_not_invite_is_told_so_whatever_they_ask(role: Role) -> None:
    with pytest.raises(RoleTooLow):
        an_offer(by=role, valid_for=timedelta(0))


# Coming in


@pytest.mark.parametrize("at", [NOON, LATER, NOON + DEFAULT_VALIDITY - TICK])
def test_an_invitation_is_open_until_it_expires(at: datetime) -> None:
    assert an_offer().is_open(maker=OWNER, email=ADDRESS, at=at)


@pytest.mark.parametrize("after", [timedelta(0), TICK, timedelta(days=365)])
def test_an_invitation_is_not_open_from_the_moment_it_expires(after: timedelta) -> None:
    invitation = an_offer()
    assert not invitation.is_open(maker=OWNER, email=ADDRESS, at=invitation.expires_at + after)


@pytest.mark.parametrize("at", [NOON, LATER, LATER + TICK])
def test_a_closed_invitation_is_not_open(at: datetime) -> None:
    assert not an_offer().close(at=LATER).is_open(maker=OWNER, email=ADDRESS, at=at)


def test_an_invitation_whose_maker_has_gone_is_not_open() -> None:
    assert not an_offer().is_open(maker=None, email=ADDRESS, at=NOON)


@pytest.mark.parametrize(("maker", "offered"), [*product(Role, Role)])
def test_an_invitation_is_open_while_its_maker_could_make_it(maker: Role, offered: Role) -> None:
    invitation = an_offer(offered, by=OWNER)
    assert invitation.is_open(maker=maker, email=ADDRESS, at=NOON) is (offered in DEALS_WITH[maker])


@pytest.mark.parametrize(
    ("bound", "email", "expected"),
    [(None, "x@b.org", True), ("a@b.org", "A@B.org", True), ("a@b.org", "x@b.org", False)],
)
def test_a_bound_invitation_is_open_to_its_address_alone(bound: str | None, email: str, *, expected: bool) -> None:
    invitation = replace(an_offer(), email=None if bound is None else Email(bound))
    assert invitation.is_open(maker=OWNER, email=Email(email), at=NOON) is expected


@pytest.mark.parametrize(("maker", "offered"), [*product([None, *Role], Role)])
def test_an_invitation_rests_on_the_right_of_its_maker(maker: Role | None, offered: Role) -> None:
    could = maker is not None and offered in DEALS_WITH[maker]
    assert an_offer(offered).rests_on(CALLER, ADDRESS, maker) is not could
    assert not an_offer(offered).rests_on(TARGET, ADDRESS, maker)


@pytest.mark.parametrize("role", [None, *Role])
def test_a_bound_invitation_rests_on_its_person(role: Role | None) -> None:
    invitation = replace(an_offer(), email=Email("Guest@example.org"))
    assert invitation.rests_on(GUEST, Email("guest@example.org"), role)
    assert not invitation.rests_on(GUEST, ADDRESS, role)


@pytest.mark.parametrize(("role", "others", "expected"), [(OWNER, 0, True), (OWNER, 1, False), (ADMIN, 0, False)])
def test_the_last_owner_is_an_owner_without_others(role: Role, others: int, *, expected: bool) -> None:
    assert a_membership(role).is_last_owner(others) is expected


def test_closing_changes_nothing_else() -> None:
    assert an_offer().close(at=LATER) == replace(an_offer(), closed_at=LATER)


@pytest.mark.parametrize("role", Role)
def test_an_invitation_gives_its_role_in_its_space(role: Role) -> None:
    assert an_offer(role).membership_of(GUEST, at=LATER) == Membership(
        space_id=FIRM, user_id=GUEST, role=role, joined_at=LATER
    )


# The organisation itself


@pytest.mark.parametrize("role", Role)
def test_an_organization_is_renamed_by_whom_the_contract_says(role: Role) -> None:
    organization = an_organization()
    assert allows(lambda: organization.rename(OrganizationName("New"), by=access(role), at=LATER)) is RENAMES[role]


def test_a_new_name_changes_nothing_else() -> None:
    renamed = an_organization().rename(OrganizationName("New"), by=access(ADMIN), at=LATER)
    assert renamed == an_organization(name=OrganizationName("New"), updated_at=LATER)


def test_the_same_name_is_no_change() -> None:
    organization = an_organization()
    assert organization.rename(OrganizationName("Firm"), by=access(ADMIN), at=LATER) is organization


@pytest.mark.parametrize("role", [VIEWER, MEMBER])
def test_the_same_name_needs_the_same_role(role: Role) -> None:
    with pytest.raises(RoleTooLow):
        an_organization().rename(OrganizationName("Firm"), by=access(role), at=LATER)


@pytest.mark.parametrize(
    "text", ["F", "x" * 255, "\U0001f600" * 255, " Firm ", "'; DROP TABLE organizations; --", "é\u202e\n", "\ue000"]
)
def test_a_name_is_kept_as_it_was_written(text: str) -> None:
    assert OrganizationName(text) == text
    assert type(OrganizationName(text)) is OrganizationName


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "too_short"),
        ("x" * 256, "too_long"),
        ("\U0001f600" * 256, "too_long"),
        (" ", "blank"),
        (" " * 255, "blank"),
        ("\t\n\u2003", "blank"),
        ("a\x00b", "unstorable_character"),
        ("a\ud800", "unstorable_character"),
        ("\udfffb", "unstorable_character"),
    ],
)
def test_what_is_no_name_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        OrganizationName(text)
    assert refused.value.reason == reason


@pytest.mark.parametrize("thing", [an_organization(), a_membership(MEMBER), an_offer()])
def test_nothing_of_an_organization_changes_in_place(thing: Any) -> None:
    for part in fields(thing):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, part.name, None)
