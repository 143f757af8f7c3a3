"""What every address, answer and id has in common, read from the document and from answers."""

from typing import Final
from uuid import UUID

import httpx
import pytest

from tests.http.belongings import belongings_of
from tests.http.document import Operation
from tests.http.offer import DOCUMENT, OPERATIONS, SECURED
from tests.http.people import PASSWORD, Person, new_email

SHOWN: Final = {
    "UserView": "id email full_name role is_active created_at updated_at",
    "TaskView": "id owner_id title description status priority due_date tags assignee_id created_by completed_at "
    "version created_at updated_at",
    "SessionView": "id created_at last_used_at expires_at ip_address user_agent current",
    "TokenView": "access_token refresh_token token_type expires_in",
    "BrowserSessionView": "user csrf_token",
    "MemberView": "user_id email full_name role is_active joined_at",
    "InvitationView": "id role created_by created_at expires_at email",
    "CreatedInvitationView": "id role created_by created_at expires_at email token",
    "ListedDocumentView": "id owner_id title content created_by version created_at updated_at",
    "EventView": "id at actor_id action outcome resource_type resource_id "
    "ip_address user_agent request_id changes source",
    "EventListView": "items next_cursor",
    "VerdictView": "valid checked first_broken",
    "TaskListView": "items total page page_size next_cursor",
    "TaskItemsView": "items",
    "UpdatedView": "updated_count",
    "DeletedView": "deleted_count",
    "InvalidValueProblem": "type title status detail request_id errors",
    "FieldError": "pointer message code",
}
"""What the contract says that is shown, and nothing else is."""

SOMETIMES: Final = {("ListedDocumentView", "content")}
WITH_ERRORS: Final = {"InvalidValueProblem", "IdempotencyKeyReusedProblem"}

# What succeeds otherwise than its method would have it, as the contract's tables say.
OTHERWISE: Final = {
    "POST /api/tasks/{task_id}/complete": {"200"},
    "POST /api/tasks/bulk/delete": {"200"},
    "POST /api/tasks/{task_id}/toggle": {"200"},
    "POST /api/tasks/{task_id}/transfer": {"200"},
    "POST /api/tasks/{task_id}/restore": {"200"},
    "DELETE /api/tasks/trash": {"200"},
    "DELETE /api/tasks/bulk": {"200"},
    "DELETE /api/tasks": {"200"},
    "PUT /api/settings/{key}": {"200", "201"},
    "POST /api/invitations/accept": {"200"},
    "POST /api/auth/login": {"200"},
    "POST /api/auth/session": {"200"},
    "POST /api/auth/refresh": {"200"},
    "POST /api/auth/logout": {"204"},
    "POST /api/auth/logout-all": {"204"},
    "POST /api/users/me/password": {"204"},
    "POST /api/auth/password-reset": {"202"},
    "POST /api/auth/password-reset/confirm": {"204"},
}
BY_METHOD: Final = {"GET": {"200"}, "POST": {"201"}, "PUT": {"200"}, "PATCH": {"200"}, "DELETE": {"204"}}


def test_every_address_but_the_probes_is_below_api() -> None:
    assert {operation.path for operation in OPERATIONS if not operation.path.startswith("/api/")} == {
        "/livez",
        "/readyz",
    }
    assert not [operation.path for operation in OPERATIONS if operation.path.endswith("/")]


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_what_succeeds_is_answered_as_its_method_says_or_as_a_table_does(operation: Operation) -> None:
    found = {status for status in operation.spec["responses"] if status.startswith("2")}
    short = str(operation).replace("/{owner_id}", "")
    assert found == OTHERWISE.get(short, BY_METHOD[operation.method])


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown_is_what_the_contract_lists(name: str) -> None:
    schema = DOCUMENT.written["components"]["schemas"][name]
    assert set(schema["properties"]) == set(SHOWN[name].split())
    assert set(schema["required"]) == {part for part in SHOWN[name].split() if (name, part) not in SOMETIMES}


def test_every_problem_is_told_in_the_same_fields() -> None:
    schemas = DOCUMENT.written["components"]["schemas"]
    problems = {name: set(schema["properties"]) for name, schema in schemas.items() if name.endswith("Problem")}
    fields = {"type", "title", "status", "detail", "request_id"}
    assert problems == {name: fields | ({"errors"} if name in WITH_ERRORS else set()) for name in problems}
    assert len(problems) >= 40


def test_every_moment_that_is_answered_is_a_moment_in_utc() -> None:
    """Its form is looked at in each answer; here that none is left out."""
    for name, schema in DOCUMENT.written["components"]["schemas"].items():
        for part, rule in schema.get("properties", {}).items():
            if part.endswith("_at") or part in {"at", "due_date"}:
                kinds = rule.get("anyOf", [rule])
                assert "date-time" in {kind.get("format") for kind in kinds}, f"{name}.{part}"


@pytest.mark.parametrize(
    "operation", [o for o in SECURED if o.method in {"GET", "POST"} and "/admin/" not in o.path], ids=str
)
async def test_every_id_is_a_uuid_of_version_7(operation: Operation, ann: Person) -> None:
    """So they hold a moment and chance, and nothing that was counted."""
    mine = await belongings_of(ann, operation)
    answer = await mine.ask(ann)
    assert answer.is_success
    found = answer.json() if answer.content else {}
    for item in [found, *found.get("items", [])]:
        for name, value in item.items():
            if (name == "id" or name.endswith(("_id", "_by"))) and name not in {"request_id", "resource_id"} and value:
                assert UUID(value).version == 7, name


async def test_the_id_of_an_account_is_a_uuid_of_version_7(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/auth/register", json={"email": new_email(), "password": PASSWORD})
    assert UUID(answer.json()["id"]).version == 7


async def test_every_401_says_how_to_sign_in(ann: Person) -> None:
    wrong = {"email": ann.email, "password": "a wrong one"}
    answers = [
        *[await ann.http.request(o.method, (await belongings_of(ann, o)).at()) for o in SECURED[:5]],
        await ann.http.get("/api/users/me", headers={"Authorization": "Bearer x"}),
        await ann.http.get("/api/users/me", headers={"Cookie": "taskward_session=x"}),
        await ann.http.post("/api/auth/login", json=wrong),
        await ann.http.post("/api/auth/session", json=wrong),
        await ann.http.post("/api/auth/refresh", json={"refresh_token": "x"}),
    ]
    assert {answer.status_code for answer in answers} == {401}
    invalid = 'Bearer error="invalid_token"'
    assert [answer.headers["www-authenticate"] for answer in answers[5:]] == [invalid, invalid, *["Bearer"] * 3]
    assert {answer.headers["www-authenticate"] for answer in answers[:5]} == {"Bearer"}
