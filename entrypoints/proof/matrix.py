"""The matrix: every operation, each way in, everybody; and what must look the same to whoever is kept out."""

from collections.abc import AsyncIterator, Mapping, Sequence

from entrypoints.proof.attempts import Attempt
from entrypoints.proof.callers import Caller
from entrypoints.proof.cast import Backstage
from entrypoints.proof.casting import assemble
from entrypoints.proof.deployment import CannotRun, Deployment
from entrypoints.proof.expectation import tries
from entrypoints.proof.growth import Growth
from entrypoints.proof.likeness import STEPS_OF_AN_OPERATION, Likeness
from entrypoints.proof.operations import Operation, operations_in
from entrypoints.proof.progress import Progress
from entrypoints.proof.results import Result
from entrypoints.proof.rules import Rule, gaps
from entrypoints.proof.stage import Stage
from entrypoints.proof.watch import Watch


async def offered(deployment: Deployment) -> list[Operation]:
    """Every operation that the deployment documents. Raises CannotRun."""
    try:
        return operations_in(await deployment.ask(None, "GET", "/openapi.json"))
    except ValueError as error:
        raise CannotRun(f"GET /openapi.json: {error}") from None


async def results(
    deployment: Deployment,
    operations: Sequence[Operation],
    rules: Mapping[str, Rule],
    backstage: Backstage,
    progress: Progress | None = None,
) -> AsyncIterator[Result]:
    """Everything that is checked, as it is checked. Raises CannotRun."""
    progress = progress or Progress()
    unruled = gaps(operations, rules)
    for operation_id, reason in unruled.items():
        yield Result(operation=operation_id, caller="everybody", space="", ok=False, reason=reason)
    known = [operation for operation in operations if operation.id not in unruled]
    scenes = attempts(known, rules)
    progress.expect(sum(map(len, scenes)) + STEPS_OF_AN_OPERATION * len(known))
    cast = await assemble(deployment, backstage)
    stage = Stage(cast, Watch(known, rules, cast))
    await stage.plant(rules)
    for scene in scenes:
        async for result in stage.play(scene):
            yield result
        progress.step(len(scene))
    for comparison in (Likeness(stage, known, rules, progress), Growth(stage, known, rules)):
        async for result in comparison.results():
            yield result


def attempts(operations: Sequence[Operation], rules: Mapping[str, Rule]) -> list[list[Attempt]]:
    """Every operation that there is a rule for, each way in: what everybody tries there."""
    return [
        [Attempt(operation, rules[operation.id], case, way, caller) for caller in Caller]
        for operation in operations
        for case, way in tries(operation, rules[operation.id])
    ]
