"""Requests with a key, which may be sent again (draft-ietf-httpapi-idempotency-key-header).

The draft wants the key in quotes, most clients send it without: both are understood, as the same key.
"""

import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response

from application.repeating import Answer, Errand
from entrypoints.http.problems import MalformedKey
from entrypoints.http.routing import Call

UseCase = TypeVar("UseCase")
Result = TypeVar("Result")

KEY_HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotency-Replayed"

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_QUOTED: Final = re.compile(r'"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_ESCAPED: Final = re.compile(r"\\(.)")
_KEPT_HEADERS: Final = ("Location", "ETag")


async def once(
    call: Call,
    use_case: UseCase,
    perform: Callable[[UseCase], Awaitable[Result]],
    respond: Callable[[Result], Response],
) -> Response:
    """What comes of the use case; with a key, what came of it the first time.

    ``perform`` calls the use case that it is given, ``respond`` makes the answer. Raises MalformedKey, StillRunning,
    KeyReused, and what the use case raises.
    """
    key = _key_of(call.request)
    if key is None:
        return respond(await perform(use_case))
    errand = Errand(sha256(key.encode()).digest(), _fingerprint(call))
    answer = await call.app.answer_once(call.actor, errand, use_case, perform, lambda result: _written(respond(result)))
    return _read(answer)


def _key_of(request: Request) -> str | None:
    """The key, without its quotes. Raises MalformedKey."""
    lines = request.headers.getlist(KEY_HEADER)
    if not lines:
        return None
    key = lines[0].strip(" \t")
    if key.startswith('"'):
        quoted = _QUOTED.fullmatch(key)
        key = _ESCAPED.sub(r"\1", quoted[1]) if quoted else ""
    if len(lines) > 1 or not _KEY.fullmatch(key):
        raise MalformedKey
    return key


def _fingerprint(call: Call) -> bytes:
    """What tells this request from others: what is asked for, where, with which body, and on which condition."""
    scope = call.request.scope
    condition = [line.encode() for line in call.request.headers.getlist("If-Match")]
    asked = (scope["method"].encode(), scope["path"].encode(), scope["query_string"], call.request.body_read)
    parts = (*asked, *condition)
    return sha256(b"".join(sha256(part).digest() for part in parts)).digest()


def _written(response: Response) -> bytes:
    """The answer in one piece, to be kept."""
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return orjson.dumps([response.status_code, headers, bytes(response.body).decode()])


def _read(answer: Answer) -> Response:
    """The answer as it was written."""
    status, headers, body = orjson.loads(answer.text)
    if answer.is_repeated:
        headers[REPLAYED_HEADER] = "true"
    return Response(body, status, headers, "application/json")
