"""Does the time that an answer takes tell who has an account? ``python benchmarks/enumeration.py``.

Sign-ins that are refused, and requests for a new password, for addresses of every kind in a random order. The medians
should lie within a few hundredths of each other; measure on an idle machine.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

import httpx
from contender import Contender
from serving import serving

_TASKWARD: Final = str(Path(sys.executable).with_name("taskward"))
_OWLS: Final = "three wise green owls"
_SIGN_INS: Final = 60
_RESETS: Final = 300

Ask = Callable[[httpx.Client], httpx.Response]


class Embedded(Contender):
    """Taskward on SQLite with the password cost of production. Nothing is limited, so that many can be measured."""

    name = "taskward"

    def command(self, port: int) -> Sequence[str]:  # noqa: ARG002 - the port is in the environment
        return [_TASKWARD, "serve"]

    def environment(self, port: int) -> Mapping[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TASKWARD_")}
        return inherited | {
            "TASKWARD_DATABASE_URL": f"sqlite:///{self.folder / 'taskward.db'}",
            "TASKWARD_PORT": str(port),
            "TASKWARD_RATE_LIMITS": "off",
            "TASKWARD_LOG_LEVEL": "warning",
        }

    def deactivate(self, email: str, port: int) -> None:
        """Switch an account off, as the operator does."""
        command = [_TASKWARD, "users", "deactivate", email]
        subprocess.run(
            command, env=dict(self.environment(port)), cwd=self.folder, stdout=subprocess.DEVNULL, check=True
        )

    def sign_in(self, client: httpx.Client, person: str) -> str:
        """Open an account and give its address: nobody needs a token here."""
        email = f"{person}@example.org"
        client.post("/api/auth/register", json={"email": email, "password": _OWLS}).raise_for_status()
        return email


def main() -> None:
    with TemporaryDirectory(prefix="taskward-bench-", ignore_cleanup_errors=True) as name:
        contender = Embedded(Path(name) / "taskward")
        with serving(contender) as running:
            known, inactive = (contender.sign_in(running.client, uuid4().hex) for _ in range(2))
            contender.deactivate(inactive, running.client.base_url.port or 0)
            unknown = (f"{number}.{uuid4().hex}@example.org" for number in count())
            signing_in: dict[str, Ask] = {
                "unknown address": lambda http: _sign_in(http, next(unknown), _OWLS),
                "wrong password": lambda http: _sign_in(http, known, "seven slow blue boats"),
                "inactive account": lambda http: _sign_in(http, inactive, _OWLS),
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
