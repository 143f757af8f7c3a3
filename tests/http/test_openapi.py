"""The OpenAPI document: complete, consistent, and what the answers of this whole suite are held against."""

import json
import re
from collections.abc import Iterator
from inspect import cleandoc
from typing import Any, get_type_hints

import httpx
import pytest

from application.facade import Application
from domain.tag import MOST_TAGS
from entrypoints.http.connection_problems import ON_EVERY_CONNECTION
from entrypoints.http.problem_types import every_type
from entrypoints.version import VERSION
from tests.http.document import PROBLEM, Document, Operation
from tests.http.offer import DOCUMENT, ITEMS, OPERATIONS, SECURED, WITH_BODY, document_of

PUBLIC = {
    "POST /api/auth/register",
    "POST /api/auth/login",
    "POST /api/auth/session",
    "POST /api/auth/refresh",
    "POST /api/auth/password-reset",
    "POST /api/auth/password-reset/confirm",
    "GET /livez",
    "GET /readyz",
}
TYPES = {each.code: each for each in every_type()}
OF_CONNECTIONS = {kind.code for kind in ON_EVERY_CONNECTION}
USE_CASES_WITH_ANOTHER_NAME = {
    "livez": None,
    "readyz": "check_readiness",
    "login": "sign_in",
    "login_browser": "sign_in_browser",
    "show_browser_session": "get_me",
    "delete_tasks_by_post": "delete_tasks",
    "logout": "sign_out",
    "logout_browser": "sign_out",
    "logout_all": "end_all_sessions",
}
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)


def everything_in(part: Any) -> Iterator[Any]:
    yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from everything_in(inner)


async def test_the_document_is_served_as_json(http: httpx.AsyncClient) -> None:
    answer = await http.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == DOCUMENT.written


def test_the_document_says_what_it_is_of() -> None:
    assert re.fullmatch(r"3\.1\.\d+", DOCUMENT.written["openapi"])
    assert DOCUMENT.written["info"]["title"] == "Taskward"
    assert DOCUMENT.written["info"]["version"] == VERSION
    assert DOCUMENT.written["info"]["description"]
    assert DOCUMENT.written["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
    assert DOCUMENT.written.keys() == {"openapi", "info", "servers", "tags", "paths", "components"}


def test_every_reference_leads_somewhere() -> None:
    references = [part["$ref"] for part in everything_in(DOCUMENT.written) if isinstance(part, dict) and "$ref" in part]
    assert len(references) > 20
    for reference in references:
        assert isinstance(DOCUMENT.resolve(reference), dict), reference


@pytest.mark.parametrize("kind", ["schemas", "responses", "examples"])
def test_everything_that_is_shared_is_used(kind: str) -> None:
    text = json.dumps(DOCUMENT.written)
    for name in DOCUMENT.written["components"][kind]:
        assert f'"#/components/{kind}/{name}"' in text, name


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation.spec["operationId"] for operation in OPERATIONS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z_]*", name) for name in names)


@every_operation
def test_every_operation_says_what_it_does(operation: Operation) -> None:
    summary, description = operation.spec["summary"], operation.spec["description"]
    assert re.fullmatch(r"[A-Z][^.:;]{4,110}", summary), summary
    assert re.fullmatch(r"[A-Z].+\.", description, re.DOTALL), description
    assert "Raises" not in description
    (tag,) = operation.spec["tags"]
    assert tag in [described["name"] for described in DOCUMENT.written["tags"] if described["description"]]


@every_operation
def test_the_description_is_the_use_cases_docstring(operation: Operation) -> None:
    name = USE_CASES_WITH_ANOTHER_NAME.get(operation.id, operation.id)
    if name:
        docstring = cleandoc(get_type_hints(Application)[name].__doc__ or "")
        said = " ".join(docstring.split(" Raises ")[0].split("\nRaises ")[0].split())
        assert " ".join(operation.spec["description"].split()).startswith(said)


def test_the_public_operations_are_these_and_no_others() -> None:
    assert {str(operation) for operation in OPERATIONS if operation.is_public} == PUBLIC


