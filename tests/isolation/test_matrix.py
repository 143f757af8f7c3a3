"""The generated matrix: every operation of the OpenAPI document, tried by everybody, in every kind of space."""

from collections.abc import Mapping

import pytest
from sqlalchemy import URL

from domain.access import GRANTS, Permission, Role
from entrypoints.proof.callers import Caller, Place
from entrypoints.proof.expectation import Way, expected_status, tries
from entrypoints.proof.matrix import offered, results
from entrypoints.proof.operations import Operation
from entrypoints.proof.results import Result
from entrypoints.proof.rules import Case, Kind, Rule, gaps
from entrypoints.proof.table import RULES
from tests.isolation.services import MemoryService, NobodyBackstage, Served, on_database


async def run(served: Served, rules: Mapping[str, Rule] = RULES) -> tuple[list[Operation], list[Result]]:
    operations = await offered(served.deployment)
    found = [result async for result in results(served.deployment, operations, rules, served.operator)]
    return operations, found


def some_who_may(rule: Rule) -> set[Caller]:
    """Who must succeed somewhere, so that a service that refuses everything does not pass."""
    if rule.kind is Kind.PUBLIC:
        return set(Caller)
    if rule.kind is Kind.ACCOUNT:
        return {caller for caller in Caller if caller.is_signed_in}
    return {Caller.ADMINISTRATOR if rule.kind is Kind.ADMINISTRATION else Caller.OWNER}


async def test_nobody_sees_or_changes_what_is_not_theirs(url: URL) -> None:
    async with on_database(url) as served:
        operations, found = await run(served)
    assert [str(result) for result in found if not result.ok] == []
    made = [result for result in found if not result.skipped]
    tried = {(result.operation, result.caller) for result in made}
    assert tried >= {(operation.id, caller) for operation in operations for caller in Caller}
    ways_in = sum(len(tries(operation, RULES[operation.id])) for operation in operations)
    assert len(made) > len(Caller) * ways_in > len(Caller) * len(operations)
    for name, rule in RULES.items():
        successes = {result.caller for result in made if result.operation == name and result.got == rule.success}
        assert successes >= some_who_may(rule), name
    assert {result.reason for result in found if result.skipped} <= {
        "a log grows by itself; its content is scanned in every other check"
    }


async def test_an_operation_without_a_rule_fails() -> None:
    rules = {name: rule for name, rule in RULES.items() if name != "get_task"}
    operations = await _operations()
    assert gaps(operations, rules) == {"get_task": "no rule knows this operation: GET /api/tasks/{task_id}"}


async def test_a_rule_without_an_operation_fails() -> None:
    rules = {**RULES, "peek_at_task": RULES["get_task"]}
    assert gaps(await _operations(), rules) == {"peek_at_task": "there is a rule, but no such operation"}


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("get_task", Rule(Kind.ITEM, 200, Case(Permission.READ_ITEMS))),
        ("create_task", Rule(Kind.ITEM, 201, Case(Permission.EDIT_ITEMS))),
        ("list_tasks", Rule(Kind.ORGANIZATION, 200, Case(Permission.READ_ITEMS))),
        ("list_tasks", Rule(Kind.ITEM, 200)),
    ],
    ids=["no item", "no body", "no organisation", "no permission"],
)
async def test_a_rule_that_does_not_fit_its_operation_fails(name: str, rule: Rule) -> None:
    assert list(gaps(await _operations(), {**RULES, name: rule})) == [name]


async def test_what_is_wrong_with_the_table_is_among_the_results() -> None:
    unruled = ("get_task", "peek_at_task")
    rules = {"list_tasks": RULES["list_tasks"], "peek_at_task": RULES["get_task"]}
    async with MemoryService().served() as served:
        _, found = await run(served, rules)
    failed = {result.operation for result in found if not result.ok}
    assert failed >= set(unruled)
    assert "list_tasks" not in failed


async def test_who_cannot_be_cast_is_skipped_and_the_reason_is_told() -> None:
    rules = {"list_organizations": RULES["list_organizations"]}
    async with MemoryService().served() as served:
        operations = [o for o in await offered(served.deployment) if o.id in rules]
        found = [result async for result in results(served.deployment, operations, rules, NobodyBackstage())]
    skipped = {(result.caller, result.reason) for result in found if result.skipped}
    assert skipped == {
        (Caller.ADMINISTRATOR, "nobody can name administrators"),
        (Caller.DEACTIVATED, "nobody can deactivate"),
    }
    assert all(result.ok for result in found)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_what_is_expected_of_a_member_is_what_the_permission_table_grants(role: Role, permission: Permission) -> None:
    caller = next(caller for caller in Caller if caller.value == role.value)
    case = Case(permission)
    expected = expected_status(Rule(Kind.ITEM, 200, case), case, Way(Place.ORGANIZATION), caller)
    assert expected == (200 if permission in GRANTS[role] else 403)


async def _operations() -> list[Operation]:
    async with MemoryService().served() as served:
        return await offered(served.deployment)
