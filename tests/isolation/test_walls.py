"""Take a wall away, and the matrix notices: otherwise it would prove nothing."""

import pytest

from domain.task import Title
from domain.user import Email, Password
from entrypoints.proof.matrix import offered, results
from entrypoints.proof.results import Result
from entrypoints.proof.table import RULES
from tests.isolation.services import MemoryService
from tests.isolation.walls import WALLS, Wall
from tests.isolation.wrong_use_cases import deletes_by_filter_are_everybodys


async def _failures(service: MemoryService, about: tuple[str, ...]) -> list[Result]:
    """What does not hold for the operations that are called something like these."""
    rules = {name: rule for name, rule in RULES.items() if any(part in name for part in about)}
    async with service.served() as served:
        operations = [operation for operation in await offered(served.deployment) if operation.id in rules]
        found = [result async for result in results(served.deployment, operations, rules, served.operator)]
    return [result for result in found if not result.ok]


@pytest.mark.parametrize("wall", WALLS, ids=str)
async def test_a_wall_that_is_missing_is_noticed(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    service = MemoryService()
    wall.without(service, monkeypatch)
    failures = await _failures(service, wall.about)
    assert wall.notices in "\n".join(map(str, failures))


async def test_nobody_else_loses_anything_where_deleting_by_filter_knows_no_walls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = MemoryService()
    app = service.application
    await app.register(Email("ann@example.org"), Password("three wise green owls"), None)
    ann = app.authenticate((await app.sign_in("ann@example.org", "three wise green owls")).access_token)
    task = await app.create_task(ann, None, {"title": Title("canary")})
    deletes_by_filter_are_everybodys(service, monkeypatch)
    assert await _failures(service, ("delete_found_tasks", "list_tasks"))
    assert await app.get_task(ann, None, task.id) == task


@pytest.mark.parametrize("about", sorted({wall.about for wall in WALLS}), ids=" ".join)
async def test_with_every_wall_in_place_nothing_is_noticed(about: tuple[str, ...]) -> None:
    assert await _failures(MemoryService(), about) == []
