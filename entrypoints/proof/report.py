"""What the proof has found: as a table to read, and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from entrypoints.proof.callers import Caller
from entrypoints.proof.results import Result
from entrypoints.proof.shares import Share
from entrypoints.proof.shares import lines as share_lines

_HEADINGS: Final = {
    Caller.NO_TOKEN: "none",
    Caller.SIGNED_OUT: "ended",
    Caller.DEACTIVATED: "off",
    Caller.STRANGER: "other",
    Caller.OTHER_ORGANIZATION: "o-org",
    Caller.REMOVED: "removed",
    Caller.ADMINISTRATOR: "service",
    Caller.VIEWER: "viewer",
    Caller.MEMBER: "member",
    Caller.ADMIN: "admin",
    Caller.OWNER: "owner",
}
_EVERYBODY: Final = "everybody"
_COLUMN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run of the proof on one deployment."""

    url: str
    started_at: datetime
    results: Sequence[Result]
    remaining: Sequence[str] = field(default=())
    """The addresses of the accounts that could not be removed."""
    shares: Sequence[Share] | None = None
    """The mechanisms that were pressed; None: none was to be."""

    @property
    def failures(self) -> list[Result]:
        """What is not as it must be."""
        return [result for result in self.results if not result.ok]

    @property
    def holds(self) -> bool:
        """Whether everything is as it must be."""
        return not self.failures and not any(share.wrong for share in self.shares or ())

    @property
    def skipped(self) -> Counter[str]:
        """How many checks were not made, for each reason."""
        return Counter(result.reason for result in self.results if result.skipped)

    @property
    def counts(self) -> dict[str, int]:
        """How many checks held, failed, and were not made."""
        failed, skipped = len(self.failures), self.skipped.total()
        return {"held": len(self.results) - failed - skipped, "failed": failed, "skipped": skipped}

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        load = {} if self.shares is None else {"load": [share.as_json() for share in self.shares]}
        return {
            "url": self.url,
            "started_at": self.started_at.isoformat(),
            "counts": self.counts,
            "skipped": dict(self.skipped),
            "remaining_accounts": list(self.remaining),
            "results": [result.as_json() for result in self.results],
            **load,
        }

    def lines(self) -> Iterator[str]:
        """The report for people: a table of operations and callers, then what went wrong and what is left over."""
        yield from _table(self.results)
        yield "; ".join(f"{short}: {caller}" for caller, short in _HEADINGS.items())
        yield "A number counts checks that held; '!' those that did not; '-' those that were not made."
        yield from (f"NOT HELD: {failure}" for failure in self.failures)
        yield from (f"skipped {count}: {reason}" for reason, count in self.skipped.items())
        if self.remaining:
            yield f"{len(self.remaining)} accounts could not be removed and remain:"
            yield from (f"  {email}" for email in self.remaining)
        if self.shares:
            yield from share_lines(self.shares)
        yield ", ".join(f"{count} {what}" for what, count in self.counts.items())


def _table(results: Sequence[Result]) -> Iterator[str]:
    """A row for each operation, a column for each caller."""
    operations = list(dict.fromkeys(result.operation for result in results))
    cells = {(operation, caller): Counter[str]() for operation in operations for caller in [*Caller, _EVERYBODY]}
    for result in results:
        what = "-" if result.skipped else "" if result.ok else "!"
        cells[result.operation, result.caller][what] += 1
    widest = max(map(len, operations), default=0)
    headings = [*_HEADINGS.values(), "all"]
    yield f"{'':{widest}}" + "".join(f"{heading:>{_COLUMN}}" for heading in headings)
    for operation in operations:
        row = [cells[operation, caller] for caller in [*Caller, _EVERYBODY]]
        yield f"{operation:{widest}}" + "".join(f"{_cell(counted):>{_COLUMN}}" for counted in row)


def _cell(counted: Counter[str]) -> str:
    return " ".join(f"{what}{counted[what]}" for what in ("", "!", "-") if counted[what]) or "."