def test_the_schemes_that_secure_the_others_are_there() -> None:
    schemes = DOCUMENT.written["components"]["securitySchemes"]
    assert schemes["bearer"].items() >= {("type", "http"), ("scheme", "bearer"), ("bearerFormat", "JWT")}
    assert schemes["cookie"].items() >= {("type", "apiKey"), ("in", "cookie"), ("name", "taskward_session")}
    assert schemes["csrf"].items() >= {("type", "apiKey"), ("in", "header"), ("name", "X-CSRF-Token")}
    assert all(scheme["description"] for scheme in schemes.values())
    assert schemes.keys() == {"bearer", "cookie", "csrf"}
    for operation in SECURED:
        by_cookie: dict[str, list[str]] = {"cookie": []} if operation.method == "GET" else {"cookie": [], "csrf": []}
        assert operation.spec["security"] == [{"bearer": []}, by_cookie]
        assert operation.method == "GET" or "403" in operation.spec["responses"]


@every_operation
def test_every_parameter_is_described(operation: Operation) -> None:
    parameters = operation.spec.get("parameters", [])
    names = [(parameter["in"], parameter["name"]) for parameter in parameters]
    assert len(set(names)) == len(names)
    assert {name for place, name in names if place == "path"} == set(re.findall(r"{(\w+)}", operation.path))
    for parameter in parameters:
        assert parameter["schema"].keys() & {"type", "$ref"}, "there is no null outside of JSON"
        assert parameter["description"].endswith(".")
        if parameter["in"] == "path":
            assert parameter["required"] is True
            assert parameter["schema"]["examples"]


@every_operation
def test_every_answer_has_a_description_and_every_error_is_a_problem(operation: Operation) -> None:
    responses = operation.spec["responses"]
    assert [status for status in responses if status.startswith("2")]
    for status, response in responses.items():
        assert re.fullmatch(r"[1-5]\d\d", status)
        assert response["description"]
        if status >= "4":
            assert list(response["content"]) == [PROBLEM]
        elif status in {"204", "304"}:
            assert "content" not in response
        else:
            assert response["content"]["application/json"]["schema"]["$ref"]


@every_operation
def test_every_refusal_names_its_types_of_problem(operation: Operation) -> None:
    for status, codes in operation.problems.items():
        content = operation.spec["responses"][status]["content"][PROBLEM]
        assert codes
        for code in codes:
            known = TYPES[code]
            example = content["examples"][code]["value"]
            assert (example["type"], str(example["status"]), example["detail"]) == (known.uri, status, known.detail)
            assert f"`{code}`" in operation.spec["responses"][status]["description"]
            DOCUMENT.conforms(example, content["schema"])
            for other in ({"type": "/docs/problems#another"}, {"status": 418}, {"surplus": 1}):
                assert list(DOCUMENT.mismatches(example | other, content["schema"], "")), other


def test_every_type_of_problem_is_documented_but_those_of_no_operation() -> None:
    documented = {code for operation in OPERATIONS for codes in operation.problems.values() for code in codes}
    families = {"conflict", "forbidden", "not-found"}  # nobody is answered with these, but with what they stand for
    assert TYPES.keys() - documented == {"bad-request", "https-required", "method-not-allowed"} | families


@pytest.mark.parametrize(
    ("operation", "status", "codes"),
    [
        ("GET /api/tasks", "400", {"ambiguous-credentials", "cursor-refused", "precondition-not-supported"}),
        ("GET /api/tasks", "403", {"space-forbidden"}),
        ("GET /api/tasks/{task_id}", "404", {"task-not-found", "no-such-route"}),
        ("PUT /api/tasks/{task_id}", "403", {"space-forbidden", "role-too-low", "csrf-token", "cross-site"}),
        ("POST /api/tasks/{task_id}/transfer", "404", {"task-not-found", "recipient-not-found", "no-such-route"}),
        ("POST /api/tags", "409", {"still-running", "tag-taken", "quota-reached"}),
        ("POST /api/tags", "422", {"invalid-value", "idempotency-key-reused"}),
        ("POST /api/auth/login", "401", {"wrong-credentials"}),
        ("DELETE /api/users/me", "409", {"last-owner", "last-administrator"}),
        ("POST /api/organizations/{organization_id}/invitations", "403",
         {"space-forbidden", "role-too-low", "csrf-token", "cross-site"}),
        ("GET /readyz", "503", {"not-ready"}),
    ],
)  # fmt: skip
def test_the_types_of_problem_are_those_that_can_happen(operation: str, status: str, codes: set[str]) -> None:
    (found,) = [each for each in OPERATIONS if str(each) == operation]
    assert found.problems[status] - OF_CONNECTIONS == codes


