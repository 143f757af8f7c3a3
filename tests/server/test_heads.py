"""Request heads: how large they may be, what they must say, and how a refusal is answered."""

from dataclasses import replace

import pytest

from tests.server.listening import FOR_EVER, PATIENT, Answer, Listening, get, listening, post

LINES = "GET / HTTP/1.1\r\n{}\r\n"


def assert_refused(answer: Answer, status: int, code: str) -> None:
    """It is a problem like all others, with the headers that every answer has, and the last on its connection."""
    assert (answer.status, answer.json["type"]) == (status, f"/docs/problems#{code}")
    assert answer.json["status"] == status
    assert answer.json["title"]
    assert answer.json["detail"]
    assert answer.json["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "server" not in answer.headers


def padded(size: int) -> bytes:
    """A request whose target and fields count exactly so many bytes, in a head that the parser gets in pieces."""
    counted = len("/") + len("Host: localhost\r\n")
    fields = []
    while size - counted > 1100:
        fields.append("x: " + "a" * 995)
        counted += 1000
    fields.append("x: " + "a" * (size - counted - len("x: \r\n")))
    return get("/", *fields)


def test_a_head_of_64_kib_is_served_and_one_byte_more_is_refused(server: Listening) -> None:
    assert server.ask(padded(64 * 1024)).status == 200
    assert_refused(server.ask(padded(64 * 1024 + 1)), 431, "head-too-large")


def test_100_fields_are_served_and_one_more_is_refused(server: Listening) -> None:
    many = [f"X-{number}: 1" for number in range(99)]
    assert len(server.ask(get("/", *many)).json["headers"]) == 100
    assert_refused(server.ask(get("/", *many, "X-99: 1")), 431, "head-too-large")


def test_a_target_of_8_kib_is_served_and_one_byte_more_is_refused(server: Listening) -> None:
    longest = "/" + "a" * (8 * 1024 - 1)
    assert server.ask(get(longest)).json["target"] == longest
    assert_refused(server.ask(get(longest + "a")), 414, "target-too-long")


@pytest.mark.parametrize(
    ("beginning", "more", "status"),
    [
        (b"GET /", b"a" * 4096, 414),
        (b"GET / HTTP/1.1\r\nX: ", b"a" * 4096, 431),
        (b"GET / HTTP/1.1\r\n", b"a:b\r\n", 431),
    ],
    ids=["target", "field", "fields"],
)
def test_a_head_without_an_end_is_refused_at_the_limit(
    beginning: bytes, more: bytes, status: int, server: Listening
) -> None:
    """What comes behind the limit is not needed for the refusal, and is not waited for."""
    sent = {414: 8 * 1024, 431: 64 * 1024}[status] + 8192
    with server.client() as client:
        client.send(beginning + more * (sent // len(more)))
        assert client.answer().status == status
        assert client.is_closed()


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_client_that_goes_on_sending_gets_the_refusal_and_no_reset(loop: str) -> None:
    with listening(replace(PATIENT, linger_seconds=FOR_EVER), loop=loop) as server, server.client() as client:
        client.send(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 100_000)
        assert_refused(client.answer(), 431, "head-too-large")
        client.send(b"a: b\r\n" * 100_000)
        assert client.is_finished()


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nHost: b\r\n",
        "Host:\r\n",
        "Host: a b\r\n",
        "Host: a/b\r\n",
        "Host: ann@example.org\r\n",
        "Host: http://a\r\n",
        "Host: a:80:80\r\n",
        "Host: a:http\r\n",
        "Host: a:65536\r\n",
        "Host: a?b\r\n",
        "Host: a#b\r\n",
        "Host: a%2\r\n",
        "Host: ::1\r\n",
        "Host: [::1\r\n",
        "Host: [::g]\r\n",
        "Host: [1.2.3.4]\r\n",
        "Host: []\r\n",
        "Host: \xe4.example.org\r\n",
    ],
)
def test_a_request_without_exactly_one_valid_host_is_refused(fields: str, server: Listening) -> None:
    answer = server.ask(LINES.format(fields).encode("latin-1"))
    assert_refused(answer, 400, "malformed-host")


@pytest.mark.parametrize(
    "host",
    [
        "a",
        "a:80",
        "a:",
        "example.org",
        "EXAMPLE.org.",
        "a_b",
        "xn--mnchen-3ya.example",
        "a%20b",
        "127.0.0.1:8000",
        "[::1]",
        "[::ffff:1.2.3.4]:65535",
        "a \t",
    ],
)
def test_a_request_with_one_valid_host_is_served(host: str, server: Listening) -> None:
    assert server.ask(LINES.format(f"Host: {host}\r\n").encode()).status == 200


def test_white_space_around_a_value_is_no_part_of_it(server: Listening) -> None:
    answer = server.ask(get("/", 'If-Match: \t "v1" \t', "Empty: \t ", "Inner: a \t b"))
    assert answer.json["headers"][1:] == [["if-match", '"v1"'], ["empty", ""], ["inner", "a \t b"]]


@pytest.mark.parametrize(("fields", "status"), [("", 200), ("Host: a\r\n", 200), ("Host: a\r\nHost: a\r\n", 400)])
def test_http_1_0_may_be_without_a_host(fields: str, status: int, server: Listening) -> None:
    assert server.ask(f"GET / HTTP/1.0\r\n{fields}\r\n".encode()).status == status


@pytest.mark.parametrize(
    ("target", "seen"),
    [("http://localhost", "/"), ("http://localhost?q=1", "/?q=1"), ("http://localhost/a?q=1", "/a?q=1"), ("*", "*")],
)
def test_a_target_may_be_in_absolute_form(target: str, seen: str, server: Listening) -> None:
    assert server.ask(get(target)).json["target"] == seen


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01 this is no HTTP\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        b"GET / HTTP/0.9\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\na field: b\r\n\r\n",
        b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n",
    ],
)
def test_what_is_no_request_is_refused_as_a_problem(request_: bytes, server: Listening) -> None:
    with server.client() as client:
        client.send(request_)
        assert_refused(client.answer(), 400, "malformed-request")
        assert client.is_closed()


