"""What others do must not show: whoever asks sees the same before and after the owner makes something."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from entrypoints.proof.attempts import Attempt
from entrypoints.proof.callers import Caller, Place
from entrypoints.proof.comparisons import deviations, differences
from entrypoints.proof.expectation import Way
from entrypoints.proof.operations import Operation
from entrypoints.proof.results import Result
from entrypoints.proof.rules import Kind, Rule
from entrypoints.proof.stage import Stage

_CLAIM: Final = "what others make does not show"
_GROWS: Final = "a log grows by itself; its content is scanned in every other check"


@dataclass(frozen=True, slots=True)
class Growth:
    """Reads the lists, counts and totals of everybody but the owner, before and after."""

    stage: Stage
    operations: Sequence[Operation]
    rules: Mapping[str, Rule]

    async def results(self) -> AsyncIterator[Result]:
        """Every comparison. Raises CannotRun."""
        readings = list(self._readings())
        before = [await self._read(attempt) for attempt in readings]
        await self.stage.plant(self.rules)
        for attempt, first in zip(readings, before, strict=True):
            yield await self._compare(attempt, first)

    def _readings(self) -> Iterator[Attempt]:
        """Every list of one's own, read by everybody who has one but the owner."""
        for operation in self.operations:
            rule = self.rules[operation.id]
            if operation.method == "GET" and not operation.names_item and rule.kind in {Kind.ITEM, Kind.ACCOUNT}:
                for caller in Caller:
                    if caller.is_signed_in and caller is not Caller.OWNER:
                        yield Attempt(operation, rule, rule.case, Way(Place.OWN), caller)

    async def _read(self, attempt: Attempt) -> httpx.Response | None:
        cast = self.stage.cast
        if attempt.caller in cast.absent or attempt.rule.is_log:
            return None
        path = attempt.operation.at(cast.space_id(Place.OWN, attempt.caller))
        return await cast.deployment.send_as(cast.people[attempt.caller], "GET", path)

    async def _compare(self, attempt: Attempt, before: httpx.Response | None) -> Result:
        after = await self._read(attempt)
        if before is None or after is None:
            reason = self.stage.cast.absent.get(attempt.caller, _GROWS)
            return attempt.result(None, [reason], claim=_CLAIM)
        answers = [("before", before), ("afterwards", after)]
        wrong = [*deviations(answers, attempt.expected), *differences(answers)]
        return attempt.result(after.status_code, wrong, claim=_CLAIM)