@every_operation
def test_what_the_server_can_refuse_is_documented_for_every_operation(operation: Operation) -> None:
    assert {code for codes in operation.problems.values() for code in codes} >= OF_CONNECTIONS


def test_a_service_that_speaks_https_only_says_so() -> None:
    for operation in document_of(require_https=True).operations:
        assert ("https-required" in operation.problems.get("403", ())) == operation.path.startswith("/api")


@every_operation
def test_every_body_and_every_answer_has_an_example(operation: Operation) -> None:
    answers = [response for status, response in operation.spec["responses"].items() if status < "3"]
    contents = [part["content"]["application/json"] for part in answers if "content" in part]
    for content in contents:
        (example,) = content["examples"].values()
        DOCUMENT.conforms(DOCUMENT.resolved(example)["value"], content["schema"])
    if operation.has_body:
        content = operation.spec["requestBody"]["content"]["application/json"]
        (example,) = content["examples"].values()
        assert DOCUMENT.resolved(example)["value"].keys() == DOCUMENT.body_schema(operation)["properties"].keys()


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if "Link" in str(o.spec["responses"].get("200"))], ids=str)
def test_links_of_cursors_are_documented_where_there_are_cursors(operation: Operation) -> None:
    text = operation.spec["responses"]["200"]["headers"]["Link"]["description"]
    takes_cursors = "cursor" in {parameter["name"] for parameter in operation.spec["parameters"]}
    assert ("next of cursors" in text or text.startswith("The next page")) == takes_cursors


@every_operation
def test_every_operation_can_be_refused_for_what_is_wrong_on_our_side(operation: Operation) -> None:
    assert operation.problems["500"] == {"internal-error"}


@every_operation
def test_the_refusals_that_follow_from_the_kind_of_operation_are_documented(operation: Operation) -> None:
    statuses = set(operation.spec["responses"])
    if operation.path.startswith("/api"):
        assert statuses >= {"422", "503"}
    if not operation.is_public:
        assert statuses >= {"400", "401"}
    if operation.method != "GET":
        assert statuses >= {"400", "413", "415", "422"}
    if "{owner_id}" in operation.path:
        assert "403" in statuses
    if "{task_id}" in operation.path:
        assert "404" in statuses


MAKING_ONE = [o for o in OPERATIONS if "201" in o.spec["responses"] and not o.path.endswith("/bulk")]


@pytest.mark.parametrize("operation", MAKING_ONE, ids=str)
def test_what_makes_something_says_where_it_is(operation: Operation) -> None:
    assert operation.spec["responses"]["201"]["headers"]["Location"]["required"] is True


@pytest.mark.parametrize("operation", MAKING_ONE, ids=str)
def test_what_makes_something_with_an_id_leads_to_what_takes_the_id(operation: Operation) -> None:
    links = operation.spec["responses"]["201"].get("links", {})
    below = [o for o in OPERATIONS if re.fullmatch(re.escape(operation.path) + r"/{\w+}", o.path)]
    if operation.method == "POST":
        assert {o.spec["operationId"] for o in below} <= links.keys()
    for name, link in links.items():
        (target,) = [o for o in OPERATIONS if o.spec["operationId"] == name]
        assert link["parameters"].keys() == set(re.findall(r"{(\w+)}", target.path))


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
def test_every_body_is_an_object_that_is_closed(operation: Operation) -> None:
    assert operation.spec["requestBody"]["required"] is True
    assert list(operation.spec["requestBody"]["content"]) == ["application/json"]
    schema = DOCUMENT.body_schema(operation)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert set(schema.get("required", ())) <= schema["properties"].keys()


def test_the_rules_for_values_are_documented() -> None:
    task = DOCUMENT.written["components"]["schemas"]["TaskBody"]["properties"]
    assert task["title"].items() >= {("minLength", 1), ("maxLength", 255)}
    assert task["description"]["anyOf"][0]["maxLength"] == 10_000
    assert task["due_date"]["anyOf"][0]["format"] == "date-time"
    registration = DOCUMENT.written["components"]["schemas"]["Registration"]["properties"]
    assert registration["password"].items() >= {("minLength", 8), ("maxLength", 128)}
    assert registration["email"]["format"] == "email"


def without_links(operation: Operation) -> dict[str, Any]:
    """The answers; their links lead on under the same prefix."""
    responses: dict[str, Any] = operation.spec["responses"]
    return {status: response | {"links": None} for status, response in responses.items()}


