"""Who may be assigned a task: the members of its space."""

from application.ports.organizations import Members
from domain.errors import InvalidValue, MemberNotFound
from domain.task import TaskChanges, TaskDraft


async def may_be_assigned(wanted: TaskDraft | TaskChanges, members: Members) -> bool:
    """Whether whoever is named as assignee is a member; mostly nobody is named, and nobody may always.

    Comes before a task is read: whoever removes a member holds them first and their tasks then, too.
    """
    assignee_id = wanted.get("assignee_id")
    if assignee_id is None:
        return True
    try:
        await members.get(assignee_id)
    except MemberNotFound:
        return False
    return True


def not_a_member(field: str = "assignee_id") -> InvalidValue:
    """The refusal, the same for a real and an unknown person."""
    return InvalidValue("not_a_member", "The assignee must be a member of this space.", field=field)
