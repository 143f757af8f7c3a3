"""One call that somebody is going to make, and how its answer is judged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from entrypoints.proof.callers import Caller
from entrypoints.proof.canaries import What
from entrypoints.proof.cast import Cast
from entrypoints.proof.deployment import Json
from entrypoints.proof.expectation import Way, expected_status
from entrypoints.proof.operations import Operation
from entrypoints.proof.results import Result
from entrypoints.proof.rules import Case, Kind, Rule


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody is going to try an operation, on a certain way."""

    operation: Operation
    rule: Rule
    case: Case
    way: Way
    caller: Caller

    @property
    def expected(self) -> int:
        """The status that must come of it."""
        return expected_status(self.rule, self.case, self.way, self.caller)

    @property
    def succeeds(self) -> bool:
        """Whether it is to work."""
        makes = self.expected == self.rule.absent != HTTPStatus.NOT_FOUND
        return makes or self.expected == self.rule.success

    def result(self, got: int | None, wrong: Sequence[str], *, claim: str = "", expected: int | None = None) -> Result:
        """What came of it: skipped where there is no answer."""
        return Result(
            operation=self.operation.id,
            caller=self.caller,
            space=str(self.way),
            case=claim or self.case.name,
            expected=self.expected if expected is None else expected,
            got=got,
            ok=not wrong or got is None,
            skipped=got is None,
            reason="; ".join(wrong),
        )

    def faults(self, answer: httpx.Response, body: Json | None, cast: Cast) -> Iterator[str]:
        """What is wrong with an answer: its status, or that it tells too much."""
        if answer.status_code != self.expected:
            yield f"answered {answer.status_code} instead of {self.expected}"
        yield from self.leaks(answer, cast)
        if self.rule.query is not None and answer.is_success and (count := answer.json().get("deleted_count")) != 1:
            yield f"deleted {count} instead of the one that fits in the space"
        if self.rule.kind is Kind.ITEM and answer.is_success:
            meant = {cast.space_id(self.way.named, self.caller), *map(str, (body or {}).values())}
            if not meant.issuperset(_owners(answer)):
                yield "the answer is about another space"

    def leaks(self, answer: httpx.Response, cast: Cast) -> Iterator[str]:
        """What the answer tells the caller, and must not."""
        which = set(What)
        if self.rule.is_log:  # It names what its reader has tried.
            which -= {What.ID}
        if self.rule.kind is Kind.ADMINISTRATION:  # Administrators see accounts, and nothing that is in a space.
            which -= {What.ID, What.NAME}
        for told in cast.canaries.told(answer, cast.spaces_of(self.caller), which):
            yield f"the answer tells {told}"


def _owners(answer: httpx.Response) -> Iterator[str]:
    """Every owner that a JSON answer names."""
    return _values("owner_id", answer.json()) if answer.content else iter(())


def _values(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get(name), str):
            yield value[name]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _values(name, part)