def test_both_prefixes_offer_the_same() -> None:
    roots = ("/api/tasks", "/api/tags", "/api/documents", "/api/settings", "/api/audit")
    personal = {(o.method, o.path.removeprefix("/api")) for o in OPERATIONS if o.path.startswith(roots)}
    of_owner = {(o.method, o.path.removeprefix("/api/{owner_id}")) for o in OPERATIONS if "{owner_id}" in o.path}
    assert personal == of_owner
    for method, path in personal:
        short, long = (
            DOCUMENT.operation(method, prefix + path.format(**dict.fromkeys(ITEMS, "x")))
            for prefix in ("/api", "/api/somebody")
        )
        assert short is not None
        assert long is not None
        # An owner in the path can make it one that leads nowhere, which is 404 as well.
        assert without_links(short) | {"404": None} == without_links(long) | {"404": None}
        assert short.spec.get("requestBody") == long.spec.get("requestBody")


def test_no_answer_has_a_place_for_a_secret() -> None:
    for operation in OPERATIONS:
        for status, response in operation.spec["responses"].items():
            if status < "3" and "content" in response:
                schema = DOCUMENT.resolve(response["content"]["application/json"]["schema"]["$ref"])
                assert not [name for name in schema["properties"] if "password" in name or "hash" in name]


class TestTheCheckOfEveryAnswer:
    """The check that the client of this suite runs on each answer: it must be able to fail."""

    task = {  # noqa: RUF012 - a value of the tests
        "id": "01900000-0000-7000-8000-000000000000",
        "owner_id": "01900000-0000-7000-8000-000000000000",
        "title": "x",
        "description": None,
        "status": "pending",
        "priority": "medium",
        "due_date": None,
        "tags": ["work"],
        "assignee_id": None,
        "created_by": "01900000-0000-7000-8000-000000000000",
        "completed_at": None,
        "version": 1,
        "created_at": "2026-05-01T12:00:00Z",
        "updated_at": "2026-05-01T12:00:00.5Z",
    }
    headers = {  # noqa: RUF012 - the same
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "x-request-id": "x",
        "cache-control": "no-store",
        "etag": '"v1"',
    }

    def check(
        self, body: Any, *, status: int = 200, path: str = "/api/tasks/x", headers: dict[str, str] | None = None
    ) -> None:
        request = httpx.Request("GET", f"http://taskward.test{path}")
        all_headers = self.headers | {"content-type": "application/json"} | (headers or {})
        content = json.dumps(body).encode()
        DOCUMENT.check(httpx.Response(status, headers=all_headers, content=content, request=request))

    def test_a_good_answer_passes(self) -> None:
        self.check(self.task)

    @pytest.mark.parametrize(
        "change",
        [
            {"password_hash": "x"},
            {"title": None},
            {"title": 1},
            {"version": True},
            {"version": "1"},
            {"status": "done"},
            {"tags": "work"},
            {"tags": [1]},
            {"tags": ["work"] * (MOST_TAGS + 1)},
            {"id": "x"},
            {"created_at": "2026-05-01T12:00:00+00:00"},
            {"created_at": "2026-05-01T12:00:00"},
            {"due_date": 1},
        ],
        ids=str,
    )
    def test_a_value_that_is_not_documented_is_noticed(self, change: dict[str, Any]) -> None:
        with pytest.raises(AssertionError):
            self.check(self.task | change)

    @pytest.mark.parametrize("name", task)
    def test_a_value_that_is_missing_is_noticed(self, name: str) -> None:
        with pytest.raises(AssertionError):
            self.check({key: value for key, value in self.task.items() if key != name})

    @pytest.mark.parametrize(("status", "path"), [(202, "/api/tasks/x"), (200, "/api/nothing"), (409, "/livez")])
    def test_an_answer_that_is_not_documented_is_noticed(self, status: int, path: str) -> None:
        with pytest.raises(AssertionError):
            self.check(self.task, status=status, path=path)

    @pytest.mark.parametrize("name", [*headers, "content-type"])
    def test_a_header_that_is_wrong_is_noticed(self, name: str) -> None:
        with pytest.raises(AssertionError):
            self.check(self.task, headers={name: ""})

    def test_a_server_header_is_noticed(self) -> None:
        with pytest.raises(AssertionError):
            self.check(self.task, headers={"server": "uvicorn"})

    def test_another_document_is_another_promise(self) -> None:
        assert Document({"paths": {}}).operation("GET", "/api/tasks") is None
