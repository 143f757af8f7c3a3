"""Measurements that nobody has made."""

from benchmarks.results import Measurements, Outcome, Plan, Turn


def outcome(
    per_second: float = 100, *, refused: int = 0, unanswered: int = 0, p50: float = 1, p99: float = 2
) -> Outcome:
    """How a load of a second went."""
    return Outcome(
        requests=int(per_second) + refused,
        seconds=1,
        refused=refused,
        unanswered=unanswered,
        p50=p50,
        p95=p50,
        p99=p99,
        cpu_seconds=0.5,
        database_cpu_seconds=None,
    )


def measurements(*rounds: dict[str, dict[str, Outcome]], hashes: float = 10) -> Measurements:
    """What each contender did in each round, workload by workload. The first starts in a second."""
    turns = [
        Turn(
            contender=name,
            round=number,
            cold_start=number + place + 1.0,
            worker_memory=100,
            memory=200,
            outcomes=outcomes,
        )
        for number, contenders in enumerate(rounds)
        for place, (name, outcomes) in enumerate(contenders.items())
    ]
    return Measurements({}, Plan(len(rounds), 1, 32, 1000), turns, [hashes for _ in rounds])
