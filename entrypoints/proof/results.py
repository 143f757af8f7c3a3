"""What came of each check."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One check: an operation, tried by somebody."""

    operation: str
    caller: str
    space: str
    case: str = ""
    expected: int | None = None
    got: int | None = None
    ok: bool
    skipped: bool = False
    reason: str = ""

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.space, self.case) if part)
        return f"{self.operation} by {self.caller} ({where}): {self.reason or 'as it must be'}"

    def as_json(self) -> dict[str, Any]:
        """The result as plain values."""
        return asdict(self)
