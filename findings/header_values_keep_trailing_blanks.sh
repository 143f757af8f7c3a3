#!/usr/bin/env bash
# httptools reports a header value with the white space behind it, and without the white space before it.
#
# Neither belongs to the value (RFC 9112, 5.1: "field-line = field-name ':' OWS field-value OWS"), and h11 removes both. Behind
# uvicorn with httptools an application that compares a value, say an ETag in If-Match, compares it with its blanks.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check httptools==0.9.0 h11==0.16.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import h11
import httptools

REQUEST = b'GET / HTTP/1.1\r\nHost: localhost\r\nIf-Match: \t "v1" \t\r\n\r\n'


class Headers:
    def __init__(self):
        self.seen = {}

    def on_header(self, name, value):
        self.seen[name.lower()] = value


headers = Headers()
httptools.HttpRequestParser(headers).feed_data(REQUEST)
connection = h11.Connection(h11.SERVER)
connection.receive_data(REQUEST)
by_h11 = dict(connection.next_event().headers)

print("httptools", version("httptools"), "->", headers.seen[b"if-match"])
print("h11", version("h11"), "->", by_h11[b"if-match"])
sys.exit(headers.seen[b"if-match"] != b'"v1" \t' or by_h11[b"if-match"] != b'"v1"')
PYTHON
