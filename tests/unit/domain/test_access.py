"""The ownership rules, without any store: who may do what, and which space a caller reaches."""

from collections.abc import Callable
from itertools import product

import pytest

from domain.access import GRANTS, Access, Actor, Permission, Role, admit, space_named
from domain.errors import RoleTooLow, SpaceForbidden
from domain.ids import NOBODY, SpaceId, personal_space
from tests.unit.builders import ANN, BEN, HOME, SESSION, access

ACTOR = Actor(ANN, SESSION)

READ, EDIT, DELETE_ANY = Permission.READ_ITEMS, Permission.EDIT_ITEMS, Permission.DELETE_ANY_ITEM

EVERY_PAIR = list(product(Role, Permission))

# The table of the HTTP contract, "In an organisation's space".
CONTRACT = {
    (Role.VIEWER, READ): True,
    (Role.MEMBER, READ): True,
    (Role.ADMIN, READ): True,
    (Role.OWNER, READ): True,
    (Role.VIEWER, EDIT): False,
    (Role.MEMBER, EDIT): True,
    (Role.ADMIN, EDIT): True,
    (Role.OWNER, EDIT): True,
    **{(role, Permission.READ_SPACE): True for role in Role},
    **{(role, Permission.MANAGE_SPACE): role in {Role.ADMIN, Role.OWNER} for role in Role},
    **{(role, Permission.OWN_SPACE): role is Role.OWNER for role in Role},
    (Role.VIEWER, DELETE_ANY): False,
    (Role.MEMBER, DELETE_ANY): False,
    (Role.ADMIN, DELETE_ANY): True,
    (Role.OWNER, DELETE_ANY): True,
}

# Whose item may be deleted: one's own, another's.
DELETION = {
    Role.VIEWER: (False, False),
    Role.MEMBER: (True, False),
    Role.ADMIN: (True, True),
    Role.OWNER: (True, True),
}

GARBAGE = ["", " ", "me", "tasks'; --", "..", "0", "\x00", "\ud800", f" {ANN}", f"{ANN} ", f"{{{ANN}}}", ANN.hex]


def allows(check: Callable[..., None], *arguments: object) -> bool:
    """Tell whether a rule lets something happen."""
    try:
        check(*arguments)
    except RoleTooLow:
        return False
    return True


def test_the_table_of_the_contract_is_complete() -> None:
    assert set(CONTRACT) == set(EVERY_PAIR)
    assert set(DELETION) == set(Role)


@pytest.mark.parametrize(("role", "permission"), EVERY_PAIR)
def test_a_role_grants_what_the_contract_says(role: Role, permission: Permission) -> None:
    assert (permission in GRANTS[role]) is CONTRACT[role, permission]
    assert access(role).may(permission) is CONTRACT[role, permission]


@pytest.mark.parametrize(("role", "permission"), EVERY_PAIR)
def test_a_permission_is_required_as_it_is_granted(role: Role, permission: Permission) -> None:
    assert allows(access(role).require, permission) is CONTRACT[role, permission]


def test_roles_are_called_as_the_contract_calls_them() -> None:
    assert list(Role) == ["viewer", "member", "admin", "owner"]


def test_nobody_can_grant_more_while_the_service_runs() -> None:
    with pytest.raises(TypeError):
        GRANTS[Role.VIEWER] = frozenset(Permission)  # type: ignore[index]


@pytest.mark.parametrize("role", Role)
def test_ones_own_items_may_be_deleted_by_whoever_may_edit(role: Role) -> None:
    own, _ = DELETION[role]
    assert allows(access(role, user_id=ANN).require_deletion_of_item_by, ANN) is own


@pytest.mark.parametrize("role", Role)
def test_others_items_may_be_deleted_by_admins_and_owners(role: Role) -> None:
    _, others = DELETION[role]
    assert allows(access(role, user_id=ANN).require_deletion_of_item_by, BEN) is others


def test_without_a_name_the_space_is_the_callers_own() -> None:
    assert space_named(ACTOR, None) == HOME


@pytest.mark.parametrize("user_id", [ANN, BEN])
def test_a_space_is_named_by_its_id_whosever_it_is(user_id: SpaceId) -> None:
    assert space_named(ACTOR, str(user_id)) == user_id
    assert space_named(ACTOR, str(user_id).upper()) == user_id


@pytest.mark.parametrize("owner_id", GARBAGE)
def test_what_is_no_id_names_a_space_that_does_not_exist(owner_id: str) -> None:
    assert space_named(ACTOR, owner_id) == NOBODY


@pytest.mark.parametrize("role", Role)
def test_a_member_is_admitted_with_their_role(role: Role) -> None:
    assert admit(ACTOR, personal_space(BEN), role) == Access(user_id=ANN, space_id=personal_space(BEN), role=role)


@pytest.mark.parametrize("owner_id", [None, str(ANN), str(ANN).upper()])
def test_everybody_reaches_their_own_space(owner_id: str | None) -> None:
    assert enter(owner_id) == Access(user_id=ANN, space_id=HOME, role=Role.OWNER)


@pytest.mark.parametrize("owner_id", [*GARBAGE, str(BEN), str(NOBODY)])
def test_nobody_reaches_any_other_space(owner_id: str) -> None:
    with pytest.raises(SpaceForbidden) as refused:
        enter(owner_id)
    assert refused.value.args == ()
    assert str(refused.value) == SpaceForbidden.detail


def enter(owner_id: str | None) -> Access:
    """Go the way that every door goes, where Ann and Ben are in their own spaces only."""
    roles = {(HOME, ANN): Role.OWNER, (personal_space(BEN), BEN): Role.OWNER}
    space_id = space_named(ACTOR, owner_id)
    return admit(ACTOR, space_id, roles.get((space_id, ACTOR.user_id)))
