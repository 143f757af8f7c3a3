"""Clients that take their time. The deadlines are short here; what must not pass in a test is an hour away."""

import time
from dataclasses import dataclass, replace
from typing import Any

import pytest

from entrypoints.server.connections import Standing
from entrypoints.server.limits import Limits
from entrypoints.server.reception import Expectation, Reception
from tests.server.listening import PATIENT, Client, eventually, get, listening, post

SHORT = 0.2
QUICK = replace(PATIENT, tick=0.02)
CHUNKED = b"POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
LARGE = 20_000_000

both_loops = pytest.mark.parametrize("loop", ["asyncio", "uvloop"])


def assert_timed_out(client: Client) -> None:
    answer = client.answer()
    assert (answer.status, answer.json["type"]) == (408, "/docs/problems#request-timeout")
    assert answer.headers["connection"] == "close"
    assert client.is_closed()


def trickle(client: Client, data: bytes) -> None:
    """Send byte by byte, for several times as long as the short deadlines."""
    for position in range(len(data)):
        client.send(data[position : position + 1])
        time.sleep(4 * SHORT / len(data))


@both_loops
def test_a_connection_that_sends_nothing_is_closed(loop: str) -> None:
    with listening(replace(QUICK, head_seconds=SHORT), loop=loop) as server, server.client() as client:
        assert client.is_closed()


@both_loops
def test_a_head_that_does_not_end_is_timed_out_however_often_a_byte_comes(loop: str) -> None:
    with listening(replace(QUICK, head_seconds=SHORT), loop=loop) as server, server.client() as client:
        trickle(client, b"GET / HTTP/1.1\r\nX: aaaaaaa")
        assert_timed_out(client)


@both_loops
def test_a_second_request_has_the_same_deadline(loop: str) -> None:
    with listening(replace(QUICK, head_seconds=SHORT), loop=loop) as server, server.client() as client:
        client.send(get("/1") + b"GET /2")
        assert client.answer().status == 200
        assert_timed_out(client)


@both_loops
def test_an_idle_connection_is_closed(loop: str) -> None:
    with listening(replace(QUICK, idle_seconds=SHORT), loop=loop) as server, server.client() as client:
        client.send(get("/"))
        assert client.answer().status == 200
        assert client.is_closed()


def test_empty_lines_between_requests_prolong_nothing() -> None:
    with listening(replace(QUICK, idle_seconds=SHORT)) as server, server.client() as client:
        client.send(get("/"))
        assert client.answer().status == 200
        trickle(client, b"\r\n" * 20)
        assert client.is_closed()


@both_loops
@pytest.mark.parametrize(
    "beginning", [post("/slow", b"x" * 100)[:-50], CHUNKED + b"3\r\nab"], ids=["length", "chunked"]
)
def test_a_body_that_does_not_end_is_timed_out_and_its_request_given_up(beginning: bytes, loop: str) -> None:
    with listening(replace(QUICK, body_seconds=SHORT), loop=loop) as server, server.client() as client:
        client.send(beginning)
        assert_timed_out(client)
        assert eventually(lambda: server.application.ended == ["given up"])


