"""What the load generators of fair shares send, and what they note: against a server of this process."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmarks.contenders.contender import Contender
from benchmarks.fairness import people
from benchmarks.fairness.attacking import Attacker
from benchmarks.fairness.keeping_calm import Victims
from benchmarks.fairness.lines import LINES, Line, Scene
from benchmarks.fairness.plans import Attack, Calm, Routine, Stream, request_bytes
from benchmarks.fairness.stocks import Stock
from entrypoints.proof.wire import Server as Address
from entrypoints.proof.wire import read_answer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CLOSING = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
SOURCE = "127.0.0.1"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """It answers each request with the next of its answers, and the last one again and again."""

    answers: Sequence[bytes] = (OK,)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    five: asyncio.Event = field(default_factory=asyncio.Event)
    """That it was asked five times."""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while not reader.at_eof():
            try:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            if len(self.requests) == 5:
                self.five.set()
            answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
            writer.write(answer)
            if not answer:
                break
        writer.close()


@asynccontextmanager
async def listening(server: Server) -> AsyncIterator[int]:
    listener = await asyncio.start_server(server.handle, SOURCE, 0)
    async with listener:
        yield listener.sockets[0].getsockname()[1]


async def attack(server: Server, *streams: Stream, seconds: float = 30) -> Counter[str]:
    async with listening(server) as port:
        return await Attacker(Attack(port=port, seconds=seconds, streams=streams)).run()


GET = request_bytes("GET", "/one")


def test_a_request_is_spelt_with_its_token_and_the_length_of_its_body() -> None:
    assert GET == b"GET /one HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n"
    spelt = request_bytes("POST", "/", token="t0ken", body="é".encode(), fields=["X-A: b"])
    assert spelt.startswith(b"POST / HTTP/1.1\r\nHost: 127.0.0.1:80\r\nX-A: b\r\nAuthorization: Bearer t0ken\r\n")
    assert spelt.endswith(b"Content-Length: 2\r\n\r\n\xc3\xa9")


@pytest.mark.parametrize(("sent", "expected"), [(OK, (200, True)), (CLOSING, (404, False)), (CHUNKED, (200, True))])
async def test_an_answer_is_read_to_its_end(sent: bytes, expected: tuple[int, bool]) -> None:
    async with listening(Server([sent, OK])) as port:
        wire = await Address(SOURCE, port).connect(SOURCE)
        wire.writer.write(GET)
        assert await read_answer(wire.reader) == expected
        if expected[1]:
            wire.writer.write(GET)
            assert await read_answer(wire.reader) == (200, True)
        wire.writer.close()


def test_plans_survive_the_way_to_another_process() -> None:
    plan = Attack(port=1, seconds=2, streams=[Stream(source=SOURCE, requests=[b"\x00\xff"], piece=3, reads=False)])
    assert Attack.from_line(plan.as_line()) == plan
    calm = Calm(port=1, source=SOURCE, routines=[Routine(name="get", requests=["x"], interval=0.5)])
    assert Calm.from_line(calm.as_line()) == calm


async def test_the_attacker_sends_in_turn_and_counts_answers() -> None:
    server = Server([OK, CLOSING, OK])
    counts = await attack(server, Stream(source=SOURCE, requests=[GET, request_bytes("GET", "/two"), GET], once=True))
    assert counts == {"200": 2, "404": 1}
    assert [request.split()[1] for request in server.requests] == [b"/one", b"/two", b"/one"]
    assert server.connections == 2


async def test_connections_share_requests_that_are_sent_once() -> None:
    server = Server()
    requests = [request_bytes("GET", f"/{number}") for number in range(5)]
    counts = await attack(server, Stream(source=SOURCE, requests=requests, connections=2, once=True))
    assert counts == {"200": 5}
    assert sorted(server.requests) == requests


async def test_requests_are_sent_in_pieces() -> None:
    server = Server()
    assert await attack(server, Stream(source=SOURCE, requests=[GET], piece=5, gap=0.001, once=True)) == {"200": 1}
    assert server.requests == [GET]


async def test_an_answer_that_does_not_come_is_given_up() -> None:
    stream = Stream(source=SOURCE, requests=[b"GET / HTTP/1.1\r\n"], patience=0.01, once=True)
    assert await attack(Server(), stream) == {"given up": 1}


async def test_a_connection_that_is_closed_is_counted() -> None:
    stream = Stream(source=SOURCE, requests=[GET], once=True)
    assert await attack(Server([b""]), stream) == {"closed": 1}


async def test_an_attack_ends_in_time() -> None:
    counts = await attack(Server(), Stream(source=SOURCE, requests=[b""], connections=3), seconds=0.05)
    assert counts == {}


async def test_victims_note_when_they_asked_how_long_it_took_and_the_status() -> None:
    server = Server([OK, CLOSING, b""])
    async with listening(server) as port:
        began, stop = time.monotonic(), asyncio.Event()
        routine = Routine(name="get", requests=[GET.decode()], interval=0.001, connections=2)
        victims = Victims(Calm(port=port, source=SOURCE, routines=[routine]))
        running = asyncio.create_task(victims.run(stop))
        await server.five.wait()
        stop.set()
        rows = await running
    assert {row[0] for row in rows} == {"get"}
    assert all(began <= row[1] and 0 < row[2] < 20 for row in rows)
    assert Counter(row[3] for row in rows)[0] == len(rows) - 2


class Silent(Contender):
    """Nothing starts it."""

    def command(self, port: int) -> Sequence[str]:
        raise NotImplementedError

    def environment(self, port: int) -> Mapping[str, str]:
        raise NotImplementedError


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    stock = Stock({person: ["task"] for person in people.EVERYBODY}, "tag")
    return Scene(Silent("silent", tmp_path), stock, dict.fromkeys(people.EVERYBODY, "t0ken"), "127.0.3.1")


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_an_attack_comes_from_one_address_and_is_bounded(line: Line, scene: Scene) -> None:
    for streams in (line.streams(scene, is_pocketbase=False), line.streams(scene, is_pocketbase=True)):
        assert {stream.source for stream in streams} <= {"127.0.3.1"}
        assert sum(stream.connections for stream in streams) <= 1_100
        assert all(len(request) <= 1 << 20 for stream in streams for request in stream.requests)


def test_every_line_presses_taskward(scene: Scene) -> None:
    assert all(line.streams(scene, is_pocketbase=False) for line in LINES)
    assert len({line.name for line in LINES}) == len(LINES)


def test_victims_ask_less_often_than_the_rate_limit_for_an_account() -> None:
    assert 2 / 0.02 * 60 / len(people.VICTIMS) < 600
