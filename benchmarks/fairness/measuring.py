"""One turn: a contender serves, and each line in turn presses it while the victims go on."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx

from benchmarks.contenders.contender import Contender, Request
from benchmarks.fairness.contenders import Store, client_from
from benchmarks.fairness.lines import LINES, Line, Scene
from benchmarks.fairness.people import ATTACKERS, SIGNED_OUT, VICTIMS
from benchmarks.fairness.plans import Attack, Calm, Routine, request_bytes
from benchmarks.fairness.samples import GET, SIGN_IN, Sample, course
from benchmarks.fairness.verdicts import FLOOR, Turn
from benchmarks.serving import Running, serving

INTERVAL: Final = 0.02
_SIGN_IN_INTERVAL: Final = 1.5
_CREATE_INTERVAL: Final = 0.5
_CONNECTIONS: Final = 2
_SOURCE: Final = "127.0.0.2"
_LOOK: Final = 0.25
_SETTLE: Final = 0.5
_AFTERWARDS: Final = 3.0
_GRACE: Final = 60
_BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_QUIET: Final = 0.05
_QUIET_IN_A_ROW: Final = 5


@dataclass(frozen=True)
class Plan:
    """How long a line is measured: as long in calm as under attack."""

    seconds: float
    calm: float


def take_turn(store: Store, workers: int, lines: Sequence[Line], plan: Plan) -> Iterator[Turn]:
    """Press one contender with each line.

    What one line does to the service is over before the next begins; where it does not come to rest, it begins anew, on
    another copy of its database.
    """
    waiting = list(lines)
    while waiting:
        contender = store.copied(workers)
        with serving(contender) as running:
            stage = _Stage(contender, store, workers, running, plan)
            tokens = stage.sign_everybody_in()
            while waiting:
                line = waiting.pop(0)
                yield stage.press(line, tokens)
                if not stage.comes_to_rest(tokens):
                    print(f"{contender.name} does not come to rest after {line.name}", file=sys.stderr, flush=True)
                    break


@dataclass(frozen=True)
class _Stage:
    contender: Contender
    store: Store
    workers: int
    running: Running
    plan: Plan

    @property
    def port(self) -> int:
        port = self.running.client.base_url.port
        assert port is not None
        return port

    def sign_everybody_in(self) -> dict[str, str]:
        """A token for everybody. Whose token is dead has signed out."""
        tokens = {}
        for place, people in ((1, VICTIMS), (2, ATTACKERS)):
            for number, person in enumerate(people):
                with client_from(self.running.client.base_url, f"127.0.{place}.{number + 1}") as client:
                    tokens[person] = self._sign_in(client, person)
                    if person == SIGNED_OUT and not self.store.is_pocketbase:
                        headers = {"Authorization": f"Bearer {tokens[person]}"}
                        client.post("/api/auth/logout", headers=headers).raise_for_status()
        return tokens

    def _sign_in(self, client: httpx.Client, person: str) -> str:
        """Ask again while the service is busy: it may still be doing what was asked of it before."""
        deadline = time.monotonic() + _GRACE
        while True:
            try:
                return self.contender.sign_in(client, person)
            except httpx.HTTPStatusError as refused:
                if refused.response.status_code not in _BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(1)

    def press(self, line: Line, tokens: dict[str, str]) -> Turn:
        """Measure one line."""
        scene = Scene(self.contender, self.store.stock, tokens, f"127.0.3.{LINES.index(line) + 1}")
        streams = line.streams(scene, is_pocketbase=self.store.is_pocketbase)
        attack = Attack(port=self.port, seconds=self.plan.seconds, streams=streams)
        calm = Calm(port=self.port, source=_SOURCE, routines=list(self._routines(line, tokens)))
        with _program("attacking", attack.as_line()) as attacker, _program("keeping_calm", calm.as_line()) as victims:
            time.sleep(_SETTLE)
            started = time.monotonic()
            time.sleep(self.plan.calm)
            before, began = self._memory(), time.monotonic()
            _say(attacker, "go\n")
            memory, lag = self._watch(attacker, line)
            ended = time.monotonic()
            lag = max(lag, self._lag_afterwards(line, ended))
            rows = json.loads(victims.communicate(timeout=_GRACE)[0].splitlines()[-1])
            samples = [Sample(*row) for row in rows if row[1] >= started]
            return Turn(
                line=line.name,
                contender=self.store.contender,
                workers=self.workers,
                course=course(samples, began=began, ended=ended, interval=INTERVAL, floor=FLOOR),
                memory=memory - before,
                attacker=json.loads(attacker.communicate(timeout=_GRACE)[0]),
                lag=lag if line.seals else None,
            )

    def _routines(self, line: Line, tokens: dict[str, str]) -> Iterator[Routine]:
        gets = [
            self._spelt(self.contender.get_one(person, self.store.stock.tasks[person][number]), tokens)
            for number in range(len(self.store.stock.tasks[VICTIMS[0]]))
            for person in VICTIMS
        ]
        yield Routine(name=GET, requests=gets, interval=INTERVAL, connections=_CONNECTIONS)
        if line.signs_in:
            sign_ins = [self._spelt(self.contender.sign_in_request(person), {}) for person in VICTIMS]
            yield Routine(name=SIGN_IN, requests=sign_ins, interval=_SIGN_IN_INTERVAL)
        if line.seals:
            creates = [self._spelt(self.contender.create(person), tokens) for person in VICTIMS]
            yield Routine(name="create", requests=creates, interval=_CREATE_INTERVAL)

    @staticmethod
    def _spelt(request: Request, tokens: dict[str, str]) -> str:
        token = tokens.get(request.person, "")
        return request_bytes(request.method, request.path, token=token, body=request.body.encode()).decode()

    def _watch(self, attacker: "subprocess.Popen[str]", line: Line) -> tuple[float, float]:
        """Wait for the end of the attack; the most memory and the longest lag meanwhile."""
        memory, lag, deadline = 0.0, 0.0, time.monotonic() + self.plan.seconds + _GRACE
        while attacker.poll() is None and time.monotonic() < deadline:
            memory = max(memory, self._memory())
            lag = max(lag, self._lag(line))
            time.sleep(_LOOK)
        return memory, lag

    def _lag_afterwards(self, line: Line, ended: float) -> float:
        lag = 0.0
        while time.monotonic() < ended + _AFTERWARDS:
            lag = max(lag, self._lag(line))
            time.sleep(_LOOK)
        return lag

    def _lag(self, line: Line) -> float:
        return self.store.lag(self.contender) if line.seals else 0.0

    def _memory(self) -> float:
        return sum(self.running.processes.memories())

    def comes_to_rest(self, tokens: dict[str, str]) -> bool:
        """Wait until the contender answers a victim as fast as it used to."""
        deadline, quick = time.monotonic() + _GRACE, 0
        while quick < _QUIET_IN_A_ROW and time.monotonic() < deadline:
            quick = quick + 1 if self._answers_quickly(VICTIMS[0], tokens) else 0
            time.sleep(_LOOK)
        return quick == _QUIET_IN_A_ROW

    def _answers_quickly(self, person: str, tokens: dict[str, str]) -> bool:
        request, began = self.contender.get_one(person, self.store.stock.tasks[person][0]), time.monotonic()
        try:
            self.contender.ask(self.running.client, request, tokens[person])
        except httpx.HTTPError:
            return False
        return time.monotonic() - began < _QUIET


@contextmanager
def _program(name: str, plan: str) -> Iterator["subprocess.Popen[str]"]:
    """A load generator that has read its plan."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.fairness.{name}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _say(process, f"{plan}\n")
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{name} did not start")
        yield process
    finally:
        process.kill()
        process.wait()


def _say(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.flush()