@pytest.mark.parametrize("target", ["/%", "/a%2", "/%zz", "/%%20", "/?q=%zz", "/?q=%", "/?%g0=1", "http://a/?q=%2"])
def test_a_target_with_a_percent_sign_that_begins_no_escape_is_refused(target: str, server: Listening) -> None:
    assert_refused(server.ask(get(target)), 400, "malformed-request")


def test_a_target_with_escapes_is_served(server: Listening) -> None:
    assert server.ask(get("/%41?q=%25zz&%C3%A9=%e9")).json["target"] == "/A?q=%25zz&%C3%A9=%e9"


@pytest.mark.parametrize(
    "fields",
    [
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: chunked \t",
    ],
)
def test_a_body_that_is_encoded_otherwise_than_chunked_is_refused(fields: str, server: Listening) -> None:
    head = f"POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"
    with server.client() as client:
        client.send(head.encode() + b"1\r\na\r\n0\r\n\r\n")
        assert_refused(client.answer(), 501, "transfer-coding-not-supported")
        assert client.is_closed()


@pytest.mark.parametrize("coding", ["chunked", "Chunked"])
def test_a_chunked_body_is_read(coding: str, server: Listening) -> None:
    head = f"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {coding}\r\n\r\n"
    assert server.ask(head.encode() + b"1\r\na\r\n0\r\n\r\n").json["body"] == "a"


def test_a_refusal_has_the_request_id_of_a_client_that_sent_one(server: Listening) -> None:
    answer = server.ask(b"GET / HTTP/1.1\r\nX-Request-Id: mine-1\r\n\r\n")
    assert_refused(answer, 400, "malformed-host")
    assert answer.headers["x-request-id"] == "mine-1"


def test_the_refusal_of_a_head_request_has_no_body(server: Listening) -> None:
    with server.client() as client:
        client.send(b"HEAD / HTTP/1.1\r\n\r\n")
        assert client._raw.recv(4096).startswith(b"HTTP/1.1 400 ")
        assert client.is_closed()


def test_a_refusal_keeps_its_turn_behind_the_requests_before_it(server: Listening) -> None:
    with server.client() as client:
        client.send(get("/1") + get("/2") + b"GET / HTTP/1.1\r\n\r\n" + get("/3"))
        assert [client.answer().json["target"] for _ in range(2)] == ["/1", "/2"]
        assert_refused(client.answer(), 400, "malformed-host")
        assert client.is_closed()


def test_the_refusal_of_a_body_keeps_its_turn_too_and_takes_the_place_of_its_answer(server: Listening) -> None:
    chunked = "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with server.client() as client:
        client.send(get("/1") + chunked.encode() + b"no size\r\n" + get("/3"))
        assert client.answer().json["target"] == "/1"
        assert_refused(client.answer(), 400, "malformed-request")
        assert client.is_closed()


def test_a_body_that_breaks_off_after_its_answer_closes_the_connection(server: Listening) -> None:
    with server.client() as client:
        client.send(b"POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert client.answer().body == b"early"
        client.send(b"no size\r\n")
        assert client.is_closed()


def test_many_requests_in_one_packet_are_answered_one_by_one(server: Listening) -> None:
    with server.client() as client:
        client.send(b"".join(get(f"/{number}") for number in range(1000)) + post("/last", b"x" * 100_000))
        assert [client.answer().json["target"] for _ in range(1000)] == [f"/{number}" for number in range(1000)]
        assert client.answer().json["body"] == "x" * 100_000
        assert client.is_open()
