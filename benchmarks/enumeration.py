"""Does the time that an answer takes tell who has an account? ``python -m benchmarks.enumeration``.

Sign-ins that are refused, and requests for a new password, for addresses of every kind in a random order. The medians
should lie within a few hundredths of each other; measure on an idle machine.
"""

import random
import time
from collections.abc import Callable, Mapping
from itertools import count
from statistics import median, quantiles
from typing import Final
from uuid import uuid4

import httpx

from benchmarks.contenders.contender import PASSWORD, email_of
from benchmarks.contenders.taskward import Taskward
from benchmarks.serving import serving
from benchmarks.stopping import scratch_folder

_SIGN_INS: Final = 60
_RESETS: Final = 300

Ask = Callable[[httpx.Client], httpx.Response]


def main() -> None:
    with scratch_folder() as folder:
        contender = Taskward("taskward", folder)
        with serving(contender) as running:
            people = [uuid4().hex for _ in range(2)]
            for person in people:
                contender.open_account(running.client, person)
            known, inactive = map(email_of, people)
            contender.run("users", "deactivate", inactive)
            unknown = (f"{number}.{uuid4().hex}@example.org" for number in count())
            signing_in: dict[str, Ask] = {
                "unknown address": lambda http: _sign_in(http, next(unknown), PASSWORD),
                "wrong password": lambda http: _sign_in(http, known, "seven slow blue boats"),
                "inactive account": lambda http: _sign_in(http, inactive, PASSWORD),
            }
            asking: dict[str, Ask] = {
                "unknown address": lambda http: _reset(http, next(unknown)),
                "known address": lambda http: _reset(http, known),
                "inactive account": lambda http: _reset(http, inactive),
            }
            _compare("refused sign-ins", signing_in, running.client, _SIGN_INS, status=401)
            _compare("requests for a new password", asking, running.client, _RESETS, status=202)


def _sign_in(http: httpx.Client, email: str, password: str) -> httpx.Response:
    return http.post("/api/auth/login", json={"email": email, "password": password})


def _reset(http: httpx.Client, email: str) -> httpx.Response:
    return http.post("/api/auth/password-reset", json={"email": email})


def _compare(title: str, kinds: Mapping[str, Ask], http: httpx.Client, times: int, *, status: int) -> None:
    """Measure each kind so often, in a random order, and show how far their medians are apart."""
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    order = [kind for kind in kinds for _ in range(times)]
    random.shuffle(order)
    for kind in [*kinds, *order]:  # each once before, to warm up
        started = time.perf_counter()
        answer = kinds[kind](http)
        took[kind].append((time.perf_counter() - started) * 1000)
        assert answer.status_code == status, answer.text
    medians = {kind: median(found[1:]) for kind, found in took.items()}
    print(f"{title}, {times} of each, milliseconds")
    for kind, found in took.items():
        low, _, high = quantiles(found[1:], n=4)
        print(f"  {kind:18} median {medians[kind]:8.2f}   quartiles {low:8.2f} {high:8.2f}")
    print(f"  largest median by smallest: {max(medians.values()) / min(medians.values()):.3f}\n")


if __name__ == "__main__":
    main()