def test_what_is_no_content_gives_a_body_no_more_time() -> None:
    with listening(replace(QUICK, body_seconds=SHORT, body_bytes_per_second=1)) as server, server.client() as client:
        client.send(CHUNKED)
        trickle(client, b"1;a=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
        assert_timed_out(client)


def test_every_part_of_a_body_gives_it_more_time() -> None:
    with listening(replace(QUICK, body_seconds=SHORT, body_bytes_per_second=1)) as server, server.client() as client:
        request = post("/", b"x" * 200)
        client.send(request[:-100])  # A hundred bytes are a hundred seconds.
        time.sleep(5 * SHORT)
        client.send(request[-100:])
        assert client.answer().json["body"] == "x" * 200
        assert client.is_open()


def test_the_rest_of_a_body_that_is_not_needed_any_more_has_a_deadline_too() -> None:
    with listening(replace(QUICK, body_seconds=SHORT)) as server, server.client() as client:
        client.send(post("/early", b"x" * 100)[:-50])
        assert client.answer().body == b"early"
        trickle(client, b"x" * 20)
        assert client.is_closed()


def test_the_time_that_the_service_takes_is_not_the_clients() -> None:
    short = replace(QUICK, head_seconds=SHORT, body_seconds=SHORT, write_seconds=SHORT, linger_seconds=SHORT)
    with listening(short) as server, server.client() as one, server.client() as other:
        one.send(get("/wait") + b"GET /half")
        other.send(post("/wait", b"abc", "Expect: 100-continue")[:-3])
        time.sleep(5 * SHORT)
        server.application.proceed.set()
        assert one.answer().json["target"] == "/wait"
        assert other.answer().status == 100
        other.send(b"abc")
        assert other.answer().json["body"] == "abc"


@both_loops
def test_a_client_that_takes_nothing_is_dropped(loop: str) -> None:
    with listening(replace(QUICK, write_seconds=SHORT), loop=loop) as server:
        server.application.answers["/large"] = b"x" * LARGE
        with server.client(receive_buffer=4096) as client:
            client.send(get("/large"))
            assert eventually(lambda: server.application.ended == ["served"])
            assert eventually(lambda: not server.server.server_state.connections)


def test_a_client_that_takes_nothing_gets_no_second_answer_prepared() -> None:
    with listening(QUICK) as server:
        server.application.answers["/large"] = b"x" * LARGE
        with server.client(receive_buffer=4096) as client:
            client.send(get("/large") * 10)
            assert eventually(lambda: len(server.application.ended) == 2)
            time.sleep(SHORT)
            assert server.application.ended == ["served"] * 2, "one is buffered, one waits to be written"
            (connection,) = server.server.server_state.connections
            assert connection.transport.get_write_buffer_size() < LARGE + 65_536


def test_slow_clients_do_not_hinder_another_one() -> None:
    with listening(Limits(), finish=1) as server:
        slow = [server.client() for _ in range(200)]
        clients = [each.__enter__() for each in slow]
        beginnings = [b"", b"GET / HTTP/1.1\r\nX:", post("/", b"x" * 100)[:-50]]
        for number, client in enumerate(clients):
            client.send(beginnings[number % 3])
        for _ in range(20):
            assert server.ask(get("/honest")).json["target"] == "/honest"
        for each in slow:
            each.__exit__(None, None, None)


@both_loops
def test_the_server_ends_in_time_whatever_its_clients_do(loop: str) -> None:
    began = time.monotonic()
    with listening(QUICK, loop=loop, finish=1) as server:
        server.application.answers["/large"] = b"x" * LARGE
        with server.client() as silent, server.client() as head, server.client() as body, server.client() as reader:
            head.send(b"GET / HTTP/1.1\r\nX:")
            body.send(post("/", b"x" * 100)[:-50])
            reader.send(get("/large"))
            assert eventually(lambda: server.application.ended == ["served"])
            server.server.should_exit = True
            assert silent.is_closed()
            assert head.is_closed()
            assert eventually(lambda: not server.thread.is_alive())
    assert time.monotonic() - began < 25


@dataclass(eq=False)
class Waiting:
    """A connection that waits for something, and notes when it was given up."""

    state: int = 0
    is_given_up: bool = False
    standing: Standing = Standing.BUSY

    def expectation(self) -> Expectation:
        return Expectation(self.state, 10, self.drop)

    def drop(self) -> None:
        self.is_given_up = True


class SetLoop:
    """A loop whose time is set."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.timers: list[Any] = []

    def time(self) -> float:
        return self.now

    def call_later(self, _: float, what: Any, *arguments: Any) -> None:
        self.timers.append((what, arguments))

    def pass_time(self, seconds: float, steps: int) -> None:
        """Let time pass, and run the timer in between."""
        for _ in range(steps):
            self.now += seconds / steps
            due, self.timers = self.timers, []
            assert len(due) <= 1, "one timer is enough"
            for what, arguments in due:
                what(*arguments)


@pytest.fixture
def loop() -> Any:
    return SetLoop()


def test_a_deadline_is_never_cut_short_and_hardly_exceeded(loop: Any) -> None:
    reception, waiting = Reception(Limits(tick=0.5)), Waiting()
    reception.admit(waiting, "192.0.2.1", loop)
    loop.pass_time(10, 20)
    assert not waiting.is_given_up
    loop.pass_time(1, 2)
    assert waiting.is_given_up


def test_progress_begins_a_deadline_anew(loop: Any) -> None:
    reception, waiting = Reception(Limits(tick=0.5)), Waiting()
    reception.admit(waiting, "192.0.2.1", loop)
    for _ in range(10):
        loop.pass_time(9, 18)
        waiting.state += 1
    assert not waiting.is_given_up
    loop.pass_time(11, 22)
    assert waiting.is_given_up


def test_the_time_in_which_the_process_did_not_run_is_not_counted(loop: Any) -> None:
    reception, waiting = Reception(Limits(tick=0.5)), Waiting()
    reception.admit(waiting, "192.0.2.1", loop)
    loop.pass_time(1, 2)
    loop.pass_time(3600, 1)
    assert not waiting.is_given_up
    loop.pass_time(11, 22)
    assert waiting.is_given_up


def test_the_timer_runs_once_and_only_while_there_are_connections(loop: Any) -> None:
    reception = Reception(Limits(tick=0.5))
    for _ in range(3):
        waiting = Waiting()
        reception.admit(waiting, "192.0.2.1", loop)
        reception.leave(waiting)
    assert len(loop.timers) == 1
    loop.pass_time(1, 1)
    assert loop.timers == []
    reception.admit(waiting, "192.0.2.1", loop)
    assert len(loop.timers) == 1
