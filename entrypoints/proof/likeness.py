"""What is foreign, what is nobody's and what is nonsense must look the same to whoever asks, and lead nowhere."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx

from entrypoints.proof import probes
from entrypoints.proof.comparisons import deviations, differences
from entrypoints.proof.operations import Operation
from entrypoints.proof.probes import Probe
from entrypoints.proof.progress import Progress
from entrypoints.proof.results import Result
from entrypoints.proof.rules import Rule
from entrypoints.proof.stage import Stage
from entrypoints.proof.strays import stray_ids

STEPS_OF_AN_OPERATION: Final = 18
"""How many attempts send as many requests as the comparisons of an operation do: counted on the whole table."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Sends requests that differ in an id only, and compares the answers byte by byte."""

    stage: Stage
    operations: Sequence[Operation]
    rules: Mapping[str, Rule]
    progress: Progress = field(default_factory=Progress)

    async def results(self) -> AsyncIterator[Result]:
        """Every comparison. Raises CannotRun."""
        for operation in self.operations:
            for make in (probes.missing_items, probes.closed_spaces, probes.bodies):
                for probe in await make(self.stage, operation, self.rules[operation.id]):
                    yield await self._play(probe)
            for probe in await stray_ids(self.stage, operation, self.operations, self.rules):
                yield await self._play(probe)
            self.progress.step(STEPS_OF_AN_OPERATION)

    async def _play(self, probe: Probe) -> Result:
        attempt, cast = probe.attempt, self.stage.cast
        reason = cast.absent.get(attempt.caller)
        if reason is not None:
            return attempt.result(None, [reason], claim=probe.claim, expected=probe.expected)
        views = [] if attempt.operation.is_safe else [*self.stage.watch.lists(), *probe.views]
        await self.stage.watch.remember(views)
        person, method = cast.people.get(attempt.caller), attempt.operation.method
        answers = [
            (
                request.about,
                await cast.deployment.send_as(person, method, request.path, request.body, exactly=request.exactly),
            )
            for request in probe.requests
        ]
        wrong = [*deviations(answers, probe.expected), *self._leaks(probe, answers)]
        if probe.in_the_same_words:
            wrong += differences(answers)
        wrong += await self.stage.watch.damage(views)
        got = _status(answers, probe.expected)
        return attempt.result(got, wrong, claim=probe.claim, expected=probe.expected)

    def _leaks(self, probe: Probe, answers: Sequence[tuple[str, httpx.Response]]) -> list[str]:
        return [
            f"{about}: {leak}" for about, answer in answers for leak in probe.attempt.leaks(answer, self.stage.cast)
        ]


def _status(answers: Sequence[tuple[str, httpx.Response]], expected: int) -> int:
    """The first status that is not what it must be, if there is one."""
    return next((answer.status_code for _, answer in answers if answer.status_code != expected), expected)
