"""Requests that offer an upgrade, and trailer fields: both are served as if they had neither."""

import inspect

import httptools
import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from entrypoints.server import protocol
from entrypoints.server.protocol import BoundedProtocol
from tests.server.listening import FOR_EVER, Listening, eventually, get, listening, post

JDK_POST = (
    b"POST /jdk HTTP/1.1\r\n"
    b"Connection: Upgrade, HTTP2-Settings\r\n"
    b"Content-Length: 13\r\n"
    b"Host: 127.0.0.1:8000\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\n"
    b"Upgrade: h2c\r\n"
    b"User-Agent: Java-http-client/17.0.15\r\n"
    b"Content-Type: application/json\r\n"
    b"\r\n"
    b'{"title":"x"}'
)
"""What the HttpClient of JDK 17 sends by default over http."""

OFFERS = [
    ("Connection: Upgrade", "Upgrade: h2c"),
    ("Connection: keep-alive, Upgrade", "Upgrade: TLS/1.0"),
    (
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ),
    ("Connection: Upgrade, close", "Upgrade: h2c"),
]


def test_a_request_of_the_jdk_is_served_with_its_body(server: Listening) -> None:
    seen = server.ask(JDK_POST)
    assert seen.status == 200
    assert (seen.json["method"], seen.json["target"], seen.json["body"]) == ("POST", "/jdk", '{"title":"x"}')
    assert ["content-type", "application/json"] in seen.json["headers"]
    assert "upgrade" not in dict(seen.json["headers"])
    assert "upgrade" not in seen.headers


def test_it_is_served_whole_wherever_its_packets_begin(server: Listening) -> None:
    with server.client() as client:
        for position in range(1, len(JDK_POST)):
            client.send(JDK_POST[:position])
            client.send(JDK_POST[position:])
            assert client.answer().json["body"] == '{"title":"x"}', position


@pytest.mark.parametrize("fields", OFFERS, ids=str)
def test_whatever_is_offered_is_ignored(fields: tuple[str, ...], server: Listening) -> None:
    with server.client() as client:
        client.send(post("/1", b"abc", *fields))
        answer = client.answer()
        assert (answer.status, answer.json["body"]) == (200, "abc")
        assert client.is_closed() if "close" in fields[0] else client.is_open()


def test_requests_behind_an_offer_are_served_in_order(server: Listening) -> None:
    chunked = "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    offer = OFFERS[0]
    with server.client() as client:
        client.send(
            get("/1", *offer)
            + post("/2", b"two", *offer)
            + chunked.encode()
            + b"3\r\nthr\r\n2\r\nee\r\n0\r\n\r\n"
            + get("/4")
        )
        seen = [client.answer().json for _ in range(4)]
        assert [(each["target"], each["body"]) for each in seen] == [
            ("/1", ""),
            ("/2", "two"),
            ("/3", "three"),
            ("/4", ""),
        ]
        assert client.is_open()


def test_a_large_body_behind_an_offer_is_served_whole(server: Listening) -> None:
    body = bytes(range(32, 127)) * 10_000
    assert server.ask(post("/", body, *OFFERS[0])).json["body"] == body.decode()


def test_a_head_with_an_offer_is_held_to_the_same_limits(server: Listening) -> None:
    many = [f"X-{number}: 1" for number in range(98)]
    assert server.ask(get("/", *OFFERS[0], *many)).status == 431
    assert server.ask(get("/", *OFFERS[0], "X: " + "a" * 60_000)).status == 200
    assert server.ask(get("/", *OFFERS[0], "X: " + "a" * 66_000)).status == 431
    assert server.ask(b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n").status == 400


def test_the_rest_of_a_body_that_is_answered_already_is_taken_with_pauses(
    server: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "_PAUSE", FOR_EVER)
    with server.client() as client:
        client.send(post("/early", b"x" * 100_000_000)[:5_000])
        assert client.answer().body == b"early"
        assert not client.takes(b"x" * 64_000_000, within=1)


def test_a_request_behind_the_rest_of_such_a_body_is_served(server: Listening) -> None:
    with server.client() as client:
        client.send(post("/early", b"x" * 1_500_000) + get("/behind"))
        assert client.answer().body == b"early"
        assert client.answer().json["target"] == "/behind"
        assert client.is_open()


def test_a_client_that_leaves_during_a_pause_is_no_trouble(server: Listening) -> None:
    with server.client() as client:
        client.send(post("/early", b"x" * 1_500_000)[:-1])
        assert client.answer().body == b"early"
    assert server.ask(get("/next")).json["target"] == "/next"


@pytest.mark.parametrize("together", [True, False])
def test_trailer_fields_are_no_header_fields(*, together: bool, server: Listening) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nX: header\r\nTransfer-Encoding: chunked\r\n\r\n"
    rest = b"3\r\nabc\r\n0\r\nX: trailer\r\nAuthorization: Bearer x\r\nExpect: 100-continue\r\n\r\n"
    with server.client() as client:
        for packet in [head + rest] if together else [head, rest]:
            client.send(packet)
        seen = client.answer()
        assert (seen.status, seen.json["body"]) == (200, "abc")
        assert seen.json["headers"] == [["host", "a"], ["x", "header"], ["transfer-encoding", "chunked"]]
        assert client.is_open()


@pytest.mark.parametrize(("count", "status"), [(100, 200), (101, 431)])
def test_trailer_fields_are_limited_as_header_fields_are(count: int, status: int, server: Listening) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    assert server.ask(head + b"x: 1\r\n" * count + b"\r\n").status == status


def test_what_is_neither_content_nor_a_field_of_a_chunked_body_is_limited_too(server: Listening) -> None:
    """RFC 9112, 7.1.1: a recipient limits the length of chunk extensions."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert server.ask(head + b"1;a=" + b"b" * 1000 + b"\r\na\r\n0\r\n\r\n").status == 200
    assert server.ask(head + b"1;a=" + b"b" * 80_000).status == 431


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_client_that_leaves_is_noticed_although_it_has_sent_another_request(loop: str) -> None:
    with listening(loop=loop) as server:
        with server.client() as client:
            client.send(get("/until-gone") + get("/2"))
            assert eventually(lambda: server.server.server_state.tasks)
        assert eventually(lambda: server.application.ended == ["given up"])


def test_the_protocol_overrides_what_uvicorn_has() -> None:
    """Each of these is called by uvicorn, its transport or its parser; under another name it would not be."""
    ours = {name for name, value in vars(BoundedProtocol).items() if inspect.isfunction(value)}
    assert {
        "connection_made",
        "connection_lost",
        "data_received",
        "shutdown",
        "on_message_begin",
        "on_headers_complete",
        "on_body",
        "on_message_complete",
        "on_response_complete",
        "_start_asgi_task",
    } == {name for name in ours if name in vars(HttpToolsProtocol)} - {"__init__"}


def test_uvicorn_makes_a_response_from_what_the_refusal_gives_it() -> None:
    assert list(inspect.signature(RequestResponseCycle.__init__).parameters) == [
        "self",
        "scope",
        "transport",
        "flow",
        "logger",
        "access_logger",
        "access_log",
        "default_headers",
        "message_event",
        "expect_100_continue",
        "keep_alive",
        "on_response",
    ]


def test_the_parser_stops_at_an_offer_and_says_where() -> None:
    """If a newer httptools does not, a request with an offer needs nothing special any more."""
    parser = httptools.HttpRequestParser(object())
    with pytest.raises(httptools.HttpParserUpgrade) as offer:
        parser.feed_data(JDK_POST)
    assert offer.value.args == (len(JDK_POST) - 13,)
