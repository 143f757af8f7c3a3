"""What was measured. Nothing here measures anything."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the load tool says of one load. Latencies are in milliseconds."""

    requests: int
    """How many were answered."""
    seconds: float
    refused: int
    """Answered with a status from 400 on."""
    unanswered: int
    """Lost with their connection, or not answered in time."""
    p50: float
    p95: float
    p99: float

    @property
    def per_second(self) -> float:
        """How many were answered well."""
        return (self.requests - self.refused) / self.seconds

    @property
    def failed(self) -> float:
        """Which share was not."""
        asked = self.requests + self.unanswered
        return (self.refused + self.unanswered) / asked if asked else 1.0


@dataclass(frozen=True, kw_only=True)
class Outcome(Report):
    """How a load went, and what it took: processors' seconds of the contender, and of its PostgreSQL."""

    cpu_seconds: float
    database_cpu_seconds: float | None

    @property
    def cores(self) -> float:
        """How many processors the contender kept busy."""
        return self.cpu_seconds / self.seconds

    @property
    def database_cores(self) -> float | None:
        """How many its PostgreSQL kept busy; None if there is none, or if it is not ours to look at."""
        return None if self.database_cpu_seconds is None else self.database_cpu_seconds / self.seconds


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One contender in one round. The cold start is in seconds, memory in MiB."""

    contender: str
    round: int
    cold_start: float
    worker_memory: float
    """Of its largest process, after all of the load."""
    memory: float
    """Of all its processes."""
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int
    seconds: int
    connections: int
    tasks: int


@dataclass(frozen=True)
class Measurements:
    """Everything that was measured, and on what."""

    machine: Mapping[str, Any]
    plan: Plan
    turns: list[Turn] = field(default_factory=list)
    hashes_per_second: list[float] = field(default_factory=list)
    """How many bcrypt hashes the machine makes with every core, in each round."""

    @property
    def contenders(self) -> Sequence[str]:
        """Whoever had a turn, in the order of the first round."""
        return list(dict.fromkeys(turn.contender for turn in self.turns))

    @property
    def workloads(self) -> Sequence[str]:
        """What they were asked to do, in order."""
        return list(dict.fromkeys(name for turn in self.turns for name in turn.outcomes))

    def turns_of(self, contender: str) -> Sequence[Turn]:
        """Its turns, round by round."""
        return [turn for turn in self.turns if turn.contender == contender]

    def outcomes(self, contender: str, workload: str) -> Sequence[Outcome]:
        """How one of its workloads went, round by round; nothing if it was never measured."""
        turns = self.turns_of(contender)
        return [turn.outcomes[workload] for turn in turns if workload in turn.outcomes]

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return asdict(self)
