"""README's walk through the API, with the client that was generated for Python."""

import sys
import time
from http import HTTPStatus
from uuid import UUID

from taskward_client import AuthenticatedClient, Client
from taskward_client.api.authentication import login, register
from taskward_client.api.tasks import complete_task, create_task, get_task, get_task_of_owner, list_tasks_of_owner
from taskward_client.models import (
    NotAuthenticatedProblem,
    Priority,
    Registration,
    SignInBody,
    SpaceForbiddenProblem,
    TaskBody,
    TaskListView,
    TaskNotFoundProblem,
    TaskStatus,
    TaskView,
    TokenView,
    UserView,
)

Refused = TaskNotFoundProblem | SpaceForbiddenProblem | NotAuthenticatedProblem

URL = sys.argv[1]
ANYONE = Client(base_url=URL)


def signed_up(name: str, password: str) -> tuple[UUID, AuthenticatedClient]:
    """A new person, by their id, and a client that is signed in for them."""
    email = f"{name}.{time.time_ns()}@example.org"
    user = register.sync(client=ANYONE, body=Registration(email=email, password=password))
    tokens = login.sync(client=ANYONE, body=SignInBody(email=email, password=password))
    assert isinstance(user, UserView)
    assert isinstance(tokens, TokenView)
    return user.id, AuthenticatedClient(base_url=URL, token=tokens.access_token)


def show(status: HTTPStatus, problem: object) -> None:
    """Print how somebody was refused."""
    assert isinstance(problem, Refused)
    print(int(status), problem.type_)


ann_id, ann = signed_up("ann", "three wise green owls")
bob_id, bob = signed_up("bob", "seven slow blue boats")

made = create_task.sync(client=ann, body=TaskBody(title="Write the report", priority=Priority.HIGH))
assert isinstance(made, TaskView)

pending = list_tasks_of_owner.sync(ann_id, client=ann, status=[TaskStatus.PENDING])
assert isinstance(pending, TaskListView)
print(pending.total)
shown = get_task.sync(made.id, client=ann)
assert isinstance(shown, TaskView)
print(shown.title)
completed = complete_task.sync(made.id, client=ann)
assert isinstance(completed, TaskView)
print(completed.status)

for answer in (
    get_task.sync_detailed(made.id, client=bob),
    get_task_of_owner.sync_detailed(bob_id, made.id, client=bob),
    get_task_of_owner.sync_detailed(ann_id, made.id, client=bob),
    get_task.sync_detailed(made.id, client=ANYONE),  # type: ignore[arg-type] # the client knows that one has to sign in
):
    show(answer.status_code, answer.parsed)
