"""What the load tool is given, and what it says."""

import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest

from benchmarks.contenders.contender import NOBODY, READER, Request
from benchmarks.load import Load, apply, read_report
from tests.support.tools import need

SAID = {
    "requests": 1000,
    "microseconds": 2_000_000,
    "errors": {"connect": 1, "read": 2, "write": 3, "timeout": 4, "status": 100},
    "latency": {"p50": 1500, "p95": 2500, "p99": 12500},
}


def test_the_last_line_that_it_says_is_read() -> None:
    report = read_report(f"Running 2s test\n  1 threads\n{json.dumps(SAID)}\n")
    assert (report.requests, report.seconds, report.refused, report.unanswered) == (1000, 2, 100, 10)
    assert (report.p50, report.p95, report.p99) == (1.5, 2.5, 12.5)


def test_only_what_was_answered_well_counts_as_speed_and_the_rest_has_failed() -> None:
    report = read_report(json.dumps(SAID))
    assert report.per_second == 450
    assert report.failed == pytest.approx(110 / 1010)


def test_whoever_answers_nothing_has_failed_everything() -> None:
    nothing = {**SAID, "requests": 0, "errors": dict.fromkeys(("connect", "read", "write", "timeout", "status"), 0)}
    assert read_report(json.dumps(nothing)).failed == 1


@pytest.mark.parametrize("said", ["", "unable to connect to 127.0.0.1:1 Connection refused", "{}"])
def test_what_is_no_report_is_not_read(said: str) -> None:
    with pytest.raises((ValueError, LookupError)):
        read_report(said)


class Door(BaseHTTPRequestHandler):
    """It lets in whoever has a token."""

    protocol_version = "HTTP/1.1"
    asked: set[tuple[str, str, str, bytes]] = set()  # noqa: RUF012 - what all of its requests share

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.add((self.command, self.path, token, body))
        self.send_response(200 if token else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def door() -> Iterator[httpx.URL]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield httpx.URL(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def test_it_sends_each_request_in_its_persons_name_and_counts_refusals(door: httpx.URL) -> None:
    need(shutil.which("wrk"), without="the load tool wrk is not installed")
    requests = [Request("GET", "/one?a=b", READER), Request("POST", "/login", NOBODY, '{"a": 1}')]
    load = Load(url=door, requests=requests, tokens={READER: "t0ken"}, connections=2, seconds=1, rest=10)
    report = apply(load)
    assert Door.asked == {("GET", "/one?a=b", "Bearer t0ken", b""), ("POST", "/login", "", b'{"a": 1}')}
    assert report.requests > 0
    assert report.failed == pytest.approx(0.5, abs=0.1)
