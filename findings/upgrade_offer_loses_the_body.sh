#!/usr/bin/env bash
# uvicorn with httptools hands a request that offers an upgrade to the application without its body.
#
# A server may ignore such an offer and then serves the request as if it had not been made (RFC 9110, 7.8), as h11 does.
# Java's HttpClient offers h2c with every request over http, so each POST of such a client arrives empty, with 200 or 422
# from the application. The behaviour is old; the versions are those of today.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check uvicorn==0.54.0 httptools==0.9.0 h11==0.16.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import socket
import sys
import threading
from importlib.metadata import version

import uvicorn

OFFER = "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\nUpgrade: h2c\r\n"


async def echo(scope, receive, send):
    message, body = {"more_body": True}, b""
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": b"body of %d bytes" % len(body)})


def answer(parser, fields):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(echo, http=parser, ws="none", lifespan="off", log_level="critical"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        with socket.create_connection(listener.getsockname()) as client:
            client.settimeout(10)
            client.sendall(f"POST / HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: 5\r\n\r\nhello".encode())
            received = b"".join(iter(lambda: client.recv(4096), b"")).decode()
        server.should_exit = True
        thread.join()
    return f"body of {received.partition('body of ')[2][:7]}"


print("uvicorn", version("uvicorn"), "httptools", version("httptools"), "h11", version("h11"))
seen = {(name, offer): answer(name, fields) for name in ("h11", "httptools") for offer, fields in (("no offer", ""), ("offer", OFFER))}
for (name, offer), text in seen.items():
    print(f"{name:9} {offer:8} -> {text}")
sys.exit(seen[("httptools", "no offer")] != "body of 5 bytes" or seen[("httptools", "offer")] != "body of 0 bytes")
PYTHON
