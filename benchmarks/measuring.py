"""The rounds: each contender in turn serves alone, under one workload after the other."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from typing import Final

from benchmarks.contenders.contender import Contender, Request
from benchmarks.hashing import hashes_per_second
from benchmarks.load import Load, applied, apply
from benchmarks.processes import Family
from benchmarks.results import Measurements, Outcome, Plan, Turn
from benchmarks.serving import Running, serving
from benchmarks.workloads import AT_THE_DOOR, Workload

_WARM_UP_SECONDS: Final = 1


def measure(
    measurements: Measurements, contenders: Sequence[Contender], workloads: Sequence[Workload], postgres: int | None
) -> None:
    """Measure them all, in rounds. Who goes first in a round goes last in the next one.

    ``postgres`` is the process of the server that some of them use, if one may look at it.
    """
    plan = measurements.plan
    server = None if postgres is None else Family(postgres)
    for number in range(plan.rounds):
        if any(workload.signs_in for workload in workloads):
            measurements.hashes_per_second.append(hashes_per_second())
        first = number % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            print(f"round {number + 1} of {plan.rounds}: {contender.name}", file=sys.stderr, flush=True)
            with serving(contender) as running:
                stage = _Stage(contender, running, plan, server if contender.uses_postgres else None)
                measurements.turns.append(stage.turn(number, workloads))


@dataclass(frozen=True)
class _Stage:
    """A contender that is ready, and what its turn needs."""

    contender: Contender
    running: Running
    plan: Plan
    postgres: Family | None

    def turn(self, number: int, workloads: Sequence[Workload]) -> Turn:
        """One workload after the other."""
        possible = [workload for workload in workloads if self.contender.has_passwords or not workload.signs_in]
        outcomes = {workload.name: self._apply(workload) for workload in possible}
        memories = self.running.processes.memories()
        return Turn(
            contender=self.contender.name,
            round=number,
            cold_start=self.running.cold_start,
            worker_memory=max(memories),
            memory=sum(memories),
            outcomes=outcomes,
        )

    def _apply(self, workload: Workload) -> Outcome:
        load = self._load(workload.requests(self.contender), workload)
        others = workload.others(self.contender)
        with applied(replace(load, requests=others, connections=AT_THE_DOOR, rest=0)) if others else nullcontext():
            if workload.is_warmed_up:
                self._warm_up(load)
            outcome = self._observed(load)
        self._let_finish(load, [*others, *load.requests])
        return outcome

    def _warm_up(self, load: Load) -> None:
        apply(replace(load, seconds=_WARM_UP_SECONDS))
        self._let_finish(load, load.requests)

    def _let_finish(self, load: Load, requests: Sequence[Request]) -> None:
        """Ask once more, and wait: behind what the load tool has asked for and given up."""
        self.contender.ask(self.running.client, requests[0], load.tokens.get(requests[0].person, ""))

    def _observed(self, load: Load) -> Outcome:
        """How the load went, and what it took."""
        before, before_in_postgres = self._cpu_seconds()
        report = apply(load)
        after, after_in_postgres = self._cpu_seconds()
        in_postgres = None if self.postgres is None else after_in_postgres - before_in_postgres
        return Outcome(**asdict(report), cpu_seconds=after - before, database_cpu_seconds=in_postgres)

    def _cpu_seconds(self) -> tuple[float, float]:
        in_postgres = 0.0 if self.postgres is None else self.postgres.cpu_seconds()
        return self.running.processes.cpu_seconds(), in_postgres

    def _load(self, requests: Sequence[Request], workload: Workload) -> Load:
        people = {request.person for request in requests if request.person}
        return Load(
            url=self.running.client.base_url,
            requests=requests,
            tokens={person: self.contender.sign_in(self.running.client, person) for person in people},
            connections=workload.connections or self.plan.connections,
            seconds=self.plan.seconds * workload.length,
            rest=workload.rest,
        )
