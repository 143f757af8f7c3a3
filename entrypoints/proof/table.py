"""The one table: a rule for every operation. An operation without one fails the proof."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.access import Permission, Role
from entrypoints.proof import bodies
from entrypoints.proof.items import (
    ACCOUNT,
    DOCUMENT,
    DOCUMENT_OF_ONES_OWN,
    INVITATION,
    MEMBER,
    ONESELF,
    OWNER,
    SESSION,
    SETTING,
    TAG,
    TAG_OF_ONES_OWN,
    TASK,
    TASK_OF_ONES_OWN,
    TASK_TO_MOVE,
    TRASHED_TASK,
    everything,
    its_name,
    one_of_ours,
)
from entrypoints.proof.rules import Case, Kind, Reference, Rule, UsedUp, under_both_prefixes

_READ: Final = Permission.READ_ITEMS
_EDIT: Final = Permission.EDIT_ITEMS
_DELETE: Final = Permission.DELETE_ANY_ITEM
_READ_SPACE: Final = Permission.READ_SPACE
_MANAGE: Final = Permission.MANAGE_SPACE
_OWN: Final = Permission.OWN_SPACE

_BY_ANOTHER: Final = "made by somebody else"
_BY_CALLER: Final = "made by the caller"
_ASSIGNEE: Final = Reference("assignee_id", 422)
_IDS: Final = Reference("ids", 404, TASK)

_TASKS: Final = under_both_prefixes(
    {
        "list_tasks": Rule(Kind.ITEM, 200, Case(_READ)),
        "list_trash": Rule(Kind.ITEM, 200, Case(_READ)),
        "create_task": Rule(Kind.ITEM, 201, Case(_EDIT, body=bodies.a_title), refers=_ASSIGNEE),
        "get_task": Rule(Kind.ITEM, 200, Case(_READ, TASK)),
        "replace_task": Rule(Kind.ITEM, 200, Case(_EDIT, TASK, bodies.a_title), refers=_ASSIGNEE),
        "change_task": Rule(Kind.ITEM, 200, Case(_EDIT, TASK, bodies.a_title), refers=_ASSIGNEE),
        "complete_task": Rule(Kind.ITEM, 200, Case(_EDIT, TASK)),
        "toggle_task": Rule(Kind.ITEM, 200, Case(_EDIT, TASK)),
        "create_tasks": Rule(Kind.ITEM, 201, Case(_EDIT, body=bodies.some_titles)),
        "change_tasks": Rule(Kind.ITEM, 200, Case(_EDIT, body=bodies.a_status_for_a_task), refers=_IDS),
        "delete_tasks": Rule(Kind.ITEM, 200, Case(_DELETE, body=bodies.ids_of_a_task), refers=_IDS),
        "delete_tasks_by_post": Rule(Kind.ITEM, 200, Case(_DELETE, body=bodies.ids_of_a_task), refers=_IDS),
        "delete_found_tasks": Rule(Kind.ITEM, 200, Case(_DELETE), query=one_of_ours),
        "restore_task": Rule(Kind.ITEM, 200, Case(_DELETE, TRASHED_TASK, unseen=_EDIT)),
        "purge_task": Rule(Kind.ITEM, 204, Case(_DELETE, TRASHED_TASK)),
        "empty_trash": Rule(Kind.ITEM, 200, Case(_DELETE), confirmation=everything),
        "transfer_task": Rule(
            Kind.ITEM,
            200,
            Case(_DELETE, TASK_TO_MOVE, bodies.another_space, name=_BY_ANOTHER, unseen=_EDIT),
            also=(Case(_EDIT, TASK_OF_ONES_OWN, bodies.another_space, name=_BY_CALLER),),
            refers=Reference("to", 404),
        ),
        "delete_task": Rule(
            Kind.ITEM,
            204,
            Case(_DELETE, TASK, name=_BY_ANOTHER, unseen=_EDIT),
            also=(Case(_EDIT, TASK_OF_ONES_OWN, name=_BY_CALLER),),
        ),
    }
)

_TAGS: Final = under_both_prefixes(
    {
        "list_tags": Rule(Kind.ITEM, 200, Case(_READ)),
        "create_tag": Rule(Kind.ITEM, 201, Case(_EDIT, body=bodies.a_name)),
        "get_tag": Rule(Kind.ITEM, 200, Case(_READ, TAG)),
        "change_tag": Rule(Kind.ITEM, 200, Case(_EDIT, TAG, bodies.a_name)),
        "delete_tag": Rule(
            Kind.ITEM,
            204,
            Case(_DELETE, TAG, name=_BY_ANOTHER, unseen=_EDIT),
            also=(Case(_EDIT, TAG_OF_ONES_OWN, name=_BY_CALLER),),
        ),
    }
)

_DOCUMENTS: Final = under_both_prefixes(
    {
        "list_documents": Rule(Kind.ITEM, 200, Case(_READ)),
        "create_document": Rule(Kind.ITEM, 201, Case(_EDIT, body=bodies.a_title)),
        "get_document": Rule(Kind.ITEM, 200, Case(_READ, DOCUMENT)),
        "replace_document": Rule(Kind.ITEM, 200, Case(_EDIT, DOCUMENT, bodies.a_title)),
        "change_document": Rule(Kind.ITEM, 200, Case(_EDIT, DOCUMENT, bodies.a_title)),
        "delete_document": Rule(
            Kind.ITEM,
            204,
            Case(_DELETE, DOCUMENT, name=_BY_ANOTHER, unseen=_EDIT),
            also=(Case(_EDIT, DOCUMENT_OF_ONES_OWN, name=_BY_CALLER),),
        ),
    }
)

_SETTINGS: Final = under_both_prefixes(
    {
        "list_settings": Rule(Kind.ITEM, 200, Case(_READ_SPACE)),
        "get_setting": Rule(Kind.ITEM, 200, Case(_READ_SPACE, SETTING)),
        "put_setting": Rule(Kind.ITEM, 200, Case(_MANAGE, SETTING, bodies.a_value), absent=201),
        "delete_setting": Rule(Kind.ITEM, 204, Case(_MANAGE, SETTING)),
    }
)

_LOGS: Final = under_both_prefixes(
    {
        "list_events": Rule(Kind.ITEM, 200, Case(_MANAGE), is_log=True),
        "verify_log": Rule(Kind.ITEM, 200, Case(_MANAGE), is_log=True),
    }
)

_ORGANIZATIONS: Final = {
    "get_organization": Rule(Kind.ORGANIZATION, 200, Case(_READ_SPACE)),
    "rename_organization": Rule(Kind.ORGANIZATION, 200, Case(_MANAGE, body=bodies.a_name)),
    "dissolve_organization": Rule(
        Kind.ORGANIZATION, 204, Case(_OWN), uses_up=UsedUp.ORGANIZATION, confirmation=its_name
    ),
    "list_members": Rule(Kind.ORGANIZATION, 200, Case(_READ_SPACE)),
    "change_member_role": Rule(
        Kind.ORGANIZATION,
        200,
        Case(_MANAGE, MEMBER, bodies.a_role(Role.MEMBER), name="a member"),
        also=(
            Case(_OWN, MEMBER, bodies.a_role(Role.OWNER), name="naming an owner"),
            Case(_OWN, OWNER, bodies.a_role(Role.VIEWER), name="an owner", unseen=_MANAGE),
        ),
    ),
    "remove_member": Rule(
        Kind.ORGANIZATION,
        204,
        Case(_MANAGE, MEMBER, name="a member"),
        also=(
            Case(_OWN, OWNER, name="an owner", unseen=_MANAGE),
            Case(_READ_SPACE, ONESELF, name="leaving"),
        ),
    ),
    "invite": Rule(
        Kind.ORGANIZATION,
        201,
        Case(_MANAGE, body=bodies.a_role(Role.ADMIN), name="as an admin"),
        also=(Case(_OWN, body=bodies.a_role(Role.OWNER), name="as an owner"),),
    ),
    "list_invitations": Rule(Kind.ORGANIZATION, 200, Case(_MANAGE)),
    "revoke_invitation": Rule(Kind.ORGANIZATION, 204, Case(_MANAGE, INVITATION)),
}

_ACCOUNT: Final = {
    "get_me": Rule(Kind.ACCOUNT, 200),
    "change_me": Rule(Kind.ACCOUNT, 200, Case(body=bodies.a_full_name)),
    "close_account": Rule(Kind.ACCOUNT, 204, Case(body=bodies.the_password), uses_up=UsedUp.ACCOUNT),
    "show_browser_session": Rule(Kind.ACCOUNT, 200, is_log=True),
    "logout_browser": Rule(Kind.ACCOUNT, 204, uses_up=UsedUp.SESSION),
    "change_password": Rule(Kind.ACCOUNT, 204, Case(body=bodies.the_same_password), uses_up=UsedUp.ALL_SESSIONS),
    "logout": Rule(Kind.ACCOUNT, 204, uses_up=UsedUp.SESSION),
    "logout_all": Rule(Kind.ACCOUNT, 204, uses_up=UsedUp.ALL_SESSIONS),
    "list_sessions": Rule(Kind.ACCOUNT, 200, is_log=True),
    "end_session": Rule(Kind.ACCOUNT, 204, Case(item=SESSION)),
    "found_organization": Rule(Kind.ACCOUNT, 201, Case(body=bodies.a_name)),
    "list_organizations": Rule(Kind.ACCOUNT, 200),
    "accept_invitation": Rule(Kind.ACCOUNT, 200, Case(body=bodies.an_invitation_token)),
}

_PUBLIC: Final = {
    "register": Rule(Kind.PUBLIC, 201, Case(body=bodies.a_registration)),
    "login": Rule(Kind.PUBLIC, 200, Case(body=bodies.credentials)),
    "login_browser": Rule(Kind.PUBLIC, 200, Case(body=bodies.credentials_of_a_new_account)),
    "refresh": Rule(Kind.PUBLIC, 200, Case(body=bodies.a_refresh_token)),
    "request_password_reset": Rule(Kind.PUBLIC, 202, Case(body=bodies.an_address_of_nobody)),
    # Nobody who only speaks HTTP holds a token: what can be tried is that everybody else is refused.
    "confirm_password_reset": Rule(Kind.PUBLIC, 400, Case(body=bodies.an_unknown_token)),
}

_ADMINISTRATION: Final = {
    "list_account_events": Rule(Kind.ADMINISTRATION, 200, is_log=True),
    "list_users": Rule(Kind.ADMINISTRATION, 200),
    "change_user": Rule(Kind.ADMINISTRATION, 200, Case(item=ACCOUNT, body=bodies.inactive)),
}

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {**_TASKS, **_TAGS, **_DOCUMENTS, **_SETTINGS, **_LOGS, **_ORGANIZATIONS, **_ACCOUNT, **_PUBLIC, **_ADMINISTRATION}
)
