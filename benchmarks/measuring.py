"""The rounds: each contender in turn serves alone, under one workload after the other."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from contender import Contender
from load import Load, Outcome, apply
from serving import Running, serving
from workloads import READER, WORKLOADS, Workload

_WARM_UP_SECONDS = 1


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int
    seconds: int
    connections: int
    tasks: int


@dataclass(frozen=True)
class Turn:
    """One contender in one round. The cold start is in seconds, the memory in MiB."""

    contender: str
    cold_start: float
    memory: float | None
    outcomes: dict[str, Outcome]


@dataclass(frozen=True)
class Measurements:
    """Everything that was measured, and on what."""

    plan: Plan
    cores: int
    python: str
    postgres: str
    load_before: float
    turns: list[Turn] = field(default_factory=list)


def measure(contenders: Sequence[Contender], plan: Plan, postgres: str) -> Measurements:
    """Measure them all, in rounds."""
    version = sys.version.partition(" ")[0]
    measurements = Measurements(plan, os.cpu_count() or 1, version, postgres, os.getloadavg()[0])
    ids = {contender.name: _prepare(contender, plan) for contender in contenders}
    for number in range(1, plan.rounds + 1):
        for contender in contenders:
            print(f"round {number} of {plan.rounds}: {contender.name}", file=sys.stderr, flush=True)
            measurements.turns.append(_take_turn(contender, ids[contender.name], plan))
    return measurements


def _prepare(contender: Contender, plan: Plan) -> list[str]:
    """Fill the reader's space, through the contender's own door."""
    print(f"preparing {contender.name}", file=sys.stderr, flush=True)
    contender.set_up()
    with serving(contender) as running:
        headers = contender.headers(contender.sign_in(running.client, READER))
        method, path, body = contender.create()
        made = [running.client.request(method, path, content=body, headers=headers) for _ in range(plan.tasks)]
    contender.settle()
    return [answer.raise_for_status().json()["id"] for answer in made]


def _take_turn(contender: Contender, ids: Sequence[str], plan: Plan) -> Turn:
    with serving(contender) as running:
        outcomes = {workload.name: _apply(workload, contender, running, ids, plan) for workload in WORKLOADS}
        return Turn(contender.name, running.cold_start, running.memory(), outcomes)


def _apply(workload: Workload, contender: Contender, running: Running, ids: Sequence[str], plan: Plan) -> Outcome:
    requests = workload.requests(contender, ids)
    headers = contender.headers(contender.sign_in(running.client, workload.person))
    for method, path, body in {request.method: request for request in requests}.values():
        running.client.request(method, path, content=body, headers=headers).raise_for_status()
    url = running.client.base_url
    apply(Load(url, headers, requests, plan.connections, _WARM_UP_SECONDS))
    return apply(Load(url, headers, requests, plan.connections, plan.seconds))
