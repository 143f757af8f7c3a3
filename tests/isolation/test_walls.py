"""Take a wall away, and the matrix notices: otherwise it would prove nothing."""

import pytest

from entrypoints.proof.matrix import offered, results
from entrypoints.proof.results import Result
from entrypoints.proof.table import RULES
from tests.isolation.services import MemoryService
from tests.isolation.walls import WALLS, Wall


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


@pytest.mark.parametrize("about", sorted({wall.about for wall in WALLS}), ids=" ".join)
async def test_with_every_wall_in_place_nothing_is_noticed(about: tuple[str, ...]) -> None:
    assert await _failures(MemoryService(), about) == []
