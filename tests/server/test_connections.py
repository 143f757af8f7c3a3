"""How many connections there are, and which one makes room for another."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from entrypoints.server import limits as module
from entrypoints.server.connections import Connections, Standing
from entrypoints.server.limits import Limits, limits_of
from entrypoints.settings import Settings
from tests.server.listening import FOR_EVER, PATIENT, Answer, Client, Listening, eventually, get, listening

if sys.platform != "win32":
    import resource

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="Only Linux gives every machine all of 127.0.0.0/8.")
OTHER = "127.0.0.2"
NARROW = replace(PATIENT, connections=6, per_address=5)


class Held:
    """A connection in a table."""

    def __init__(self, standing: Standing = Standing.IDLE) -> None:
        self.standing = standing
        self.is_dropped = False

    def drop(self) -> None:
        self.is_dropped = True


def table(connections: int = 6, per_address: int = 5, proxies: str = "") -> Connections:
    return Connections(Limits(connections=connections, per_address=per_address), proxies)


def fill(entered: Connections, address: str, count: int, standing: Standing = Standing.IDLE) -> list[Held]:
    held = [Held(standing) for _ in range(count)]
    assert all(entered.admit(each, address) for each in held)
    return held


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
    ],
)
def test_an_address_is_an_ipv4_address_or_an_ipv6_network_of_64_bits(first: str, second: str, *, is_one: bool) -> None:
    entered = table(per_address=1)
    fill(entered, first, 1)
    assert entered.admit(Held(), second) is not is_one


def test_an_address_has_so_many_connections_at_most_and_one_more_when_one_is_closed() -> None:
    entered = table()
    held = fill(entered, "192.0.2.1", 5)
    assert not entered.admit(Held(), "192.0.2.1")
    assert not any(each.is_dropped for each in held)
    entered.leave(held[2])
    entered.leave(held[2])
    assert entered.admit(Held(), "192.0.2.1")
    assert len(entered) == 5


def test_a_connection_that_has_sent_nothing_makes_room_for_another_from_its_address() -> None:
    entered = table()
    fill(entered, "192.0.2.1", 2)
    silent = fill(entered, "192.0.2.1", 3, Standing.SILENT)
    assert entered.admit(Held(), "192.0.2.1")
    assert [each.is_dropped for each in silent] == [True, False, False]
    assert len(entered) == 5


@pytest.mark.parametrize(
    ("standings", "first"),
    [
        ((Standing.IDLE, Standing.IDLE), 0),
        ((Standing.HEAD, Standing.IDLE), 1),
        ((Standing.BODY, Standing.HEAD), 1),
        ((Standing.BUSY, Standing.BODY), 1),
        ((Standing.IDLE, Standing.SILENT), 1),
    ],
)
def test_when_all_are_taken_the_address_with_most_makes_room_with_what_does_least(
    standings: tuple[Standing, Standing], first: int
) -> None:
    entered = table()
    fill(entered, "192.0.2.1", 2, Standing.BUSY)
    rivals = [fill(entered, "192.0.2.1", 1, standing)[0] for standing in standings]
    others = fill(entered, "192.0.2.2", 2)
    assert entered.admit(Held(), "192.0.2.3")
    assert [each.is_dropped for each in rivals] == [first == 0, first == 1]
    assert not any(each.is_dropped for each in others)
    assert len(entered) == 6


def test_when_all_are_taken_nobody_makes_room_for_an_address_with_as_many() -> None:
    entered = table()
    held = [*fill(entered, "192.0.2.1", 3), *fill(entered, "192.0.2.2", 3)]
    assert not entered.admit(Held(), "192.0.2.1")
    assert entered.admit(Held(), "192.0.2.3")
    assert sum(each.is_dropped for each in held) == 1


def test_a_request_that_is_served_makes_room_for_nothing() -> None:
    entered = table()
    held = [*fill(entered, "192.0.2.1", 5, Standing.BUSY), *fill(entered, "192.0.2.2", 1, Standing.BUSY)]
    assert not entered.admit(Held(), "192.0.2.3")
    assert not any(each.is_dropped for each in held)


def test_a_trusted_proxy_is_bounded_by_the_whole_only_and_makes_room_for_nobody() -> None:
    entered = table(proxies="10.0.0.1, 10.1.0.0/16")
    proxied = [*fill(entered, "10.0.0.1", 3), *fill(entered, "10.1.2.3", 3)]
    assert not entered.admit(Held(), "192.0.2.1")
    assert not entered.admit(Held(), "10.0.0.1")
    assert not any(each.is_dropped for each in proxied)
    entered.leave(proxied[0])
    (direct,) = fill(entered, "192.0.2.1", 1)
    assert entered.admit(Held(), "10.0.0.1")
    assert direct.is_dropped


def test_there_are_fewer_connections_than_the_system_lets_a_process_have(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(max_connections=1000, max_connections_per_address=10, keep_alive_seconds=20)
    for descriptors, connections in ((20_000, 1000), (1024, 864), (256, 128), (None, 1000)):
        monkeypatch.setattr(module, "_descriptors", lambda found=descriptors: found)
        limits = limits_of(settings)
        assert limits.connections == connections
        assert descriptors is None or limits.connections + limits.lobby < descriptors
    assert (limits.per_address, limits.idle_seconds) == (10, 20)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit.")
def test_the_limit_of_the_system_is_read() -> None:
    assert module._descriptors() in {resource.getrlimit(resource.RLIMIT_NOFILE)[0], None}


@pytest.fixture
def narrow() -> Iterator[Listening]:
    with listening(NARROW) as server:
        yield server


@contextmanager
def clients(server: Listening, count: int, address: str = "127.0.0.1") -> Iterator[list[Client]]:
    """So many connections on which a request was answered."""
    with ExitStack() as stack:
        opened = [stack.enter_context(server.client(address)) for _ in range(count)]
        assert all(client.is_open() for client in opened)
        yield opened


def assert_no_room(answer: Answer) -> None:
    assert (answer.status, answer.json["type"]) == (503, "/docs/problems#too-many-connections")
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["connection"] == "close"


def test_a_newcomer_for_which_there_is_no_room_is_told_so(narrow: Listening) -> None:
    with clients(narrow, 5) as opened:
        with narrow.client() as newcomer:
            newcomer.send(get("/"))
            assert_no_room(newcomer.answer())
            assert newcomer.is_closed()
        assert all(client.is_open() for client in opened)
        opened[0].send(get("/", "Connection: close"))
        assert opened[0].answer().status == 200
        assert opened[0].is_closed()
        assert eventually(lambda: narrow.ask(get("/")).status == 200)


@on_linux
def test_a_newcomer_from_another_address_gets_the_place_of_an_idle_connection(narrow: Listening) -> None:
    with clients(narrow, 5) as opened, clients(narrow, 1, OTHER):
        assert narrow.ask(get("/"), OTHER).status == 200
        assert opened[0].is_closed()
        assert all(client.is_open() for client in opened[1:])


@on_linux
def test_a_half_sent_request_gives_way_and_one_that_is_served_does_not(narrow: Listening) -> None:
    with clients(narrow, 5) as opened, clients(narrow, 1, OTHER):
        opened[0].send(get("/wait"))
        for client in opened[1:]:
            client.send(b"GET / HTTP/1.1\r\n")
        for _ in opened[1:]:
            assert narrow.ask(get("/"), OTHER).status == 200
        narrow.application.proceed.set()
        assert opened[0].answer().json["target"] == "/wait"


def test_a_newcomer_that_says_nothing_does_not_keep_its_place_in_the_lobby() -> None:
    with listening(replace(NARROW, lobby=1, linger_seconds=0.2, tick=0.02)) as server, clients(server, 5):
        with server.client() as newcomer:
            assert newcomer.is_closed()
        assert_no_room(server.ask(get("/")))


def test_a_newcomer_for_which_there_is_no_place_in_the_lobby_is_dropped() -> None:
    crowded = replace(NARROW, lobby=1, linger_seconds=FOR_EVER)
    with listening(crowded) as server, clients(server, 5), server.client() as first, server.client() as second:
        assert second.is_closed()
        first.send(get("/"))
        assert_no_room(first.answer())


@on_linux
def test_an_idle_connection_gives_way_before_a_half_sent_request(narrow: Listening) -> None:
    with clients(narrow, 5) as opened, clients(narrow, 1, OTHER):
        opened[0].send(b"GET /half HTTP/1.1\r\n")
        opened[0].send(b"Host: a\r\n")
        opened[2].send(get("/"))  # When this is answered, what was sent before it has been read.
        assert opened[2].answer().status == 200
        assert narrow.ask(get("/"), OTHER).status == 200
        assert opened[1].is_closed()
        opened[0].send(b"\r\n")
        assert opened[0].answer().json["target"] == "/half"


def test_clients_of_a_trusted_proxy_share_no_bound() -> None:
    with listening(NARROW, proxies="127.0.0.1") as server, clients(server, 6):
        assert_no_room(server.ask(get("/")))
